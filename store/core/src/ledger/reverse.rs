//! Reverse: a terminal takes a sale back, perhaps before the sale came or while its outcome is
//! unknown.
//!
//! | original | reversal |
//! |---|---|
//! | not there | Approved 00; a tombstone keeps the original's place |
//! | not there, older than [`ORIGINAL_DAYS_MAX`] | B1, not journalled |
//! | Declined, Reversed, tombstone | Approved 00, nothing to take back |
//! | Approved, and a PIN has left | Declined 21; not confirmed, it goes on the operator's list |
//! | Approved, and its service's rule forbids it | Declined 21 |
//! | Approved, not confirmed, the rule allows it | Intent 09, due Reversal: the provider must take it back |
//! | Intent or Unknown | Intent 09: waits for the outcome |
//! | another reversal of it is open | 09, not journalled |
//! | confirmed, or itself a reversal or settlement | Declined 21 |
//! | another amount | Declined 30 |
//! | ordered by a handset under the same number | 21, not journalled |
//!
//! What takes nothing back has a row as long as the terminal has room for one: see `refusals`.

use super::Ledger;
use crate::command::Reverse;
use crate::error::Result;
use crate::ids::AccountKind;
use crate::limits::{ORIGINAL_DAYS_MAX, REFUSED_ROWS_MAX};
use crate::outcome::Outcome;
use crate::record::{DueFollowUp, FollowUp, Kind, ReversalRule, State, Transaction};
use crate::rows::ReadRows;
use tillgate_types::ResponseCode;

impl Ledger {
    /// Journals the reversal and does what can be done; see [`Outcome::Reversed`].
    pub(super) fn reverse(&mut self, rows: &dyn ReadRows, reverse: &Reverse) -> Result<Outcome> {
        if let Some(outcome) = self.find_duplicate(rows, &reverse.key, &reverse.digest)? {
            return Ok(outcome);
        }
        let mut reversal = row_of(reverse);
        let foreign = reverse.original.terminal != reverse.key.terminal;
        if foreign || reverse.original == reverse.key {
            reversal.code = ResponseCode::FORMAT_ERROR;
            return Ok(Outcome::Reversed { reversal, original: None });
        }
        let new = self.tails.proves_new(rows, &reverse.original)?;
        let found = if new { None } else { self.stored(rows, &reverse.original)? };
        match found {
            Some(original) if original.is_of_handset() => {
                reversal.code = ResponseCode::NOT_REVERSIBLE;
                Ok(Outcome::Reversed { reversal, original: None })
            }
            Some(original) => self.take_back(rows, reverse, reversal, original),
            None => self.write_tombstone(rows, reversal, reverse),
        }
    }

    fn take_back(
        &mut self,
        rows: &dyn ReadRows,
        reverse: &Reverse,
        mut reversal: Transaction,
        mut original: Transaction,
    ) -> Result<Outcome> {
        reversal.seller = original.seller;
        reversal.terms.distributor = original.terms.distributor;
        reversal.service = original.service;
        reversal.product = original.product;
        reversal.currency = original.currency;
        reversal.code = code_of(reverse, &original);
        if reversal.code == ResponseCode::IN_PROGRESS {
            if original.reversed_by.is_some() {
                return Ok(Outcome::Reversed { reversal, original: Some(original) });
            }
            reversal.state = State::Intent;
            reversal.finished_ms = 0;
            if original.is_final() {
                let (what, since_ms) = (FollowUp::Reversal, reverse.at_ms);
                reversal.due = Some(DueFollowUp { what, since_ms });
            }
            // The wish is as durable as the sale, so that no restart forgets it.
            original.reversed_by = Some(reversal.key);
            self.staged.put(&original);
        } else {
            let fits = reversal.code == ResponseCode::NOT_REVERSIBLE;
            let refundable = original.terms.reversal != ReversalRule::Never;
            if fits && original.tells_pin() && original.confirmed_ms == 0 && refundable {
                self.expose_voucher(&mut original, reverse.at_ms);
            }
            if reversal.code == ResponseCode::APPROVED {
                reversal.state = State::Approved;
            }
            if !self.has_room(rows, reverse)? {
                return Ok(Outcome::Reversed { reversal, original: Some(original) });
            }
        }
        self.note_time(reverse.at_ms);
        self.journal(&mut reversal);
        Ok(Outcome::Reversed { reversal, original: Some(original) })
    }

    /// Whether the terminal may have one more row of a reversal that takes nothing back.
    fn has_room(&mut self, rows: &dyn ReadRows, reverse: &Reverse) -> Result<bool> {
        let (terminal, today) = (reverse.key.terminal, reverse.today);
        self.refusals.take_room(rows, &self.staged, terminal, today, REFUSED_ROWS_MAX)
    }

    /// Posts the original's legs backwards. A voucher does not go back to stock.
    pub(super) fn post_reversal(&mut self, reversal: &mut Transaction, original: &mut Transaction) {
        assert_eq!(original.state, State::Approved, "only what is posted can be posted back");
        reversal.legs = original.legs.clone();
        for leg in &mut reversal.legs {
            leg.amount_minor = -leg.amount_minor;
        }
        self.accounts.post(&reversal.legs);
        let legs = reversal.legs.iter();
        let mut floats = legs.filter(|leg| leg.account.kind == AccountKind::SellerFloat);
        let float = floats.next().map(|leg| self.accounts.find(&leg.account));
        reversal.balance_minor = float.map(|float| float.available());
        original.state = State::Reversed;
        // A proposal has nothing left to give back.
        original.refund.take_if(|refund| refund.approver.is_empty());
        original.code = ResponseCode::REVERSED;
        original.reversed_by = Some(reversal.key);
        self.staged.put(original);
    }

    /// Nothing to reverse: a tombstone keeps the original's place.
    fn write_tombstone(
        &mut self,
        rows: &dyn ReadRows,
        mut reversal: Transaction,
        reverse: &Reverse,
    ) -> Result<Outcome> {
        if reverse.original.date.0.saturating_add(ORIGINAL_DAYS_MAX) < reverse.today.0 {
            reversal.code = ResponseCode::WRONG_DATE;
            return Ok(Outcome::Reversed { reversal, original: None });
        }
        if !self.has_room(rows, reverse)? {
            // What is not remembered is not acknowledged.
            reversal.code = ResponseCode::IN_PROGRESS;
            return Ok(Outcome::Reversed { reversal, original: None });
        }
        self.note_time(reverse.at_ms);
        reversal.state = State::Approved;
        reversal.code = ResponseCode::APPROVED;
        let mut tombstone = Transaction {
            key: reverse.original,
            kind: Kind::Tombstone,
            state: State::Reversed,
            code: ResponseCode::REVERSED,
            digest: [0; 16],
            original: None,
            reversed_by: Some(reverse.key),
            ..reversal.clone()
        };
        self.journal(&mut reversal);
        self.journal(&mut tombstone);
        Ok(Outcome::Reversed { reversal, original: Some(tombstone) })
    }
}

/// What the reversal of `original` comes to.
fn code_of(reverse: &Reverse, original: &Transaction) -> ResponseCode {
    let code = match (original.kind, original.state) {
        // Taken back before it came, whatever it would have been.
        (Kind::Tombstone, _) => return ResponseCode::APPROVED,
        (Kind::Reversal | Kind::Settlement, _) => return ResponseCode::NOT_REVERSIBLE,
        (_, State::Intent | State::Unknown) => ResponseCode::IN_PROGRESS,
        (_, State::Declined | State::Reversed) => ResponseCode::APPROVED,
        (_, State::Approved) if original.confirmed_ms > 0 => ResponseCode::NOT_REVERSIBLE,
        (_, State::Approved) if original.is_reversible(reverse.at_ms) => ResponseCode::IN_PROGRESS,
        (_, State::Approved) => ResponseCode::NOT_REVERSIBLE,
    };
    if reverse.amount_minor == original.amount_minor { code } else { ResponseCode::FORMAT_ERROR }
}

/// The row of a reversal that was not granted.
fn row_of(reverse: &Reverse) -> Transaction {
    Transaction {
        state: State::Declined,
        digest: reverse.digest.values,
        amount_minor: reverse.amount_minor,
        code: ResponseCode::NOT_REVERSIBLE,
        finished_ms: reverse.at_ms,
        original: Some(reverse.original),
        reason: reverse.reason.min(Transaction::BY_OPERATOR - 1),
        ..Transaction::blank(reverse.key, Kind::Reversal, reverse.at_ms, reverse.today)
    }
}
