//! The auditor: holds the terminals' books, the gateway's journal and the providers' books against
//! each other.
//!
//! ```text
//!   Auditor::new(books) ─▶ voucher()* ─▶ (provider() ─▶ deal()*)* ─▶ row()* ─▶ finish() ─▶ AuditReport
//! ```
//!
//! It lives outside the gateway and knows nothing of how the gateway works: only what merchants
//! saw, what the journal says, and what the provider did. Rows may come in any order, one at
//! a time, so a journal of any length is read once and never held.

mod row;
mod sale;
mod verdict;

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

pub use row::{ProviderTransaction, Row, RowState};
pub use sale::own_complaints;
pub use verdict::{AuditReport, Kind, Offence, ProviderSides, Side};

use crate::sales_log::{self, SalesLog, Settlement, State, digest};

/// Holds three books against each other.
pub struct Auditor<'a> {
    books: Vec<&'a SalesLog>,
    /// Of each book's entries, how many rows of the journal had their key.
    seen: Vec<Vec<u8>>,
    vouchers: FxHashMap<u64, u64>,
    /// By the gateway's reference, or by the RRN where a provider's messages carry no more.
    deals: Option<FxHashMap<Box<str>, Held>>,
    /// Serials and retrieval references that the journal has used.
    serials: FxHashSet<u64>,
    rrns: FxHashSet<[u8; 12]>,
    verdict: AuditReport,
}

/// A deal of a provider's book.
struct Held {
    /// Whose book: a place in the report's list.
    provider: usize,
    amount_minor: u64,
    approved: bool,
    journalled: bool,
}

impl<'a> Auditor<'a> {
    /// An auditor over these books; no two of them may be of the same terminal.
    ///
    /// # Panics
    /// If two books are of the same terminal.
    #[must_use]
    pub fn new(books: impl IntoIterator<Item = &'a SalesLog>) -> Self {
        let mut books: Vec<&SalesLog> = books.into_iter().collect();
        books.sort_unstable_by_key(|book| book.terminal());
        let twice = books.windows(2).any(|pair| pair[0].terminal() == pair[1].terminal());
        assert!(!twice, "one book a terminal");
        let seen = books.iter().map(|book| vec![0; book.entries().len()]).collect();
        Self {
            books,
            seen,
            vouchers: FxHashMap::default(),
            deals: None,
            serials: FxHashSet::default(),
            rrns: FxHashSet::default(),
            verdict: AuditReport::default(),
        }
    }

    /// Takes a voucher of the list that was imported: its PIN must be the one that was sold.
    pub fn voucher(&mut self, service: u16, product: u16, serial: &str, pin: &str) {
        let key = voucher_key(service, product, digest(serial.as_bytes()));
        self.vouchers.insert(key, digest(pin.as_bytes()));
    }

    /// Begins a provider's book, even if it is empty; without one, nothing is said about providers.
    pub fn provider(&mut self, name: &str) {
        self.deals.get_or_insert_default();
        let provider = ProviderSides { name: name.to_owned(), ..ProviderSides::default() };
        self.verdict.providers.push(provider);
    }

    /// Takes a deal of the book that was begun last. All deals come before the first row.
    ///
    /// # Panics
    /// If no book was begun.
    pub fn deal(&mut self, deal: &ProviderTransaction<'_>) {
        let &ProviderTransaction { reference, amount_minor, approved } = deal;
        let provider = self.verdict.providers.len().checked_sub(1).expect("a book was begun");
        if approved {
            self.verdict.provider.add(amount_minor);
            self.verdict.providers[provider].done.add(amount_minor);
        }
        let held = Held { provider, amount_minor, approved, journalled: false };
        let text = match self.deals.get_or_insert_default().entry(reference.into()) {
            Entry::Vacant(place) => {
                place.insert(held);
                return;
            }
            Entry::Occupied(mut place) if place.get().provider == provider => {
                place.insert(held);
                "the provider's book has the reference twice"
            }
            // A sale that failed over is in two books, and done in one at most.
            Entry::Occupied(place) if place.get().approved && approved => {
                "two providers did the same sale"
            }
            Entry::Occupied(mut place) => {
                if approved {
                    place.insert(held);
                }
                return;
            }
        };
        self.verdict.offend(Kind::Doubled, reference.to_owned(), text.to_owned());
    }

    /// Takes a row of the journal.
    pub fn row(&mut self, row: &Row<'_>) {
        self.verdict.rows += 1;
        self.check_unique(row);
        self.check_deal(row);
        let Ok(place) = self.books.binary_search_by_key(&row.terminal, |book| book.terminal())
        else {
            self.verdict.foreign += 1;
            return;
        };
        let book = self.books[place];
        if book.opening().is_none_or(|opening| (row.date, row.stan) <= opening) {
            self.verdict.earlier += 1;
            return;
        }
        if row.state == RowState::Approved {
            self.verdict.journal.add(row.amount_minor);
        }
        let Some(index) = book.find(row.date, row.stan) else {
            return self.unasked(row);
        };
        let seen = &mut self.seen[place][index];
        *seen = seen.saturating_add(1);
        if *seen > 1 {
            let text = "the journal has the request twice".to_owned();
            return self.verdict.offend(Kind::Doubled, row.name(), text);
        }
        let entry = &book.entries()[index];
        for (kind, text) in sale::compare(entry, row) {
            self.verdict.offend(kind, row.name(), text);
        }
    }

    /// Looks at what is left, and says what it found.
    #[must_use]
    pub fn finish(mut self) -> AuditReport {
        let books = std::mem::take(&mut self.books);
        let seen = std::mem::take(&mut self.seen);
        let mut serials = FxHashSet::default();
        for (book, seen) in books.iter().zip(&seen) {
            self.close_settlement(book);
            for (entry, rows) in book.entries().iter().zip(seen) {
                self.close(book.terminal(), entry, *rows, &mut serials);
            }
        }
        self.close_deals();
        self.verdict
    }

    /// One sale, after the whole journal was read.
    fn close(
        &mut self,
        terminal: u32,
        entry: &sales_log::Entry,
        rows: u8,
        serials: &mut FxHashSet<u64>,
    ) {
        let verdict = &mut self.verdict;
        let name = || row::name(terminal, entry.asked.date, entry.asked.stan);
        verdict.sales += 1;
        if entry.reversing {
            let text = "its reversal has no answer yet";
            verdict.offend(Kind::Unresolved, name(), text.to_owned());
        }
        match entry.state {
            State::InDoubt => {
                let text = match rows {
                    0 => "in doubt at the terminal, and the journal has no trace of it",
                    _ => "in doubt at the terminal, though the journal has it",
                };
                verdict.offend(Kind::Unresolved, name(), text.to_owned());
            }
            State::Declined(_) => verdict.declined += 1,
            State::Reversed => verdict.reversed += 1,
            State::Approved => {
                verdict.terminals.add(entry.asked.amount_minor);
                if rows == 0 {
                    let text = "approved at the terminal, but the journal has no such row";
                    verdict.offend(Kind::Lost, name(), text.to_owned());
                }
            }
        }
        for (kind, text) in sale::own_complaints(entry) {
            verdict.offend(kind, name(), text.to_owned());
        }
        if entry.serial == 0 {
            return;
        }
        let key = voucher_key(entry.asked.service, entry.asked.product, entry.serial);
        if !serials.insert(key) {
            let text = "two terminals were given the same voucher".to_owned();
            verdict.offend(Kind::Doubled, name(), text);
        }
        if self.vouchers.is_empty() {
            return;
        }
        match self.vouchers.get(&key) {
            Some(pin) if *pin == entry.pin => verdict.pins_checked += 1,
            Some(_) => {
                let text = "the PIN is not the one imported with this serial".to_owned();
                verdict.offend(Kind::Mismatched, name(), text);
            }
            None => {
                let text = "the voucher's serial was never imported".to_owned();
                verdict.offend(Kind::Mismatched, name(), text);
            }
        }
    }

    fn close_settlement(&mut self, book: &SalesLog) {
        match book.settlement() {
            Settlement::None => {}
            Settlement::Agreed => self.verdict.settled += 1,
            Settlement::Excused => self.verdict.excused += 1,
            Settlement::Differed => {
                let name = format!("terminal {:08}", book.terminal());
                let text = "its totals are not the gateway's".to_owned();
                self.verdict.offend(Kind::Mismatched, name, text);
            }
        }
    }

    fn close_deals(&mut self) {
        let mut unknown: Vec<(Box<str>, Held)> = self
            .deals
            .take()
            .into_iter()
            .flatten()
            .filter(|(_, held)| held.approved && !held.journalled)
            .collect();
        unknown.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (reference, held) in unknown {
            let text = format!(
                "the provider was paid {} and the journal does not know",
                held.amount_minor
            );
            self.verdict.offend(Kind::Lost, reference.into(), text);
        }
    }

    fn check_unique(&mut self, row: &Row<'_>) {
        if let Ok(rrn) = <[u8; 12]>::try_from(row.rrn.as_bytes())
            && !self.rrns.insert(rrn)
        {
            let text = format!("the retrieval reference {} is used twice", row.rrn);
            self.verdict.offend(Kind::Doubled, row.name(), text);
        }
        if row.serial.is_empty() || row.state == RowState::Declined {
            return;
        }
        let key = voucher_key(row.service, row.product, digest(row.serial.as_bytes()));
        if !self.serials.insert(key) {
            let text = format!("the voucher {} is sold twice", row.serial);
            self.verdict.offend(Kind::Doubled, row.name(), text);
        }
    }

    fn check_deal(&mut self, row: &Row<'_>) {
        let Some(deals) = &mut self.deals else { return };
        if !row.forwarded {
            return;
        }
        let key = if deals.contains_key(row.reference) { row.reference } else { row.rrn };
        let held = deals.get_mut(key).filter(|_| !key.is_empty());
        let approved = held.as_ref().is_some_and(|held| held.approved);
        let (kind, text) = match (row.state, approved) {
            (RowState::Approved, false) => {
                (Kind::Phantom, "approved in the journal, but the provider did not do it")
            }
            (RowState::Declined | RowState::Reversed, true) => {
                (Kind::Lost, "the provider did it, but the journal says otherwise")
            }
            (RowState::Open, _) => (Kind::Unresolved, "the journal does not know the outcome yet"),
            _ => {
                if let Some(held) = held {
                    held.journalled = true;
                    if row.state == RowState::Approved {
                        self.verdict.providers[held.provider].journal.add(row.amount_minor);
                    }
                    if held.approved && held.amount_minor != row.amount_minor {
                        let text = format!(
                            "the provider did {}, the journal says {}",
                            held.amount_minor, row.amount_minor
                        );
                        self.verdict.offend(Kind::Mismatched, row.name(), text);
                    }
                }
                return;
            }
        };
        if let Some(held) = held {
            held.journalled = true;
        }
        self.verdict.offend(kind, row.name(), text.to_owned());
    }

    fn unasked(&mut self, row: &Row<'_>) {
        if row.state == RowState::Approved {
            let text = "approved in the journal, but no terminal asked for it".to_owned();
            self.verdict.offend(Kind::Phantom, row.name(), text);
        }
    }
}

fn voucher_key(service: u16, product: u16, serial: u64) -> u64 {
    let mut bytes = [0; 12];
    bytes[..2].copy_from_slice(&service.to_be_bytes());
    bytes[2..4].copy_from_slice(&product.to_be_bytes());
    bytes[4..].copy_from_slice(&serial.to_be_bytes());
    digest(&bytes)
}

#[cfg(test)]
mod tests;
