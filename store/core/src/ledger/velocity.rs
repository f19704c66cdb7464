//! How often and for how much a terminal sold a service lately.
//!
//! A sale counts from its begin; one that is declined later stops counting. A window is rebuilt
//! from the journal when it is first needed, when the business date changes or when the limits
//! do; in between it is kept up in memory.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use super::staged::Staged;
use crate::date::BusinessDate;
use crate::error::StoreError;
use crate::ids::{Key, ServiceId, TerminalId};
use crate::journal;
use crate::record::{State, Transaction, Velocity};
use crate::rows::Rows;

/// Business dates before and after a sale's own whose rows may lie within a window: the window
/// is a day at most, and a terminal's date may be one off.
const DAYS_BEFORE: u16 = 2;
const DAYS_AFTER: u16 = 1;

#[derive(Debug, Default)]
pub(super) struct Windows {
    windows: FxHashMap<(TerminalId, ServiceId), Window>,
}

#[derive(Debug)]
struct Window {
    velocity: Velocity,
    date: BusinessDate,
    /// Sales of `date`, minor units.
    day_amount_minor: u64,
    /// Times of the sales within the window, in the order they came.
    times: VecDeque<u64>,
}

impl Windows {
    /// Whether one more sale keeps within `velocity`; if so the caller must
    /// [count](Windows::count) it or not sell.
    pub(super) fn allow(
        &mut self,
        rows: &dyn Rows,
        staged: &Staged,
        sale: &Transaction,
        velocity: Velocity,
    ) -> Result<bool, StoreError> {
        let place = (sale.key.terminal, sale.service);
        if velocity == Velocity::default() {
            // A window that nobody asks is never cut: it would only grow.
            if !self.windows.is_empty() {
                self.windows.remove(&place);
            }
            return Ok(true);
        }
        let kept = self.windows.get(&place);
        if kept.is_none_or(|kept| kept.velocity != velocity || kept.date != sale.key.date) {
            self.windows.insert(place, Window::rebuild(rows, staged, sale, velocity)?);
        }
        Ok(self.windows.get_mut(&place).is_none_or(|window| window.allow(sale)))
    }

    /// The sale takes place.
    pub(super) fn count(&mut self, sale: &Transaction) {
        if let Some(window) = self.windows.get_mut(&(sale.key.terminal, sale.service)) {
            window.count(sale);
        }
    }

    /// A counted sale was declined.
    pub(super) fn uncount(&mut self, sale: &Transaction) {
        if let Some(window) = self.windows.get_mut(&(sale.key.terminal, sale.service)) {
            window.uncount(sale);
        }
    }
}

impl Window {
    fn rebuild(
        rows: &dyn Rows,
        staged: &Staged,
        sale: &Transaction,
        velocity: Velocity,
    ) -> Result<Self, StoreError> {
        let date = sale.key.date;
        let mut window = Self { velocity, date, day_amount_minor: 0, times: VecDeque::new() };
        let mut times = Vec::new();
        let mut take = |row: &Transaction| {
            if row.service == sale.service && row.kind.is_sale() && row.state != State::Declined {
                times.push(row.at_ms);
                if row.key.date == date {
                    window.day_amount_minor += row.amount_minor;
                }
            }
        };
        let terminal = sale.key.terminal;
        let first = date.0.saturating_sub(DAYS_BEFORE);
        for day in first..=date.0.saturating_add(DAYS_AFTER) {
            let from = Key { date: BusinessDate(day), terminal, stan: 0 };
            journal::transactions(rows, Some(from), |row| {
                if (row.key.date, row.key.terminal) != (from.date, terminal) {
                    return ControlFlow::Break(());
                }
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
        Ok(window)
    }

    fn covers(&self, at_ms: u64, now_ms: u64) -> bool {
        at_ms + u64::from(self.velocity.window_s) * 1_000 > now_ms
    }

    fn allow(&mut self, sale: &Transaction) -> bool {
        while self.times.front().is_some_and(|at_ms| !self.covers(*at_ms, sale.at_ms)) {
            self.times.pop_front();
        }
        let Velocity { count_max, day_amount_max_minor, .. } = self.velocity;
        let count = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        let day_amount_minor = self.day_amount_minor.saturating_add(sale.amount_minor);
        (count_max == 0 || count < count_max)
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
        if sale.key.date == self.date {
            self.day_amount_minor -= sale.amount_minor;
        }
    }
}
