//! The alarms that watch over what is pending.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tillgate_store_core::{Key, TerminalId};

use crate::limits::TransactionLimits;
use crate::time::{Moment, Span};

/// What an alarm is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// Somebody has waited long enough for this transaction.
    Answer(Key),
    /// Do the next thing about this transaction.
    Act(Key),
    /// Begin with what this bridge's queue holds, after a restart.
    Feed(u16),
    /// This terminal has waited long enough for its lookup.
    Lookup(TerminalId),
    /// The first of what lookups found is over.
    Found,
}

/// The alarms of all pending transactions, earliest first. Stale ones find nothing and pass.
pub(super) struct Alarms {
    heap: BinaryHeap<Reverse<(Moment, Alarm)>>,
    random: u64,
}

impl Alarms {
    pub(super) fn new(seed: u64) -> Self {
        Self { heap: BinaryHeap::new(), random: seed }
    }

    pub(super) fn at(&mut self, at: Moment, alarm: Alarm) {
        self.heap.push(Reverse((at, alarm)));
    }

    /// At once, give or take a little, so that not everything arrives in one instant.
    pub(super) fn soon(&mut self, now: Moment, alarm: Alarm, limits: &TransactionLimits) {
        let pause = self.jitter(limits.inquiry_first);
        self.at(now.after(pause), alarm);
    }

    /// After a pause that doubles with every time asked, half of it drawn at random; when that
    /// is.
    pub(super) fn later(
        &mut self,
        now: Moment,
        key: Key,
        asked: u32,
        limits: &TransactionLimits,
    ) -> Moment {
        let doubled = limits.inquiry_first.0.saturating_mul(1 << asked.min(16));
        let half = Span(doubled.min(limits.inquiry_longest.0) / 2);
        let pause = Span(half.0 + self.jitter(half).0);
        let at = now.after(pause);
        self.at(at, Alarm::Act(key));
        at
    }

    pub(super) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    pub(super) fn pop(&mut self, now: Moment) -> Option<Alarm> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, alarm))| alarm)
    }

    /// Between nothing and `span`, by SplitMix64: spread, not secrecy.
    fn jitter(&mut self, span: Span) -> Span {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Span((z ^ (z >> 31)) % span.0.max(1))
    }
}
