//! One session's state.

use tillgate_codec::link::channel::Channel;
use tillgate_store_core::TerminalId;

use crate::id::{Peer, SessionAge};
use crate::limits::SessionLimits;
use crate::time::Moment;

/// A place in the table; the generation outlives the session.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) generation: u32,
    pub(super) session: Option<Session>,
}

/// How far a session has come.
pub(super) enum Phase {
    /// Nothing but a hello is welcome.
    Greeting,
    /// The pool works on the hello; further bytes wait.
    Shaking,
    /// Sealed records both ways.
    Open(Channel),
}

pub(super) struct Session {
    pub(super) phase: Phase,
    /// Meaningful once the phase is open, as is `age`.
    pub(super) terminal: TerminalId,
    pub(super) age: SessionAge,
    pub(super) peer: Peer,
    /// Whether a sealed record has proved that the hello was not a replay.
    pub(super) online: bool,
    /// Whether a logon was answered over it.
    pub(super) logged_on: bool,
    /// Whether a whole record is held back.
    pub(super) held: bool,
    /// Whether the shell was asked not to read; follows `held`.
    pub(super) paused: bool,
    /// Whether the session is in the queue for the pool.
    pub(super) waiting: bool,
    pub(super) in_flight: u8,
    /// Bytes received and not consumed: less than a record, or whole records held back.
    pub(super) partial: Vec<u8>,
    /// When the first of `partial` arrived.
    pub(super) partial_since: Moment,
    /// When the last whole record arrived, or the session opened.
    pub(super) heard: Moment,
    /// Until when the first sealed record must have come.
    pub(super) handshake_until: Moment,
    /// When the bucket of the terminal's requests is full again.
    pub(super) paced: Moment,
    /// When it may send again; [`NEVER`] while nothing is held back for its rate.
    pub(super) slow_until: Moment,
    /// The deadline of this session in the timers.
    pub(super) armed: Moment,
}

/// No deadline.
pub(super) const NEVER: Moment = Moment(u64::MAX);

// An idle terminal is to cost at most 1 KiB of user memory, the shell's share included.
const _: () = assert!(size_of::<Slot>() <= 256);

impl Session {
    pub(super) fn new(peer: Peer, handshake_until: Moment) -> Self {
        Self {
            phase: Phase::Greeting,
            terminal: TerminalId(0),
            age: SessionAge::default(),
            peer,
            online: false,
            logged_on: false,
            held: false,
            paused: false,
            waiting: false,
            in_flight: 0,
            partial: Vec::new(),
            partial_since: Moment::default(),
            heard: Moment::default(),
            handshake_until,
            paced: Moment::default(),
            slow_until: NEVER,
            armed: handshake_until,
        }
    }

    /// Whether it has said nothing that we would have to work on: it may make room for another.
    pub(super) fn is_evictable(&self) -> bool {
        match self.phase {
            Phase::Greeting => !self.held,
            Phase::Shaking => false,
            Phase::Open(_) => !self.online && !self.held,
        }
    }

    /// When patience with this session ends.
    pub(super) fn deadline(&self, limits: &SessionLimits) -> Moment {
        if !self.online {
            return self.handshake_until;
        }
        let idle = self.heard.after(limits.idle).min(self.slow_until);
        // A record held back by us is not the terminal's fault.
        if self.partial.is_empty() || self.paused {
            idle
        } else {
            idle.min(self.partial_since.after(limits.record))
        }
    }
}
