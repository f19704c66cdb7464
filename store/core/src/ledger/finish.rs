//! Finish: what a bridge found out. Due: who has to act instead. Confirm: the receipt is printed.

use super::Ledger;
use super::audit::GATEWAY;
use super::step::{self, Ending, Step};
use crate::command::{Advice, Confirm, Finish, ProviderOutcome};
use crate::error::{Result, StoreError};
use crate::ids::{AccountId, Key, Text};
use crate::limits::REFERENCE_BYTES_MAX;
use crate::outcome::Outcome;
use crate::record::{DueFollowUp, FollowUp, Fulfilment, Kind, Record, State, Transaction, held};
use crate::rows::ReadRows;
use tillgate_types::ResponseCode;

impl Ledger {
    /// Posts, releases or keeps money as the finding says; what it does not fit is left as it is.
    pub(super) fn finish(&mut self, rows: &dyn ReadRows, finish: &Finish) -> Result<Outcome> {
        let Some(row) = self.stored(rows, &finish.key)? else {
            return Ok(Outcome::NotFound);
        };
        match row.kind {
            Kind::Sale(Fulfilment::Provider) if row.tried.contains(&finish.by) => {
                self.hear_former(row, finish)
            }
            Kind::Sale(Fulfilment::Provider) => {
                let step = step::of_finding(&row, &finish.result);
                let row = with_chip(row, step, &finish.result);
                self.carry_out(rows, row, step, finish.at_ms)
            }
            Kind::Reversal => {
                if step::is_contradicted(&row, &finish.result) {
                    return self.contradict_reversal(rows, row, finish.at_ms);
                }
                let ending = step::ending_of_finding(&row, &finish.result);
                self.end(rows, row, ending, finish.at_ms)
            }
            Kind::Sale(Fulfilment::Stock) | Kind::Tombstone | Kind::Settlement => {
                Ok(Outcome::Done(row))
            }
        }
    }

    /// A bridge that nothing was sent to, and that the sale went on from, speaks of it. What it says
    /// decides nothing; that it carried the sale out as well is for a person.
    fn hear_former(&mut self, mut row: Transaction, finish: &Finish) -> Result<Outcome> {
        if let ProviderOutcome::Approved { reference, .. } = &finish.result
            && !row.is_claimed()
        {
            self.note_time(finish.at_ms);
            let what = "a bridge that nothing was sent to says that it carried out";
            let name = if reference.is_empty() { UNNAMED } else { reference };
            let mut note = format!("{what} {} as {name}, which went on", row.key);
            // What the sale's own bridge is to take back goes on, and so does its reference.
            if row.owes() != Some(FollowUp::Reversal) {
                if let Some(due) = row.due.filter(|due| due.what != FollowUp::Operator) {
                    note = format!("{note}; due was {}", due.what.label());
                }
                let since_ms = finish.at_ms;
                let listed = row.due.filter(|due| due.what == FollowUp::Operator);
                row.due = listed.or(Some(DueFollowUp { what: FollowUp::Operator, since_ms }));
                if row.other_reference.is_empty() {
                    row.other_reference.push_str(name);
                }
                mark_unknown(&mut row);
                self.staged.put(&row);
            }
            self.write_audit(finish.at_ms, GATEWAY.to_owned(), note);
        }
        Ok(Outcome::Done(row))
    }

    /// Notes who has to act from now on.
    pub(super) fn mark_follow_up(
        &mut self,
        rows: &dyn ReadRows,
        key: &Key,
        what: FollowUp,
        at_ms: u64,
    ) -> Result<Outcome> {
        let Some(row) = self.stored(rows, key)? else {
            return Ok(Outcome::NotFound);
        };
        let step = step::of_due(&row, what);
        self.carry_out(rows, row, step, at_ms)
    }

    /// Notes the time of the first confirmation of an approved sale that nobody takes back.
    pub(super) fn confirm(&mut self, rows: &dyn ReadRows, confirm: &Confirm) -> Result<Outcome> {
        let found = self.stored(rows, &confirm.original)?;
        let Some(mut sale) = found.filter(|sale| confirm.asker.counts(sale)) else {
            return Ok(Outcome::NotFound);
        };
        if confirm
            .amount_minor
            .is_some_and(|minor| sale.kind.is_sale() && minor != sale.amount_minor)
        {
            return Ok(Outcome::Refused(ResponseCode::INVALID_AMOUNT));
        }
        let stands = sale.state == State::Approved && sale.reversed_by.is_none();
        if sale.kind.is_sale() && stands && sale.confirmed_ms == 0 {
            self.note_time(confirm.at_ms);
            // Zero stands for "not confirmed".
            sale.confirmed_ms = confirm.at_ms.max(1);
            if sale.refund.is_none() {
                // It was printed after all: its PIN was sold.
                self.unlist_voucher(&mut sale);
            }
            let free = sale.due.is_none();
            if sale.kind.has_provider() && confirm.advice == Advice::Owed && free {
                sale.due = Some(DueFollowUp { what: FollowUp::Advice, since_ms: confirm.at_ms });
            }
            self.staged.put(&sale);
        }
        Ok(Outcome::Done(sale))
    }

    /// Takes a step with a row; once a sale's outcome is known, the reversal that a terminal
    /// asked for in the meantime goes on.
    pub(super) fn carry_out(
        &mut self,
        rows: &dyn ReadRows,
        mut row: Transaction,
        step: Step,
        at_ms: u64,
    ) -> Result<Outcome> {
        match step {
            Step::Stay => return Ok(Outcome::Done(row)),
            Step::Approve { reference } => {
                let float = self.release(&row);
                self.accounts.post(&row.legs);
                row.state = State::Approved;
                row.code = ResponseCode::APPROVED;
                row.provider_reference = reference;
                self.close(&mut row, float, at_ms);
            }
            Step::Decline { code, reference } => {
                let float = self.release(&row);
                self.windows.uncount(&row);
                row.legs.clear();
                row.state = State::Declined;
                row.code = code;
                row.provider_reference = reference;
                self.close(&mut row, float, at_ms);
            }
            Step::Silence => mark_unknown(&mut row),
            Step::Owe(what) => {
                row.due = Some(DueFollowUp { what, since_ms: at_ms });
                if row.kind.is_sale() && !row.is_final() {
                    mark_unknown(&mut row);
                    if what == FollowUp::Reversal {
                        row.code = ResponseCode::REVERSED;
                    }
                }
            }
            Step::Clear if row.kind.dispenses() => self.unlist_voucher(&mut row),
            // A proposed refund waits for an operator also when nothing else is owed any more.
            Step::Clear => {
                let proposed = row.refund.as_ref().is_some_and(|refund| refund.approver.is_empty());
                let due = row.due.take().filter(|_| proposed);
                row.due = due.map(|due| DueFollowUp { what: FollowUp::Operator, ..due });
            }
            Step::Undo { reference } => {
                row.due = Some(DueFollowUp { what: FollowUp::Reversal, since_ms: at_ms });
                // The answer that the terminal has keeps the first one.
                if reference != row.provider_reference {
                    row.other_reference = reference;
                }
            }
            Step::Contradict { reference } => self.contradict(&mut row, &reference, at_ms),
        }
        self.note_time(at_ms);
        let settled = matches!(step, Step::Approve { .. } | Step::Decline { .. });
        let reversal = if settled { self.resume_reversal(rows, &mut row, at_ms)? } else { None };
        self.staged.put(&row);
        Ok(match reversal {
            Some(reversal) => Outcome::Reversed { reversal, original: Some(row) },
            None => Outcome::Done(row),
        })
    }

    /// A sale's outcome is known: the reversal that waited for it is either done, because there
    /// is nothing to take back, or owed by the provider.
    fn resume_reversal(
        &mut self,
        rows: &dyn ReadRows,
        sale: &mut Transaction,
        at_ms: u64,
    ) -> Result<Option<Transaction>> {
        let Some(key) = sale.reversed_by else {
            return Ok(None);
        };
        let mut reversal = self.partner(rows, &key)?;
        if sale.state == State::Approved && sale.is_reversible(reversal.at_ms) {
            reversal.due = Some(DueFollowUp { what: FollowUp::Reversal, since_ms: at_ms });
        } else if sale.state == State::Approved {
            reversal.state = State::Declined;
            reversal.code = ResponseCode::NOT_REVERSIBLE;
            reversal.finished_ms = at_ms;
            sale.reversed_by = None;
        } else {
            reversal.state = State::Approved;
            reversal.code = ResponseCode::APPROVED;
            reversal.finished_ms = at_ms;
            sale.reversed_by = None;
        }
        self.staged.put(&reversal);
        Ok(Some(reversal))
    }

    /// Ends a terminal's reversal, one way or the other.
    pub(super) fn end(
        &mut self,
        rows: &dyn ReadRows,
        mut reversal: Transaction,
        ending: Ending,
        at_ms: u64,
    ) -> Result<Outcome> {
        let (Some(key), true) = (reversal.original, ending != Ending::Stay) else {
            return Ok(Outcome::Done(reversal));
        };
        self.note_time(at_ms);
        let mut original = self.partner(rows, &key)?;
        reversal.due = None;
        reversal.finished_ms = at_ms;
        if ending == Ending::Reversed {
            reversal.state = State::Approved;
            reversal.code = ResponseCode::APPROVED;
            self.post_reversal(&mut reversal, &mut original);
        } else {
            reversal.state = State::Declined;
            reversal.code = ResponseCode::NOT_REVERSIBLE;
            original.reversed_by = None;
            self.staged.put(&original);
        }
        self.staged.put(&reversal);
        Ok(Outcome::Reversed { reversal, original: Some(original) })
    }

    /// The provider says otherwise than what is booked, or gives another reference: the sale is put
    /// before the operator, once until somebody has looked into it. What is booked stays.
    fn contradict(
        &mut self,
        sale: &mut Transaction,
        reference: &Text<REFERENCE_BYTES_MAX>,
        at_ms: u64,
    ) {
        if sale.owes() != Some(FollowUp::Operator) {
            sale.due = Some(DueFollowUp { what: FollowUp::Operator, since_ms: at_ms });
        }
        let mut note = format!("the provider contradicts {}, booked as {:?}", sale.key, sale.state);
        if sale.is_renamed(reference) {
            sale.other_reference = *reference;
            let (first, other) = (&sale.provider_reference, &sale.other_reference);
            note = format!("{note}: its reference is {first}, and then {other}");
        }
        self.write_audit(at_ms, GATEWAY.to_owned(), note);
    }

    /// As [`Ledger::contradict`], of a reversal that ended otherwise.
    fn contradict_reversal(
        &mut self,
        rows: &dyn ReadRows,
        reversal: Transaction,
        at_ms: u64,
    ) -> Result<Outcome> {
        let Some(key) = reversal.original else {
            return Ok(Outcome::Done(reversal));
        };
        let mut sale = self.partner(rows, &key)?;
        if sale.kind.has_provider() && sale.due.is_none() && sale.is_answered() {
            self.note_time(at_ms);
            self.contradict(&mut sale, &Text::new(), at_ms);
            self.staged.put(&sale);
        }
        Ok(Outcome::Reversed { reversal, original: Some(sale) })
    }

    /// A transaction as it is now, with what the batch did to it.
    pub(super) fn stored(&mut self, rows: &dyn ReadRows, key: &Key) -> Result<Option<Transaction>> {
        Ok(self.staged.find(rows, key, &mut self.buffer)?.cloned())
    }

    /// The other one of a sale and its reversal, which name each other.
    fn partner(&mut self, rows: &dyn ReadRows, key: &Key) -> Result<Transaction> {
        let what = "a reversal or its original names it, but it is not there";
        let missing = || StoreError::damaged(Transaction::FAMILY, &key.to_bytes(), what);
        self.stored(rows, key)?.ok_or_else(missing)
    }

    fn close(&mut self, sale: &mut Transaction, float: AccountId, at_ms: u64) {
        // Whether it was carried out twice stays a person's question, whatever its outcome is.
        sale.due = sale.due.filter(|_| sale.is_claimed());
        sale.finished_ms = at_ms;
        sale.balance_minor = Some(self.accounts.find(&float).available());
    }

    /// Gives an open sale's reserved money back; its float account.
    fn release(&mut self, sale: &Transaction) -> AccountId {
        if let Some(leg) = held(&sale.legs) {
            self.accounts.release(leg.account, -leg.amount_minor);
        }
        AccountId::float(sale.seller, sale.currency)
    }
}

/// What the chip receives belongs to the outcome that decides: a repeat receives the same.
fn with_chip(row: Transaction, step: Step, result: &ProviderOutcome) -> Transaction {
    match (step, result) {
        (
            Step::Approve { .. } | Step::Decline { .. },
            ProviderOutcome::Approved { chip, .. } | ProviderOutcome::Declined { chip, .. },
        ) => Transaction { chip: chip.clone(), ..row },
        _ => row,
    }
}

/// Stands for the reference of a former bridge that gave none.
const UNNAMED: &str = "unnamed";

fn mark_unknown(sale: &mut Transaction) {
    if sale.state == State::Intent {
        sale.state = State::Unknown;
        sale.code = ResponseCode::LATE_RESPONSE;
    }
}
