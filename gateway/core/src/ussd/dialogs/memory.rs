//! Which sales terminals have ordered lately: whoever orders the same again is asked first.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;
use tillgate_store_core::TerminalId;
use tillgate_types::{Moment, Span};

use crate::menu::{RecentSales, SaleContent};
use crate::rate::Debts;
use crate::ussd::limits::SALES_REMEMBERED_MAX;

/// Digests of orders, each until it is too old to be asked about.
#[derive(Default)]
pub(super) struct Memory(Debts<u64>);

/// What one terminal ordered.
pub(super) struct Sold<'a> {
    pub(super) memory: &'a Memory,
    pub(super) terminal: TerminalId,
    pub(super) now: Moment,
    /// For how long orders are remembered.
    pub(super) again: Span,
}

impl Memory {
    /// Notes an order; its digest.
    pub(super) fn note(
        &mut self,
        now: Moment,
        again: Span,
        terminal: TerminalId,
        sale: &SaleContent<'_>,
    ) -> u64 {
        let content = digest(terminal, sale);
        self.0.keep(now, SALES_REMEMBERED_MAX, content, now.after(again));
        content
    }

    /// It was not sold.
    pub(super) fn forget(&mut self, content: u64) {
        self.0.take(content);
    }
}

impl RecentSales for Sold<'_> {
    fn sold(&self, sale: &SaleContent<'_>) -> Option<Span> {
        let until = self.memory.0.peek(digest(self.terminal, sale))?;
        let left = until.since(self.now);
        (until > self.now).then(|| Span(self.again.0.saturating_sub(left.0)))
    }
}

fn digest(terminal: TerminalId, sale: &SaleContent<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    (terminal, sale).hash(&mut hasher);
    hasher.finish()
}
