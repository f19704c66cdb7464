//! What goes into a [`super::ListenerManager`] and what comes out of it.

use strum::{IntoStaticStr, VariantArray};
use tillgate_codec::iso8583::MacKey;
use tillgate_store_core::TerminalId;

use crate::id::{Peer, SessionId};
use crate::processing::Effect;
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
