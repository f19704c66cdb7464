//! Handsets: whether the PIN that was entered counts, and changes of it by its holder.

use tillgate_store_core::{
    Asker, BusinessDate, Command, Handset, Outcome, PinTry, RegistryRecord, ResponseCode, SetPin,
    Store,
};

use super::commit::CommitContext;
use super::{Content, Origin, Output, TransactionManager};

impl TransactionManager {
    /// What the terminal is welcomed with if the PIN counts is found out first.
    pub(super) fn on_pin_logon<S: Store>(
        &mut self,
        origin: Origin,
        entered: PinTry,
        (code, date): (ResponseCode, BusinessDate),
        store: &S,
    ) {
        let (code, stan_last) = match store.last_stan(origin.terminal, date, Asker::Handset) {
            Ok(stan_last) => (code, stan_last),
            Err(_) => (ResponseCode::MALFUNCTION, 0),
        };
        let context = CommitContext::PinLogon { origin, code, date, stan_last };
        self.push_staged(Command::PinTry(entered), context);
    }

    pub(super) fn pin_logon_committed(
        &mut self,
        origin: Origin,
        (code, date, stan_last): (ResponseCode, BusinessDate, u32),
        outcome: &Outcome,
    ) {
        match pin_code(outcome) {
            ResponseCode::APPROVED => {
                self.reply(origin, Content::Welcome { code, date, stan_last });
            }
            code => self.reply(origin, Content::Welcome { code, date, stan_last: 0 }),
        }
    }

    /// The PIN of now was entered; if it counts, the new one takes its place.
    pub(super) fn pin_change_committed(
        &mut self,
        origin: Origin,
        handset: Handset,
        date: BusinessDate,
        outcome: &Outcome,
    ) {
        match pin_code(outcome) {
            ResponseCode::APPROVED => {
                let records = vec![RegistryRecord::Handset(handset.clone())];
                let set = SetPin { handset, at_ms: self.wall.0 };
                let context = CommitContext::PinSet { origin, records, date };
                self.push_staged(Command::SetPin(set), context);
            }
            code => self.reply(origin, Content::Welcome { code, date, stan_last: 0 }),
        }
    }

    pub(super) fn pin_set_committed(
        &mut self,
        origin: Origin,
        records: Vec<RegistryRecord>,
        date: BusinessDate,
        outcome: &Outcome,
    ) {
        let code = match outcome {
            Outcome::Applied => {
                self.outputs.push_back(Output::Changed(records));
                ResponseCode::APPROVED
            }
            Outcome::Refused(code) => *code,
            // An operator was faster: it is logged on to again.
            _ => ResponseCode::INCORRECT_PIN,
        };
        self.reply(origin, Content::Welcome { code, date, stan_last: 0 });
    }
}

fn pin_code(outcome: &Outcome) -> ResponseCode {
    match outcome {
        Outcome::Applied => ResponseCode::APPROVED,
        Outcome::Refused(code) => *code,
        _ => unreachable!("the ledger answers a PIN otherwise"),
    }
}
