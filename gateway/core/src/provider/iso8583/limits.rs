//! Every bound of an ISO 8583 host's connections, with its reason.

use crate::time::Span;

/// Longest request of ours, in bytes without its frame. A request has twenty fields; what does not
/// fit is refused when the profile is checked.
pub const REQUEST_BYTES_MAX: usize = 2_048;

/// Bytes that a message is made in before its length is looked at: a request with the most card data
/// that there can be.
pub const MESSAGE_BYTES_MAX: usize = REQUEST_BYTES_MAX + crate::limits::CARD_BYTES_MAX + 1_024;

/// Bytes around a message: its length, with what some hosts put beside it.
pub const FRAME_BYTES_MAX: usize = 64;

/// Longest host profile, in bytes of TOML. The longest of ours has a tenth.
pub const PROFILE_BYTES_MAX: usize = 64 * 1_024;

/// Bytes of the fields by which an answer finds its request. MTI, STAN and terminal are 18.
pub const KEY_BYTES_MAX: usize = 64;

/// Requests of one bridge that wait for a connection outside its queue. Only the oldest need a
/// clock; the others stay in the queue, which is bounded by itself.
pub const WAITING_MAX: usize = 64;

/// Requests without an answer that are remembered, so that a late answer still counts. Each costs
/// about 700 bytes.
pub const UNANSWERED_MAX: usize = 4_096;

/// Requests with an answer that are remembered, so that one that contradicts it is noticed.
pub const ANSWERED_MAX: usize = 1_024;

/// For how long a request is remembered after its result: five minutes. No host answers later; a
/// STAN comes again after a million sales or a day.
pub const REMEMBERED: Span = Span::s(300);

/// Network messages and refusals that wait to be written to one connection. A host that asks more
/// without reading the answers loses its connection.
pub const REPLIES_MAX: usize = 64;

/// From the first attempt to open a connection to giving it up.
pub const CONNECT: Span = Span::s(10);

/// For how long a request waits for a connection that is being opened. What takes longer seldom
/// comes, and a terminal should learn it before its seller gives up.
pub const CONNECT_HOPE: Span = Span::s(2);

/// Failures in a row after which no request waits for a connection to come back. The first may be
/// a host that has closed an idle connection.
pub const FAILURES_MAX: u32 = 2;

/// Pause after the first failure of a connection. It doubles up to [`PAUSE_LONGEST`]; half of each
/// is drawn at random, so that the connections of many gateways do not come back together.
pub const PAUSE_FIRST: Span = Span::ms(500);

/// See [`PAUSE_FIRST`].
pub const PAUSE_LONGEST: Span = Span::s(30);

/// For how long a sign-off is waited for on the way down.
pub const SIGN_OFF: Span = Span::s(2);

/// Connections of one bridge to its host.
pub const CONNECTIONS_MAX: usize = 64;

/// Pause after a key exchange that failed, and the shortest time between two of them: a host that
/// asks for one again and again costs one network message in this time.
pub const KEY_EXCHANGE_PAUSE: Span = Span::s(30);

/// Session keys before the one in use that are kept, each for [`REMEMBERED`]: an answer made with
/// it may be on its way.
pub const KEYS_FORMER_MAX: usize = 4;
