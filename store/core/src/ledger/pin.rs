//! PINs of handsets: whether one that was entered counts, and changes by their holders.

use super::Ledger;
use crate::command::{Change, PinTry, SetPin};
use crate::error::Result;
use crate::journal;
use crate::outcome::Outcome;
use crate::record::{Handset, PinTries, Record, RegistryRecord};
use crate::rows::ReadRows;
use tillgate_types::{Msisdn, ResponseCode};

impl Ledger {
    /// Whether the PIN that was entered opens the handset. While it is locked nothing says whether it
    /// would have been the right one. A right one after no wrong ones writes nothing.
    pub(super) fn pin_try(&mut self, rows: &dyn ReadRows, entered: &PinTry) -> Result<Outcome> {
        let PinTry { msisdn, revision, matched, at_ms } = *entered;
        let key = Handset::key_of(msisdn);
        let handset: Option<Handset> = journal::record(rows, &key, &mut self.buffer)?;
        if handset.is_none_or(|handset| handset.revision != revision) {
            // It was compared with a PIN that is not in force any more.
            return Ok(Outcome::Refused(ResponseCode::INCORRECT_PIN));
        }
        let at_ms = at_ms.max(self.at_ms);
        let mut tries = self.tries(rows, msisdn)?;
        if !tries.is_open(at_ms) {
            return Ok(Outcome::Refused(ResponseCode::PIN_TRIES_EXCEEDED));
        }
        let changed = if matched {
            tries.forgive()
        } else {
            tries.fail(at_ms);
            true
        };
        if changed {
            self.note_time(at_ms);
            self.keep_tries(tries);
        }
        let locked = !matched && tries.until_ms == u64::MAX;
        Ok(match (matched, locked) {
            (true, _) => Outcome::Applied,
            (false, true) => Outcome::Refused(ResponseCode::PIN_TRIES_EXCEEDED),
            (false, false) => Outcome::Refused(ResponseCode::INCORRECT_PIN),
        })
    }

    /// Its holder changes the PIN: a change of the registry like an operator's.
    pub(super) fn set_pin(&mut self, rows: &dyn ReadRows, set: SetPin) -> Result<Outcome> {
        let SetPin { handset, at_ms } = set;
        let msisdn = handset.msisdn;
        let mut tries = self.tries(rows, msisdn)?;
        if !tries.change(at_ms.max(self.at_ms)) {
            return Ok(Outcome::Refused(ResponseCode::VELOCITY_LIMIT));
        }
        let outcome = self.change(
            rows,
            Change {
                at_ms,
                actor: format!("handset {msisdn}"),
                note: "changed its PIN".to_owned(),
                records: vec![RegistryRecord::Handset(handset)],
                ..Change::default()
            },
        )?;
        if outcome == Outcome::Applied {
            tries.forgive();
            self.keep_tries(tries);
        }
        Ok(outcome)
    }

    /// An operator has changed something about a handset: wrong PINs are forgiven.
    pub(super) fn forgive(&mut self, rows: &dyn ReadRows, msisdn: Msisdn) -> Result<()> {
        let mut tries = self.tries(rows, msisdn)?;
        if tries.forgive() {
            self.keep_tries(tries);
        }
        Ok(())
    }

    fn keep_tries(&mut self, tries: PinTries) {
        self.set.put_record(&tries);
        self.tries.insert(tries.msisdn, tries);
    }

    fn tries(&mut self, rows: &dyn ReadRows, msisdn: Msisdn) -> Result<PinTries> {
        if let Some(tries) = self.tries.get(&msisdn) {
            return Ok(*tries);
        }
        let none = PinTries::none(msisdn);
        let stored = journal::record(rows, &none.key(), &mut self.buffer)?;
        Ok(stored.unwrap_or(none))
    }
}
