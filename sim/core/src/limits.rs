//! Every bound of the simulator, with its reason and what it costs in memory.

use crate::time::Span;

/// Bytes of a terminal that is logged on and idle, heap included, without its book's entries.
/// A hundred thousand of them fit 100 MiB; a test measures it.
pub const IDLE_TERMINAL_BYTES_MAX: usize = 1024;

/// Bytes of one entry of a terminal's book. A run keeps every sale: 60,000 sales a second for a
/// minute are 430 MB.
pub const ENTRY_BYTES_MAX: usize = 120;

/// Times that a sale in doubt is sent again before the terminal gives up asking and leaves it in
/// doubt; with the pauses of [`ASK_AGAIN_LONGEST`] that is over half an hour.
pub const ATTEMPTS_MAX: u8 = 250;

/// First pause after "still in progress"; doubles each time.
pub const ASK_AGAIN_FIRST: Span = Span::ms(200);

/// Longest pause after "still in progress".
pub const ASK_AGAIN_LONGEST: Span = Span::s(10);

/// How much longer than the gateway's own limit a terminal waits for an answer, so that the
/// gateway always answers first (terminal > gateway > bridge).
pub const ANSWER_MARGIN: Span = Span::s(5);

/// Longest wait that a refusal talks a terminal into: it is not authenticated, and one flipped bit
/// would otherwise keep a shop closed for the day.
pub const REFUSED_WAIT_MAX: Span = Span::s(300);

/// Offences of each kind that a verdict lists; beyond it they are only counted.
pub const OFFENCES_LISTED_MAX: usize = 50;

/// Deals that a simulated provider keeps; each about 150 bytes. Further ones are declined.
pub const DEALS_MAX: usize = 20_000_000;

/// Connections that a simulated ISO 8583 host has at once; further ones are closed.
pub const HOST_CONNECTIONS_MAX: usize = 1_024;

/// Answers of a simulated host that wait for their time; each about 300 bytes. Further ones are
/// dropped, with a note.
pub const HOST_ANSWERS_MAX: usize = 100_000;

/// Most random bytes that a simulated host sends in the place of an answer.
pub const HOST_GARBAGE_BYTES_MAX: u64 = 64;

/// Connections that a simulated USSD centre has at once; further ones are closed.
pub const CENTRE_LINKS_MAX: usize = 64;

/// Answers of one link that wait until a slow simulated USSD centre gives them, 40 bytes each: a second of what
/// its load offers at most. One more message is refused at once, as too many.
pub const CENTRE_ANSWERS_MAX: usize = 65_536;

/// Octets of a text that a simulated handset keeps in place: an account, an amount, a reference.
pub const SHORT_BYTES_MAX: usize = 23;

/// Bytes of a simulated handset with its open dialog, without the entries of its book. A hundred
/// thousand of them fit 36 MB.
pub const HANDSET_BYTES_MAX: usize = 360;
