//! How often and for how much a terminal sold a service lately.
//!
//! A sale counts from its begin, by the time it came and the gateway's business date, whatever
//! date its terminal put on it; one that is declined later stops counting. A window is read from
//! the journal once, when it is first needed or its limits change; from then on it is kept up in
//! memory, so that a sale costs the same however many rows its terminal has.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use super::staged::Staged;
use crate::error::Result;
use crate::ids::Key;
use crate::journal;
use crate::limits::{SCAN_ROWS_MAX, WINDOWS_MAX};
use crate::record::{State, Transaction, Velocity};
use crate::rows::ReadRows;
use tillgate_types::{BusinessDate, ServiceId, TerminalId};

/// Business dates before and after the gateway's own whose rows may lie within a window: the
/// window is a day at most, and a terminal's date may be one off.
const DAYS_BEFORE: u16 = 2;
const DAYS_AFTER: u16 = 1;

type Place = (TerminalId, ServiceId);

/// Windows in two generations: those used on this business day, and on the day before. What was
/// not used for a day has nothing left in it, and is dropped with its generation.
#[derive(Debug, Default)]
pub(super) struct Windows {
    day: BusinessDate,
    used: FxHashMap<Place, Window>,
    before: FxHashMap<Place, Window>,
}

#[derive(Debug)]
struct Window {
    velocity: Velocity,
    day: BusinessDate,
    /// Sales of `day`, minor units.
    day_amount_minor: u64,
    /// Times of the sales within the window, in the order they came.
    times: VecDeque<u64>,
    /// The terminal had more rows than are read: it sells no more on `day`.
    overflowed: bool,
}

impl Windows {
    /// Whether one more sale keeps within `velocity`; if so the caller must
    /// [count](Windows::count) it or not sell.
    pub(super) fn allow(
        &mut self,
        rows: &dyn ReadRows,
        staged: &Staged,
        sale: &Transaction,
        velocity: Velocity,
    ) -> Result<bool> {
        let place = (sale.key.terminal, sale.service);
        if velocity == Velocity::default() {
            // A window that nobody asks is never cut: it would only grow.
            if !self.used.is_empty() || !self.before.is_empty() {
                self.used.remove(&place);
                self.before.remove(&place);
            }
            return Ok(true);
        }
        self.turn(sale.day);
        if let Some(window) = self.before.remove(&place) {
            self.used.insert(place, window);
        }
        let kept = self.used.get(&place);
        if kept.is_none_or(|kept| kept.velocity != velocity || kept.has_overflowed_before(sale)) {
            self.used.insert(place, Window::rebuild(rows, staged, sale, velocity)?);
        }
        Ok(self.used.get_mut(&place).is_none_or(|window| window.allow(sale)))
    }

    /// The sale takes place.
    pub(super) fn count(&mut self, sale: &Transaction) {
        if let Some(window) = self.find(sale) {
            window.count(sale);
        }
    }

    /// A counted sale was declined.
    pub(super) fn uncount(&mut self, sale: &Transaction) {
        if let Some(window) = self.find(sale) {
            window.uncount(sale);
        }
    }

    fn find(&mut self, sale: &Transaction) -> Option<&mut Window> {
        let place = (sale.key.terminal, sale.service);
        self.used.get_mut(&place).or_else(|| self.before.get_mut(&place))
    }

    /// Drops what was not used since the day before; when there are too many, earlier.
    fn turn(&mut self, day: BusinessDate) {
        if day > self.day {
            self.before = match day.0 - self.day.0 {
                1 => std::mem::take(&mut self.used),
                _ => FxHashMap::default(),
            };
            self.used.clear();
            self.day = day;
        } else if self.used.len() >= WINDOWS_MAX {
            self.before = std::mem::take(&mut self.used);
        }
    }
}

impl Window {
    fn rebuild(
        rows: &dyn ReadRows,
        staged: &Staged,
        sale: &Transaction,
        velocity: Velocity,
    ) -> Result<Self> {
        let day = sale.day;
        let times = VecDeque::new();
        let mut window = Self { velocity, day, day_amount_minor: 0, times, overflowed: false };
        let (mut times, mut read) = (Vec::new(), 0);
        let mut take = |row: &Transaction| {
            if row.service == sale.service && row.kind.is_sale() && row.state != State::Declined {
                times.push(row.at_ms);
                if row.day == day {
                    window.day_amount_minor += row.amount_minor;
                }
            }
        };
        let terminal = sale.key.terminal;
        let first = day.0.saturating_sub(DAYS_BEFORE);
        for date in first..=day.0.saturating_add(DAYS_AFTER) {
            let from = Key { date: BusinessDate(date), terminal, stan: 0 };
            journal::transactions(rows, Some(from), |row| {
                let other = (row.key.date, row.key.terminal) != (from.date, terminal);
                if other || read > SCAN_ROWS_MAX {
                    return ControlFlow::Break(());
                }
                read += 1;
                if staged.peek(&row.key).is_none() {
                    take(&row);
                }
                ControlFlow::Continue(())
            })?;
        }
        staged.of(terminal).for_each(take);
        times.retain(|at_ms| window.covers(*at_ms, sale.at_ms));
        times.sort_unstable();
        window.times = times.into();
        window.overflowed = read > SCAN_ROWS_MAX;
        Ok(window)
    }

    fn has_overflowed_before(&self, sale: &Transaction) -> bool {
        self.overflowed && self.day < sale.day
    }

    fn covers(&self, at_ms: u64, now_ms: u64) -> bool {
        at_ms + u64::from(self.velocity.window_s) * 1_000 > now_ms
    }

    fn allow(&mut self, sale: &Transaction) -> bool {
        if sale.day > self.day {
            (self.day, self.day_amount_minor) = (sale.day, 0);
        }
        while self.times.front().is_some_and(|at_ms| !self.covers(*at_ms, sale.at_ms)) {
            self.times.pop_front();
        }
        let Velocity { count_max, day_amount_max_minor, .. } = self.velocity;
        let count = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        let day_amount_minor = self.day_amount_minor.saturating_add(sale.amount_minor);
        !self.overflowed
            && (count_max == 0 || count < count_max)
            && (day_amount_max_minor == 0 || day_amount_minor <= day_amount_max_minor)
    }

    fn count(&mut self, sale: &Transaction) {
        if self.velocity.count_max > 0 {
            self.times.push_back(sale.at_ms);
        }
        self.day_amount_minor += sale.amount_minor;
    }

    fn uncount(&mut self, sale: &Transaction) {
        if let Some(place) = self.times.iter().position(|at_ms| *at_ms == sale.at_ms) {
            self.times.remove(place);
        }
        if sale.day == self.day {
            // Of an overflowed window not everything was counted.
            self.day_amount_minor = self.day_amount_minor.saturating_sub(sale.amount_minor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BusinessDate, Staged, Transaction, Velocity, Windows};
    use crate::command::{Begin, VerificationResult};
    use crate::ledger::begin::row_of;
    use crate::{BridgeTag, Fulfilment, Key, Kind, Memory, ProductId, SellerId, ServiceId, Text};
    use tillgate_types::{ResponseCode, TerminalId};

    const TODAY: BusinessDate = BusinessDate(9_556);

    fn sale(terminal: u32) -> Transaction {
        row_of(&Begin {
            key: Key { date: TODAY, terminal: TerminalId(terminal), stan: 1 },
            digest: [1; 16].into(),
            at_ms: 1_772_323_200_000,
            today: TODAY,
            kind: Kind::Sale(Fulfilment::Provider),
            seller: SellerId(1),
            service: ServiceId(20),
            product: ProductId(0),
            amount_minor: 100,
            currency: 840,
            subscriber: Text::new(),
            bridge: BridgeTag::default(),
            terms: Default::default(),
            verdict: VerificationResult::Refused(ResponseCode::APPROVED),
        })
    }

    /// Otherwise everybody who ever sold would be in memory for good.
    #[test]
    fn a_window_that_was_not_used_for_a_day_is_dropped() {
        let (rows, sales) = (Memory::new(), [1, 2].map(sale));
        let velocity = Velocity { count_max: 100, window_s: 60, day_amount_max_minor: 0 };
        let mut windows = Windows::default();
        let mut kept = |days, sale: &Transaction, velocity| {
            let sale = Transaction { day: BusinessDate(TODAY.0 + days), ..sale.clone() };
            assert_eq!(windows.allow(&rows, &Staged::default(), &sale, velocity), Ok(true));
            windows.count(&sale);
            windows.used.len() + windows.before.len()
        };
        let [first, second] = &sales;
        assert_eq!((kept(0, first, velocity), kept(0, second, velocity)), (1, 2));
        assert_eq!(kept(1, first, velocity), 2, "a window may reach into the day before");
        assert_eq!(kept(2, first, velocity), 1);
        assert_eq!(kept(9, second, velocity), 1);
        assert_eq!(kept(9, second, Velocity::default()), 0, "nor one that nobody asks any more");
    }
}
