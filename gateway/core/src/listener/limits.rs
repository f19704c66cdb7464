//! Every bound of an ISO 8583 listener, with its reason.

use crate::time::Span;

/// Bounds of one [`super::ListenerManager`].
#[derive(Clone, Copy, Debug)]
pub struct ListenerLimits {
    /// Connections at once. Each costs about 200 bytes here and a descriptor in the shell.
    pub connections_max: u32,
    /// Of these, from one address, so that none keeps the others out.
    pub connections_per_address_max: u32,
    /// Between two connections of one address once the burst is used up; 0 for no bound. With TLS each costs
    /// about half a millisecond of arithmetic before anybody has shown who it is.
    pub connect_every: Span,
    /// Connections of one address at once.
    pub connects_burst: u32,
    /// Whether connections are those of concentrators, with many terminals behind each.
    pub shared: bool,
    /// Requests in flight of one connection; beyond it the connection waits unread. One, unless it is
    /// shared.
    pub window: u32,
    /// Between two denied requests of a shared connection once the burst is used up: what comes from
    /// a terminal that was never served is dropped then, unverified; 0 for no bound.
    pub denied_every: Span,
    /// Denied requests at once.
    pub denied_burst: u32,
    /// Requests in flight; beyond it connections wait unread.
    pub requests_max: u32,
    /// Of these, from one address: a peer with many connections waits for itself.
    pub requests_per_address_max: u32,
    /// Of these, of one terminal from one address. A terminal waits for one answer at a time; the
    /// rest is for its repeats over new connections.
    pub requests_per_terminal_max: u32,
    /// Between two requests of one connection, and of one terminal from one address, once the burst
    /// is used up; 0 for no bound.
    pub request_every: Span,
    /// Requests at once: what has piled up in an outage.
    pub requests_burst: u32,
    /// From the connection to the first answer: whoever says nothing that is served is closed.
    pub first: Span,
    /// From the first byte of a frame to its last, however slowly they dribble.
    pub frame: Span,
    /// Without any frame from the peer.
    pub idle: Span,
    /// Unsent bytes the shell may hold for one connection before it counts as not reading.
    pub unsent_bytes_max: u32,
    /// How long a socket may take nothing of what is unsent before it counts as not reading.
    pub write_stall: Span,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            connections_max: 1_000,
            connections_per_address_max: 200,
            connect_every: Span::ZERO,
            connects_burst: 100,
            shared: false,
            window: 1,
            denied_every: Span(200_000),
            denied_burst: 1_024,
            requests_max: 1_024,
            requests_per_address_max: 256,
            requests_per_terminal_max: 4,
            request_every: Span::ms(100),
            requests_burst: 30,
            first: Span::s(20),
            frame: Span::s(20),
            idle: Span::s(600),
            unsent_bytes_max: 16 * 1024,
            write_stall: Span::s(20),
        }
    }
}

impl ListenerLimits {
    /// Those of concentrators. An address is one concentrator, not one terminal.
    #[must_use]
    pub fn shared() -> Self {
        Self {
            shared: true,
            window: SHARED_WINDOW,
            requests_max: SHARED_REQUESTS_MAX,
            requests_per_address_max: SHARED_REQUESTS_PER_ADDRESS_MAX,
            unsent_bytes_max: SHARED_UNSENT_BYTES_MAX,
            ..Self::default()
        }
    }
}

/// How much longer than its patience a shared connection with requests in flight is read: longer than
/// any answer takes.
pub const SLOW_ANSWER: Span = Span::s(120);

/// Requests in flight of a shared connection, each a copy of its message of up to [`BUFFER_BYTES`]: a
/// thousand terminals that sell at once wait for two rounds of answers.
pub const SHARED_WINDOW: u32 = 512;

/// Requests in flight of a listener with shared connections: at most 34 MB.
pub const SHARED_REQUESTS_MAX: u32 = 4_096;

/// Of these, from one address: two connections with a full window, and a quarter of the listener.
pub const SHARED_REQUESTS_PER_ADDRESS_MAX: u32 = 1_024;

/// Unsent bytes of a shared connection: a window of the longest answers, so that one that reads is
/// never given up for what comes at once. A few hundred bytes an answer are usual.
pub const SHARED_UNSENT_BYTES_MAX: u32 = 2 * 1_024 * 1_024;

/// Terminals that are shown online over one shared connection, 10 bytes each; more are served.
pub const ONLINE_MAX: usize = 16_384;

/// Terminals that a listener remembers as served over shared connections, 30 bytes each. Only enabled
/// ones are; more are served, and not shown online.
pub const SERVED_MAX: usize = 131_072;

/// Longest message of a terminal, in bytes without its frame. Chip data is the largest part of the
/// longest ones; a dialect may allow less.
pub const REQUEST_BYTES_MAX: usize = 4_096;

/// Bytes around a message: its length, with what some terminals put beside it.
pub const FRAME_BYTES_MAX: usize = 64;

/// Bytes of a frame that is longer than a message may be and is left out: what two bytes can announce.
/// A terminal behind a concentrator may send one, and the others go on.
pub const LEFT_OUT_MAX: usize = 64 * 1_024 + FRAME_BYTES_MAX;

/// Longest terminal profile, in bytes of TOML. The longest of ours has a tenth.
pub const PROFILE_BYTES_MAX: usize = 64 * 1_024;

/// Empty receive buffers kept for the next request.
pub const SPARE_BUFFERS_MAX: usize = 64;

/// Bytes that a receive buffer has room for: a frame, and one read behind it. It never grows, so
/// that no card data is left in freed memory.
pub const BUFFER_BYTES: usize = 2 * REQUEST_BYTES_MAX + 128;

/// Connections that wait for the pool and are looked at after one answer.
pub const RELEASED_MAX: usize = 64;

/// Between two connections of one address to a listener with TLS: 20 a second cost 1 % of a core.
pub const TLS_CONNECT_EVERY: Span = Span::ms(50);

/// Terminals whose used-up rate is remembered after their last request, 40 bytes each.
pub const DEBTS_MAX: usize = 16_384;

/// What is added to a STAN for the number of a reversal that the terminal gives its sale's, and twice
/// for each day that a late request comes from: above every STAN of six digits.
pub const REVERSAL_STAN: u32 = 1_000_000;
