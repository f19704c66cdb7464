//! The totals of the day, and the batch: each sale of it once more, then the totals again.

use std::collections::VecDeque;

use tillgate_codec::link::message::{BusinessDate, ResponseCode, Totals};

use super::{Kind, SaleFlow, Task};
use crate::iso_terminal::clock::Local;
use crate::iso_terminal::link::TRACE_MAX;
use crate::iso_terminal::message::{Closing, INVALID, Record, Said};
use crate::rng::Rng;
use crate::sales_log::State;
use crate::terminal::Note;
use crate::time::Moment;

/// What part of the share of misuse is advices and records of a batch that say something else than the
/// book.
pub(super) const FALSE_SHARE: u16 = 2;

/// What is uploaded after a settlement, once.
#[derive(Default)]
pub(super) struct Batch {
    /// The first one is under way.
    records: VecDeque<Record>,
    closing: Option<Closing>,
    is_done: bool,
}

impl Batch {
    /// The record that is under way.
    pub(super) fn record(&self) -> Option<Record> {
        self.records.front().copied()
    }
}

impl SaleFlow {
    /// Nothing is left but the totals of the day.
    pub(in crate::iso_terminal) fn settle_up(&mut self, local: Option<Local>) {
        let is_due = self.stopping && self.firmware.habits.settles && !self.settled;
        let (Task::Free(_), true, Some(local)) = (self.task, is_due, local) else { return };
        let date = self.number(local);
        if self.stan > TRACE_MAX {
            return self.end_unsettled();
        }
        let currency = self.firmware.mix.offers().first().map_or(0, |offer| offer.currency);
        let totals = self.totals(date, currency);
        let is_after_batch = self.batch.is_done;
        self.closing = Some(Closing { stan: self.stan, local, currency, totals, is_after_batch });
        self.ask(Kind::Settlement, 0);
    }

    /// No number is left: the totals stay as they were last compared, if they ever were.
    fn end_unsettled(&mut self) {
        self.stan = TRACE_MAX;
        self.settled = true;
        self.task = Task::Free(None);
    }

    /// Of what was sold in one currency. A reversal counts on the day of its sale.
    fn totals(&self, date: BusinessDate, currency: u16) -> Totals {
        let mut totals = Totals::default();
        let entries = self.book.entries().iter().zip(&self.sold);
        for (entry, _) in
            entries.filter(|(entry, sold)| entry.asked.date == date && sold.currency == currency)
        {
            match entry.state {
                State::Approved => {
                    totals.sales_count += 1;
                    totals.sales_minor += entry.asked.amount_minor;
                }
                State::Reversed => {
                    totals.reversals_count += 1;
                    totals.reversals_minor += entry.asked.amount_minor;
                }
                State::InDoubt | State::Declined(_) => {}
            }
        }
        totals
    }

    /// A settlement was answered.
    pub(super) fn closed(&mut self, now: Moment, said: &Said, rng: &mut Rng) {
        let Some(closing) = self.closing.take() else { return };
        if said.code == INVALID {
            // The clock was wrong: another one after the next logon.
            self.task = Task::Free(None);
            return;
        }
        let agreed = said.code.is_approved();
        let differs = said.code == ResponseCode::TOTALS_DIFFER;
        if agreed || differs {
            let date = closing.local.business(self.firmware.cutoff_min);
            self.book.compared(date, agreed);
            self.notes.push(if agreed { Note::Settled } else { Note::TotalsDiffer });
        }
        let upload_permille = self.firmware.upload_permille;
        let uploads = upload_permille > 0 && (differs || self.aside.chance(upload_permille));
        if uploads && !self.batch.is_done {
            return self.begin_batch(closing);
        }
        self.settled = true;
        self.free(now, rng);
    }

    /// Every sale of the date that was approved, and now and then one that was not, or for another
    /// amount.
    fn begin_batch(&mut self, closing: Closing) {
        let date = closing.local.business(self.firmware.cutoff_min);
        let false_permille = self.firmware.habits.misuse_permille / FALSE_SHARE;
        self.batch = Batch { closing: Some(closing), is_done: true, ..Batch::default() };
        for (entry, sale) in self.book.entries().iter().enumerate() {
            let is_false = sale.asked.date == date && self.aside.chance(false_permille);
            let is_sold = sale.state == State::Approved;
            if sale.asked.date != date || !(is_sold || is_false) {
                continue;
            }
            if self.stan + 2 > TRACE_MAX {
                // The last number is for the totals.
                break;
            }
            self.stan += 1;
            let amount_minor = sale.asked.amount_minor + u64::from(is_sold && is_false);
            self.batch.records.push_back(Record { entry, stan: self.stan, amount_minor });
        }
        self.next_record();
    }

    fn next_record(&mut self) {
        if let Some(record) = self.batch.record() {
            return self.ask(Kind::Upload, record.entry);
        }
        if self.stan >= TRACE_MAX {
            return self.end_unsettled();
        }
        self.stan += 1;
        let closing = self.batch.closing.take();
        let stan = self.stan;
        self.closing = closing.map(|closing| Closing { stan, is_after_batch: true, ..closing });
        self.ask(Kind::Settlement, 0);
    }

    /// A record of the batch was answered.
    pub(super) fn uploaded(&mut self, said: &Said) {
        if let Some(record) = self.batch.records.pop_front() {
            self.book.uploaded(record.entry, record.amount_minor, said.code);
        }
        self.next_record();
    }
}
