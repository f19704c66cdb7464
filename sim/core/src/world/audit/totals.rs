//! Promises 1 and 3: the totals of a settlement are what is durable.

use tillgate_store_core::{BusinessDate, Kind, State, Totals, Transaction};

use super::Checker;
use super::rows::{Violations, Write};

impl Checker {
    /// A settlement that came just now.
    pub(super) fn read_settlement(&self, new: &Transaction, write: &Write, found: &mut Violations) {
        let key = new.key;
        let Some(settlement) = &new.settlement else { return };
        let counted = self.count(new, settlement.date, settlement.currency);
        // What the same write did to another row of the terminal may have come after.
        let meanwhile = write
            .rows
            .iter()
            .any(|(old, row)| old.is_some() && row.key.terminal == key.terminal && row.key != key);
        if !meanwhile && counted != (settlement.counted, settlement.open_count) {
            let text = format!(
                "{key}: counts {:?} and {} open, and there are {counted:?}",
                settlement.counted, settlement.open_count
            );
            found.push((3, text));
        }
        let alike = settlement.claimed == settlement.counted;
        let honest = !self.is_thief(key.terminal) && !self.has_reversed_nothing(new);
        let honest = honest && !self.has_booked_late(new);
        if !alike && settlement.open_count == 0 && honest {
            found.push((1, format!("{key}: the terminal has {:?}", settlement.claimed)));
        }
    }

    /// Whether a terminal took back what never came on the day that is settled: that is in no
    /// currency, so it counts in each, and the terminal counts it in one.
    fn has_reversed_nothing(&self, new: &Transaction) -> bool {
        let date = new.settlement.as_ref().map(|settlement| settlement.date);
        self.two_currencies
            && self.journal.values().any(|row| {
                row.kind == Kind::Reversal
                    && row.currency == 0
                    && row.key.terminal == new.key.terminal
                    && Some(row.key.date) == date
            })
    }

    /// What a terminal sold and took back on a date before it settled, and what is still open.
    fn count(&self, new: &Transaction, date: BusinessDate, currency: u16) -> (Totals, u32) {
        let (mut totals, mut open_count) = (Totals::default(), 0);
        let rows = self.journal.values().filter(|row| {
            let counts = row.kind.is_sale() || row.kind == Kind::Reversal;
            // The reversal of what never came is in no currency.
            let alike = row.currency == currency || row.currency == 0;
            let own = (row.key.terminal, row.key.date) == (new.key.terminal, date);
            let counts = counts && !self.is_handsets(&row.key);
            counts && alike && own && row.seq < new.seq
        });
        for row in rows {
            let being_taken_back = row.kind.is_sale() && row.reversed_by.is_some();
            match (row.state, row.kind) {
                (State::Intent | State::Unknown, _) => open_count += 1,
                (State::Approved, _) if being_taken_back => open_count += 1,
                (State::Approved, Kind::Reversal) => {
                    totals.reversals_count += 1;
                    totals.reversals_minor += row.amount_minor;
                }
                (State::Approved, _) => {
                    totals.sales_count += 1;
                    totals.sales_minor += row.amount_minor;
                }
                (State::Declined | State::Reversed, _) => {}
            }
        }
        (totals, open_count)
    }
}
