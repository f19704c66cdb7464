//! Rates: a burst, then one every interval (a token bucket, kept as one moment: the
//! generic cell rate algorithm of ITU-T I.371).

use std::collections::VecDeque;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::time::{Moment, Span};

/// How fast somebody may go on. Its state is a [`Moment`] of the caller's: when the bucket is full
/// again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    every: Span,
    /// What a full bucket holds, as a span.
    depth: Span,
}

impl Pace {
    /// One every `every`, and `burst` at once; an `every` of 0 sets no bound.
    pub(crate) fn new(every: Span, burst: u32) -> Self {
        Self { every, depth: Span(every.0.saturating_mul(u64::from(burst.max(1)))) }
    }

    /// Takes one, or says when there will be one.
    pub(crate) fn take(&self, now: Moment, full_at: &mut Moment) -> Result<(), Moment> {
        if self.every == Span::ZERO {
            return Ok(());
        }
        let next = now.max(*full_at).after(self.every);
        let from = Moment(next.0.saturating_sub(self.depth.0));
        if from > now {
            return Err(from);
        }
        *full_at = next;
        Ok(())
    }

    /// Takes one whether there is one or not: what is missing is owed.
    pub(crate) fn owe(&self, now: Moment, full_at: &mut Moment) {
        if self.every != Span::ZERO {
            *full_at = now.max(*full_at).after(self.every);
        }
    }

    /// Whether there is none.
    pub(crate) fn is_used_up(&self, now: Moment, mut full_at: Moment) -> bool {
        self.take(now, &mut full_at).is_err()
    }
}

/// What terminals had used of their buckets when their sessions ended, so that reconnecting does
/// not fill them. The oldest entry makes room; each is of no use once its bucket is full.
pub(crate) struct Debts<K> {
    held: FxHashMap<K, Moment>,
    order: VecDeque<(K, Moment)>,
}

impl<K> Default for Debts<K> {
    fn default() -> Self {
        Self { held: FxHashMap::default(), order: VecDeque::new() }
    }
}

impl<K: Copy + Eq + Hash> Debts<K> {
    /// Remembers that somebody's bucket is full at `full_at`.
    pub(crate) fn keep(&mut self, now: Moment, most: usize, of: K, full_at: Moment) {
        while let Some(&(oldest, at)) = self.order.front()
            && (at <= now || self.order.len() >= most)
        {
            self.order.pop_front();
            if self.held.get(&oldest) == Some(&at) {
                self.held.remove(&oldest);
            }
        }
        if full_at > now {
            self.held.insert(of, full_at);
            self.order.push_back((of, full_at));
        }
    }

    /// What is remembered, and goes on being so.
    pub(crate) fn peek(&self, of: K) -> Option<Moment> {
        self.held.get(&of).copied()
    }

    /// What was remembered.
    pub(crate) fn take(&mut self, of: K) -> Option<Moment> {
        self.held.remove(&of)
    }
}

#[cfg(test)]
mod tests {
    use tillgate_store_core::TerminalId;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let pace = Pace::new(Span::ms(100), 3);
        let (mut state, start) = (Moment::default(), Moment::default().after(Span::s(5)));
        for _ in 0..3 {
            assert_eq!(pace.take(start, &mut state), Ok(()));
        }
        let next = start.after(Span::ms(100));
        assert_eq!(pace.take(start, &mut state), Err(next));
        assert_eq!(pace.take(next, &mut state), Ok(()));
        assert_eq!(pace.take(next, &mut state), Err(start.after(Span::ms(200))));
        let later = start.after(Span::s(60));
        assert_eq!((0..9).filter(|_| pace.take(later, &mut state).is_ok()).count(), 3);
        let mut owed = start;
        (0..5).for_each(|_| pace.owe(start, &mut owed));
        assert!(pace.is_used_up(start.after(Span::ms(299)), owed), "two more than there were");
        assert!(!pace.is_used_up(start.after(Span::ms(300)), owed));
        let unbounded = Pace::new(Span::ZERO, 1);
        assert!((0..99).all(|_| unbounded.take(start, &mut state).is_ok()));
    }

    #[test]
    fn debts_are_bounded_and_forgotten_when_they_are_paid() {
        let mut debts = Debts::default();
        let at = |s| Moment::default().after(Span::s(s));
        for id in 0..10 {
            debts.keep(at(0), 4, TerminalId(id), at(9));
        }
        assert_eq!(debts.held.len(), 4);
        assert_eq!((debts.take(TerminalId(5)), debts.take(TerminalId(9))), (None, Some(at(9))));
        debts.keep(at(9), 4, TerminalId(1), at(9));
        assert!(debts.held.is_empty() && debts.order.is_empty());
    }
}
