//! Every bound of the core, with its reason. The shell derives its own (descriptors, threads)
//! from these; configuration may lower or raise the fields of [`SessionLimits`] and
//! [`TransactionLimits`].

use crate::time::Span;

/// Bounds of one [`crate::session::SessionManager`].
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Sessions at once. Each costs about 300 bytes here and a descriptor in the shell.
    pub sessions_max: u32,
    /// Of these, sessions that have proved nothing: the rest is kept for terminals that have. When
    /// they are used up, the one that has said nothing for longest makes room for a new connection.
    pub unproven_max: u32,
    /// Of these, from one address: whoever connects and says nothing competes with itself. Network
    /// operators put thousands of terminals behind one address, so that an address is never banned,
    /// and its share is large enough for all of them to come back at once.
    pub unproven_per_peer_max: u32,
    /// Handshakes handed to the pool and not answered yet: public-key work is the dearest thing
    /// a stranger can ask for, so the queue for it is short and the rest waits unread.
    pub handshakes_max: u32,
    /// Requests of one session between its record and its answer. A terminal waits for one
    /// answer at a time; the rest is room for a ping or an acknowledgement beside it.
    pub requests_per_session_max: u8,
    /// Requests of all sessions in flight; beyond it sessions wait unread.
    pub requests_max: u32,
    /// Between two requests of one terminal once its burst is used up; 0 for no bound. A person at
    /// a till makes a sale in seconds; beyond it the session is not read, so that nobody else waits
    /// for the work of a terminal gone wild.
    pub request_every: Span,
    /// Requests of one terminal at once: what has piled up in an outage (reversals, confirmations,
    /// a settlement) is sent in one go.
    pub requests_burst: u32,
    /// From the connection to the first sealed record, which proves that the hello was no copy.
    pub handshake: Span,
    /// From the first byte of a record to its last, however slowly they dribble.
    pub record: Span,
    /// Without any record from the terminal; longer than the ping interval it is given.
    pub idle: Span,
    /// Unsent bytes the shell may hold for one session before it counts as not reading.
    pub unsent_bytes_max: u32,
    /// How long a socket may take nothing of what is unsent before the terminal counts as not
    /// reading.
    pub write_stall: Span,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            sessions_max: 18_000,
            unproven_max: 13_500,
            unproven_per_peer_max: 6_750,
            handshakes_max: 1_024,
            requests_per_session_max: 4,
            requests_max: 16_384,
            request_every: Span::ms(100),
            requests_burst: 30,
            handshake: Span::s(20),
            record: Span::s(20),
            idle: Span::s(600),
            unsent_bytes_max: 16 * 1024,
            write_stall: Span::s(20),
        }
    }
}

/// Write buffers kept for the next partial write or the next turn's answers.
pub const SPARE_WRITE_BUFFERS_MAX: usize = 1_024;

/// A buffer that has grown beyond this is not kept.
pub const SPARE_WRITE_BYTES_MAX: usize = 4 * 1024;

/// Sessions looked at for one to make room: those that wait for the pool are left alone.
pub const EVICTION_TRIES_MAX: usize = 64;

/// Terminals whose used-up rate of requests is remembered after their session, 32 bytes each: all
/// that can have come and gone within the few seconds that it takes to fill up again.
pub const DEBTS_MAX: usize = 65_536;

/// Bounds of [`crate::claims::Claims`].
#[derive(Clone, Copy, Debug)]
pub struct ClaimLimits {
    /// Between two handshakes of one terminal once its burst is used up; 0 for no bound. A terminal
    /// on a bad link comes back every few seconds; each handshake is 0.25 ms of curve arithmetic.
    pub every: Span,
    /// Handshakes of one terminal at once.
    pub burst: u32,
}

impl Default for ClaimLimits {
    fn default() -> Self {
        Self { every: Span::s(2), burst: 20 }
    }
}

/// How far above the highest counter the next one may be. A thief cannot use a key's counters up:
/// at the rate of [`ClaimLimits`] it takes 36 hours of handshakes, and then a new key, or the
/// operator's reset, begins at 0 again. Nine years for a terminal that counts microseconds, longer
/// for one that follows docs/wire.md.
pub const HANDSHAKE_STEP_MAX: u64 = 1 << 48;

/// How high the first counters of a key may be: beyond any clock that counts microseconds.
pub const HANDSHAKE_FIRST_MAX: u64 = 1 << 52;

/// Terminals of one shard whose rate of handshakes is remembered, 48 bytes each and twice as many
/// at most; forgetting one fills its bucket. The same of those that send datagrams, and their keys'
/// windows: one that is forgotten is as after a restart.
pub const RECENT_TERMINALS_MAX: usize = 16_384;

/// Counters below the highest one of a key under which a datagram may still come; each is a bit. A
/// dialog that was slow is overtaken by a few others of its terminal, not by 64.
pub const DATAGRAM_WINDOW: u64 = 64;

/// Bounds of the [`crate::transaction::TransactionManager`].
#[derive(Clone, Copy, Debug)]
pub struct TransactionLimits {
    /// Commands in one store batch, about half a MiB: caps the latency of the last one in it. A
    /// smaller one pays for more syncs: 512 sold a quarter less at 1,000 terminals.
    pub batch_max: usize,
    /// Transactions of this process that wait for a bridge, each about 1 KiB. Beyond it new
    /// top-ups are declined with 91 before any money is reserved; one bridge alone may hold half
    /// of them when there are others. Twice as many at most may wait together with reversals and
    /// advices: further reversals receive 09, the rest is handed to the operator. What was open at
    /// the start counts.
    pub pending_max: usize,
    /// A terminal receives something within this, even when the provider is silent.
    pub answer: Span,
    /// First pause before a provider is asked (or has to reverse, or to be advised) again; doubles
    /// each time.
    pub inquiry_first: Span,
    /// Longest pause between two of these about one transaction.
    pub inquiry_longest: Span,
    /// Inquiries, repeats, reversals and advices under way at once for one bridge, so that a
    /// long list of unknowns at start does not crowd out sales.
    pub inquiries_max: u32,
    /// Longer than any bridge's deadline: one that has said nothing at all for so long has lost
    /// the request, and the outcome is sought as after any silence. Of a first order it counts
    /// from [`TransactionLimits::answer`] on.
    pub bridge_silence: Span,
    /// How long an outcome is sought, a reversal or advice repeated, before it is put before the
    /// operator. A provider that is down over night is still asked in the morning.
    pub expire: Span,
    /// Days for which a terminal receives a sold voucher's PIN again, at least 1: a retry may come
    /// over the cut-off. A week: a shop that counts its takings once a week finds the lost slip;
    /// after that the issuer's records serve.
    pub reprint_days: u16,
}

/// What lookups found and nobody has paid yet, about 120 bytes each; the oldest makes room. One for
/// each terminal, so that none takes another one's place.
pub const FOUND_MAX: usize = 65_536;

/// How long a token may be used: as long as a customer counts money.
pub const FOUND_FOR: Span = Span::s(300);

/// Settlements in one store batch: each reads what its terminal did on the date, at most
/// [`SETTLED_ROWS_MAX`] rows, while nothing else is committed. What comes behind waits for the next
/// batch, so that a settlement still counts just what came before it.
///
/// [`SETTLED_ROWS_MAX`]: tillgate_store_core::limits::SETTLED_ROWS_MAX
pub const SETTLEMENTS_PER_BATCH_MAX: usize = 16;

/// Bridges that one sale may try, in the order of its route; a fixed array so that choosing does
/// not allocate. Each try of a bridge that is not there costs the customer time.
pub const CANDIDATES_MAX: usize = 8;

/// Waiters of one transaction; a fixed array so that attaching does not allocate.
pub const WAITERS_MAX: usize = 4;

/// How long what had expired while the gateway was down is still asked about, taken back or
/// advised before it is the operator's. It is never sent again: nobody wants a top-up of last
/// month.
pub const EXPIRED_GRACE: Span = Span::s(600);

/// Levels from a seller's distributor to the root of the tree.
pub const DISTRIBUTOR_LEVELS_MAX: usize = 8;

/// How long after the cut-off new requests for the day before are still taken: what was sent, or
/// sent again, just before it. A terminal that stays online receives B1 from then on and logs on
/// again, which tells it the new date. Requests that have a row are answered whatever their date.
pub const DATE_GRACE: Span = Span::s(600);

/// How many business dates the clock may be behind those of the store. One: a clock that is set
/// back a little over the cut-off leaves the day that has begun in force. A gateway whose clock is
/// further behind does not start until somebody says that the clock is right.
pub const DATES_BEHIND_MAX: u16 = 1;

/// How far the system's clock may be off the time kept since the start before it is not followed
/// any more: what NTP puts right in steps is far below, a clock that was set wrong is far above.
pub const CLOCK_STEP_MS_MAX: i64 = 60_000;

/// After the last answer is due, how long a drain waits for threads and sockets.
pub const DRAIN_GRACE: Span = Span::s(5);

/// Least time that the writer gets for its last batch, however long the reactors took to end.
pub const WRITER_GRACE: Span = Span::s(1);

/// Card data of one request that goes on to a host: chip data of 255 bytes, a track, a PIN block, and as
/// much again for hosts that want more.
pub const CARD_BYTES_MAX: usize = 1_024;

/// Between two passes of the scrubber over the whole store.
pub const SCRUB_EVERY: Span = Span::s(24 * 3_600);

/// Pause before the scrubber tries again what the system refused to read.
pub const SCRUB_AGAIN: Span = Span::s(60);

/// Failures in a row to read the same place before it counts as damaged. A disk that gives no
/// answer two minutes long has lost what lies there; want of descriptors or memory is not counted.
pub const SCRUB_FAILURES_MAX: u32 = 3;

impl Default for TransactionLimits {
    fn default() -> Self {
        Self {
            batch_max: 1_024,
            pending_max: 100_000,
            answer: Span::s(25),
            inquiry_first: Span::ms(500),
            inquiry_longest: Span::s(60),
            inquiries_max: 64,
            bridge_silence: Span::s(180),
            expire: Span::s(24 * 3_600),
            reprint_days: 7,
        }
    }
}
