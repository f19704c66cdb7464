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

/// An order that was noted.
#[derive(Clone, Copy)]
pub(super) struct NotedOrder {
    digest: u64,
    /// Until when it is remembered, and the same one of before.
    until: Moment,
    before: Option<Moment>,
}

/// What one terminal ordered.
pub(super) struct Sold<'a> {
    pub(super) memory: &'a Memory,
    pub(super) terminal: TerminalId,
    pub(super) now: Moment,
    /// For how long orders are remembered.
    pub(super) again: Span,
}

impl Memory {
    /// Notes an order.
    pub(super) fn note(
        &mut self,
        now: Moment,
        again: Span,
        terminal: TerminalId,
        sale: &SaleContent<'_>,
    ) -> NotedOrder {
        let digest = digest(terminal, sale);
        let before = self.0.peek(digest);
        let until = now.after(again);
        self.0.keep(now, SALES_REMEMBERED_MAX, digest, until);
        NotedOrder { digest, until, before }
    }

    /// It was not sold; the same one of before was, and so was one that came after it.
    pub(super) fn forget(&mut self, now: Moment, order: NotedOrder) {
        if self.0.peek(order.digest) != Some(order.until) {
            return;
        }
        self.0.take(order.digest);
        if let Some(until) = order.before.filter(|until| *until > now) {
            self.0.keep(now, SALES_REMEMBERED_MAX, order.digest, until);
        }
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
