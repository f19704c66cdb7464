//! What goes into a [`super::SessionManager`] and what comes out of it.

use strum::{IntoStaticStr, VariantArray};
use tillgate_codec::link::record::RefusalCode;
use tillgate_store_core::{Generations, TerminalId};

use crate::id::{Peer, SessionAge, SessionId};
use crate::processing::{Effect, Handshaken};
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
    /// Bytes arrived. They are opened in place.
    Received {
        session: SessionId,
        /// What one read gave.
        bytes: &'a mut [u8],
    },
    /// The peer closed, or the socket failed. Nothing more may be said about the session.
    Closed { session: SessionId },
    /// The shell holds more unsent bytes for this session than the limits allow.
    Overflowed { session: SessionId },
    /// A handshake came back from the pool; `None` when it was refused there.
    Handshaken {
        session: SessionId,
        /// The channel, and the record that the terminal waits for.
        result: Option<Handshaken<'a>>,
    },
    /// The one answer to one [`Output::Request`]; an empty body sends nothing.
    Replied {
        session: SessionId,
        /// The body to seal.
        body: &'a [u8],
        /// What it means for the session.
        effect: Effect,
    },
    /// A command for a terminal, wherever it is; ignored by a session manager that does not have
    /// it.
    Push {
        terminal: TerminalId,
        /// The body to seal.
        body: &'a [u8],
    },
    /// The terminal has opened a newer session at another reactor.
    Superseded {
        /// Whose older session ends.
        terminal: TerminalId,
        /// The newer session's key and counter.
        age: SessionAge,
    },
    /// A newer hello of its terminal was accepted: unless it has proved itself, the session ends.
    Displaced { session: SessionId },
    /// The keys of a terminal have changed: a session of a key that is not in force ends.
    Rekeyed {
        terminal: TerminalId,
        /// Of the keys in force.
        generations: &'a Generations,
    },
    /// The moment that [`super::SessionManager::deadline`] named has come.
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
    /// Write these bytes if the socket takes them at once, then close.
    Refuse {
        /// The shell's handle.
        connection: u32,
        /// A refusal record.
        bytes: &'a [u8],
    },
    /// Write these bytes, in this order.
    Send {
        session: SessionId,
        /// Whole records.
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
    /// For the pool: [`crate::processing::handshake`].
    Handshake {
        session: SessionId,
        /// The payload of the hello record.
        hello: &'a [u8],
    },
    /// For the pool: [`crate::processing::decode_request`]. Exactly one [`Input::Replied`] comes
    /// back.
    Request {
        session: SessionId,
        /// Which terminal the channel belongs to.
        terminal: TerminalId,
        /// When its last byte arrived.
        received: Moment,
        /// Of the channel's key.
        generation: u32,
        /// Whether the terminal has logged on over the session.
        logged_on: bool,
        /// The opened body.
        body: &'a [u8],
    },
    /// The terminal proved itself with its first sealed record.
    Online {
        /// Over which session.
        session: SessionId,
        terminal: TerminalId,
        /// With which key and counter; other reactors end older sessions.
        age: SessionAge,
    },
    /// A session that was online ended.
    Offline { session: SessionId, terminal: TerminalId },
}

/// Why a session ended. The names are metric labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum CloseReason {
    /// The peer closed or the socket failed.
    Peer,
    /// The bytes are not records of this protocol.
    Malformed,
    /// A hello of another version or suite.
    Version,
    /// A record did not open: replayed, flipped, or of another session.
    Unsealed,
    /// No handshake and first sealed record in time.
    HandshakeTimeout,
    /// It had proved nothing and made room for a new connection.
    Evicted,
    /// Its key is not in force any more.
    KeyEnded,
    /// A refused handshake: unknown terminal and wrong key look the same.
    Denied,
    /// A record begun and not ended in time.
    RecordTimeout,
    /// Nothing received for too long.
    Idle,
    /// It does not read what it is sent.
    NotReading,
    /// A newer session of the same terminal.
    Superseded,
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

/// Why a connection was refused on arrival. The names are metric labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum ConnectionRefusal {
    /// Every place is taken, and none of them can make room.
    Full,
    /// Every place that its address may have is taken; of the sealed link, of the unproven ones.
    Address,
    /// The gateway is going down.
    Draining,
}

impl ConnectionRefusal {
    /// Every reason, for the metrics table.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }

    pub(crate) const fn code(self) -> RefusalCode {
        match self {
            Self::Full | Self::Address | Self::Draining => RefusalCode::BUSY,
        }
    }
}
