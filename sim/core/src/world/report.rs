//! What a run of a world comes to.

use std::fmt;

use super::config::Tweaks;
use super::fault::Faults;
use crate::time::{Moment, Span};

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which of the design's promises, 1 to 11; 0: the gateway panicked or never came to rest.
    pub promise: u8,
    /// When, since the world began.
    pub at: Moment,
    /// What happened, in words, with the transaction's name.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.at.0 / 1_000_000;
        write!(f, "promise {} at {}.{:03} s: {}", self.promise, ms / 1_000, ms % 1_000, self.text)
    }
}

/// How much happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Journal rows that became durable.
    pub transactions: u64,
    /// Sales whose end their terminals learned.
    pub sales: u64,
    /// Handshakes that the pool answered or refused.
    pub handshakes: u64,
    /// Logons that terminals completed.
    pub logons: u64,
    /// Times that the process ended.
    pub crashes: u64,
    /// Times that a terminal lost its power.
    pub power_cuts: u64,
    /// Commits that failed.
    pub disk_errors: u64,
    /// Bits flipped in rows at rest.
    pub flips: u64,
    /// Results that the operator received.
    pub orders: u64,
    /// Commands that terminals acknowledged.
    pub acknowledged: u64,
    /// Advices of other makers' terminals that were acknowledged.
    pub advices: u64,
    /// Records of their batches that were acknowledged, and what of it the audit log says to differ.
    pub batch_records: u64,
    pub batch_differences: u64,
    /// Answers to them with something for the chip of a card.
    pub chip_answers: u64,
    /// Sales that handsets made.
    pub handset_sales: u64,
    /// Screens and last texts that handsets received, dialogs that ended in good order, and texts that
    /// came after them.
    pub screens: u64,
    pub dialogs: u64,
    pub notices: u64,
    /// Requests of terminals over USSD that were opened, and copies that were refused.
    pub frames: u64,
    pub copies: u64,
    /// Events of any kind.
    pub events: u64,
}

/// The outcome of one seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub seed: u64,
    /// What was fixed beforehand.
    pub tweaks: Tweaks,
    /// Which kinds of trouble it had.
    pub faults: Faults,
    /// Over every event of the run: the same seed and tweaks give the same.
    pub trace_hash: u64,
    /// How much happened.
    pub counts: Counts,
    /// Virtual time from its beginning to its end.
    pub lasted: Span,
    /// Every promise that was broken; the run ends soon after the first.
    pub violations: Vec<Violation>,
    /// What happened, line by line, if [`Tweaks::story`] asked for it.
    pub story: Vec<String>,
}

impl Report {
    /// Whether every promise held.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.violations.is_empty()
    }

    /// The arguments that repeat this run.
    #[must_use]
    pub fn repeat(&self) -> String {
        format!("--seed {}{}", self.seed, self.tweaks)
    }
}

impl fmt::Display for Tweaks {
    /// As options of the command line, each with a space before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(terminals) = self.terminals {
            write!(f, " --terminals {terminals}")?;
        }
        if let Some(chaos_s) = self.chaos_s {
            write!(f, " --chaos {chaos_s}")?;
        }
        let names: Vec<&str> = self.without.iter().map(super::Fault::name).collect();
        if !names.is_empty() {
            write!(f, " --without {}", names.join(","))?;
        }
        Ok(())
    }
}
