//! Begin: a verified request to sell, granted or declined, once.

use super::Ledger;
use super::repeat::Telling;
use super::stock::Claim;
use crate::command::{Begin, ContentDigest, VerificationResult};
use crate::error::Result;
use crate::ids::{AccountId, AccountKind, Key};
use crate::limits::REFUSED_ROWS_MAX;
use crate::outcome::Outcome;
use crate::record::{Dispensed, Kind, Legs, State, Transaction, Velocity, held};
use crate::rows::ReadRows;
use tillgate_types::{BusinessDate, ResponseCode};

impl Ledger {
    /// New, journalled and answered; or what an earlier request left at its key.
    pub(super) fn begin(&mut self, rows: &dyn ReadRows, begin: Begin) -> Result<Outcome> {
        assert!(begin.kind.is_sale(), "only a sale can begin");
        match self.find_duplicate(rows, &begin.key, &begin.digest)? {
            Some(Outcome::Duplicate(row)) => return self.tell(rows, row, telling(&begin)),
            Some(outcome) => return Ok(outcome),
            None => {}
        }
        self.note_time(begin.at_ms);
        let mut sale = row_of(&begin);
        let granted = match begin.verdict {
            VerificationResult::Refused(code) => Err(code),
            VerificationResult::Accepted { legs, velocity, least_days } => {
                check_legs(&sale, &legs);
                let float = AccountId::float(sale.seller, sale.currency);
                let granted = self.grant(rows, &mut sale, (float, legs), (velocity, least_days))?;
                sale.balance_minor = Some(self.accounts.find(&float).available());
                granted
            }
        };
        if let Err(code) = granted {
            let (terminal, today) = (begin.key.terminal, begin.today);
            let most = REFUSED_ROWS_MAX;
            if !self.refusals.take_room(rows, &self.staged, terminal, today, most)? {
                return Ok(Outcome::Refused(code));
            }
            sale.state = State::Declined;
            sale.code = code;
            sale.finished_ms = sale.at_ms;
        }
        self.journal(&mut sale);
        Ok(Outcome::Done(sale))
    }

    /// What is at the key of a request already; `None`: nothing, it is new.
    pub(super) fn find_duplicate(
        &mut self,
        rows: &dyn ReadRows,
        key: &Key,
        digest: &ContentDigest,
    ) -> Result<Option<Outcome>> {
        if self.tails.proves_new(rows, key)? {
            return Ok(None);
        }
        let Some(row) = self.staged.find(rows, key, &mut self.buffer)? else {
            return Ok(None);
        };
        Ok(Some(if row.kind == Kind::Tombstone {
            Outcome::Refused(ResponseCode::REVERSED)
        } else if !digest.is_of(&row.digest) {
            Outcome::Conflict
        } else if row.state == State::Reversed {
            Outcome::Refused(ResponseCode::REVERSED)
        } else {
            Outcome::Duplicate(row.clone())
        }))
    }

    /// Gives a new row its number and takes it into the batch.
    pub(super) fn journal(&mut self, row: &mut Transaction) {
        row.seq = self.next_seq();
        self.tails.note(row);
        self.staged.put(row);
    }

    /// Velocity, float, stock, in this order; moves the money if all allow.
    fn grant(
        &mut self,
        rows: &dyn ReadRows,
        sale: &mut Transaction,
        (float, legs): (AccountId, Legs),
        (velocity, least_days): (Velocity, u16),
    ) -> Result<Result<(), ResponseCode>> {
        if !self.windows.allow(rows, &self.staged, sale, velocity)? {
            return Ok(Err(ResponseCode::VELOCITY_LIMIT));
        }
        let held_minor = held(&legs).map_or(0, |leg| -leg.amount_minor);
        if held_minor > 0 && self.accounts.find(&float).available() < held_minor {
            return Ok(Err(ResponseCode::INSUFFICIENT_FLOAT));
        }
        if sale.kind.dispenses() {
            let product = (sale.service, sale.product);
            let keks = self.keks.as_deref();
            let until = BusinessDate(sale.day.0.saturating_add(least_days));
            let voucher = match self.stock.claim(rows, &mut self.set, product, until, keks)? {
                Claim::Taken(voucher) => voucher,
                Claim::OutOfStock => return Ok(Err(ResponseCode::OUT_OF_STOCK)),
                Claim::Unopenable => return Ok(Err(ResponseCode::MALFUNCTION)),
            };
            let (serial, expiry, pin) = (voucher.serial, voucher.expiry, voucher.pin);
            self.levels.sell((sale.service, sale.product), expiry);
            sale.voucher = Some(Dispensed { serial, expiry, pin });
            sale.state = State::Approved;
            sale.code = ResponseCode::APPROVED;
            sale.finished_ms = sale.at_ms;
            self.accounts.post(&legs);
        } else if held_minor > 0 {
            self.accounts.reserve(float, held_minor);
        }
        self.windows.count(sale);
        sale.legs = legs;
        Ok(Ok(()))
    }
}

/// What a repeated request learns about a voucher's PIN.
fn telling(begin: &Begin) -> Telling {
    let standing = match begin.verdict {
        VerificationResult::Refused(code) if code.is_inactive() => code,
        VerificationResult::Refused(_) | VerificationResult::Accepted { .. } => {
            ResponseCode::APPROVED
        }
    };
    Telling { at_ms: begin.at_ms, standing, pins_from: BusinessDate(0) }
}

/// # Panics
/// If they are not the legs of this sale: what is posted must be what was asked for.
fn check_legs(sale: &Transaction, legs: &Legs) {
    let sum: i64 = legs.iter().map(|leg| leg.amount_minor).sum();
    assert_eq!(sum, 0, "the legs of {} do not sum to zero", sale.key);
    let mut currencies = legs.iter().map(|leg| leg.account.currency);
    assert!(currencies.all(|currency| currency == sale.currency), "one sale, one currency");
    let payer = legs.first().expect("an accepted sale has legs");
    // Where nobody's float is debited, what is charged is part of the amount.
    let paid = if held(legs).is_some() { sale.total_minor() } else { sale.amount_minor };
    assert_eq!(i64::try_from(paid), Ok(-payer.amount_minor), "the amount is paid");
    let mut floats = legs.iter().filter(|leg| leg.account.kind == AccountKind::SellerFloat);
    assert!(
        floats.all(|leg| leg.account.owner == sale.seller.0 && leg == payer),
        "the only float is the seller's own, and pays"
    );
}

/// The row of a request, as an intent that nothing was done for.
pub(super) fn row_of(begin: &Begin) -> Transaction {
    Transaction {
        digest: begin.digest.values,
        seller: begin.seller,
        service: begin.service,
        product: begin.product,
        amount_minor: begin.amount_minor,
        currency: begin.currency,
        subscriber: begin.subscriber,
        bridge: begin.bridge,
        terms: begin.terms,
        ..Transaction::blank(begin.key, begin.kind, begin.at_ms, begin.today)
    }
}
