//! Refund: operators give the money of an approved sale back, with four eyes.
//!
//! Of a voucher the issuer must have voided the serial first: its PIN has left. It is also how a
//! sale that was declared approved by mistake is put right. The money is posted back by a reversal
//! on the gateway's business date, under a key of [`TerminalId::OPERATOR`]; the voucher stays sold,
//! and its PIN is not disclosed any more.

use super::Ledger;
use crate::command::{RefundOrder, RefundStep};
use crate::error::Result;
use crate::ids::Key;
use crate::limits::{ACTOR_BYTES_MAX, NOTE_BYTES_MAX};
use crate::outcome::Outcome;
use crate::record::{
    DueFollowUp, FollowUp, Kind, Refund, ReversalRule, SaleTerms, State, Transaction,
};
use crate::rows::ReadRows;
use tillgate_types::{ResponseCode, TerminalId};

impl Ledger {
    /// Takes one step, with one row in the audit log, or refuses it.
    pub(super) fn refund(&mut self, rows: &dyn ReadRows, order: RefundOrder) -> Result<Outcome> {
        let key = order.key;
        let Some(sale) = self.stored(rows, &key)? else {
            return Ok(Outcome::refused(&key, "there is no such transaction"));
        };
        if let Err(why) = check(&sale, &order) {
            return Ok(Outcome::refused(&key, why));
        }
        let RefundOrder { step, at_ms, today, actor, note, .. } = order;
        self.note_time(at_ms);
        let (did, outcome) = match step {
            RefundStep::Propose { reference } => {
                let did = format!("proposed a refund of {key}, void {reference}");
                let (proposer, approver) = (actor.clone(), String::new());
                let refund = Refund { proposer, reference, at_ms, approver };
                (did, self.propose(sale, refund))
            }
            RefundStep::Cancel => {
                let sale = Transaction { refund: None, ..sale };
                self.staged.put(&sale);
                (format!("cancelled the refund of {key}"), Outcome::Done(sale))
            }
            RefundStep::Approve => {
                let outcome = self.approve(rows, sale, today, (at_ms, &actor))?;
                (format!("approved the refund of {key}"), outcome)
            }
        };
        self.write_audit(at_ms, actor, format!("{did}: {note}"));
        Ok(outcome)
    }

    fn propose(&mut self, mut sale: Transaction, refund: Refund) -> Outcome {
        let since_ms = refund.at_ms;
        sale.refund = Some(Box::new(refund));
        if sale.kind.dispenses() {
            self.list_voucher(&mut sale, since_ms);
        } else if sale.due.is_none() {
            sale.due = Some(DueFollowUp { what: FollowUp::Operator, since_ms });
        }
        self.staged.put(&sale);
        Outcome::Done(sale)
    }

    fn approve(
        &mut self,
        rows: &dyn ReadRows,
        mut sale: Transaction,
        today: crate::BusinessDate,
        (at_ms, actor): (u64, &str),
    ) -> Result<Outcome> {
        let terminal = TerminalId::OPERATOR;
        let last = self.tails.highest(rows, terminal, today)?.unwrap_or(0);
        let key = Key { date: today, terminal, stan: last + 1 };
        assert!(self.tails.proves_new(rows, &key)?, "the number after the last is new");
        let mut reversal = Transaction {
            state: State::Approved,
            code: ResponseCode::APPROVED,
            seller: sale.seller,
            service: sale.service,
            product: sale.product,
            amount_minor: sale.amount_minor,
            currency: sale.currency,
            bridge: sale.bridge,
            finished_ms: at_ms,
            original: Some(sale.key),
            reason: Transaction::BY_OPERATOR,
            terms: SaleTerms { distributor: sale.terms.distributor, ..SaleTerms::default() },
            ..Transaction::blank(key, Kind::Reversal, at_ms, today)
        };
        if let Some(refund) = &mut sale.refund {
            actor.clone_into(&mut refund.approver);
        }
        self.unlist_voucher(&mut sale);
        sale.due = None;
        self.post_reversal(&mut reversal, &mut sale);
        self.journal(&mut reversal);
        Ok(Outcome::Reversed { reversal, original: Some(sale) })
    }
}

/// Why a step makes no sense, if so.
fn check(sale: &Transaction, order: &RefundOrder) -> Result<(), &'static str> {
    if order.actor.is_empty() || order.actor.len() > ACTOR_BYTES_MAX {
        return Err("the operator has no name, or one that is too long");
    }
    if order.note.len() > NOTE_BYTES_MAX {
        return Err("the note is too long");
    }
    if !sale.kind.is_sale() || sale.state != State::Approved {
        return Err("only an approved sale can be refunded");
    }
    match (&order.step, &sale.refund) {
        (RefundStep::Propose { .. }, _) if sale.terms.reversal == ReversalRule::Never => {
            Err("sales of its service are final: nobody may take them back")
        }
        (RefundStep::Propose { .. }, _) if sale.reversed_by.is_some() => {
            Err("its terminal is taking it back; wait for the outcome")
        }
        (RefundStep::Propose { .. }, Some(_)) => Err("a refund of it is proposed already"),
        (RefundStep::Propose { reference }, None) if reference.trim().is_empty() => {
            Err("a refund needs the issuer's reference of the void")
        }
        (RefundStep::Propose { .. }, None) => Ok(()),
        (RefundStep::Approve | RefundStep::Cancel, None) => Err("no refund of it is proposed"),
        (RefundStep::Approve, Some(_)) if sale.reversed_by.is_some() => {
            Err("its terminal is taking it back; wait for the outcome")
        }
        (RefundStep::Approve, Some(refund)) if refund.proposer == order.actor => {
            Err("who proposed it cannot approve it; another operator must")
        }
        (RefundStep::Approve | RefundStep::Cancel, Some(_)) => Ok(()),
    }
}
