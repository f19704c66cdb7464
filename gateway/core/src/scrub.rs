//! When the scrubber reads on, tries again, or says that the store is damaged.

use crate::limits::{SCRUB_AGAIN, SCRUB_EVERY, SCRUB_FAILURES_MAX};
use crate::time::Span;

/// How a pass over the store ended, at the place `P`.
#[derive(Debug, PartialEq, Eq)]
pub enum Pass<P> {
    /// All of it was read.
    Whole,
    /// What lies there is not what was written.
    Damaged(String),
    /// The disk gives no answer there.
    Failed(P, String),
    /// Descriptors or memory are short; that says nothing about the disk.
    Starved(String),
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Rest this long, then read on.
    Rest(Span),
    /// The same, and tell why.
    Retry(Span, String),
    /// End the process: the store is damaged.
    Stop(String),
}

/// Failures in a row to read one place.
#[derive(Debug)]
pub struct Scrub<P> {
    failed: Option<(P, u32)>,
}

impl<P> Default for Scrub<P> {
    fn default() -> Self {
        Self { failed: None }
    }
}

impl<P: PartialEq> Scrub<P> {
    /// What follows from a pass.
    pub fn after(&mut self, pass: Pass<P>) -> Next {
        match pass {
            Pass::Whole => {
                self.failed = None;
                Next::Rest(SCRUB_EVERY)
            }
            Pass::Damaged(what) => Next::Stop(what),
            Pass::Failed(at, what) => {
                let before = self.failed.take().filter(|(place, _)| *place == at);
                let count = before.map_or(0, |(_, count)| count) + 1;
                self.failed = Some((at, count));
                if count < SCRUB_FAILURES_MAX {
                    return Next::Retry(SCRUB_AGAIN, what);
                }
                let times = format!("{SCRUB_FAILURES_MAX} times at the same place");
                Next::Stop(format!("{what} ({times}; what do dmesg and SMART say?)"))
            }
            Pass::Starved(what) => Next::Retry(SCRUB_AGAIN, what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(at: u32) -> Pass<u32> {
        Pass::Failed(at, "no answer".to_owned())
    }

    #[test]
    fn only_failures_in_a_row_at_one_place_are_damage() {
        let mut scrub = Scrub::default();
        let again = Next::Retry(SCRUB_AGAIN, "no answer".to_owned());
        for at in [0, 0, 9, 0, 0] {
            assert_eq!(scrub.after(failed(at)), again);
        }
        assert!(matches!(scrub.after(failed(0)), Next::Stop(what) if what.contains("SMART")));
    }

    #[test]
    fn a_whole_pass_ends_the_count_and_want_of_memory_is_not_counted() {
        let mut scrub = Scrub::default();
        for _ in 0..5 {
            let starved = Pass::Starved("no memory".to_owned());
            assert!(matches!(scrub.after(starved), Next::Retry(..)));
        }
        for _ in 1..SCRUB_FAILURES_MAX {
            assert!(matches!(scrub.after(failed(7)), Next::Retry(..)));
        }
        assert_eq!(scrub.after(Pass::Whole), Next::Rest(SCRUB_EVERY));
        assert!(matches!(scrub.after(failed(7)), Next::Retry(..)));
    }

    #[test]
    fn damage_is_not_tried_again() {
        let what = "checksum".to_owned();
        let next = Scrub::<u32>::default().after(Pass::Damaged(what.clone()));
        assert_eq!(next, Next::Stop(what));
    }
}
