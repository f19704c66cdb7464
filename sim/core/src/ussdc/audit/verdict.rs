//! What the auditor of handsets found.

use std::collections::BTreeMap;

use crate::audit::{Kind, Offence, Side};
use crate::limits::OFFENCES_LISTED_MAX;

/// What the auditor of handsets found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub ordered: u64,
    pub approved: u64,
    pub declined: u64,
    /// The last that was seen.
    pub in_progress: u64,
    /// Nothing was seen.
    pub unknown: u64,
    /// Of those in progress and unknown: approved in the journal, or not.
    pub unseen_approved: u64,
    pub unseen_not_approved: u64,
    /// Sales of these terminals in the journal since the run began.
    pub rows: u64,
    /// Those approved.
    pub journal: Side,
    counts: BTreeMap<Kind, u64>,
    offences: Vec<Offence>,
}

impl Verdict {
    /// How many offences of this kind there are.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    /// The offences, up to [`OFFENCES_LISTED_MAX`] of each kind.
    #[must_use]
    pub fn offences(&self) -> &[Offence] {
        &self.offences
    }

    /// Whether books and journal agree; what is unresolved does not count against it.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.counts.keys().all(|kind| !kind.is_violation())
    }

    pub(super) fn offend(&mut self, kind: Kind, transaction: String, text: String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if usize::try_from(*count).is_ok_and(|count| count <= OFFENCES_LISTED_MAX) {
            self.offences.push(Offence { kind, transaction, text });
        }
    }
}
