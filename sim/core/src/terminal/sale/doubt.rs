//! The outcome of a sale that was not answered, or that nobody wants any more: asked about by a
//! repeat, or taken back by a reversal.
//!
//! ```text
//!   Sale, no answer ─┬─▶ Sale again (same bytes)
//!                    ├─▶ Repeat ── 25, never came ──▶ Sale again
//!                    └─▶ Reversal ─┬─ 00 ──▶ the customer has his money again
//!   Sale, approved ─────▶          └─ 21, it stands ──▶ Repeat, if its answer never came
//! ```

use tillgate_codec::link::message::{Answer, Repeat, ResponseCode, Reversal, TerminalMessage};

use super::request::{Kind, PendingRequest, Stage, Task};
use super::{SaleFlow, Turn};
use crate::rng::Rng;
use crate::sales_log::{Asked, State};
use crate::terminal::event::Note;
use crate::time::Moment;

impl SaleFlow {
    /// The link broke, or no answer came in time, while a sale was on its way: how it will be
    /// resolved, once there is a link again.
    pub(super) fn doubt(&mut self, rng: &mut Rng) {
        let Task::PendingRequest(PendingRequest { entry, .. }) = self.task else { return };
        let habits = self.firmware.habits;
        if rng.chance(habits.give_back_permille) {
            self.prepare_reversal(entry, Reversal::TIMEOUT);
        } else if rng.chance(habits.repeat_permille) {
            self.prepare_repeat(entry);
        }
    }

    /// The power failed: what is in the book is known when it comes back.
    pub(in crate::terminal) fn lose_power(&mut self) {
        let Task::PendingRequest(request) = self.task else { return };
        // Neither is of a sale that the book knows.
        if matches!(request.kind, Kind::Settlement { .. } | Kind::Lookup(_)) {
            self.task = Task::Free(None);
            return;
        }
        match (request.kind, self.book.entries()[request.entry].state) {
            // Kept where power cannot reach it, until it is answered.
            (Kind::Reversal { .. }, _) => {}
            (_, State::InDoubt) => self.prepare_repeat(request.entry),
            // The receipt is half printed.
            (Kind::Confirm | Kind::Retry, State::Approved) => {
                self.prepare_reversal(request.entry, Reversal::PRINTER);
            }
            _ => self.task = Task::Free(None),
        }
        if let Task::PendingRequest(request) = &mut self.task {
            request.stage = Stage::Unsent;
        }
    }

    /// The customer wants his money back.
    pub(super) fn take_back(&mut self, now: Moment, entry: usize, reason: u8) {
        self.prepare_reversal(entry, reason);
        self.send(now);
    }

    /// Other content under the same STAN: one minor unit more.
    pub(super) fn clash(&mut self, now: Moment, entry: usize) {
        let asked = self.book.entries()[entry].asked;
        let currency = self.currency_of(&asked);
        self.encode_sale(&Asked { amount_minor: asked.amount_minor + 1, ..asked }, currency);
        self.begin_request(now, Kind::Clash, entry);
    }

    /// The sale that was taken back, with the bytes that it had.
    fn send_late(&mut self, now: Moment, entry: usize) {
        let asked = self.book.entries()[entry].asked;
        let currency = self.currency_of(&asked);
        self.encode_sale(&asked, currency);
        self.begin_request(now, Kind::Late, entry);
    }

    /// The answer to a repeat: the sale's, or nobody knows of it.
    pub(super) fn repeated(
        &mut self,
        now: Moment,
        entry: usize,
        answer: &Answer<'_>,
        body: &[u8],
        rng: &mut Rng,
    ) {
        if answer.code == ResponseCode::UNABLE_TO_LOCATE {
            let asked = self.book.entries()[entry].asked;
            let currency = self.currency_of(&asked);
            self.encode_sale(&asked, currency);
            return self.begin_request(now, Kind::Sale, entry);
        }
        self.settle(entry, now, answer, body);
        self.after_sale(now, entry, answer, rng);
    }

    /// The final answer to a reversal.
    pub(super) fn reversed(
        &mut self,
        now: Moment,
        entry: usize,
        answer: &Answer<'_>,
        rng: &mut Rng,
    ) {
        if answer.code == ResponseCode::WRONG_DATE {
            // Only a new logon tells the date in force; the same reversal is then sent anew.
            self.prepare_reversal(entry, Reversal::TIMEOUT);
            self.turn = Turn::Hangup;
            return;
        }
        self.book.reversed(entry, now, answer.code);
        if answer.code.is_approved() {
            let asked = self.book.entries()[entry].asked;
            if self.currency_of(&asked) == self.settled_currency() {
                self.takings.take_back(answer.date, asked.amount_minor);
            }
            self.notes.push(Note::Reversed);
            if rng.chance(self.firmware.habits.late_permille) {
                return self.send_late(now, entry);
            }
            return self.free(now, rng);
        }
        self.notes.push(Note::Stands);
        if self.book.entries()[entry].state == State::InDoubt {
            self.prepare_repeat(entry);
            return self.send(now);
        }
        self.free(now, rng);
    }

    fn prepare_repeat(&mut self, entry: usize) {
        let asked = self.book.entries()[entry].asked;
        self.body.clear();
        TerminalMessage::Repeat(Repeat { stan: asked.stan, date: asked.date })
            .encode(&mut self.body);
        self.task = Task::PendingRequest(PendingRequest {
            kind: Kind::Repeat,
            entry,
            stage: Stage::Unsent,
            rounds: 0,
        });
    }

    pub(super) fn prepare_reversal(&mut self, entry: usize, reason: u8) {
        let asked = self.book.entries()[entry].asked;
        let date = self.date.unwrap_or(asked.date);
        self.stan += 1;
        let reversal = Reversal {
            stan: self.stan,
            date,
            original_stan: asked.stan,
            original_date: asked.date,
            amount_minor: asked.amount_minor,
            reason,
        };
        self.body.clear();
        TerminalMessage::Reversal(reversal).encode(&mut self.body);
        self.book.reverse(entry);
        self.notes.push(Note::TookBack);
        let kind = Kind::Reversal { stan: self.stan, date };
        self.task =
            Task::PendingRequest(PendingRequest { kind, entry, stage: Stage::Unsent, rounds: 0 });
    }

    /// Of the offer that was sold.
    pub(super) fn currency_of(&self, asked: &Asked) -> u16 {
        let sold = (asked.service, asked.product);
        let offers = self.firmware.mix.offers().iter();
        offers
            .filter(|offer| (offer.service, offer.product) == sold)
            .map(|offer| offer.currency)
            .next()
            .unwrap_or_default()
    }
}
