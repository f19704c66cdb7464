//! What is done about a pending transaction when its time has come.
//!
//! | it must be | its bridge can | then |
//! |---|---|---|
//! | found out | be asked | Inquire |
//! | | be asked again, and it is not too late | Forward, under the same reference |
//! | | take back | due Reversal: durable first, then as below |
//! | | none of these | due Operator |
//! | taken back | take back | Reverse, until it is acknowledged |
//! | | not, and it is a terminal's fresh wish | refused: 21 |
//! | | not | due Operator |
//! | advised | receive advices | Advise, until it is acknowledged |
//! | | not | due Operator |
//!
//! Each is repeated after a pause that doubles, a bounded number at once per bridge, until
//! [`TransactionLimits::expire`].
//!
//! [`TransactionLimits::expire`]: crate::limits::DeskLimits::expire

use tillgate_store_core::{BridgeTag, FollowUp, Key, Kind, ProviderOutcome};

use super::bridges::Attended;
use super::pending::{Pending, Task};
use super::timers::Alarm;
use super::{Content, Output, TransactionManager};
use crate::provider::{Capabilities, ProviderRequestKind, ProviderResult};
use crate::time::Moment;

/// What to do next.
enum Next {
    Send(ProviderRequestKind),
    Owe(FollowUp),
    Refuse,
    Nothing,
}

impl TransactionManager {
    pub(super) fn on_deadline(&mut self, now: Moment) {
        while let Some(alarm) = self.alarms.pop(now) {
            match alarm {
                Alarm::Answer(key) => self.answer_overdue(now, key),
                Alarm::Act(key) => self.wake(now, key),
                Alarm::Feed(bridge) => self.feed(now, bridge),
                Alarm::Lookup(terminal) => self.lookup_overdue(now, terminal),
                Alarm::Found => self.found_overdue(now),
            }
        }
    }

    fn wake(&mut self, now: Moment, key: Key) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        if !pending.wakes(now) {
            return;
        }
        if pending.is_owed() {
            // The bridge has lost the request: as silent as any provider.
            let (bridge, silent) = (pending.bridge(), ProviderOutcome::Unknown);
            self.on_found(now, key, bridge, ProviderResult::Outcome(silent));
        } else {
            self.act(now, key);
        }
    }

    /// A request is in flight: its result is waited for, but not for ever.
    pub(super) fn await_result(&mut self, now: Moment, key: Key) {
        if let Some(pending) = self.pending.get_mut(&key) {
            let at = now.after(self.limits.bridge_silence);
            pending.wake = Some(at);
            self.alarms.at(at, Alarm::Act(key));
        }
    }

    /// Tells those who have waited long enough that the work goes on. Nearly every order has its
    /// result before that, so only here the watch over a first order begins: one alarm for each
    /// that is still pending, and not for each that was ever sent.
    fn answer_overdue(&mut self, now: Moment, key: Key) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        if pending.is_first_order() && pending.wake.is_none() {
            self.await_result(now, key);
        }
        let Some(pending) = self.pending.get_mut(&key) else { return };
        let row = pending.row.clone();
        // A reversal that waits for its original is in the store; nobody needs it here.
        let idle = pending.task == Task::Wait;
        for origin in pending.overdue(now) {
            self.reply(origin, Content::InProgress(row.clone()));
        }
        let alone = |pending: &Pending| pending.attended() == Attended::No;
        if idle && self.pending.get(&key).is_some_and(alone) {
            self.let_go(now, &key);
        }
    }

    /// Does the next thing about a transaction, if there is room for it.
    pub(super) fn act(&mut self, now: Moment, key: Key) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        if pending.is_busy() {
            return;
        }
        let next = if pending.has_expired(now) && pending.task != Task::Wait {
            Next::Owe(FollowUp::Operator)
        } else {
            next(pending, self.bridges.capabilities(pending.bridge()))
        };
        match next {
            Next::Send(kind) => self.send(now, key, kind),
            Next::Owe(what) => self.stage_due(key, what),
            Next::Refuse => {
                self.stage_finish(key, BridgeTag::NONE, ProviderOutcome::ReversalDeclined);
            }
            Next::Nothing => {}
        }
    }

    fn send(&mut self, now: Moment, key: Key, kind: ProviderRequestKind) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        let bridge = pending.bridge();
        if !self.bridges.enter(bridge, self.limits.inquiries_max) {
            pending.queued = true;
            return self.bridges.queue(bridge, key, pending.attended());
        }
        let request = match kind {
            // From an order on, what the provider has not seen may still be on its way.
            ProviderRequestKind::Authorize => pending.order_again(now),
            ProviderRequestKind::Inquire => pending.inquire(now),
            ProviderRequestKind::Reverse
            | ProviderRequestKind::Advise
            | ProviderRequestKind::Lookup => pending.send(now, kind),
        };
        self.outputs.push_back(Output::Provider(request, None));
        self.await_result(now, key);
    }

    /// Lets those go on who wait for a place in a bridge's queue.
    pub(super) fn feed(&mut self, now: Moment, bridge: u16) {
        while let Some(key) = self.bridges.next(bridge, self.limits.inquiries_max) {
            if let Some(pending) = self.pending.get_mut(&key) {
                pending.queued = false;
                self.act(now, key);
            }
        }
    }

    /// What has its time already keeps it: a provider that reports unasked, again and again, would
    /// put off for ever what it is asked.
    pub(super) fn ask_later(&mut self, now: Moment, key: Key) {
        if let Some(pending) = self.pending.get_mut(&key).filter(|pending| pending.wake.is_none()) {
            pending.wake = Some(self.alarms.later(now, key, pending.asked(), &self.limits));
        }
    }
}

fn next(pending: &Pending, can: Capabilities) -> Next {
    match pending.task {
        Task::FindOut if can.inquiry => Next::Send(ProviderRequestKind::Inquire),
        Task::FindOut if can.idempotent && pending.is_repeatable() => {
            Next::Send(ProviderRequestKind::Authorize)
        }
        Task::FindOut if can.reversal => Next::Owe(FollowUp::Reversal),
        Task::TakeBack if can.reversal => Next::Send(ProviderRequestKind::Reverse),
        Task::TakeBack if pending.row.kind == Kind::Reversal && !pending.was_tried() => {
            Next::Refuse
        }
        Task::Advise if can.advice => Next::Send(ProviderRequestKind::Advise),
        Task::Wait => Next::Nothing,
        Task::FindOut | Task::TakeBack | Task::Advise => Next::Owe(FollowUp::Operator),
    }
}
