//! The totals of a till, compared with the gateway's before the terminal logs off for good.

use tillgate_codec::link::message::{
    BusinessDate, ResponseCode, Settle, Settled, TerminalMessage, Totals,
};

use super::request::{Kind, PendingRequest, Stage, Task};
use super::{SaleFlow, Turn};
use crate::rng::Rng;
use crate::sales_log::State;
use crate::terminal::event::Note;
use crate::time::Moment;

/// What the book does not say: reversals by their own date, which may go back and come again, and
/// whether the totals have been compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Takings {
    /// Date, count and minor units.
    reversals: Vec<(BusinessDate, u32, u64)>,
    settled: bool,
}

impl Takings {
    /// A reversal of `date` was approved.
    pub(super) fn take_back(&mut self, date: BusinessDate, amount_minor: u64) {
        let (count, minor) = self.taken_back(date);
        self.reversals.retain(|(other, ..)| *other != date);
        self.reversals.push((date, count + 1, minor + amount_minor));
    }

    /// How many reversals of a date there were, and of how much, minor units.
    fn taken_back(&self, date: BusinessDate) -> (u32, u64) {
        let of_date = self.reversals.iter().find(|(other, ..)| *other == date);
        of_date.map_or((0, 0), |(_, count, minor)| (*count, *minor))
    }
}

impl SaleFlow {
    /// Whether totals are still to be compared before the terminal may go.
    pub(super) fn is_to_settle(&self) -> bool {
        self.firmware.habits.settles && self.date.is_some() && !self.takings.settled
    }

    /// Nothing is under way: the totals, if it is time for them.
    pub(super) fn settle_up(&mut self, now: Moment) {
        let (true, true, Some(date)) = (self.stopping, self.is_to_settle(), self.date) else {
            return;
        };
        let currency = self.settled_currency();
        let totals = self.totals(date, currency);
        self.stan += 1;
        let stan = self.stan;
        self.body.clear();
        let settle = Settle { stan, date, settled_date: date, currency, totals };
        TerminalMessage::Settle(settle).encode(&mut self.body);
        self.begin_request(now, Kind::Settlement { stan, date }, 0);
    }

    /// Totals are compared in the currency of the first offer.
    pub(super) fn settled_currency(&self) -> u16 {
        self.firmware.mix.offers().first().map_or(0, |offer| offer.currency)
    }

    /// The gateway's totals.
    pub(in crate::terminal) fn settled(
        &mut self,
        now: Moment,
        settled: &Settled<'_>,
        rng: &mut Rng,
    ) {
        let awaited = Kind::Settlement { stan: settled.stan, date: settled.date };
        match self.task {
            Task::PendingRequest(PendingRequest { kind, stage: Stage::Sent(_), .. })
                if kind == awaited => {}
            // Of an earlier attempt; the one under way has an answer of its own.
            _ => return,
        }
        match settled.code {
            ResponseCode::APPROVED | ResponseCode::TOTALS_DIFFER => {
                let agreed = settled.code.is_approved();
                self.book.compared(settled.settled_date, agreed);
                self.notes.push(if agreed { Note::Settled } else { Note::TotalsDiffer });
            }
            ResponseCode::WRONG_DATE => {
                // Only a new logon tells the date in force.
                self.task = Task::Free(None);
                self.turn = Turn::Hangup;
                return;
            }
            _ => {}
        }
        self.takings.settled = true;
        self.free(now, rng);
    }

    /// Of what was sold in one currency.
    fn totals(&self, date: BusinessDate, currency: u16) -> Totals {
        let entries = self.book.entries().iter();
        let sold = entries.filter(|e| e.asked.date == date && e.state == State::Approved);
        let sold = sold.filter(|e| self.currency_of(&e.asked) == currency);
        let mut totals = Totals::default();
        for entry in sold {
            totals.sales_count += 1;
            totals.sales_minor += entry.asked.amount_minor;
        }
        (totals.reversals_count, totals.reversals_minor) = self.takings.taken_back(date);
        totals
    }
}
