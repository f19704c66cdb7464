//! Reverse: a terminal takes a sale back, perhaps before the sale came or while nobody knows what
//! becomes of it.
//!
//! | original | reversal |
//! |---|---|
//! | not there | Approved 00; a tombstone keeps the original's place |
//! | Declined, Reversed, tombstone | Approved 00, nothing to take back |
//! | voucher Approved, not confirmed | Approved 00 at once, the legs turned round |
//! | top-up Approved, not confirmed | Intent 09, due Reversal: the provider must take it back |
//! | top-up Intent or Unknown | Intent 09: waits for the outcome |
//! | another reversal of it is open | 09, not journalled |
//! | confirmed, or itself a reversal or settlement | Declined 21 |
//! | another amount | Declined 30 |

use super::Ledger;
use crate::command::Reverse;
use crate::error::StoreError;
use crate::ids::{AccountKind, Code, Text};
use crate::outcome::Outcome;
use crate::record::{Due, Kind, Legs, Obligation, State, Transaction};
use crate::rows::Rows;

impl Ledger {
    /// Journals the reversal and does what can be done; see [`Outcome::Reversed`].
    pub(super) fn reverse(
        &mut self,
        rows: &dyn Rows,
        reverse: &Reverse,
    ) -> Result<Outcome, StoreError> {
        if let Some(outcome) = self.met(rows, &reverse.key, &reverse.digest)? {
            return Ok(outcome);
        }
        let mut reversal = row_of(reverse);
        let foreign = reverse.original.terminal != reverse.key.terminal;
        if foreign || reverse.original == reverse.key {
            reversal.code = Code::FORMAT_ERROR;
            return Ok(Outcome::Reversed { reversal, original: None });
        }
        let new = self.tails.proves_new(rows, &reverse.original)?;
        let found = if new {
            None
        } else {
            self.staged.find(rows, &reverse.original, &mut self.buffer)?.cloned()
        };
        self.note_time(reverse.at_ms);
        Ok(match found {
            Some(original) => self.take_back(reverse, reversal, original),
            None => self.bury(reversal, reverse),
        })
    }

    fn take_back(
        &mut self,
        reverse: &Reverse,
        mut reversal: Transaction,
        mut original: Transaction,
    ) -> Outcome {
        reversal.seller = original.seller;
        reversal.service = original.service;
        reversal.product = original.product;
        reversal.currency = original.currency;
        reversal.code = code_of(reverse, &original);
        if reversal.code == Code::IN_PROGRESS {
            if original.reversed_by.is_some() {
                return Outcome::Reversed { reversal, original: Some(original) };
            }
            reversal.state = State::Intent;
            reversal.finished_ms = 0;
            if original.is_final() {
                let (what, since_ms) = (Obligation::Reversal, reverse.at_ms);
                reversal.due = Some(Due { what, since_ms });
            }
            // The wish is as durable as the sale, so that no restart forgets it.
            original.reversed_by = Some(reversal.key);
            self.staged.put(&original);
        } else if reversal.code == Code::APPROVED {
            reversal.state = State::Approved;
            if original.state == State::Approved {
                self.turn_round(&mut reversal, &mut original);
            }
        }
        self.journal(&mut reversal);
        Outcome::Reversed { reversal, original: Some(original) }
    }

    /// Posts the original's legs backwards. Its voucher does not go back to stock: its PIN may
    /// have been seen.
    pub(super) fn turn_round(&mut self, reversal: &mut Transaction, original: &mut Transaction) {
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
        original.code = Code::REVERSED;
        original.reversed_by = Some(reversal.key);
        self.staged.put(original);
    }

    /// Nothing to reverse: a tombstone keeps the original's place.
    fn bury(&mut self, mut reversal: Transaction, reverse: &Reverse) -> Outcome {
        reversal.state = State::Approved;
        reversal.code = Code::APPROVED;
        let mut tombstone = Transaction {
            key: reverse.original,
            kind: Kind::Tombstone,
            state: State::Reversed,
            code: Code::REVERSED,
            digest: [0; 16],
            original: None,
            reversed_by: Some(reverse.key),
            ..reversal.clone()
        };
        self.journal(&mut reversal);
        self.journal(&mut tombstone);
        Outcome::Reversed { reversal, original: Some(tombstone) }
    }
}

/// What the reversal of `original` comes to.
fn code_of(reverse: &Reverse, original: &Transaction) -> Code {
    let code = match (original.kind, original.state) {
        // Taken back before it came, whatever it would have been.
        (Kind::Tombstone, _) => return Code::APPROVED,
        (Kind::Reversal | Kind::Settlement, _) => return Code::NOT_REVERSIBLE,
        (_, State::Intent | State::Unknown) => Code::IN_PROGRESS,
        (_, State::Declined | State::Reversed) => Code::APPROVED,
        (_, State::Approved) if original.confirmed_ms > 0 => Code::NOT_REVERSIBLE,
        (Kind::Voucher, State::Approved) => Code::APPROVED,
        (Kind::TopUp, State::Approved) => Code::IN_PROGRESS,
    };
    if reverse.amount_minor == original.amount_minor { code } else { Code::FORMAT_ERROR }
}

/// The row of a reversal that was not granted.
fn row_of(reverse: &Reverse) -> Transaction {
    Transaction {
        key: reverse.key,
        seq: 0,
        kind: Kind::Reversal,
        state: State::Declined,
        digest: reverse.digest.values,
        seller: Default::default(),
        service: Default::default(),
        product: Default::default(),
        amount_minor: reverse.amount_minor,
        currency: 0,
        subscriber: Text::new(),
        code: Code::NOT_REVERSIBLE,
        at_ms: reverse.at_ms,
        finished_ms: reverse.at_ms,
        provider_reference: Text::new(),
        balance_minor: None,
        voucher: None,
        legs: Legs::new(),
        confirmed_ms: 0,
        original: Some(reverse.original),
        reversed_by: None,
        bridge: Default::default(),
        due: None,
        settlement: None,
    }
}
