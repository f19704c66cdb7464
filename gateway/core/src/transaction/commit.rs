//! What the outcomes of a durable batch set free.

use tillgate_store_core::limits::SUBSCRIBER_BYTES_MAX;
use tillgate_store_core::{
    BusinessDate, FollowUp, Handset, Key, Outcome, RegistryRecord, ResponseCode, State, TerminalId,
    Text, Transaction,
};

use super::pending::{Source, Task};
use super::timers::Alarm;
use super::{Answered, Content, Controlled, Origin, Output, Push, TransactionManager};
use crate::card::CardData;
use crate::routing::Candidates;
use crate::time::Moment;

/// Why a command was staged, and who waits for its outcome.
pub(super) enum CommitContext {
    Sale { origin: Origin, key: Key, way: Way },
    Confirm { origin: Origin, original: Key },
    BatchRecord { origin: Origin, sale: Key },
    Reverse { origin: Origin, key: Key },
    Settle { origin: Origin, key: Key },
    Repeat { origin: Origin, kind: Answered, original: Key, new: ResponseCode },
    Counter,
    PinLogon { origin: Origin, code: ResponseCode, date: BusinessDate, stan_last: u32 },
    PinChange { origin: Origin, handset: Box<Handset>, date: BusinessDate },
    PinSet { origin: Origin, records: Vec<RegistryRecord>, date: BusinessDate },
    Proved { terminal: TerminalId, generation: u32 },
    Row { key: Key },
    Reroute { key: Key },
    Control { ticket: u64, records: Vec<RegistryRecord>, pushes: Vec<Push> },
    Resolve { ticket: u64 },
    Withdraw { ticket: u64 },
}

/// What a sale's row does not say.
pub(super) struct Way {
    /// For its provider: of a card, what the ledger has masked.
    pub(super) account: Text<SUBSCRIBER_BYTES_MAX>,
    /// For the host of the card.
    pub(super) card: Option<Box<CardData>>,
    /// The bridges that it may go on to.
    pub(super) alternatives: Candidates,
}

impl TransactionManager {
    /// Takes the outcomes of the batch that [`TransactionManager::stage`] gave out, now that it is
    /// durable.
    pub fn committed(&mut self, now: Moment, outcomes: &mut Vec<Outcome>) {
        assert_eq!(outcomes.len(), self.committing.len(), "one outcome for each command");
        for outcome in outcomes.drain(..) {
            let context = self.committing.pop_front().expect("counted above");
            match context {
                CommitContext::Sale { origin, key, way } => {
                    self.sale_committed(now, origin, (key, way), outcome);
                }
                CommitContext::Confirm { origin, original } => {
                    self.confirm_committed(now, origin, original, outcome);
                }
                // Whatever was found is for a person: the terminal goes on with its next record.
                CommitContext::BatchRecord { origin, sale } => {
                    if matches!(outcome, Outcome::Refused(_)) {
                        self.outputs.push_back(Output::BatchDiffers { sale });
                    }
                    let Key { stan, date, .. } = sale;
                    self.reply(origin, Content::Confirmed { stan, date, at_ms: 0 });
                }
                CommitContext::Reverse { origin, key } => {
                    self.reverse_committed(now, origin, key, outcome);
                }
                CommitContext::Settle { origin, key } => {
                    self.settle_committed(origin, key, outcome)
                }
                CommitContext::Repeat { origin, kind, original, new } => {
                    self.repeat_committed(now, origin, (kind, original), new, outcome);
                }
                CommitContext::Counter => {}
                CommitContext::PinLogon { origin, code, date, stan_last } => {
                    self.pin_logon_committed(origin, (code, date, stan_last), &outcome);
                }
                CommitContext::PinChange { origin, handset, date } => {
                    self.pin_change_committed(origin, *handset, date, &outcome);
                }
                CommitContext::PinSet { origin, records, date } => {
                    self.pin_set_committed(origin, records, date, &outcome);
                }
                CommitContext::Proved { terminal, generation } => {
                    self.outputs.push_back(Output::Proved { terminal, generation });
                }
                CommitContext::Row { key } => self.row_committed(now, key, outcome),
                CommitContext::Reroute { key } => self.reroute_committed(now, key, outcome),
                CommitContext::Control { ticket, records, pushes } => {
                    self.control_committed(now, ticket, (records, pushes), outcome);
                }
                CommitContext::Resolve { ticket } => self.resolve_committed(now, ticket, outcome),
                CommitContext::Withdraw { ticket } => self.withdraw_committed(ticket, outcome),
            }
        }
    }

    fn sale_committed(
        &mut self,
        now: Moment,
        origin: Origin,
        (key, way): (Key, Way),
        outcome: Outcome,
    ) {
        match outcome {
            Outcome::Done(row) if row.state == State::Intent => {
                self.begin(now, origin, row, way);
            }
            Outcome::Done(row) | Outcome::Duplicate(row) => self.answer(now, origin, row),
            Outcome::Conflict => self.refuse(origin, Answered::Sale, key, ResponseCode::DUPLICATE),
            Outcome::Refused(code) => self.refuse(origin, Answered::Sale, key, code),
            Outcome::NotFound
            | Outcome::Reversed { .. }
            | Outcome::Applied
            | Outcome::Withdrawn(_)
            | Outcome::Rejected(_) => unreachable!("the ledger answers a sale otherwise"),
        }
    }

    /// A top-up's intent is durable: its order may leave.
    fn begin(&mut self, now: Moment, origin: Origin, row: Transaction, way: Way) {
        let key = row.key;
        let pending = self.pend(now, row, Task::FindOut, None, Source::Live);
        let (order, card) = pending.order_first(way);
        self.await_first(key, origin);
        self.outputs.push_back(Output::Provider(order, card));
    }

    fn await_first(&mut self, key: Key, origin: Origin) {
        if let Some(pending) = self.pending.get_mut(&key) {
            let answer_at = pending.await_first(origin, &self.limits);
            self.alarms.at(answer_at, Alarm::Answer(key));
        }
    }

    /// Answers with a row, or has its terminal wait for the outcome of it, so that nothing is
    /// forwarded or reversed twice.
    pub(super) fn answer(&mut self, now: Moment, origin: Origin, row: Transaction) {
        if row.is_answered() {
            return self.reply(origin, Content::Journalled(row));
        }
        let attached = match self.pending.get_mut(&row.key) {
            Some(pending) => pending.attach(now, origin, &self.limits),
            None => None,
        };
        match attached {
            Some(attached) => {
                self.alarms.at(attached.answer_at, Alarm::Answer(row.key));
                for origin in attached.replaced {
                    self.reply(origin, Content::Nothing);
                }
            }
            None => self.reply(origin, Content::InProgress(row)),
        }
    }

    fn confirm_committed(&mut self, now: Moment, origin: Origin, original: Key, outcome: Outcome) {
        match outcome {
            Outcome::Done(row) => {
                let (stan, date) = (original.stan, original.date);
                match confirmed(&row) {
                    ResponseCode::APPROVED => {
                        let at_ms = row.confirmed_ms;
                        self.reply(origin, Content::Confirmed { stan, date, at_ms });
                    }
                    code => self.refuse(origin, Answered::Confirm, original, code),
                }
                if Task::of(&row) == Some(Task::Advise) {
                    self.start_follow_up(now, row, None);
                }
            }
            Outcome::Refused(code) => self.refuse(origin, Answered::Confirm, original, code),
            _ => self.refuse(origin, Answered::Confirm, original, ResponseCode::UNABLE_TO_LOCATE),
        }
    }

    /// An answer was asked for again; `new` is what a request receives that was never answered.
    fn repeat_committed(
        &mut self,
        now: Moment,
        origin: Origin,
        (kind, key): (Answered, Key),
        new: ResponseCode,
        outcome: Outcome,
    ) {
        match outcome {
            Outcome::Duplicate(row) => self.answer(now, origin, row),
            Outcome::NotFound => self.refuse(origin, kind, key, new),
            Outcome::Conflict => self.refuse(origin, kind, key, ResponseCode::DUPLICATE),
            Outcome::Refused(code) => self.refuse(origin, kind, key, code),
            Outcome::Done(_)
            | Outcome::Reversed { .. }
            | Outcome::Applied
            | Outcome::Withdrawn(_)
            | Outcome::Rejected(_) => unreachable!("the ledger answers a repeat otherwise"),
        }
    }

    fn reverse_committed(&mut self, now: Moment, origin: Origin, key: Key, outcome: Outcome) {
        match outcome {
            // Without a number it is not journalled: nothing that a repeat could hear again.
            Outcome::Reversed { reversal, .. } if reversal.seq == 0 => {
                self.refuse(origin, Answered::Reversal, key, reversal.code);
            }
            Outcome::Reversed { reversal, original: Some(original) } if !reversal.is_final() => {
                self.begin_reversal(now, origin, reversal, original);
            }
            Outcome::Reversed { reversal: row, .. } | Outcome::Duplicate(row) => {
                self.answer(now, origin, row);
            }
            Outcome::Conflict => {
                self.refuse(origin, Answered::Reversal, key, ResponseCode::DUPLICATE)
            }
            // Its own key was taken back as if it were a sale.
            Outcome::Refused(code) => self.refuse(origin, Answered::Reversal, key, code),
            Outcome::Done(_)
            | Outcome::NotFound
            | Outcome::Applied
            | Outcome::Withdrawn(_)
            | Outcome::Rejected(_) => unreachable!("the ledger answers a reversal otherwise"),
        }
    }

    /// A terminal's wish is durable: its provider may be asked, or it waits for the outcome.
    fn begin_reversal(
        &mut self,
        now: Moment,
        origin: Origin,
        reversal: Transaction,
        original: Transaction,
    ) {
        let Some(task) = Task::of(&reversal) else {
            return self.answer(now, origin, reversal);
        };
        let key = reversal.key;
        self.pend(now, reversal, task, Some(&original), Source::Live);
        self.await_first(key, origin);
        // The sale now names its reversal: those who wait for it hear no approval.
        if let (Some(pending), Some(task)) =
            (self.pending.get_mut(&original.key), Task::of(&original))
        {
            let staged = pending.staged;
            pending.renew(original, task);
            pending.staged = staged;
        }
        self.act(now, key);
    }

    fn settle_committed(&mut self, origin: Origin, key: Key, outcome: Outcome) {
        match outcome {
            Outcome::Done(row) | Outcome::Duplicate(row) => {
                self.reply(origin, Content::Journalled(row));
            }
            Outcome::Conflict => {
                self.refuse(origin, Answered::Settlement, key, ResponseCode::DUPLICATE)
            }
            Outcome::Refused(code) => self.refuse(origin, Answered::Settlement, key, code),
            Outcome::NotFound
            | Outcome::Reversed { .. }
            | Outcome::Applied
            | Outcome::Withdrawn(_)
            | Outcome::Rejected(_) => unreachable!("the ledger answers a settlement otherwise"),
        }
    }

    /// A finding or an obligation is durable; of one row, or of a sale and its reversal.
    pub(super) fn row_committed(&mut self, now: Moment, key: Key, outcome: Outcome) {
        match outcome {
            Outcome::Done(row) => self.start_follow_up(now, row, None),
            Outcome::Reversed { reversal, original: Some(original) } => {
                self.start_follow_up(now, reversal, Some(&original));
                self.start_follow_up(now, original, None);
            }
            // A bridge spoke of what it was never asked about.
            Outcome::NotFound => assert!(!self.pending.contains_key(&key), "pending, but no row"),
            _ => unreachable!("the ledger answers a finding otherwise"),
        }
    }

    /// A row as the store holds it now: whoever waits for it is answered if it can be, and
    /// what is still to be done about it is begun.
    fn start_follow_up(&mut self, now: Moment, row: Transaction, original: Option<&Transaction>) {
        let (key, task) = (row.key, Task::of(&row));
        if !self.pending.contains_key(&key) {
            return self.refresh_pending(now, row, task, original);
        }
        let Some(task) = task else {
            let pending = self.let_go(now, &key);
            for origin in pending.map(|mut pending| pending.waiters()).unwrap_or_default() {
                let row = row.clone();
                let answered = row.is_answered();
                let content = if answered { Content::Journalled } else { Content::InProgress };
                self.reply(origin, content(row));
            }
            return;
        };
        let Some(pending) = self.pending.get_mut(&key) else { return };
        if let Some(sale) = original {
            pending.learn_reference(sale);
        }
        let other = pending.renew(row, task);
        if other {
            pending.set_expiry(now, self.wall, &self.limits);
            self.act_on_the_last(now, key);
        } else if pending.is_idle() {
            self.ask_later(now, key);
        }
    }

    /// Begins to act on a row that was not pending: approved late, to be advised, or resolved.
    /// Where there is no room left it goes to the operator at once.
    fn refresh_pending(
        &mut self,
        now: Moment,
        row: Transaction,
        task: Option<Task>,
        original: Option<&Transaction>,
    ) {
        let key = row.key;
        match task {
            None | Some(Task::Wait) => {}
            // Of a reversal the original must be known: it comes with every outcome about it.
            Some(_) if row.original.is_some() && original.is_none() => {}
            Some(_) if self.is_crowded() => {
                self.stage_due(key, FollowUp::Operator);
            }
            Some(task) => {
                self.pend(now, row, task, original, Source::Live);
                self.act_on_the_last(now, key);
            }
        }
    }

    /// Acts on a row, unless what this batch still has of it makes it another one: a provider that
    /// reports an approval and its end together needs no order.
    fn act_on_the_last(&mut self, now: Moment, key: Key) {
        let is_its = |context: &CommitContext| matches!(context, CommitContext::Row { key: other } if *other == key);
        if !self.committing.iter().any(is_its) {
            self.act(now, key);
        }
    }

    fn resolve_committed(&mut self, now: Moment, ticket: u64, outcome: Outcome) {
        let result = match outcome {
            Outcome::Rejected(rejections) => Controlled::Rejected(rejections),
            Outcome::Done(Transaction { key, .. })
            | Outcome::Reversed { reversal: Transaction { key, .. }, .. } => {
                self.row_committed(now, key, outcome);
                Controlled::Applied { commands: Vec::new() }
            }
            _ => unreachable!("the ledger answers a verdict otherwise"),
        };
        self.outputs.push_back(Output::Controlled { ticket, result });
    }

    fn withdraw_committed(&mut self, ticket: u64, outcome: Outcome) {
        let result = match outcome {
            Outcome::Withdrawn(count) => Controlled::Withdrawn(count),
            Outcome::Rejected(rejections) => Controlled::Rejected(rejections),
            _ => unreachable!("the ledger answers a withdrawal otherwise"),
        };
        self.outputs.push_back(Output::Controlled { ticket, result });
    }

    fn control_committed(
        &mut self,
        now: Moment,
        ticket: u64,
        (records, pushes): (Vec<RegistryRecord>, Vec<Push>),
        outcome: Outcome,
    ) {
        let result = match outcome {
            Outcome::Applied => {
                for bridge in self.bridges.changed(&records) {
                    self.feed(now, bridge);
                }
                self.outputs.push_back(Output::Changed(records));
                let commands = pushes.iter().map(|push| (push.terminal, push.command)).collect();
                self.outputs.extend(pushes.into_iter().map(Output::Push));
                Controlled::Applied { commands }
            }
            Outcome::Rejected(rejections) => Controlled::Rejected(rejections),
            Outcome::Done(_)
            | Outcome::Duplicate(_)
            | Outcome::Conflict
            | Outcome::Refused(_)
            | Outcome::NotFound
            | Outcome::Withdrawn(_)
            | Outcome::Reversed { .. } => unreachable!("the ledger answers a change otherwise"),
        };
        self.outputs.push_back(Output::Controlled { ticket, result });
    }

    pub(super) fn refuse(&mut self, origin: Origin, kind: Answered, key: Key, code: ResponseCode) {
        let (stan, date) = (key.stan, key.date);
        self.reply(origin, Content::Refused { kind, stan, date, code });
    }
}

/// What the confirmation of a row is answered with: 00 only if it is noted.
fn confirmed(row: &Transaction) -> ResponseCode {
    match row.state {
        _ if !row.kind.is_sale() => ResponseCode::UNABLE_TO_LOCATE,
        State::Approved if row.reversed_by.is_none() => ResponseCode::APPROVED,
        // Its outcome, or that of its reversal, is to come: confirm it then.
        State::Intent | State::Unknown | State::Approved => ResponseCode::IN_PROGRESS,
        State::Declined => ResponseCode::INVALID_TRANSACTION,
        State::Reversed => ResponseCode::REVERSED,
    }
}
