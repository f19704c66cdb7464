//! Holds what owners of handsets saw of their sales against the gateway's journal.
//!
//! ```text
//!   Auditor::new(books) ─▶ row()* ─▶ finish() ─▶ Verdict
//! ```
//!
//! * What was seen approved is in the journal once, approved, of the handset's terminal, with the
//!   amount and the account that were typed. No reference is in two books.
//! * What was seen declined is not approved.
//! * Every approved row of these terminals belongs to an order, and no two to the same one. An order
//!   whose end nobody saw may have one.
//!
//! A text that came later counts as seen, if it is certain which order it was about.

mod comparison;
mod order;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use self::comparison::Comparison;
use self::order::{Orders, orders};
pub use self::verdict::Verdict;
use super::handset::Book;
use crate::audit::RowState;

/// A sale of the gateway's journal since the run began.
#[derive(Clone, Debug)]
pub struct Row {
    pub terminal: u32,
    pub stan: u32,
    pub state: RowState,
    /// Its reference on screens.
    pub rrn: Box<str>,
    /// The account with some characters replaced by `*`.
    pub account_masked: Box<str>,
    pub amount_minor: u64,
    /// Digits behind the point of an amount in major units.
    pub decimals: u32,
}

/// A row, and whether an order has it.
struct Held {
    row: Row,
    is_taken: bool,
}

struct Owner {
    msisdn: u64,
    terminal: u32,
    orders: Orders,
}

/// Holds books and journal against each other.
pub struct Auditor {
    owners: Vec<Owner>,
    terminals: FxHashSet<u32>,
    /// References that owners have seen.
    seen: FxHashSet<Box<str>>,
    rows: Vec<Held>,
    verdict: Verdict,
}

impl Auditor {
    /// With the books of all handsets: number, terminal and book of each. No two handsets have the same
    /// terminal.
    #[must_use]
    pub fn new<'a>(books: impl IntoIterator<Item = (u64, u32, &'a Book)>) -> Self {
        let owner = |(msisdn, terminal, book)| Owner { msisdn, terminal, orders: orders(book) };
        let owners: Vec<_> = books.into_iter().map(owner).collect();
        let references = owners.iter().flat_map(|owner| owner.orders.references());
        Self {
            terminals: owners.iter().map(|owner| owner.terminal).collect(),
            seen: references.map(Box::from).collect(),
            owners,
            rows: Vec::new(),
            verdict: Verdict::default(),
        }
    }

    /// Takes a sale of the journal; one of another terminal counts only if somebody saw its reference.
    pub fn row(&mut self, row: Row) {
        let is_of_ours = self.terminals.contains(&row.terminal);
        if is_of_ours {
            self.verdict.rows += 1;
            if row.state == RowState::Approved {
                self.verdict.journal.count += 1;
                self.verdict.journal.amount_minor += row.amount_minor;
            }
        }
        if is_of_ours || self.seen.contains(&row.rrn) {
            self.rows.push(Held { row, is_taken: false });
        }
    }

    #[must_use]
    pub fn finish(mut self) -> Verdict {
        let mut by_terminal: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
        let mut by_rrn: FxHashMap<Box<str>, Vec<usize>> = FxHashMap::default();
        for (at, held) in self.rows.iter().enumerate() {
            by_terminal.entry(held.row.terminal).or_default().push(at);
            by_rrn.entry(held.row.rrn.clone()).or_default().push(at);
        }
        let mut claims = BTreeMap::new();
        for owner in &self.owners {
            let none = Vec::new();
            let own = by_terminal.get(&owner.terminal).unwrap_or(&none);
            let mut comparison = Comparison {
                owner,
                own,
                by_rrn: &by_rrn,
                rows: &mut self.rows,
                claims: &mut claims,
                verdict: &mut self.verdict,
                rowless: Vec::new(),
            };
            comparison.count();
            comparison.referenced();
            comparison.notified();
            comparison.rest();
        }
        self.verdict
    }
}
