//! Resolve: a person says the outcome of a transaction that the gateway could not find out about.

use super::Ledger;
use super::step;
use crate::command::Resolve;
use crate::error::Result;
use crate::limits::{ACTOR_BYTES_MAX, NOTE_BYTES_MAX};
use crate::outcome::Outcome;
use crate::record::Kind;
use crate::rows::ReadRows;

impl Ledger {
    /// Does what the verdict says, with one row in the audit log, or refuses it.
    pub(super) fn resolve(&mut self, rows: &dyn ReadRows, resolve: Resolve) -> Result<Outcome> {
        let Resolve { key, verdict, at_ms, actor, note } = resolve;
        if actor.len() > ACTOR_BYTES_MAX || note.len() > NOTE_BYTES_MAX {
            return Ok(Outcome::refused(&key, "actor or note is too long"));
        }
        let Some(row) = self.stored(rows, &key)? else {
            return Ok(Outcome::refused(&key, "there is no such transaction"));
        };
        let outcome = if row.kind == Kind::Reversal {
            match step::ending_of_verdict(&row, verdict) {
                Ok(ending) => self.end(rows, row, ending, at_ms)?,
                Err(why) => return Ok(Outcome::refused(&key, why)),
            }
        } else {
            if row.refund.is_some() && row.owes().is_some() {
                return Ok(Outcome::refused(
                    &key,
                    "a refund of it is proposed; approve or cancel that",
                ));
            }
            match step::of_verdict(&row, verdict) {
                Ok(step) => self.carry_out(rows, row, step, at_ms)?,
                Err(why) => return Ok(Outcome::refused(&key, why)),
            }
        };
        self.write_audit(at_ms, actor, format!("resolved {key} as {verdict}: {note}"));
        Ok(outcome)
    }
}
