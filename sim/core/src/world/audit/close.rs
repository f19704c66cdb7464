//! The end: terminals' books and providers' books against the durable journal (promises 1 and 6).

use tillgate_store_core::{BusinessDate, Key, Kind, State, TerminalId};

use super::Witness;
use crate::book::{self, Book, Entry, digest};
use crate::provider::{Deal, Standing};
use crate::time::Moment;

impl Witness {
    /// Every terminal's book: whatever its merchant was told is so.
    pub(in super::super) fn close_books<'a>(
        &mut self,
        now: Moment,
        books: impl Iterator<Item = &'a Book>,
    ) {
        for key in self.open_rows() {
            self.violate(now, 6, format!("{key}: its outcome is still not known"));
        }
        for book in books {
            for entry in book.entries() {
                let date = BusinessDate(entry.asked.date.0);
                let terminal = TerminalId(book.terminal());
                let key = Key { date, terminal, stan: entry.asked.stan };
                if let Some((promise, text)) = self.close_entry(&key, entry) {
                    self.violate(now, promise, format!("{key}: {text}"));
                }
            }
        }
        let untold = self.untold.len();
        if untold > 0 {
            self.violate(now, 7, format!("{untold} commands never reached a front"));
        }
    }

    fn close_entry(&self, key: &Key, entry: &Entry) -> Option<(u8, &'static str)> {
        let row = self.journal.get(key);
        let wrong = entry.wrong;
        if wrong.answer_changed || wrong.other_amount || wrong.reversal_lost {
            return Some((2, "its merchant heard two answers, or another amount"));
        }
        match entry.state {
            book::State::Reversed => {
                let stands = row.is_some_and(|row| row.state == State::Approved);
                stands.then_some((3, "taken back, and the journal has it sold"))
            }
            book::State::InDoubt => Some((6, "its merchant never heard the end")),
            book::State::Approved => {
                let Some(row) = row else { return Some((1, "sold, and not in the journal")) };
                let asked = &entry.asked;
                let same = matches!(row.state, State::Approved | State::Reversed)
                    && row.amount_minor == asked.amount_minor
                    && (row.service.0, row.product.0) == (asked.service, asked.product)
                    && row.rrn().as_bytes() == entry.rrn
                    && digest_or_none(&row.provider_reference) == entry.reference;
                (!same).then_some((1, "sold, and the journal says otherwise"))
            }
            book::State::Declined(_) => {
                let sold = row.is_some_and(|row| row.state == State::Approved);
                sold.then_some((1, "declined, and the journal has it sold"))
            }
        }
    }

    /// Every provider's book: what was done is journalled as done, once, and nothing else is.
    pub(in super::super) fn close_deals(&mut self, now: Moment, books: &[Vec<(&str, Deal)>]) {
        let mut wrong = Vec::new();
        let mut done = rustc_hash::FxHashSet::default();
        for (reference, deal) in books.iter().flatten() {
            let Some(key) = self.orders.references.get(*reference).copied() else {
                wrong.push((6, format!("{reference}: nobody ordered it")));
                continue;
            };
            if matches!(deal.standing, Standing::Declined | Standing::Reversed) {
                continue;
            }
            done.insert(key);
            let Some(row) = self.journal.get(&key) else {
                wrong.push((1, format!("{key}: done, and not in the journal")));
                continue;
            };
            if deal.times > 1 {
                wrong.push((2, format!("{key}: done {} times", deal.times)));
            }
            if row.state != State::Approved {
                let text = format!("{key}: the provider did it, the journal has {:?}", row.state);
                wrong.push((6, text));
            }
            if deal.amount_minor != row.amount_minor || *deal.subscriber != row.subscriber[..] {
                wrong.push((1, format!("{key}: another amount or subscriber was done")));
            }
        }
        #[expect(clippy::iter_over_hash_type, reason = "what is found is sorted")]
        for row in self.journal.values() {
            let sold = row.kind == Kind::TopUp && row.state == State::Approved;
            if sold && !done.contains(&row.key) {
                wrong.push((6, format!("{}: sold, and the provider did not do it", row.key)));
            }
        }
        wrong.sort_unstable();
        for (promise, text) in wrong {
            self.violate(now, promise, text);
        }
    }
}

fn digest_or_none(reference: &str) -> u64 {
    if reference.is_empty() { 0 } else { digest(reference.as_bytes()) }
}
