//! Bounds of links and dialogs, with their reasons.

use crate::time::Span;

/// Octets of the longest session key that is kept; a longer one is kept as a digest.
pub const SESSION_KEY_BYTES_MAX: usize = 16;
/// Characters of the longest service code, as dialled: `*123#`.
pub const SERVICE_CODE_BYTES_MAX: usize = 21;
/// Octets of parameters that are echoed in every answer of a dialog.
pub const ECHO_BYTES_MAX: usize = 48;
/// Octets of parameters that a profile puts into every message, tags and lengths counted.
pub const FIXED_BYTES_MAX: usize = 64;
/// Longest profile of a link, in bytes of TOML.
pub const PROFILE_BYTES_MAX: usize = 64 * 1_024;

/// Octets of one read from a connection to a centre.
pub const READ_BYTES_MAX: usize = 64 * 1_024;
/// Receive buffer of a connection: a read, and what an earlier one left of a PDU. It never grows, so
/// that no PIN is left in freed memory.
pub const RECEIVE_BYTES: usize = READ_BYTES_MAX + tillgate_codec::smpp::limits::PDU_BYTES_MAX;
/// Send buffer of a connection: an answer to all that one read brought, and a window of texts. It
/// never grows, for the same reason; what does not fit waits.
pub const SEND_BYTES: usize = 2 * READ_BYTES_MAX + tillgate_codec::smpp::limits::PDU_BYTES_MAX;
/// Octets of a subscriber's text in a message; a USSD string has 160, a padded one fits as well.
pub const INPUT_BYTES_MAX: usize = 512;
/// Texts of one link that wait for the window, the rate or a throttling centre. Each costs about
/// 600 bytes; at 200 a second they are five seconds' worth.
pub const WAITING_MAX: usize = 1_024;
/// Largest window of a link: texts without an answer. Centres allow 10 to 100.
pub const WINDOW_MAX: usize = 1_024;
/// From the first attempt to open a connection to giving it up.
pub const CONNECT: Span = Span::s(10);
/// Pause after the first failure of a link. It doubles up to [`PAUSE_LONGEST`]; half of each is drawn
/// at random, so that the links of many gateways do not come back together.
pub const PAUSE_FIRST: Span = Span::ms(1_000);
/// See [`PAUSE_FIRST`]. Some centres lock out what binds more often than twice a minute.
pub const PAUSE_LONGEST: Span = Span::s(60);
/// Pause after the first answer of a throttling centre; it doubles up to [`THROTTLE_LONGEST`].
pub const THROTTLE_FIRST: Span = Span::ms(100);
/// See [`THROTTLE_FIRST`]. A dialog's budget is 13 seconds: longer pauses would be of no use.
pub const THROTTLE_LONGEST: Span = Span::s(2);
/// For how long an unbind is waited for on the way down.
pub const UNBIND: Span = Span::s(2);
/// Command statuses that are counted one by one; the others together.
pub const STATUSES_MAX: usize = 16;
/// Between two dialogs of one subscriber once [`BEGIN_BURST`] is used up: a person takes longer to dial.
pub const BEGIN_EVERY: Span = Span::s(3);
/// Dialogs of one subscriber at once, before [`BEGIN_EVERY`] counts.
pub const BEGIN_BURST: u32 = 10;
/// Between two requests in frames of one subscriber once [`REQUEST_BURST`] is used up. It counts before
/// anything is opened, so that a handset costs the pool no more than a terminal that sells fast.
pub const REQUEST_EVERY: Span = Span::s(1);
/// Requests in frames of one subscriber at once, before [`REQUEST_EVERY`] counts.
pub const REQUEST_BURST: u32 = 20;
/// Texts of one dialog with a terminal: the requests of a busy day's end with their parts. Beyond it
/// the dialog ends.
pub const TERMINAL_TEXTS_MAX: u16 = 256;
/// Bytes that an open dialog with a terminal keeps beside the reply: its place, timer and keys.
pub const TERMINAL_DIALOG_BYTES_MAX: usize = 1_024;
/// Subscribers whose pace is remembered, 32 bytes each: all that can have dialled in half a minute.
pub const BEGINS_REMEMBERED_MAX: usize = 262_144;
/// Orders that are remembered to be asked about before they are ordered again, 32 bytes each.
pub const SALES_REMEMBERED_MAX: usize = 262_144;
/// Latest messages of a connection of which the sequence number is remembered, 32 bytes each: at 1,000 a
/// second those of four seconds. The same again with the same number changes nothing.
pub const NUMBERS_REMEMBERED: usize = 4_096;
/// For so long the same begin in the same session, and the same message with the same sequence number,
/// is one that the centre has delivered again.
pub const REDELIVERY: Span = Span::s(20);
/// The same where the centre uses its sequence numbers for several messages: nobody reads a screen and
/// answers it as before within this.
pub const REDELIVERY_UNCOUNTED: Span = Span::ms(500);
/// A text whose link gives no result for so long has none: more than any link waits for an answer.
pub const SAID_WAIT: Span = Span::s(90);
/// For so long a receipt that is sent after its dialog may wait for its link.
pub const NOTIFY_BY: Span = Span::s(60);
/// When the outcome of a sale is asked for whose subscriber is gone: after the last time. Then it is
/// left to *last sales* and *receipt again* of the menu; the sale itself goes on.
pub const REPEAT_AFTER: [Span; 8] = [
    Span::s(30),
    Span::s(15),
    Span::s(30),
    Span::s(60),
    Span::s(300),
    Span::s(900),
    Span::s(1_800),
    Span::s(3_600),
];
/// When a receipt is sent after its dialog: after the last time.
pub const TELL_AFTER: [Span; 4] = [Span::s(1), Span::s(30), Span::s(300), Span::s(1_800)];

/// Longest body of a request over HTTP, in bytes. The longest seen has a tenth.
pub const BODY_BYTES_MAX: usize = 8 * 1_024;
/// Fields of a request over HTTP, of its query and of its body.
pub const FIELDS_MAX: usize = 64;
/// Longest text of a request over HTTP, in bytes: all inputs of a session, where they come together.
pub const HTTP_TEXT_BYTES_MAX: usize = 2_048;
/// Longest part of a caller's JSON that its answer repeats, in bytes. It is kept until the answer, and
/// with it for as long as the session may be asked for again: 256 MiB for as many sessions as there may
/// be. The longest seen has a tenth.
pub const HTTP_REPEATED_BYTES_MAX: usize = 2 * 1_024;
/// Sessions of one HTTP link, live ones and those that may still be asked for again. Each costs
/// about 600 bytes, and what its answers repeat.
pub const HTTP_SESSIONS_MAX: usize = 131_072;
/// Requests of one session that wait for the same answer: a client that has given up asks again.
pub const REPEATS_MAX: usize = 4;
