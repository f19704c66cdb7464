//! One session's state.

use std::ops::Range;

use rustc_hash::FxHashSet;
use tillgate_store_core::TerminalId;
use zeroize::{Zeroize, Zeroizing};

use super::CloseReason;
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
    /// Which terminals are online over it: the one that was answered last, of a shared connection all.
    pub(super) terminals: FxHashSet<TerminalId>,
    /// The whole frame at the beginning of the buffer that waits for its turn: it was read once.
    pub(super) next: Option<Next>,
    /// Its requests in flight.
    pub(super) in_flight: u32,
    /// What came and is not in flight.
    pub(super) buffer: Buffer,
    /// Bytes of a frame that is too long and is left out that are still to come.
    pub(super) left_out: usize,
    /// When the first byte of what is not a whole frame arrived.
    pub(super) partial_since: Moment,
    /// When it was served last, or sent a keep-alive.
    pub(super) heard: Moment,
    /// Until when a request must have been served.
    pub(super) first_until: Moment,
    /// When the bucket of the connection's requests is full again.
    pub(super) paced: Moment,
    /// The same of denied requests; only a shared connection outlives one.
    pub(super) denied: Moment,
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

/// A request that waits for its turn: its message and the end of its frame, in the buffer.
pub(super) struct Next {
    pub(super) message: Range<usize>,
    pub(super) end: usize,
    /// Which terminal it says that it is from.
    pub(super) terminal: TerminalId,
}

/// Received bytes. They may be card data: the buffer never grows, and what leaves it is wiped.
#[derive(Default)]
pub(super) struct Buffer {
    all: Zeroizing<Vec<u8>>,
    /// What is before it has left.
    from: usize,
}

impl Buffer {
    pub(super) fn bytes(&self) -> &[u8] {
        self.all.get(self.from..).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// Adds bytes; `false` if there is no room for them.
    pub(super) fn add(&mut self, bytes: &[u8], spare: &mut Vec<Self>) -> bool {
        if self.all.capacity() == 0 {
            let all = || Zeroizing::new(Vec::with_capacity(BUFFER_BYTES));
            *self = spare.pop().unwrap_or_else(|| Self { all: all(), from: 0 });
        }
        let left = self.bytes().len();
        let fits = left + bytes.len() <= BUFFER_BYTES;
        if fits {
            let from = std::mem::take(&mut self.from);
            self.all.copy_within(from.., 0);
            self.wipe(left..self.all.len());
            self.all.truncate(left);
            self.all.extend_from_slice(bytes);
        }
        fits
    }

    /// Forgets the first bytes.
    pub(super) fn drain(&mut self, count: usize) {
        let end = self.from.saturating_add(count).min(self.all.len());
        self.wipe(self.from..end);
        self.from = end;
    }

    fn wipe(&mut self, what: Range<usize>) {
        if let Some(bytes) = self.all.get_mut(what) {
            bytes.zeroize();
        }
    }

    /// Forgets everything; the memory is kept for another session.
    pub(super) fn recycle(&mut self, most: usize, spare: &mut Vec<Self>) {
        if self.all.capacity() == 0 {
            return;
        }
        let mut buffer = std::mem::take(self);
        buffer.drain(buffer.all.len());
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
            terminals: FxHashSet::default(),
            next: None,
            in_flight: 0,
            buffer: Buffer::default(),
            left_out: 0,
            partial_since: now,
            heard: now,
            first_until,
            paced: Moment::default(),
            denied: Moment::default(),
            slow_until: NEVER,
            held: false,
            paused: false,
            waiting: false,
            armed: first_until,
        }
    }

    /// Until when it is waited for what is served.
    pub(super) fn patience(&self, limits: &ListenerLimits) -> Moment {
        if self.served { self.heard.after(limits.idle) } else { self.first_until }
    }

    /// When patience with this session ends, or a request that waits for its rate may go on.
    pub(super) fn deadline(&self, limits: &ListenerLimits) -> Moment {
        if self.slow_until != NEVER {
            return self.slow_until;
        }
        // What waits for us is not the peer's fault.
        if self.held || self.waiting {
            return NEVER;
        }
        let limit = if self.in_flight > 0 { NEVER } else { self.patience(limits) };
        if self.is_between_frames() {
            limit
        } else {
            limit.min(self.partial_since.after(limits.frame))
        }
    }

    /// Whether no frame has begun.
    pub(super) fn is_between_frames(&self) -> bool {
        self.buffer.is_empty() && self.left_out == 0
    }

    /// Why it ends, once that moment has come.
    pub(super) fn overdue(&self, now: Moment, limits: &ListenerLimits) -> CloseReason {
        let is_partial = !self.is_between_frames();
        match self.served {
            _ if is_partial && self.partial_since.after(limits.frame) <= now => {
                CloseReason::FrameTimeout
            }
            false => CloseReason::FirstTimeout,
            true => CloseReason::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_gives_its_bytes_in_order_never_grows_and_keeps_nothing_that_has_left() {
        let (mut buffer, mut spare) = (Buffer::default(), Vec::new());
        let (mut come, mut gone) = (1_u32, 1_u32);
        for round in 0..2_000_u32 {
            let bytes: Vec<u8> = (0..round % 97).map(|n| byte(come + n)).collect();
            assert!(buffer.add(&bytes, &mut spare));
            come += round % 97;
            let count = (come - gone).min(round * 7 % 103);
            buffer.drain(usize::try_from(count).unwrap_or_default());
            gone += count;
            assert!(buffer.bytes().iter().copied().eq((gone..come).map(byte)));
            assert_eq!(buffer.all.capacity(), BUFFER_BYTES);
            assert!(buffer.all.iter().take(buffer.from).all(|byte| *byte == 0));
        }
        assert!(!buffer.add(&[1; BUFFER_BYTES], &mut spare) || buffer.is_empty());
        buffer.recycle(1, &mut spare);
        let kept = spare.pop().map(|kept| (kept.is_empty(), kept.all.iter().all(|b| *b == 0)));
        assert_eq!(kept, Some((true, true)));
    }

    /// Never 0.
    fn byte(number: u32) -> u8 {
        u8::try_from(number % 255 + 1).unwrap_or(1)
    }
}
