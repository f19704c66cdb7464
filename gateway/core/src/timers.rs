//! One lazy deadline per session: extending it costs nothing, the heap is only touched when a
//! deadline comes closer or fires.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Moment;

#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Moment, u32, u32)>>,
}

impl Timers {
    /// Adds a deadline for `(slot, generation)`. A later one already there fires too and is then
    /// found stale by its caller.
    pub(crate) fn arm(&mut self, at: Moment, slot: u32, generation: u32) {
        self.heap.push(Reverse((at, slot, generation)));
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    /// Takes one deadline that has come.
    pub(crate) fn pop(&mut self, now: Moment) -> Option<(Moment, u32, u32)> {
        let Reverse((at, _, _)) = self.heap.peek()?;
        if *at <= now { self.heap.pop().map(|Reverse(entry)| entry) } else { None }
    }
}
