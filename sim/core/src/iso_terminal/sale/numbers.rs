//! Business dates and trace numbers.

use tillgate_codec::link::message::BusinessDate;

use super::SaleFlow;
use crate::iso_terminal::clock::Local;

impl SaleFlow {
    /// The numbers of a date go on above this one.
    pub(in crate::iso_terminal) fn resume(&mut self, date: BusinessDate, stan: u32) {
        (self.date, self.stan) = (Some(date), stan);
    }

    /// The terminal has logged on. Numbers up to its floor may be those of an earlier run.
    pub(in crate::iso_terminal) fn online(&mut self, local: Local) {
        let today = local.business(self.firmware.cutoff_min);
        let floor = self.firmware.stan_floor;
        self.book.open(today, if self.date == Some(today) { self.stan } else { floor });
    }

    /// The next number of the business date, which begins at 1 where the date is new.
    pub(super) fn number(&mut self, local: Local) -> BusinessDate {
        let today = local.business(self.firmware.cutoff_min);
        if self.date != Some(today) {
            // On a date that was before it goes on above all that it has used on any.
            let (date, stan) = self.high;
            self.high = (date.max(Some(today)), stan.max(self.stan));
            self.stan = if date < Some(today) { self.firmware.stan_floor } else { self.high.1 };
            self.date = Some(today);
        }
        self.stan += 1;
        today
    }
}
