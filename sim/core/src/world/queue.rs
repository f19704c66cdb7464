//! The virtual clock's calendar: what happens when. Events of the same moment come in an order
//! that the seed decides, so that nothing relies on a tie.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::event::Event;
use crate::rng::Rng;
use crate::time::Moment;

/// Events to come, earliest first.
pub(super) struct Queue {
    heap: BinaryHeap<Entry>,
    pushed: u64,
    rng: Rng,
}

struct Entry {
    at: Moment,
    tie: u64,
    pushed: u64,
    event: Event,
}

impl Queue {
    pub(super) fn new(rng: Rng) -> Self {
        Self { heap: BinaryHeap::new(), pushed: 0, rng }
    }

    pub(super) fn push(&mut self, at: Moment, event: Event) {
        self.pushed += 1;
        let (tie, pushed) = (self.rng.throw(), self.pushed);
        self.heap.push(Entry { at, tie, pushed, event });
    }

    pub(super) fn pop(&mut self) -> Option<(Moment, Event)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

impl Entry {
    fn key(&self) -> (Moment, u64, u64) {
        (self.at, self.tie, self.pushed)
    }
}

impl Ord for Entry {
    /// Reversed, for the heap gives its greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}
