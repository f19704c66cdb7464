//! The end: terminals' books and providers' books against the durable journal (promises 1 and 6).

use rustc_hash::FxHashSet;
use tillgate_store_core::{Key, Resolution, State, TerminalId, Transaction};

use super::Checker;
use super::rules::journalled;
use crate::provider::{DealStatus, ProviderTransaction};
use crate::sales_log::{self, Entry, SalesLog, digest};
use crate::time::Moment;
use crate::world::config::Bridge;

impl Checker {
    /// Every terminal's book: whatever its merchant saw is so.
    pub(in super::super) fn close_books<'a>(
        &mut self,
        now: Moment,
        books: impl Iterator<Item = &'a SalesLog>,
    ) {
        for key in self.open_rows() {
            self.violate(now, 6, format!("{key}: its outcome is still not known"));
        }
        self.close_handsets(now);
        for book in books {
            for entry in book.entries() {
                let date = entry.asked.date;
                let terminal = TerminalId(book.terminal());
                let key = Key { date, terminal, stan: entry.asked.stan };
                if let Some((promise, text)) = self.close_entry(&key, entry) {
                    self.violate(now, promise, format!("{key}: {text}"));
                }
            }
            let terminal = TerminalId(book.terminal());
            for upload in book.uploads() {
                if let Some((promise, text)) = self.close_upload(terminal, upload) {
                    self.violate(now, promise, text);
                }
            }
        }
        let untold = self.untold.len();
        if untold > 0 {
            self.violate(now, 7, format!("{untold} commands never reached a session manager"));
        }
    }

    fn close_entry(&self, key: &Key, entry: &Entry) -> Option<(u8, &'static str)> {
        let row = self.journal.get(key);
        let wrong = entry.wrong;
        if wrong.answer_changed || wrong.other_amount || wrong.reversal_lost {
            return Some((2, "its merchant received two answers, or another amount"));
        }
        if wrong.sold_late {
            return Some((2, "sold after it was taken back"));
        }
        // Content that the journal never took in may be followed by other content.
        let taken_in = row.is_some_and(|row| row.amount_minor == entry.asked.amount_minor);
        if wrong.other_content_taken && taken_in && !self.was_undated(key) {
            return Some((2, "other content under its STAN was not refused"));
        }
        let stands = |row: &Transaction| row.state == State::Approved && row.confirmed_ms > 0;
        if entry.confirmed && !row.is_some_and(stands) {
            return Some((1, "its confirmation was acknowledged, and the journal has none"));
        }
        match entry.state {
            sales_log::State::Reversed => {
                let Some(row) = row else {
                    return Some((1, "taken back, and the journal knows nothing of it"));
                };
                let undone = matches!(row.state, State::Reversed | State::Declined);
                (!undone).then_some((3, "taken back, and the journal has it otherwise"))
            }
            sales_log::State::InDoubt => Some((6, "its merchant never learned the end")),
            sales_log::State::Approved => {
                let Some(row) = row else { return Some((1, "sold, and not in the journal")) };
                let asked = &entry.asked;
                let same = row.state == State::Approved
                    && row.amount_minor == asked.amount_minor
                    && (row.service.0, row.product.0) == (asked.service, asked.product)
                    && row.rrn().as_bytes() == entry.rrn
                    && digest_or_none(&row.provider_reference) == entry.reference;
                (!same).then_some((1, "sold, and the journal says otherwise"))
            }
            sales_log::State::Declined(_) => {
                // A handset of the same terminal may have used the number before.
                let own = row.filter(|row| !self.is_handsets(&row.key));
                let sold = own.is_some_and(|row| row.state == State::Approved);
                (sold && !self.was_undated(key))
                    .then_some((1, "declined, and the journal has it sold"))
            }
        }
    }

    /// Rows that are the operator's, and since when.
    pub(in super::super) fn manual_rows(&self) -> impl Iterator<Item = (&Transaction, Moment)> {
        self.manual.iter().filter_map(|(key, since)| Some((self.journal.get(key)?, *since)))
    }

    /// A durable row.
    pub(in super::super) fn row(&self, key: &Key) -> Option<&Transaction> {
        self.journal.get(key)
    }

    /// The operator has said the outcome of a transaction.
    pub(in super::super) fn resolved(&mut self, key: Key, verdict: Resolution) {
        if verdict == Resolution::Done {
            self.by_hand.insert(key);
        }
    }

    /// Whether nobody has to act any more: neither gateway nor operator.
    pub(in super::super) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether the journal does not show yet that a deal was done after all.
    pub(in super::super) fn is_unheard(&self, key: &Key) -> bool {
        let row = self.journal.get(key);
        let known = |row: &Transaction| matches!(row.state, State::Approved | State::Reversed);
        row.is_some_and(|row| !known(row)) && !self.owed.contains(key)
    }

    /// Every provider's book: what was done is journalled as done, once, and nothing else is.
    pub(in super::super) fn close_deals(
        &mut self,
        now: Moment,
        books: &[Vec<(&str, ProviderTransaction)>],
        bridges: &[Bridge],
    ) {
        let mut wrong = Vec::new();
        let mut done = FxHashSet::default();
        for (deals, bridge) in books.iter().zip(bridges) {
            for (reference, deal) in deals {
                let Some(key) = self.key_of(reference) else {
                    wrong.push((6, format!("{reference}: nobody ordered it")));
                    continue;
                };
                let found = match deal.standing {
                    DealStatus::Approved => {
                        done.insert(key);
                        self.close_deal(&key, deal, bridge)
                    }
                    // Nothing is open any more: whatever it will be, the journal said it before.
                    DealStatus::Pending(_) => Some((6, "it is still being done".to_owned())),
                    DealStatus::Declined | DealStatus::Reversed => None,
                };
                wrong.extend(found.map(|(promise, text)| (promise, format!("{key}: {text}"))));
            }
        }
        #[expect(clippy::iter_over_hash_type, reason = "what is found is sorted")]
        for row in self.journal.values() {
            let sold = row.kind.has_provider() && row.state == State::Approved;
            if sold && !done.contains(&row.key) {
                wrong.push((6, format!("{}: sold, and the provider did not do it", row.key)));
            }
        }
        wrong.sort_unstable();
        for (promise, text) in wrong {
            self.violate(now, promise, text);
        }
    }

    /// A deal that the provider did and did not take back.
    fn close_deal(
        &self,
        key: &Key,
        deal: &ProviderTransaction,
        bridge: &Bridge,
    ) -> Option<(u8, String)> {
        let Some(row) = self.journal.get(key) else {
            return Some((1, "done, and not in the journal".to_owned()));
        };
        if deal.times > 1 {
            return Some((2, format!("done {} times", deal.times)));
        }
        let by_hand = self.by_hand.contains(key);
        if row.state != State::Approved {
            let text = format!("the provider did it, and the journal has it {:?}", row.state);
            return (!by_hand).then_some((6, text));
        }
        let subscriber = journalled(&deal.subscriber, row.terms.masked);
        if deal.amount_minor != row.amount_minor || subscriber != row.subscriber[..] {
            return Some((1, "another amount or subscriber was done".to_owned()));
        }
        if *deal.lookup != row.terms.lookup[..] {
            return Some((1, format!("{:?} was paid, which it did not look up", deal.lookup)));
        }
        let advised = deal.confirmed || by_hand || row.confirmed_ms == 0;
        let text = "confirmed, and the provider never received it".to_owned();
        (bridge.capabilities.advice && !advised).then_some((6, text))
    }
}

fn digest_or_none(reference: &str) -> u64 {
    if reference.is_empty() { 0 } else { digest(reference.as_bytes()) }
}
