//! What is taken up again after a restart: everything is derived from the open rows.

use tillgate_store_core::{
    BridgeTag, Kind, ProviderOutcome, State, Store, StoreError, Transaction,
};

use super::TransactionManager;
use super::bridges::Attended;
use super::pending::{Source, Task};
use super::provider_result::SETTLE;
use super::timers::Alarm;
use crate::time::{Moment, UnixMillis};

impl TransactionManager {
    /// Takes up whatever the store holds that somebody has to act on, after a restart. Nobody
    /// knows which orders left: a sale without an outcome is UNKNOWN, and each bridge is asked
    /// about its own, no faster than its queue allows. What is the operator's stays in the store;
    /// what cannot be found out shortly after it expired, or whose bridge is gone from the
    /// configuration, becomes so.
    ///
    /// # Errors
    /// A damaged row, or a reversal whose original is not there.
    pub fn recover<S: Store>(
        &mut self,
        now: Moment,
        wall: UnixMillis,
        store: &S,
    ) -> Result<(), StoreError> {
        self.wall = wall;
        for row in store.open_transactions()? {
            let original = match row.original {
                Some(key) => store.transaction(&key)?,
                None => None,
            };
            match Task::of(&row) {
                None | Some(Task::Wait) => {}
                Some(_) if row.kind == Kind::Reversal && original.is_none() => {
                    let what = format!("reversal {} has no original; restore", row.key);
                    return Err(StoreError::Broken(what));
                }
                Some(task) => self.recover_one(now, row, task, original.as_ref()),
            }
        }
        for bridge in self.bridges.waiting() {
            self.alarms.soon(now, Alarm::Feed(bridge), &self.limits);
        }
        Ok(())
    }

    fn recover_one(
        &mut self,
        now: Moment,
        row: Transaction,
        task: Task,
        original: Option<&Transaction>,
    ) {
        let (key, state) = (row.key, row.state);
        let pending = self.pend(now, row, task, original, Source::Recovered);
        if pending.has_expired(now) {
            pending.found_expired(now);
        }
        pending.settle_after(now, SETTLE);
        pending.queued = true;
        let bridge = pending.bridge();
        self.bridges.queue(bridge, key, Attended::No);
        if task == Task::FindOut && state == State::Intent {
            self.stage_finish(key, BridgeTag::NONE, ProviderOutcome::Unknown);
        }
    }
}
