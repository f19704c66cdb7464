//! What a run counts.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use smart_default::SmartDefault;
use tillsim_core::time::Span;
use tillsim_core::ussdc::centre::{Status, Violation};
use tillsim_core::ussdc::crowd::Record;

use super::terminals::Frames;
use crate::driver::latencies;

/// Steps of a dialog that have a histogram of their own; further ones count for the last.
const STEPS_MAX: usize = 16;
/// Screens that were not understood and are shown.
const SHOWN_MAX: usize = 5;

#[derive(SmartDefault)]
pub(super) struct Tally {
    /// Customers of an open load, and those who found too long a line.
    pub(super) offered: u64,
    pub(super) turned_away: u64,
    pub(super) statuses: BTreeMap<&'static str, u64>,
    pub(super) bad: BTreeMap<&'static str, u64>,
    /// By step, in microseconds.
    pub(super) steps: Vec<Histogram<u64>>,
    /// Screens that no step of the script is about.
    pub(super) strange: u64,
    pub(super) strange_texts: Vec<String>,
    /// Of the terminals that send frames.
    pub(super) frames: Frames,
    /// How late arrivals were noticed, in microseconds.
    #[default(latencies())]
    pub(super) lag: Histogram<u64>,
}

impl Tally {
    /// Dialogs that have ended.
    pub(super) fn ended(&self) -> u64 {
        self.statuses.values().sum()
    }

    pub(super) fn status(&self, status: Status) -> u64 {
        self.statuses.get(status.label()).copied().unwrap_or(0)
    }

    pub(super) fn bad_sessions(&self) -> u64 {
        self.bad.values().sum()
    }

    pub(super) fn record(&mut self, record: &Record) {
        *self.statuses.entry(record.status.label()).or_default() += 1;
        if let Some(violation) = record.status.violation() {
            self.fault(violation);
        }
    }

    pub(super) fn fault(&mut self, violation: Violation) {
        *self.bad.entry(violation.label()).or_default() += 1;
    }

    pub(super) fn step(&mut self, number: u8, took: Span) {
        let step = usize::from(number).min(STEPS_MAX - 1);
        while self.steps.len() <= step {
            self.steps.push(latencies());
        }
        self.steps[step].saturating_record(took.as_us());
    }

    pub(super) fn not_understood(&mut self, text: String) {
        self.strange += 1;
        if self.strange_texts.len() < SHOWN_MAX && !self.strange_texts.contains(&text) {
            self.strange_texts.push(text);
        }
    }
}
