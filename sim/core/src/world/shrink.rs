//! Looks for a smaller world that breaks the same promise.

use super::config::Tweaks;
use super::fault::{Fault, Faults};
use super::report::Report;
use super::run;

/// A failing world made as small as it was found.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest failing run.
    pub report: Report,
    /// How many runs it took.
    pub runs: u32,
}

/// Takes kinds of trouble, time and terminals away from a failing run as long as it fails in the
/// same way, within `runs_max` runs.
#[must_use]
pub fn shrink(failed: Report, runs_max: u32) -> Shrunk {
    let mut shrunk = Shrunk { report: failed, runs: 0 };
    // Bound: every round but the last makes the world smaller.
    while shrunk.runs < runs_max && shrunk.round(runs_max) {}
    shrunk
}

impl Shrunk {
    /// Tries everything once; says whether anything helped.
    fn round(&mut self, runs_max: u32) -> bool {
        let mut helped = false;
        for fault in Fault::ALL.iter().copied() {
            if self.report.faults.has(fault) {
                let without = self.report.tweaks.without;
                let without = Faults::with(without, fault);
                helped |= self.attempt(runs_max, |tweaks| tweaks.without = without);
            }
        }
        let chaos_s = u16::try_from(self.report.lasted.0 / 1_000_000_000).unwrap_or(u16::MAX);
        let chaos_s = self.report.tweaks.chaos_s.unwrap_or(chaos_s.min(100));
        for shorter in [chaos_s / 2, chaos_s / 4 * 3, chaos_s.saturating_sub(1)] {
            if shorter > 0 && shorter < chaos_s {
                let cut = |tweaks: &mut Tweaks| tweaks.chaos_s = Some(shorter);
                if self.attempt(runs_max, cut) {
                    helped = true;
                    break;
                }
            }
        }
        let terminals = self.report.tweaks.terminals.unwrap_or(10);
        for fewer in [1, terminals / 2, terminals - 1] {
            if fewer > 0 && fewer < terminals {
                let cut = |tweaks: &mut Tweaks| tweaks.terminals = Some(fewer);
                if self.attempt(runs_max, cut) {
                    helped = true;
                    break;
                }
            }
        }
        helped
    }

    fn attempt(&mut self, runs_max: u32, change: impl FnOnce(&mut Tweaks)) -> bool {
        if self.runs >= runs_max {
            return false;
        }
        self.runs += 1;
        let mut tweaks = self.report.tweaks.clone();
        change(&mut tweaks);
        let report = run(self.report.seed, &tweaks);
        let same = likeness(&report) == likeness(&self.report);
        if same {
            self.report = report;
        }
        same
    }
}

/// What makes two failures the same: the promise, and the words without names and numbers.
fn likeness(report: &Report) -> Option<(u8, String)> {
    let first = report.violations.first()?;
    let words = first.text.chars().filter(|c| !c.is_ascii_digit()).collect();
    Some((first.promise, words))
}
