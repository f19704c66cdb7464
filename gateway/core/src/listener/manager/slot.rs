//! One session's state.

use tillgate_store_core::TerminalId;
use zeroize::{Zeroize, Zeroizing};

use crate::id::Peer;
use crate::listener::limits::{BUFFER_BYTES, ListenerLimits};
use crate::time::Moment;

/// A place in the table; the generation outlives the session.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) generation: u32,
    pub(super) session: Option<Session>,
}

/// No deadline.
pub(super) const NEVER: Moment = Moment(u64::MAX);

pub(super) struct Session {
    pub(super) peer: Peer,
    /// Whether a request of an enabled terminal was answered over it.
    pub(super) served: bool,
    /// The terminal that was answered over it last.
    pub(super) terminal: Option<TerminalId>,
    /// The whole frame at the beginning of the buffer that waits for its turn: it was read once.
    pub(super) next: Option<Next>,
    /// The request in flight lies at the beginning of the buffer: its message, and where its frame
    /// ends.
    pub(super) asked: Option<Asked>,
    /// What came and is not answered: a part of a frame, or the request in flight and what is behind
    /// it.
    pub(super) buffer: Buffer,
    /// When the first byte of what is not a whole frame arrived.
    pub(super) partial_since: Moment,
    /// When the last whole frame arrived.
    pub(super) heard: Moment,
    /// Until when a request must have been served.
    pub(super) first_until: Moment,
    /// When the bucket of the connection's requests is full again.
    pub(super) paced: Moment,
    /// When a request that waits for its rate may go on; [`NEVER`] while none does.
    pub(super) slow_until: Moment,
    /// Whether a whole frame is held back.
    pub(super) held: bool,
    /// Whether the shell was asked not to read.
    pub(super) paused: bool,
    /// Whether the session is in the queue for the pool.
    pub(super) waiting: bool,
    /// The deadline of this session in the timers.
    pub(super) armed: Moment,
}

/// Where the request in flight is in the buffer.
pub(super) struct Asked {
    pub(super) message: std::ops::Range<usize>,
    pub(super) end: usize,
}

/// A request that waits for its turn.
pub(super) struct Next {
    pub(super) place: Asked,
    /// Which terminal it says that it is from.
    pub(super) terminal: TerminalId,
}

/// Received bytes. They may be card data: the buffer never grows, and what leaves it is wiped.
#[derive(Default)]
pub(super) struct Buffer(Zeroizing<Vec<u8>>);

impl Buffer {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds bytes; `false` if there is no room for them.
    pub(super) fn add(&mut self, bytes: &[u8], spare: &mut Vec<Self>) -> bool {
        if self.0.capacity() == 0 {
            let new = || Self(Zeroizing::new(Vec::with_capacity(BUFFER_BYTES)));
            *self = spare.pop().unwrap_or_else(new);
        }
        let fits = self.0.len() + bytes.len() <= BUFFER_BYTES;
        if fits {
            self.0.extend_from_slice(bytes);
        }
        fits
    }

    /// Forgets the first bytes.
    pub(super) fn drain(&mut self, count: usize) {
        let left = self.0.len().saturating_sub(count);
        self.0.copy_within(count.., 0);
        if let Some(rest) = self.0.get_mut(left..) {
            rest.zeroize();
        }
        self.0.truncate(left);
    }

    /// Forgets everything; the memory is kept for another session.
    pub(super) fn recycle(&mut self, most: usize, spare: &mut Vec<Self>) {
        if self.0.capacity() == 0 {
            return;
        }
        let mut buffer = std::mem::take(self);
        buffer.drain(buffer.0.len());
        if spare.len() < most {
            spare.push(buffer);
        }
    }
}

impl Session {
    pub(super) fn new(peer: Peer, now: Moment, limits: &ListenerLimits) -> Self {
        let first_until = now.after(limits.first);
        Self {
            peer,
            served: false,
            terminal: None,
            next: None,
            asked: None,
            buffer: Buffer::default(),
            partial_since: now,
            heard: now,
            first_until,
            paced: Moment::default(),
            slow_until: NEVER,
            held: false,
            paused: false,
            waiting: false,
            armed: first_until,
        }
    }

    /// When patience with this session ends, or a request that waits for its rate may go on.
    pub(super) fn deadline(&self, limits: &ListenerLimits) -> Moment {
        // What waits for us is not the peer's fault.
        if self.asked.is_some() || self.waiting {
            return NEVER;
        }
        if self.slow_until != NEVER {
            return self.slow_until;
        }
        let idle = self.heard.after(limits.idle);
        let limit = if self.served { idle } else { self.first_until };
        if self.buffer.is_empty() {
            limit
        } else {
            limit.min(self.partial_since.after(limits.frame))
        }
    }
}
