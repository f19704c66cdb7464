//! Batch records: what a terminal says it has sold, after totals that differ. Nothing is booked or taken
//! back: a record that the journal does not have, or has otherwise, is said in the audit log, for a
//! person. What a terminal may write there is bounded by the day, and the same is said once.

use rustc_hash::FxHashMap;

use super::Ledger;
use super::audit::GATEWAY;
use crate::command::BatchRecord;
use crate::error::Result;
use crate::ids::Key;
use crate::limits::{BATCH_FINDINGS_DAY_MAX, BATCH_FINDINGS_MAX};
use crate::outcome::Outcome;
use crate::record::{State, Transaction};
use crate::rows::ReadRows;
use tillgate_types::{BusinessDate, ResponseCode, TerminalId};

/// What was found on a business day, since the start.
#[derive(Debug, Default)]
pub(super) struct BatchFindings {
    day: BusinessDate,
    count: usize,
    said: FxHashMap<TerminalId, Vec<(Key, u64)>>,
}

impl BatchFindings {
    /// Whether it is said: it was not before, and there is room.
    fn is_news(&mut self, record: &BatchRecord) -> bool {
        if record.today > self.day {
            *self = Self { day: record.today, ..Self::default() };
        }
        let said = self.said.entry(record.sale.terminal).or_default();
        let finding = (record.sale, record.amount_minor);
        let has_room = said.len() < BATCH_FINDINGS_MAX && self.count < BATCH_FINDINGS_DAY_MAX;
        let is_news = has_room && !said.contains(&finding);
        if is_news {
            said.push(finding);
            self.count += 1;
        }
        is_news
    }

    /// Whether that was the day's last one.
    fn is_used_up(&self) -> bool {
        self.count >= BATCH_FINDINGS_DAY_MAX
    }
}

impl Ledger {
    /// Compares a record with the journal: 95 if a difference was said in the audit log.
    pub(super) fn compare(&mut self, rows: &dyn ReadRows, record: &BatchRecord) -> Result<Outcome> {
        let row = self.stored(rows, &record.sale)?;
        if let Some(found) = difference(row.as_ref(), record.amount_minor)
            && self.batch_findings.is_news(record)
        {
            self.note_time(record.at_ms);
            let BatchRecord { sale, amount_minor, .. } = record;
            let note =
                format!("a batch has {sale} sold for {amount_minor}; the journal has {found}");
            self.write_audit(record.at_ms, GATEWAY.to_owned(), note);
            if self.batch_findings.is_used_up() {
                let note = format!(
                    "no more differences of batches are said on {}: there were {BATCH_FINDINGS_DAY_MAX}",
                    record.today
                );
                self.write_audit(record.at_ms, GATEWAY.to_owned(), note);
            }
            return Ok(Outcome::Refused(ResponseCode::TOTALS_DIFFER));
        }
        Ok(Outcome::Applied)
    }
}

/// What the journal has otherwise; `None` if it has the same.
fn difference(row: Option<&Transaction>, amount_minor: u64) -> Option<String> {
    let Some(row) = row.filter(|row| row.kind.is_sale()) else {
        return Some("no such sale".to_owned());
    };
    match row.state {
        State::Approved if row.amount_minor == amount_minor => None,
        state => Some(format!("it as {}, for {}", state.label(), row.amount_minor)),
    }
}
