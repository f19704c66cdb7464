//! What the faults brought to light.

use std::fmt;

use serde_json::{Value, json};
use tillsim_core::audit::{AuditReport, Kind};

use crate::exit::Exit;
use crate::text::grouped;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every promise was kept.
    #[default]
    Passed,
    /// The machine does not allow it; why.
    Skipped(String),
    /// A promise was broken; which.
    Failed(String),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Finding {
    pub(crate) name: &'static str,
    /// How often it was done.
    pub(crate) rounds: u64,
    /// Sales in the terminals' books.
    pub(crate) sales: u64,
    pub(crate) approved: u64,
    /// Sales that a terminal saw approved and the journal does not have.
    pub(crate) lost: u64,
    /// Sales that are there twice.
    pub(crate) doubled: u64,
    pub(crate) seconds: f64,
    /// What else is worth knowing, in a few words.
    pub(crate) note: String,
    pub(crate) outcome: Outcome,
}

impl Finding {
    /// A fault of which nothing is known yet.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// A fault that this machine does not allow.
    pub(crate) fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skipped(why.into()), ..Self::new(name) }
    }

    /// Takes over what the books said; any violation is a failure.
    pub(super) fn settle(&mut self, verdict: &AuditReport) {
        self.count(verdict);
        if let Some(offence) = verdict.offences().first() {
            let total: u64 = Kind::ALL.iter().map(|kind| verdict.count(*kind)).sum();
            self.fail(format!("{offence} ({total} in all)"));
        }
    }

    /// Takes over what the books said, whatever it is.
    pub(super) fn count(&mut self, verdict: &AuditReport) {
        self.sales += verdict.sales;
        self.approved += verdict.terminals.count;
        self.lost += verdict.count(Kind::Lost);
        self.doubled += verdict.count(Kind::Doubled);
    }

    /// A promise was broken; the first one is kept.
    pub(super) fn fail(&mut self, what: impl Into<String>) {
        if self.outcome == Outcome::Passed {
            self.outcome = Outcome::Failed(what.into());
        }
    }

    /// Whether anything was done, and anything sold meanwhile that could have been lost.
    fn is_checked(&self) -> bool {
        self.outcome == Outcome::Passed && self.rounds > 0 && self.approved > 0
    }

    fn json(&self) -> Value {
        let (verdict, why) = match &self.outcome {
            Outcome::Passed if !self.is_checked() => ("not checked", None),
            Outcome::Passed => ("passed", None),
            Outcome::Skipped(why) => ("skipped", Some(why)),
            Outcome::Failed(why) => ("failed", Some(why)),
        };
        json!({
            "fault": self.name,
            "rounds": self.rounds,
            "sales": self.sales,
            "approved": self.approved,
            "lost": self.lost,
            "doubled": self.doubled,
            "seconds": (self.seconds * 10.0).round() / 10.0,
            "note": self.note,
            "verdict": verdict,
            "why": why,
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, rounds, seconds, .. } = self;
        match &self.outcome {
            Outcome::Skipped(why) => return write!(f, "{name:<14} skipped: {why}"),
            Outcome::Failed(why) => writeln!(f, "{name:<14} FAILED: {why}")?,
            Outcome::Passed if !self.is_checked() => writeln!(f, "{name:<14} NOT CHECKED")?,
            Outcome::Passed => writeln!(f, "{name:<14} passed")?,
        }
        write!(
            f,
            "{:14} {rounds} rounds in {seconds:.0} s, {} sales, {} approved, {} lost, {} doubled",
            "",
            grouped(self.sales),
            grouped(self.approved),
            self.lost,
            self.doubled
        )?;
        if self.note.is_empty() { Ok(()) } else { write!(f, "; {}", self.note) }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) findings: Vec<Finding>,
    /// Whether somebody ended it before all of it was done.
    pub(crate) interrupted: bool,
}

impl Summary {
    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.findings.iter().filter(|finding| is(&finding.outcome)).count()
    }

    fn checked(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_checked()).count()
    }

    pub(crate) fn json(&self) -> Value {
        let findings: Vec<Value> = self.findings.iter().map(Finding::json).collect();
        json!({
            "faults": findings,
            "passed": self.checked(),
            "skipped": self.count(|outcome| matches!(outcome, Outcome::Skipped(_))),
            "failed": self.count(|outcome| matches!(outcome, Outcome::Failed(_))),
            "interrupted": self.interrupted,
            "verdict": match self.exit() {
                Exit::Pass => "passed",
                Exit::Violated => "failed",
                _ => "not checked",
            },
        })
    }

    /// For the shell: a broken promise is a violation; what was skipped is neither. Where
    /// something was not done, or nothing at all, there is no success.
    pub(crate) fn exit(&self) -> Exit {
        let failed = self.count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let done = self.count(|outcome| *outcome == Outcome::Passed);
        match (failed, self.checked()) {
            (1.., _) => Exit::Violated,
            (0, 0) => Exit::Missed,
            (0, checked) if self.interrupted || checked < done => Exit::Missed,
            (0, _) => Exit::Pass,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(name: &'static str) -> Finding {
        Finding { rounds: 3, sales: 10, approved: 9, ..Finding::new(name) }
    }

    #[test]
    fn where_nothing_was_checked_nothing_has_passed() {
        let missed = |findings: &[Finding], interrupted| {
            let summary = Summary { findings: findings.to_vec(), interrupted };
            assert_eq!(summary.exit(), Exit::Missed, "{findings:?}");
            assert_eq!(summary.json()["verdict"], "not checked");
        };
        missed(&[], false);
        missed(&[Finding::skipped("power", "no mounts here")], false);
        missed(&[done("kill")], true);
        missed(&[done("kill"), Finding { rounds: 0, ..done("power") }], false);
        missed(&[Finding { approved: 0, ..done("kill") }], false);
    }

    #[test]
    fn what_is_skipped_is_not_passed_and_one_failure_fails_all() {
        let mut summary = Summary::default();
        summary.findings.push(done("kill"));
        summary.findings.push(Finding::skipped("power", "no mounts here"));
        assert_eq!(summary.exit(), Exit::Pass);
        let json = summary.json();
        assert_eq!((&json["passed"], &json["skipped"]), (&json!(1), &json!(1)));
        summary.findings[0].fail("one sale is lost");
        summary.findings[0].fail("and more");
        assert_eq!(summary.exit(), Exit::Violated);
        assert_eq!(summary.json()["faults"][0]["why"], "one sale is lost");
    }
}
