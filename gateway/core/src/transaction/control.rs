//! The operator's orders.

use tillgate_store_core::{Command, RefundOrder, Resolve, TerminalId, Withdraw};

use super::commit::CommitContext;
use super::{Control, ControlOrder, Push, PushedCommand, TransactionManager};

impl TransactionManager {
    pub(super) fn on_control(&mut self, control: Control) {
        let Control { ticket, order, at_ms, actor } = control;
        match order {
            ControlOrder::Change { mut change, tell } => {
                change.at_ms = at_ms;
                change.actor = actor;
                let pushes =
                    tell.into_iter().map(|(terminal, order)| self.push(terminal, order)).collect();
                let records = change.records.clone();
                self.push_staged(
                    Command::Change(change),
                    CommitContext::Control { ticket, records, pushes },
                );
            }
            ControlOrder::Resolve { key, verdict, note } => {
                let resolve = Resolve { key, verdict, at_ms, actor, note };
                self.push_staged(Command::Resolve(resolve), CommitContext::Resolve { ticket });
            }
            ControlOrder::Refund { key, step, today, note } => {
                let refund = RefundOrder { key, step, at_ms, today, actor, note };
                self.push_staged(Command::Refund(refund), CommitContext::Resolve { ticket });
            }
            ControlOrder::Withdraw { service, product, vouchers, note } => {
                let order = Withdraw { at_ms, actor, note, service, product, vouchers };
                self.push_staged(Command::Withdraw(order), CommitContext::Withdraw { ticket });
            }
        }
    }

    /// Terminals know a command that they have had by its number: after a start, numbers go on where
    /// no process before has been, unless it pushed more than one a second.
    fn push(&mut self, terminal: TerminalId, order: PushedCommand) -> Push {
        let now_s = u32::try_from(self.wall.0 / 1_000).unwrap_or(u32::MAX);
        let last = self.commands_pushed.unwrap_or(now_s);
        let command = last.wrapping_add(1);
        self.commands_pushed = Some(command);
        Push { terminal, command, order }
    }
}
