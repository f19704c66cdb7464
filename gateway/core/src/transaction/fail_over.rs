//! A sale goes on to the next bridge of its route, only while nothing was sent.
//!
//! ```text
//!   Authorize ──▶ bridge ──NotSent──▶ Reroute, durable ──▶ Authorize ──▶ next bridge
//! ```
//!
//! What makes the sale decline instead: nobody waits for it any more, the gateway drains, no bridge
//! is left that has room, or it was taken back in the meantime.

use tillgate_store_core::{Command, Key, Outcome, Reroute, ResponseCode, State};

use super::bridges::Attended;
use super::commit::CommitContext;
use super::pending::Task;
use super::{Output, TransactionManager};
use crate::routing::Candidates;
use crate::time::Moment;

impl TransactionManager {
    /// Nothing was sent for a sale's first order: whether it goes on to another bridge. Its order
    /// leaves once that is durable.
    pub(super) fn fail_over(&mut self, now: Moment, key: &Key, code: ResponseCode) -> bool {
        let Some(pending) = self.pending.get(key) else { return false };
        let wanted = pending.attended() == Attended::Yes && !pending.row.tried.is_full();
        if self.draining || !wanted {
            return false;
        }
        let mut left = Candidates::from_iter(pending.alternatives().iter().copied());
        left.retain(|bridge| !self.is_full(*bridge));
        self.bridges.prefer_well(now, &mut left);
        let (from, Some(next)) = (pending.bridge(), left.first().copied()) else { return false };
        let Some(pending) = self.pending.get_mut(key) else { return false };
        let to = pending.go_on_to(next);
        self.bridges.let_go(from);
        self.bridges.hold(to);
        let (from, to) = (self.bridges.tag(from), self.bridges.tag(to));
        let command = Reroute { key: *key, at_ms: self.wall.0, from, to, code };
        self.push_staged(Command::Reroute(command), CommitContext::Reroute { key: *key });
        true
    }

    /// The next bridge is durable: its order may leave, if the sale is still wanted.
    pub(super) fn reroute_committed(&mut self, now: Moment, key: Key, outcome: Outcome) {
        let wanted = match &outcome {
            Outcome::Done(row) => {
                let at = self.bridges.of(row);
                let open = row.state == State::Intent && row.due.is_none();
                open && self.pending.get(&key).is_some_and(|pending| pending.bridge() == at)
            }
            _ => false,
        };
        let row = match outcome {
            Outcome::Done(row) if wanted => row,
            other => return self.row_committed(now, key, other),
        };
        let Some(pending) = self.pending.get_mut(&key) else { return };
        pending.renew(row, Task::FindOut);
        // Without an order: what its former bridge said is staged, and decides.
        let Some((order, card)) = pending.order_next() else { return };
        self.outputs.push_back(Output::Provider(order, card));
        // The time of whoever waited for it may be over: nobody else watches over this order.
        self.await_result(now, key);
    }
}
