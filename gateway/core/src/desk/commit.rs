//! What the outcomes of a durable batch set free.

use tillgate_store_core::{Code, Key, Outcome, RegistryRecord, State, TerminalId, Transaction};

use super::pending::Pending;
use super::{Answered, Content, Controlled, Desk, Origin, Output, Push};
use crate::code;
use crate::time::Moment;

/// Why a command was staged, and who waits for its outcome.
pub(super) enum Slip {
    Sale { origin: Origin, bridge: u16, key: Key },
    Confirm { origin: Origin, original: Key },
    Reverse { origin: Origin, key: Key },
    Counter { terminal: TerminalId, counter: u64 },
    Finish { key: Key },
    Control { ticket: u64, records: Vec<RegistryRecord>, pushes: Vec<Push> },
}

impl Desk {
    /// Takes the outcomes of the batch that [`Desk::stage`] gave out, now that it is durable.
    pub fn committed(&mut self, now: Moment, outcomes: &mut Vec<Outcome>) {
        assert_eq!(outcomes.len(), self.committing.len(), "one outcome for each command");
        for outcome in outcomes.drain(..) {
            let slip = self.committing.pop_front().expect("counted above");
            match slip {
                Slip::Sale { origin, bridge, key } => {
                    self.sale_committed(now, (origin, bridge, key), outcome);
                }
                Slip::Confirm { origin, original } => {
                    self.confirm_committed(origin, original, &outcome);
                }
                Slip::Reverse { origin, key } => self.reverse_committed(origin, key, outcome),
                Slip::Counter { terminal, counter } => {
                    self.outputs.push_back(Output::Counter { terminal, counter });
                }
                Slip::Finish { key } => self.finish_committed(key, outcome),
                Slip::Control { ticket, records, pushes } => {
                    self.control_committed(ticket, records, pushes, outcome);
                }
            }
        }
    }

    fn sale_committed(&mut self, now: Moment, asked: (Origin, u16, Key), outcome: Outcome) {
        let (origin, bridge, key) = asked;
        match outcome {
            Outcome::Done(row) if row.state == State::Intent => {
                let pending = Pending::begun(row, bridge, origin, &self.limits);
                self.alarms.answer(pending.answer_at(), key);
                let order = pending.order(self.store_id);
                self.pending.insert(key, pending);
                self.outputs.push_back(Output::Forward(order));
            }
            Outcome::Duplicate(row) if !row.is_final() => self.attach(now, origin, row),
            Outcome::Done(row) | Outcome::Duplicate(row) => {
                self.reply(origin, Content::Journalled(row));
            }
            Outcome::Conflict => self.refuse(origin, Answered::Sale, key, code::DUPLICATE),
            Outcome::Late(code) => self.refuse(origin, Answered::Sale, key, code),
            Outcome::NotFound
            | Outcome::Reversed { .. }
            | Outcome::Applied
            | Outcome::Rejected(_) => unreachable!("the ledger answers a sale otherwise"),
        }
    }

    /// Joins a request to its transaction in flight, so that nothing is forwarded twice.
    pub(super) fn attach(&mut self, now: Moment, origin: Origin, row: Transaction) {
        let attached = match self.pending.get_mut(&row.key) {
            Some(pending) => pending.attach(now, origin, &self.limits),
            None => None,
        };
        match attached {
            Some(answer_at) => self.alarms.answer(answer_at, row.key),
            None => self.reply(origin, Content::InProgress(row)),
        }
    }

    fn confirm_committed(&mut self, origin: Origin, original: Key, outcome: &Outcome) {
        match outcome {
            Outcome::Done(_) => {
                let (stan, date) = (original.stan, original.date);
                self.reply(origin, Content::Confirmed { stan, date });
            }
            _ => self.refuse(origin, Answered::Confirm, original, code::UNABLE_TO_LOCATE),
        }
    }

    fn reverse_committed(&mut self, origin: Origin, key: Key, outcome: Outcome) {
        match outcome {
            Outcome::Reversed { reversal, .. } => {
                self.reply(origin, Content::Journalled(reversal));
            }
            Outcome::Duplicate(row) => self.reply(origin, Content::Journalled(row)),
            Outcome::Conflict => self.refuse(origin, Answered::Reversal, key, code::DUPLICATE),
            // Its own key was taken back as if it were a sale.
            Outcome::Late(code) => self.refuse(origin, Answered::Reversal, key, code),
            Outcome::Done(_) | Outcome::NotFound | Outcome::Applied | Outcome::Rejected(_) => {
                unreachable!("the ledger answers a reversal otherwise")
            }
        }
    }

    fn finish_committed(&mut self, key: Key, outcome: Outcome) {
        let (Outcome::Done(row) | Outcome::Reversed { original: Some(row), .. }) = outcome else {
            unreachable!("a transaction that is finished has a row");
        };
        if !row.is_final() {
            if let Some(pending) = self.pending.get_mut(&key) {
                pending.renew(row);
            }
            return;
        }
        // A second finding about the same transaction finds it gone: the first one counts.
        if let Some(mut pending) = self.pending.remove(&key) {
            self.inquiries -= u32::from(pending.stop_asking());
            for origin in pending.waiters() {
                self.reply(origin, Content::Journalled(row.clone()));
            }
        }
    }

    fn control_committed(
        &mut self,
        ticket: u64,
        records: Vec<RegistryRecord>,
        pushes: Vec<Push>,
        outcome: Outcome,
    ) {
        let result = match outcome {
            Outcome::Applied => {
                self.outputs.push_back(Output::Changed(records));
                let commands = pushes.iter().map(|push| (push.terminal, push.command)).collect();
                self.outputs.extend(pushes.into_iter().map(Output::Push));
                Controlled::Applied { commands }
            }
            Outcome::Rejected(rejections) => Controlled::Rejected(rejections),
            Outcome::Done(_)
            | Outcome::Duplicate(_)
            | Outcome::Conflict
            | Outcome::Late(_)
            | Outcome::NotFound
            | Outcome::Reversed { .. } => unreachable!("the ledger answers a change otherwise"),
        };
        self.outputs.push_back(Output::Controlled { ticket, result });
    }

    pub(super) fn refuse(&mut self, origin: Origin, kind: Answered, key: Key, code: Code) {
        let (stan, date) = (key.stan, key.date);
        self.reply(origin, Content::Refused { kind, stan, date, code });
    }
}
