//! Who dials, where it is not the owners themselves after their pauses.

use std::collections::VecDeque;

use tillsim_core::time::{Moment, Span};

use crate::driver::{Arrivals, Phase};

/// Who decides when somebody dials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Calling {
    /// The owners, each after a pause.
    Own,
    /// Open load: customers, that many a second.
    Open { per_s: f64 },
    /// Closed load: that many dialogs at once, whoever has them.
    AtOnce { most: usize },
}

pub(super) enum Callers {
    Own,
    Open(Arrivals),
    AtOnce {
        most: usize,
        /// Free handsets, the one that was free for longest first.
        free: VecDeque<u32>,
        is_running: bool,
    },
}

impl Callers {
    pub(super) fn new(calling: Calling, handsets: u32, seed: u64) -> Self {
        match calling {
            Calling::Own => Self::Own,
            Calling::Open { per_s } => {
                let phase = Phase { from_per_s: per_s, to_per_s: per_s, lasts: Span::s(1) };
                let mut arrivals = Arrivals::new(vec![phase], false, seed);
                (0..handsets).for_each(|handset| arrivals.ready(handset));
                Self::Open(arrivals)
            }
            Calling::AtOnce { most } => {
                Self::AtOnce { most, free: (0..handsets).collect(), is_running: false }
            }
        }
    }

    pub(super) fn begin(&mut self, now: Moment) {
        match self {
            Self::Own => {}
            Self::Open(arrivals) => arrivals.begin(now),
            Self::AtOnce { is_running, .. } => *is_running = true,
        }
    }

    pub(super) fn stop(&mut self) {
        match self {
            Self::Own => {}
            Self::Open(arrivals) => arrivals.stop(),
            Self::AtOnce { is_running, .. } => *is_running = false,
        }
    }

    /// When the next customer of an open load means to come.
    pub(super) fn deadline(&self) -> Option<Moment> {
        match self {
            Self::Open(arrivals) => arrivals.deadline(),
            Self::Own | Self::AtOnce { .. } => None,
        }
    }

    /// Lets customers come; gives how many did, and how many found too long a line.
    pub(super) fn come(&mut self, now: Moment) -> (u64, u64) {
        match self {
            Self::Open(arrivals) => arrivals.come(now),
            Self::Own | Self::AtOnce { .. } => (0, 0),
        }
    }

    /// A handset is free.
    pub(super) fn ready(&mut self, handset: u32) {
        match self {
            Self::Own => {}
            Self::Open(arrivals) => arrivals.ready(handset),
            Self::AtOnce { free, .. } => free.push_back(handset),
        }
    }

    /// Who dials next and when it was meant to be, while `open` dialogs are open. Where an application reads
    /// them, a dialog is open once it was begun, so this comes to an end.
    pub(super) fn next(&mut self, now: Moment, open: usize) -> Option<(u32, Moment)> {
        match self {
            Self::Own => None,
            Self::Open(arrivals) => arrivals.serve(),
            Self::AtOnce { most, free, is_running } => {
                let may = *is_running && open < *most;
                may.then(|| free.pop_front()).flatten().map(|handset| (handset, now))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_dialogs_are_open_at_once_and_the_handsets_take_turns() {
        let mut callers = Callers::new(Calling::AtOnce { most: 2 }, 3, 1);
        let now = Moment(5);
        assert_eq!(callers.next(now, 0), None, "it has not begun");
        callers.begin(now);
        assert_eq!(callers.next(now, 0), Some((0, now)));
        assert_eq!(callers.next(now, 1), Some((1, now)));
        assert_eq!(callers.next(now, 2), None);
        callers.ready(0);
        assert_eq!(callers.next(now, 1), Some((2, now)), "it was free for longest");
        callers.stop();
        assert_eq!(callers.next(now, 1), None);
    }
}
