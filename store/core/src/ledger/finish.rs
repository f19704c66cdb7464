//! Finish: what a bridge found out about an open sale. Confirm: the receipt is printed.

use super::Ledger;
use crate::command::{Confirm, Finding, Finish};
use crate::error::StoreError;
use crate::ids::{AccountId, Code};
use crate::outcome::Outcome;
use crate::record::{State, Transaction};
use crate::rows::Rows;

impl Ledger {
    /// Posts, releases or keeps an open sale's money; a final one is left as it is.
    pub(super) fn finish(
        &mut self,
        rows: &dyn Rows,
        finish: &Finish,
    ) -> Result<Outcome, StoreError> {
        let found = self.staged.find(rows, &finish.key, &mut self.buffer)?;
        let Some(mut sale) = found.cloned() else {
            return Ok(Outcome::NotFound);
        };
        let silent = finish.result == Finding::Unknown && sale.state == State::Unknown;
        if sale.is_final() || silent {
            return Ok(Outcome::Done(sale));
        }
        self.note_time(finish.at_ms);
        match &finish.result {
            Finding::Approved { reference } => {
                let float = self.release(&sale);
                self.accounts.post(&sale.legs);
                sale.state = State::Approved;
                sale.code = Code::APPROVED;
                sale.provider_reference = *reference;
                self.close(&mut sale, float, finish.at_ms);
            }
            Finding::Declined { code, reference } => {
                sale.provider_reference = *reference;
                self.decline(&mut sale, *code, finish.at_ms);
            }
            Finding::NotSent { code } => self.decline(&mut sale, *code, finish.at_ms),
            Finding::Unknown => {
                sale.state = State::Unknown;
                sale.code = Code::LATE_RESPONSE;
            }
        }
        self.staged.put(&sale);
        Ok(Outcome::Done(sale))
    }

    /// Notes the time of the first confirmation of an approved sale.
    pub(super) fn confirm(
        &mut self,
        rows: &dyn Rows,
        confirm: &Confirm,
    ) -> Result<Outcome, StoreError> {
        let found = self.staged.find(rows, &confirm.original, &mut self.buffer)?;
        let Some(mut sale) = found.cloned() else {
            return Ok(Outcome::NotFound);
        };
        if sale.kind.is_sale() && sale.state == State::Approved && sale.confirmed_ms == 0 {
            self.note_time(confirm.at_ms);
            // Zero stands for "not confirmed".
            sale.confirmed_ms = confirm.at_ms.max(1);
            self.staged.put(&sale);
        }
        Ok(Outcome::Done(sale))
    }

    fn decline(&mut self, sale: &mut Transaction, code: Code, at_ms: u64) {
        let float = self.release(sale);
        self.windows.uncount(sale);
        sale.legs.clear();
        sale.state = State::Declined;
        sale.code = code;
        self.close(sale, float, at_ms);
    }

    fn close(&mut self, sale: &mut Transaction, float: AccountId, at_ms: u64) {
        sale.finished_ms = at_ms;
        sale.balance_minor = Some(self.accounts.find(&float).available());
    }

    /// Gives an open sale's reserved money back; its float account.
    fn release(&mut self, sale: &Transaction) -> AccountId {
        let leg = sale.legs.first().expect("an open sale has legs");
        self.accounts.release(leg.account, -leg.amount_minor);
        leg.account
    }
}
