//! Transfer: a seller gives float to another one, at once or not at all.

use super::Ledger;
use crate::command::Transfer;
use crate::error::Result;
use crate::ids::AccountId;
use crate::limits::REFUSED_ROWS_MAX;
use crate::outcome::Outcome;
use crate::record::{Kind, Leg, Legs, SaleTerms, State, Transaction};
use crate::rows::ReadRows;
use tillgate_types::ResponseCode;

impl Ledger {
    /// New, journalled and answered; or what an earlier request left at its key.
    pub(super) fn transfer(&mut self, rows: &dyn ReadRows, transfer: &Transfer) -> Result<Outcome> {
        let Transfer { key, amount_minor, currency, .. } = *transfer;
        if let Some(outcome) = self.find_duplicate(rows, &key, &transfer.digest)? {
            return Ok(outcome);
        }
        self.note_time(transfer.at_ms);
        let from = AccountId::float(transfer.from, currency);
        let covered = self.accounts.find(&from).available() >= amount_minor;
        let code = match transfer.verdict {
            ResponseCode::APPROVED if !covered => ResponseCode::INSUFFICIENT_FLOAT,
            verdict => verdict,
        };
        let mut row = Transaction {
            digest: transfer.digest.values,
            seller: transfer.from,
            amount_minor: amount_minor.unsigned_abs(),
            currency,
            code,
            finished_ms: transfer.at_ms,
            terms: SaleTerms { distributor: transfer.distributor, ..SaleTerms::default() },
            ..Transaction::blank(key, Kind::Transfer, transfer.at_ms, key.date)
        };
        if code.is_approved() {
            let to = AccountId::float(transfer.to, currency);
            row.legs = [(from, -amount_minor), (to, amount_minor)]
                .map(|(account, amount_minor)| Leg { account, amount_minor })
                .into_iter()
                .collect::<Legs>();
            self.accounts.post(&row.legs);
            row.state = State::Approved;
        } else {
            let (terminal, most) = (key.terminal, REFUSED_ROWS_MAX);
            if !self.refusals.take_room(rows, &self.staged, terminal, key.date, most)? {
                return Ok(Outcome::Refused(code));
            }
            row.state = State::Declined;
        }
        row.balance_minor = Some(self.accounts.find(&from).available());
        self.journal(&mut row);
        Ok(Outcome::Done(row))
    }
}
