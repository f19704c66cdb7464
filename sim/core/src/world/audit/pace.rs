//! Promise 7: how often, and for how much, a terminal sold a service before a sale came.
//!
//! Both are counted twice: what counts certainly, and what may. They differ only where the clock
//! was set back: what once lay outside a window may be forgotten, and what came before something
//! that still counts may be remembered.

use tillgate_core::time::UnixMillis;
use tillgate_store_core::{State, Transaction, Velocity};

use super::Checker;
use super::rows::Write;

impl Checker {
    /// Whether a sale goes beyond a pace, whatever is forgotten.
    pub(super) fn is_surely_beyond(
        &self,
        pace: &Velocity,
        new: &Transaction,
        write: &Write,
    ) -> bool {
        let alike = self.alike(new);
        let (count, _) = count(pace, new, &alike, write);
        let (minor, _) = self.day_amount(new, &alike, write);
        is_beyond(pace, count, minor + new.amount_minor)
    }

    /// Whether a sale goes beyond a pace, if all is remembered that may be.
    pub(super) fn may_be_beyond(&self, pace: &Velocity, new: &Transaction, write: &Write) -> bool {
        let alike = self.alike(new);
        let (_, count) = count(pace, new, &alike, write);
        let (_, minor) = self.day_amount(new, &alike, write);
        is_beyond(pace, count, minor + new.amount_minor)
    }

    /// Sales of the same terminal and service that came before, in their order.
    fn alike(&self, new: &Transaction) -> Vec<&Transaction> {
        let mut alike: Vec<&Transaction> = self.journal.values().collect();
        alike.retain(|row| {
            row.kind.is_sale()
                && (row.key.terminal, row.service) == (new.key.terminal, new.service)
                && row.seq < new.seq
        });
        alike.sort_unstable_by_key(|row| row.seq);
        alike
    }

    /// What was sold on the business day on which a sale came, by the gateway's clock.
    fn day_amount(&self, new: &Transaction, alike: &[&Transaction], write: &Write) -> (u64, u64) {
        let day_of = |row: &Transaction| self.calendar.now(UnixMillis(row.at_ms)).0;
        let day = day_of(new);
        let (mut certain, mut possible, mut set_back) = (0, 0, false);
        for row in alike {
            let of = day_of(row);
            set_back |= of > day;
            // A day that has begun stays in force where the clock is set back over the cut-off:
            // then a sale is of the date that it bears, which is not that of the clock.
            let named = row.key.date.0 == day;
            if of == day && named && new.key.date.0 == day && row.state != State::Declined {
                certain += row.amount_minor;
            }
            if (set_back || of == day || named) && counts(row, write) {
                possible += row.amount_minor;
            }
        }
        (if set_back { 0 } else { certain }, possible)
    }
}

/// Sales within the window before a sale.
fn count(
    pace: &Velocity,
    new: &Transaction,
    alike: &[&Transaction],
    write: &Write,
) -> (usize, usize) {
    let window_ms = u64::from(pace.window_s) * 1_000;
    let covers = |row: &Transaction, at_ms: u64| row.at_ms + window_ms > at_ms;
    let (mut certain, mut possible) = (0, 0);
    for (place, row) in alike.iter().enumerate() {
        let sold = row.state != State::Declined;
        let reached = possible > 0 || covers(row, new.at_ms);
        possible += usize::from(reached && counts(row, write));
        let kept = alike[place..].iter().all(|later| covers(row, later.at_ms));
        let near = row.key.date.0.abs_diff(new.key.date.0) <= 1;
        certain += usize::from(sold && kept && near && covers(row, new.at_ms));
    }
    (certain, possible)
}

/// Whether a row may count: it was not declined, or only by the write that is being read.
fn counts(row: &Transaction, write: &Write) -> bool {
    let declined_now = write.rows.iter().any(|(old, new)| {
        new.key == row.key && old.as_ref().is_some_and(|old| old.state != State::Declined)
    });
    row.state != State::Declined || declined_now
}

fn is_beyond(pace: &Velocity, before: usize, minor: u64) -> bool {
    let most = usize::try_from(pace.count_max).unwrap_or(usize::MAX);
    (pace.count_max > 0 && before >= most)
        || (pace.day_amount_max_minor > 0 && minor > pace.day_amount_max_minor)
}
