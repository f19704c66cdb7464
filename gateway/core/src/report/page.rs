//! A page of a list of transactions, and where the next one begins.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Deserialize;
use tillgate_store_core::{
    BusinessDate, FollowUp, Key, ReadRows, StoreError, Transaction, journal,
};

use super::line::{Names, TransactionLine, following, line, show_key};

/// Who must act.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Awaited {
    /// A person.
    Operator,
    Provider,
}

impl Awaited {
    /// By this transaction, which is open.
    #[must_use]
    pub fn by(transaction: &Transaction) -> Self {
        match transaction.due {
            Some(due) if due.what == FollowUp::Operator => Self::Operator,
            _ => Self::Provider,
        }
    }
}

/// A page that is being filled.
pub struct Page {
    found: Vec<Transaction>,
    looked_at: usize,
    last: Option<Key>,
    more: bool,
    found_max: usize,
    looked_at_max: usize,
}

impl Page {
    /// An empty one, of at most this many lines, for which at most this many rows are looked at.
    #[must_use]
    pub fn new(found_max: usize, looked_at_max: usize) -> Self {
        let found = Vec::new();
        Self { found, looked_at: 0, last: None, more: false, found_max, looked_at_max }
    }

    /// Takes the next row, if it is wanted and there is room.
    fn take(&mut self, row: Transaction, wanted: bool) -> ControlFlow<()> {
        if self.found.len() == self.found_max || self.looked_at == self.looked_at_max {
            self.more = true;
            return ControlFlow::Break(());
        }
        self.looked_at += 1;
        self.last = Some(row.key);
        if wanted {
            self.found.push(row);
        }
        ControlFlow::Continue(())
    }

    /// Its lines, and after which key the next page begins, if there may be one.
    #[must_use]
    pub fn filled(self, names: &Names) -> (Vec<TransactionLine>, Option<String>) {
        let lines = self.found.iter().map(|row| line(row, names)).collect();
        (lines, self.last.filter(|_| self.more).as_ref().map(show_key))
    }
}

/// The open transactions behind a key, without an outcome or with something still due; only those
/// that wait for `awaits`.
///
/// # Errors
/// A damaged row.
pub fn open(
    rows: &dyn ReadRows,
    after: Option<Key>,
    awaits: Option<Awaited>,
    mut page: Page,
) -> Result<Page, StoreError> {
    // Nothing is behind the last key there can be.
    let from = after.map(following);
    if from != Some(None) {
        journal::open(rows, from.flatten(), |row| {
            let wanted = awaits.is_none_or(|awaits| awaits == Awaited::by(&row));
            page.take(row, wanted)
        })?;
    }
    Ok(page)
}

/// The settlements of a business date behind a key whose totals differ, by terminal and STAN. The
/// date is that of the request, which is mostly the one it settles.
///
/// # Errors
/// A damaged row.
pub fn differences(
    rows: &dyn ReadRows,
    date: BusinessDate,
    after: Option<Key>,
    mut page: Page,
) -> Result<Page, StoreError> {
    let first = Key { date, ..Key::default() };
    let from = after.map_or(Some(first), |after| following(after).map(|next| next.max(first)));
    if let Some(from) = from {
        journal::transactions(rows, Some(from), |row| {
            if row.key.date != date {
                return ControlFlow::Break(());
            }
            let wanted = row.differs();
            page.take(row, wanted)
        })?;
    }
    Ok(page)
}
