//! Repeat: an answer that was given before is wanted again.
//!
//! It runs in the order of the batch, so that a repeat behind its sale finds it. A PIN is sent
//! again to its own terminal while that one may trade, for a time and so often; each time beyond
//! the retries of the first minutes counts as a reprint, durable before it is sent and in the audit
//! log. What a terminal may write there is bounded by the day.

use super::Ledger;
use super::audit::GATEWAY;
use crate::command::Repeat;
use crate::error::Result;
use crate::ids::Key;
use crate::limits::{REPRINTS_MAX, RETRY_MS};
use crate::outcome::Outcome;
use crate::record::{Kind, Reprint, State, Transaction};
use crate::rows::ReadRows;
use tillgate_types::{BusinessDate, ResponseCode};

/// Who may receive a PIN, and of which sales.
#[derive(Clone, Copy)]
pub(super) struct Telling {
    pub(super) at_ms: u64,
    /// [`ResponseCode::APPROVED`], or why the terminal may not trade.
    pub(super) standing: ResponseCode,
    pub(super) pins_from: BusinessDate,
}

impl Ledger {
    /// The row that is asked for, as it is.
    pub(super) fn repeat(&mut self, rows: &dyn ReadRows, repeat: &Repeat) -> Result<Outcome> {
        let key = if repeat.original.stan == 0 {
            let Key { terminal, date, .. } = repeat.original;
            match self.tails.last_sale(rows, &self.staged, terminal, (date, repeat.asker))? {
                Some(stan) => Key { stan, ..repeat.original },
                None => return Ok(Outcome::NotFound),
            }
        } else {
            repeat.original
        };
        let Some(row) = self.stored(rows, &key)? else {
            return Ok(Outcome::NotFound);
        };
        if let Some(digest) = repeat.digest {
            let reversed = row.state == State::Reversed;
            let same = digest.is_of(&row.digest);
            if row.kind == Kind::Tombstone || (reversed && same) {
                return Ok(Outcome::Refused(ResponseCode::REVERSED));
            } else if !same {
                return Ok(Outcome::Conflict);
            }
        } else if !repeat.asker.counts(&row) {
            return Ok(Outcome::NotFound);
        }
        let Repeat { at_ms, standing, pins_from, .. } = *repeat;
        self.tell(rows, row, Telling { at_ms, standing, pins_from })
    }

    /// The answer of a row again, or why it is refused.
    pub(super) fn tell(
        &mut self,
        rows: &dyn ReadRows,
        mut row: Transaction,
        telling: Telling,
    ) -> Result<Outcome> {
        let Telling { at_ms, standing, pins_from } = telling;
        if !row.tells_pin() {
            return Ok(Outcome::Duplicate(row));
        }
        if !standing.is_approved() {
            // Its outcome stands; it is told once the terminal may trade again.
            return Ok(Outcome::Refused(ResponseCode::IN_PROGRESS));
        }
        if row.key.date < pins_from {
            return Ok(Outcome::Refused(ResponseCode::WRONG_DATE));
        }
        if row.confirmed_ms == 0 && at_ms <= row.finished_ms.saturating_add(RETRY_MS) {
            return Ok(Outcome::Duplicate(row));
        }
        let mut counter = self.counter(rows, row.key.terminal)?;
        if row.reprints >= REPRINTS_MAX || !counter.reprint(at_ms) {
            return Ok(Outcome::Refused(ResponseCode::VELOCITY_LIMIT));
        }
        self.note_time(at_ms);
        row.reprints += 1;
        self.staged.put(&row);
        self.set.put_record(&counter);
        self.counters.insert(row.key.terminal, counter);
        let note = format!("sent the PIN of {} again, {} times so far", row.key, row.reprints);
        self.write_audit(at_ms, GATEWAY.to_owned(), note);
        self.set.put_record(&Reprint { of: (row.key, self.head.audit_no), at_ms });
        Ok(Outcome::Duplicate(row))
    }
}
