//! Which transactions: a range of business dates, one terminal or all.

use std::ops::ControlFlow;

use tillgate_store_core::journal::transactions;
use tillgate_store_core::{BusinessDate, Key, ReadRows, StoreError, TerminalId, Transaction};

use super::line::following;

/// Which transactions; all of them by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// First business date.
    pub from: Option<BusinessDate>,
    /// Last business date.
    pub to: Option<BusinessDate>,
    /// Only this terminal's.
    pub terminal: Option<TerminalId>,
    /// Only those behind this key.
    pub after: Option<Key>,
}

impl Selection {
    /// Visits them by date, terminal and STAN until the visitor breaks. One terminal's rows are
    /// found without reading the others'.
    ///
    /// # Errors
    /// A damaged row.
    pub fn visit(
        &self,
        rows: &dyn ReadRows,
        mut visit: impl FnMut(Transaction) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut from = self.first();
        while let Some(first) = from {
            from = None;
            transactions(rows, Some(first), |row| {
                if self.to.is_some_and(|to| row.key.date > to) {
                    return ControlFlow::Break(());
                }
                match self.terminal {
                    Some(terminal) if terminal != row.key.terminal => {
                        from = next_of(terminal, row.key);
                        ControlFlow::Break(())
                    }
                    _ => visit(row),
                }
            })?;
        }
        Ok(())
    }

    /// The first key that may be meant.
    fn first(&self) -> Option<Key> {
        let date = self.from.unwrap_or_default();
        let begin = Key { date, terminal: self.terminal.unwrap_or_default(), stan: 0 };
        match self.after {
            None => Some(begin),
            Some(after) => following(after).map(|next| next.max(begin)),
        }
    }
}

/// Where the terminal's rows go on at the earliest, past a row of another one.
fn next_of(terminal: TerminalId, past: Key) -> Option<Key> {
    let Key { date, .. } = past;
    if past.terminal < terminal {
        return Some(Key { date, terminal, stan: 0 });
    }
    let date = BusinessDate(date.0.checked_add(1)?);
    Some(Key { date, terminal, stan: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminals_rows_go_on_today_or_tomorrow_never_before() {
        let at = |date, terminal| Key {
            date: BusinessDate(date),
            terminal: TerminalId(terminal),
            stan: 5,
        };
        let first = |date, terminal| Some(Key { stan: 0, ..at(date, terminal) });
        assert_eq!(next_of(TerminalId(7), at(100, 3)), first(100, 7));
        assert_eq!(next_of(TerminalId(7), at(100, 9)), first(101, 7));
        assert_eq!(next_of(TerminalId(7), at(u16::MAX, 9)), None);
    }
}
