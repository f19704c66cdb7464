//! Settle: a terminal's totals of a business date against the journal's. Both are written down
//! and sent; neither is ever adjusted.

use std::ops::ControlFlow;

use super::Ledger;
use super::refusals::COUNTED_MAX;
use crate::command::Settle;
use crate::error::Result;
use crate::ids::Key;
use crate::journal;
use crate::limits::SETTLED_ROWS_MAX;
use crate::outcome::Outcome;
use crate::record::{Kind, SaleTerms, Settlement, State, Totals, Transaction};
use crate::rows::ReadRows;
use tillgate_types::ResponseCode;

/// One terminal's date as it is counted.
#[derive(Clone, Copy, Default)]
struct Count {
    rows: usize,
    totals: Totals,
    open_count: u32,
}

impl Ledger {
    /// Counts the date and journals both totals.
    pub(super) fn settle(&mut self, rows: &dyn ReadRows, settle: &Settle) -> Result<Outcome> {
        if let Some(outcome) = self.find_duplicate(rows, &settle.key, &settle.digest)? {
            return Ok(outcome);
        }
        let (terminal, today) = (settle.key.terminal, settle.key.date);
        if !self.refusals.take_room(rows, &self.staged, terminal, today, COUNTED_MAX)? {
            return Ok(Outcome::Refused(ResponseCode::VELOCITY_LIMIT));
        }
        self.note_time(settle.at_ms);
        let counted = self.count(rows, settle)?;
        let Count { totals, open_count, .. } = counted.unwrap_or_default();
        let settlement = Settlement {
            date: settle.date,
            currency: settle.currency,
            claimed: settle.claimed,
            counted: totals,
            open_count,
        };
        let (state, code) = if counted.is_none() {
            (State::Declined, ResponseCode::VELOCITY_LIMIT)
        } else if settlement.agrees() {
            (State::Approved, ResponseCode::APPROVED)
        } else {
            (State::Declined, ResponseCode::TOTALS_DIFFER)
        };
        let settlement = Some(Box::new(settlement));
        let mut row = Transaction { state, code, settlement, ..row_of(settle) };
        self.journal(&mut row);
        Ok(Outcome::Done(row))
    }

    /// Counts the stored rows of the terminal's date, and over them those of this batch; nothing
    /// if there are too many, for a part of them is nobody's total.
    fn count(&self, rows: &dyn ReadRows, settle: &Settle) -> Result<Option<Count>> {
        let Settle { date, currency, key: Key { terminal, .. }, .. } = *settle;
        let mut count = Count::default();
        let from = Key { date, terminal, stan: 0 };
        journal::transactions(rows, Some(from), |row| {
            let other = (row.key.date, row.key.terminal) != (date, terminal);
            if other || count.rows > SETTLED_ROWS_MAX {
                return ControlFlow::Break(());
            }
            if self.staged.peek(&row.key).is_none() {
                count.add(&row, currency);
            }
            ControlFlow::Continue(())
        })?;
        let staged = self.staged.of(terminal).filter(|row| row.key.date == date);
        staged.for_each(|row| count.add(row, currency));
        Ok(Some(count).filter(|count| count.rows <= SETTLED_ROWS_MAX))
    }
}

impl Count {
    fn add(&mut self, row: &Transaction, currency: u16) {
        self.rows += 1;
        // The reversal of a sale that never came has no currency of its own.
        let other = row.currency != currency && row.currency != 0;
        // Handsets are no part of what their terminal counts.
        let other = other || row.is_of_handset();
        if other || matches!(row.kind, Kind::Tombstone | Kind::Settlement) {
            return;
        }
        if !row.is_answered() {
            self.open_count += 1;
        } else if row.state == State::Approved {
            let Totals { sales_count, sales_minor, reversals_count, reversals_minor } =
                &mut self.totals;
            let (number, sum) = match row.kind {
                Kind::Reversal => (reversals_count, reversals_minor),
                _ => (sales_count, sales_minor),
            };
            *number += 1;
            *sum = sum.saturating_add(row.amount_minor);
        }
    }
}

/// The row of a settlement before its outcome.
fn row_of(settle: &Settle) -> Transaction {
    Transaction {
        state: State::Declined,
        digest: settle.digest.values,
        seller: settle.seller,
        currency: settle.currency,
        code: ResponseCode::TOTALS_DIFFER,
        finished_ms: settle.at_ms,
        terms: SaleTerms { distributor: settle.distributor, ..SaleTerms::default() },
        ..Transaction::blank(settle.key, Kind::Settlement, settle.at_ms, settle.key.date)
    }
}
