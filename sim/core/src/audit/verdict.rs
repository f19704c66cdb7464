//! What the auditor found.

use std::fmt;

use strum::{IntoStaticStr, VariantArray};

use crate::limits::OFFENCES_LISTED_MAX;

/// What is wrong with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Somebody has the goods or the money, and the journal does not show it.
    Lost,
    /// Something is there twice that must be there once.
    Doubled,
    /// The same transaction, but not with the same content.
    Mismatched,
    /// The merchant saw a decline, but it was done.
    Contradicted,
    /// In the journal, but nobody asked for it or did it.
    Phantom,
    /// Nobody knows the outcome yet.
    Unresolved,
}

impl Kind {
    /// Every kind, in the order of their gravity.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its name in reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }

    /// Whether money is wrong, or only not settled yet.
    #[must_use]
    pub const fn is_violation(self) -> bool {
        !matches!(self, Self::Unresolved)
    }
}

/// A transaction with which something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offence {
    pub kind: Kind,
    /// Business date, terminal and STAN; or the provider's reference where there is no more.
    pub transaction: String,
    /// Details.
    pub text: String,
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<12} {}  {}", self.kind.label(), self.transaction, self.text)
    }
}

/// Sales approved on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// How many.
    pub count: u64,
    /// Their amounts, in minor units.
    pub amount_minor: u64,
}

impl Side {
    pub(super) fn add(&mut self, amount_minor: u64) {
        self.count += 1;
        self.amount_minor = self.amount_minor.saturating_add(amount_minor);
    }
}

/// One provider, and what the journal says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderSides {
    /// Where its book came from.
    pub name: String,
    /// Done by the provider, of all runs.
    pub done: Side,
    /// Approved in the journal and found in the provider's book.
    pub journal: Side,
}

/// What the auditor found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Approved at the terminals.
    pub terminals: Side,
    /// Approved in the journal, of this run.
    pub journal: Side,
    /// Done by all providers, of all runs.
    pub provider: Side,
    /// Each of them.
    pub providers: Vec<ProviderSides>,
    /// Sales in the terminals' books.
    pub sales: u64,
    /// Declined at the terminals.
    pub declined: u64,
    /// Taken back at the terminals.
    pub reversed: u64,
    /// Terminals whose totals were the gateway's.
    pub settled: u64,
    /// Terminals whose totals were not, with reason: sales of that date from before their book.
    pub excused: u64,
    /// Rows of the journal.
    pub rows: u64,
    /// Rows of terminals that are not of this fleet.
    pub foreign: u64,
    /// Rows of this fleet's terminals from before this run.
    pub earlier: u64,
    /// Voucher PINs compared with the list imported.
    pub pins_checked: u64,
    counts: [u64; Kind::ALL.len()],
    offences: Vec<Offence>,
}

impl AuditReport {
    /// How many offences of this kind there are.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.counts[place(kind)]
    }

    /// The offences, up to [`OFFENCES_LISTED_MAX`] of each kind, in the order they were found.
    #[must_use]
    pub fn offences(&self) -> &[Offence] {
        &self.offences
    }

    /// Whether all books agree; what is unresolved does not count against it.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        let violations = Kind::ALL.iter().filter(|kind| kind.is_violation());
        violations.map(|kind| self.count(*kind)).sum::<u64>() == 0
    }

    pub(super) fn offend(&mut self, kind: Kind, transaction: String, text: String) {
        let count = &mut self.counts[place(kind)];
        *count += 1;
        let listed = u64::try_from(OFFENCES_LISTED_MAX).unwrap_or(u64::MAX);
        if *count <= listed {
            self.offences.push(Offence { kind, transaction, text });
        }
    }
}

fn place(kind: Kind) -> usize {
    Kind::ALL.iter().position(|other| *other == kind).expect("ALL names every kind")
}
