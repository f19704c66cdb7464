//! What goes into a [`super::ListenerManager`] and what comes out of it.

use strum::{IntoStaticStr, VariantArray};
use tillgate_codec::iso8583::MacKey;
use tillgate_store_core::TerminalId;

use crate::id::{Peer, SessionId};
use crate::processing::Effect;
use crate::session::ConnectionRefusal;
use crate::time::Moment;

/// One thing that happened.
pub enum Input<'a> {
    /// A connection waits at the shell's door number `connection`.
    Opened {
        /// The shell's own handle, given back in [`Output::Admit`] or [`Output::Refuse`].
        connection: u32,
        /// Where it comes from.
        peer: Peer,
    },
    /// Bytes arrived.
    Received {
        session: SessionId,
        /// What one read gave.
        bytes: &'a [u8],
    },
    /// The peer closed, or the socket failed. Nothing more may be said about the session.
    Closed { session: SessionId },
    /// The shell holds more unsent bytes for this session than the limits allow, or its socket has
    /// taken nothing for too long.
    Overflowed { session: SessionId },
    /// The one answer to one [`Output::Request`]; an empty body sends nothing.
    Replied {
        /// The request's [`Output::Request::lane`].
        session: SessionId,
        /// What a terminal of the sealed link would receive.
        body: &'a [u8],
        /// What the chip of the card receives with it; may be empty.
        chip: &'a [u8],
        /// What the answer is authenticated with.
        mac: Option<&'a MacKey>,
        /// What it means for the session.
        effect: Effect,
    },
    /// The moment that [`super::ListenerManager::deadline`] named has come.
    Deadline,
    /// Refuse new connections; end every session as soon as nothing of it is in flight.
    Drain,
}

/// One thing to do. Every variant names its target.
#[derive(Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// The connection at `connection` is this session from now on.
    Admit {
        /// The shell's handle.
        connection: u32,
        session: SessionId,
    },
    /// Close it at once.
    Refuse {
        /// The shell's handle.
        connection: u32,
    },
    /// Write these bytes, in this order.
    Send {
        session: SessionId,
        /// A whole frame.
        bytes: &'a [u8],
    },
    /// Do not read from this session until [`Output::Resume`].
    Pause { session: SessionId },
    /// Read again.
    Resume { session: SessionId },
    /// Flush what is queued if the socket takes it at once, then close. The session is gone.
    Close {
        session: SessionId,
        /// For the metrics.
        why: CloseReason,
    },
    /// For the pool: [`crate::processing::decode_frame`]. Exactly one [`Input::Replied`] comes back.
    Request {
        session: SessionId,
        /// What the reply comes back for: the session, or on a shared connection a number of its own.
        lane: SessionId,
        /// Which terminal it says that it is from; nothing has proved it yet.
        terminal: TerminalId,
        /// When its last byte arrived.
        received: Moment,
        /// The message without its frame.
        message: &'a [u8],
    },
}

/// Why a session of a listener ended. The names are metric labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum CloseReason {
    /// The peer closed or the socket failed.
    Peer,
    /// The bytes are no frames, or no requests of the dialect that name a terminal.
    Malformed,
    /// A terminal that is not enabled for this listener, or a wrong authentication code.
    Denied,
    /// An answer that the profile cannot say.
    Unanswerable,
    /// Nothing that was served in time.
    FirstTimeout,
    /// It had not been served and made room for a new connection.
    Evicted,
    /// A frame begun and not ended in time.
    FrameTimeout,
    /// Nothing received for too long.
    Idle,
    /// It does not read what it is sent.
    NotReading,
    /// The gateway is going down.
    Draining,
}

impl CloseReason {
    /// Every reason, for the metrics table.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }
}

/// What got no answer and was not meant to get one, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub session: SessionId,
    /// Which terminal it said that it was from.
    pub terminal: Option<TerminalId>,
    /// The label of a [`CloseReason`] or a [`DropReason`].
    pub why: &'static str,
}

/// Why a request of a shared connection was not answered. The names are metric labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum DropReason {
    /// A terminal that is not enabled for this listener, or a wrong authentication code.
    Denied,
    /// A terminal that was never served, while too many requests of its connection are denied.
    Stranger,
    /// An answer that the profile cannot say.
    Unanswerable,
    /// As many requests of the terminal are in flight as may be.
    Busy,
    /// The terminal's rate is used up.
    TooFast,
    /// A whole frame, but no message of the dialect.
    Unreadable,
    /// A frame that is longer than a message may be.
    TooLong,
    /// No request, or one that names no terminal.
    NoRequest,
}

type Dropped = [u64; DropReason::ALL.len()];

impl DropReason {
    /// Every reason, for the metrics table.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }

    pub(super) fn count(self, dropped: &mut Dropped) {
        let place = Self::ALL.iter().position(|reason| *reason == self);
        dropped[place.expect("ALL lists every reason")] += 1;
    }
}

/// Plain counters since the start, and the two gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerStats {
    /// Sessions now.
    pub sessions: u32,
    /// Requests whose reply is still to come.
    pub requests: u32,
    /// Connections admitted.
    pub admitted: u64,
    /// Frames that went to the pool.
    pub frames: u64,
    /// Answers sent.
    pub answers: u64,
    /// Times that a connection was not read because its rate was used up.
    pub slowed: u64,
    /// Requests of shared connections that were dropped, by [`DropReason::ALL`]'s order.
    pub dropped: [u64; DropReason::ALL.len()],
    /// Connections refused on arrival, by [`ConnectionRefusal::ALL`]'s order.
    pub refused_by: [u64; ConnectionRefusal::ALL.len()],
    /// Ends by [`CloseReason::ALL`]'s order.
    pub closed: [u64; CloseReason::ALL.len()],
}
