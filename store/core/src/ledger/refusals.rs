//! How many rows each terminal has had on a business day for requests that moved no money.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use super::staged::Staged;
use crate::error::Result;
use crate::ids::Key;
use crate::journal;
use crate::limits::{REFUSED_ROWS_MAX, SCAN_ROWS_MAX, SETTLEMENTS_MAX};
use crate::record::{State, Transaction};
use crate::rows::ReadRows;
use tillgate_types::{BusinessDate, TerminalId};

/// No terminal has more such rows on a day.
pub(super) const COUNTED_MAX: u16 = REFUSED_ROWS_MAX + SETTLEMENTS_MAX;

/// Counts of one business day; of a terminal that had no refusal since the start, nothing.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    day: BusinessDate,
    counts: FxHashMap<TerminalId, u16>,
}

impl Refusals {
    /// Whether one more such row, the `most`th at most, is written today; if so it is counted.
    pub(super) fn take_room(
        &mut self,
        rows: &dyn ReadRows,
        staged: &Staged,
        terminal: TerminalId,
        today: BusinessDate,
        most: u16,
    ) -> Result<bool> {
        if today > self.day {
            (self.day, self.counts) = (today, FxHashMap::default());
        }
        let count = match self.counts.get(&terminal) {
            Some(count) => *count,
            None => recount(rows, staged, terminal, self.day)?,
        };
        let room = count < most;
        self.counts.insert(terminal, count.saturating_add(u16::from(room)));
        Ok(room)
    }
}

fn recount(
    rows: &dyn ReadRows,
    staged: &Staged,
    terminal: TerminalId,
    date: BusinessDate,
) -> Result<u16> {
    let (mut count, mut read) = (0_u16, 0);
    let from = Key { date, terminal, stan: 0 };
    journal::transactions(rows, Some(from), |row| {
        let other = (row.key.date, row.key.terminal) != (date, terminal);
        if other || count == COUNTED_MAX {
            return ControlFlow::Break(());
        }
        if read == SCAN_ROWS_MAX {
            // Whoever has more rows than are counted has had enough of them.
            count = COUNTED_MAX;
            return ControlFlow::Break(());
        }
        read += 1;
        count += u16::from(staged.peek(&row.key).is_none() && moves_nothing(&row));
        ControlFlow::Continue(())
    })?;
    let staged = staged.of(terminal).filter(|row| row.key.date == date && moves_nothing(row));
    let staged = u16::try_from(staged.count()).unwrap_or(u16::MAX);
    Ok(count.saturating_add(staged).min(COUNTED_MAX))
}

fn moves_nothing(row: &Transaction) -> bool {
    row.is_final() && row.legs.is_empty() && row.state != State::Reversed
}
