//! What bridges find out, and what is done while they have not.

use tillgate_store_core::{FollowUp, Key, ProviderOutcome, State};

use super::pending::Task;
use super::{Output, TransactionManager};
use crate::provider::ProviderResult;
use crate::time::{Moment, Span};
use tillgate_types::ResponseCode;

/// An order that its provider has not seen may still be on its way. A provider that cannot be
/// sent the same reference twice is believed only this long after its bridge reported on the
/// order: until then it may have waited in the bridge's queue.
pub(super) const SETTLE: Span = Span::s(60);

impl TransactionManager {
    pub(super) fn on_found(&mut self, now: Moment, key: Key, found: ProviderResult) {
        let Some(pending) = self.pending.get_mut(&key) else {
            return self.on_late(key, found);
        };
        let (first, bridge) = (pending.is_first_order(), pending.bridge());
        if pending.is_ordered() {
            pending.settle_after(now, SETTLE);
        }
        let freed = pending.stop();
        let (task, state) = (pending.task, pending.row.state);
        if freed {
            self.bridges.leave(bridge);
        }
        // That a repeat or a question never left says nothing about the order before it.
        let unsent = matches!(found, ProviderResult::Outcome(ProviderOutcome::NotSent { .. }));
        let found = if unsent && !first {
            ProviderResult::Outcome(ProviderOutcome::Unknown)
        } else {
            found
        };
        match task {
            Task::FindOut => self.on_found_out(now, key, state, found),
            Task::TakeBack | Task::Advise => self.on_acknowledged(now, key, found),
            Task::Wait => {}
        }
        if freed {
            self.feed(now, bridge);
        }
    }

    fn on_found_out(&mut self, now: Moment, key: Key, state: State, found: ProviderResult) {
        match found {
            ProviderResult::Outcome(
                finding @ (ProviderOutcome::Approved { .. }
                | ProviderOutcome::Declined { .. }
                | ProviderOutcome::NotSent { .. }),
            ) => self.stage_finish(key, finding),
            ProviderResult::NotFound { attempt } => self.on_not_seen(now, key, attempt),
            ProviderResult::Outcome(_) | ProviderResult::Pending | ProviderResult::Lookup(_) => {
                if state == State::Intent {
                    self.stage_finish(key, ProviderOutcome::Unknown);
                }
                self.ask_later(now, key);
            }
        }
    }

    /// The provider acknowledges, refuses for good, or is to be asked again. A sale that it says
    /// it declined needs no taking back; one that it approved is being taken back all the same,
    /// but the ledger sees under which reference.
    fn on_acknowledged(&mut self, now: Moment, key: Key, found: ProviderResult) {
        match found {
            ProviderResult::Outcome(
                finding @ (ProviderOutcome::Reversed
                | ProviderOutcome::ReversalDeclined
                | ProviderOutcome::AdviceAcknowledged
                | ProviderOutcome::Approved { .. }
                | ProviderOutcome::Declined { .. }),
            ) => self.stage_finish(key, finding),
            ProviderResult::Outcome(_)
            | ProviderResult::Pending
            | ProviderResult::NotFound { .. }
            | ProviderResult::Lookup(_) => {}
        }
        // Also behind a finding: one that does not fit changes nothing, and the work goes on.
        self.ask_later(now, key);
    }

    /// Nothing is pending: it was settled before, or given up on. The ledger knows whether this
    /// is news: a late approval has to be undone, a late outcome spares the operator the work.
    fn on_late(&mut self, key: Key, found: ProviderResult) {
        match found {
            ProviderResult::Outcome(ProviderOutcome::Unknown | ProviderOutcome::NotSent { .. })
            | ProviderResult::Pending
            | ProviderResult::NotFound { .. }
            | ProviderResult::Lookup(_) => {}
            ProviderResult::Outcome(finding) => self.stage_finish(key, finding),
        }
    }

    /// The provider has not seen our reference. An idempotent one gets the order again, unless it
    /// is too late for that; one that takes back refuses it from now on; another is believed once
    /// nothing can be on its way.
    fn on_not_seen(&mut self, now: Moment, key: Key, attempt: u32) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        if pending.asked() != attempt {
            // Of an earlier question: the order may have arrived since.
            return self.ask_later(now, key);
        }
        let bridge = pending.bridge();
        let can = self.bridges.capabilities(bridge);
        if can.idempotent && pending.is_repeatable() {
            if pending.has_expired(now) || !self.bridges.enter(bridge, u32::MAX) {
                return self.ask_later(now, key);
            }
            self.outputs.push_back(Output::Provider(pending.order_again(now)));
            self.await_result(now, key);
        } else if can.reversal {
            self.stage_due(key, FollowUp::Reversal);
        } else if pending.has_settled() {
            let code = ResponseCode::PROVIDER_UNAVAILABLE;
            self.stage_finish(key, ProviderOutcome::NotSent { code });
        } else {
            self.ask_later(now, key);
        }
    }
}
