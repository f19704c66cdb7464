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
