//! What bridges find out, and what is done while they have not.

use tillgate_store_core::{Command, Finish, FollowUp, Key, ProviderOutcome, State};

use super::commit::CommitContext;
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
    pub(super) fn on_found(&mut self, now: Moment, key: Key, by: u16, found: ProviderResult) {
        let Some(pending) = self.pending.get_mut(&key).filter(|pending| pending.bridge() == by)
        else {
            // Nothing is pending, or the sale went on to another bridge.
            return self.on_late(key, by, found);
        };
        let (first, bridge) = (pending.is_first_order(), by);
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
        if first && !unsent {
            pending.stay();
        }
        let found = if unsent && !first {
            ProviderResult::Outcome(ProviderOutcome::Unknown)
        } else {
            found
        };
        match task {
            Task::FindOut => self.on_found_out(now, (key, by), state, found),
            Task::TakeBack | Task::Advise => self.on_acknowledged(now, (key, by), found),
            Task::Wait => {}
        }
        if freed {
            self.feed(now, bridge);
        }
    }

    fn on_found_out(
        &mut self,
        now: Moment,
        (key, by): (Key, u16),
        state: State,
        found: ProviderResult,
    ) {
        let tag = self.bridges.tag(by);
        match found {
            ProviderResult::Outcome(ProviderOutcome::NotSent { code })
                if self.fail_over(now, &key, code) => {}
            ProviderResult::Outcome(
                finding @ (ProviderOutcome::Approved { .. }
                | ProviderOutcome::Declined { .. }
                | ProviderOutcome::NotSent { .. }),
            ) => self.stage_finish(key, tag, finding),
            ProviderResult::NotFound { attempt } => self.on_not_seen(now, key, attempt),
            ProviderResult::Outcome(_) | ProviderResult::Pending | ProviderResult::Lookup(_) => {
                if state == State::Intent {
                    self.stage_finish(key, tag, ProviderOutcome::Unknown);
                }
                self.ask_later(now, key);
            }
        }
    }

    /// The provider acknowledges, refuses for good, or is to be asked again. A sale that it says
    /// it declined needs no taking back; one that it approved is being taken back all the same,
    /// but the ledger sees under which reference.
    fn on_acknowledged(&mut self, now: Moment, (key, by): (Key, u16), found: ProviderResult) {
        let tag = self.bridges.tag(by);
        match found {
            ProviderResult::Outcome(
                finding @ (ProviderOutcome::Reversed
                | ProviderOutcome::ReversalDeclined
                | ProviderOutcome::AdviceAcknowledged
                | ProviderOutcome::Approved { .. }
                | ProviderOutcome::Declined { .. }),
            ) => self.stage_finish(key, tag, finding),
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
    fn on_late(&mut self, key: Key, by: u16, found: ProviderResult) {
        match found {
            ProviderResult::Outcome(ProviderOutcome::Unknown | ProviderOutcome::NotSent { .. })
            | ProviderResult::Pending
            | ProviderResult::NotFound { .. }
            | ProviderResult::Lookup(_) => {}
            ProviderResult::Outcome(finding) => {
                let done = matches!(finding, ProviderOutcome::Approved { .. });
                if let Some(pending) = self.pending.get_mut(&key).filter(|_| done) {
                    // Of a bridge that it left: nothing more leaves for another one.
                    pending.stay();
                }
                let command =
                    Finish { key, at_ms: self.wall.0, by: self.bridges.tag(by), result: finding };
                self.push_staged(Command::Finish(command), CommitContext::Row { key });
            }
        }
    }

    /// The provider had not seen our reference when it was asked by that question. An idempotent one
    /// gets the order again, unless it is too late for that; one that takes back refuses it from now
    /// on: neither does harm if the order has arrived since. Another is believed if nothing could be
    /// on its way when the question left.
    fn on_not_seen(&mut self, now: Moment, key: Key, attempt: u32) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        let bridge = pending.bridge();
        let can = self.bridges.capabilities(bridge);
        if can.idempotent && pending.is_repeatable() {
            if pending.has_expired(now) || !self.bridges.enter(bridge, u32::MAX) {
                return self.ask_later(now, key);
            }
            self.outputs.push_back(Output::Provider(pending.order_again(now), None));
            self.await_result(now, key);
        } else if can.reversal {
            self.stage_due(key, FollowUp::Reversal);
        } else if pending.had_settled(attempt) {
            let code = ResponseCode::PROVIDER_UNAVAILABLE;
            let by = self.bridges.tag(bridge);
            self.stage_finish(key, by, ProviderOutcome::NotSent { code });
        } else {
            self.ask_later(now, key);
        }
    }
}
