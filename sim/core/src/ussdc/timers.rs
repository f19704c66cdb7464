//! One deadline per handset, the earliest first.
//!
//! A deadline that moves *later* is left where it is: it comes up too early, its owner is asked
//! again, and it is put back. At full load that happens once per timeout and handset instead of
//! once per dialog.

use std::collections::BTreeSet;

use crate::time::Moment;

/// The deadlines of handsets 0 to n-1.
pub(super) struct Timers {
    order: BTreeSet<(Moment, u32)>,
    times: Vec<Option<Moment>>,
}

impl Timers {
    pub(super) fn new(handsets: usize) -> Self {
        Self { order: BTreeSet::new(), times: vec![None; handsets] }
    }

    /// The handset's deadline is `at`, or later.
    pub(super) fn set(&mut self, handset: u32, at: Moment) {
        let Some(time) = self.times.get_mut(place(handset)) else { return };
        match *time {
            Some(before) if before <= at => return,
            Some(before) => {
                self.order.remove(&(before, handset));
            }
            None => {}
        }
        *time = Some(at);
        self.order.insert((at, handset));
    }

    pub(super) fn first(&self) -> Option<Moment> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out a handset whose deadline is not after `now`.
    pub(super) fn due(&mut self, now: Moment) -> Option<u32> {
        self.first().filter(|at| *at <= now)?;
        let (_, handset) = self.order.pop_first()?;
        if let Some(time) = self.times.get_mut(place(handset)) {
            *time = None;
        }
        Some(handset)
    }
}

/// A handset's number as an index; one that does not fit is no handset's.
pub(super) fn place(handset: u32) -> usize {
    usize::try_from(handset).unwrap_or(usize::MAX)
}
