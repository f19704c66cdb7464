//! One row in the audit log, after the last one that is stored.

use super::Ledger;
use crate::error::StoreError;
use crate::journal;
use crate::record::{Audit, Record};
use crate::rows::Rows;

impl Ledger {
    /// Adds a row to the log. Whoever writes one is a batch of its own.
    pub(super) fn write_audit(
        &mut self,
        rows: &dyn Rows,
        at_ms: u64,
        actor: String,
        note: String,
    ) -> Result<(), StoreError> {
        let prev_hash = match self.head.audit_no {
            0 => [0; 32],
            no => {
                let key = no.to_be_bytes();
                let last = journal::record::<Audit>(rows, &key, &mut self.buffer)?;
                last.ok_or(StoreError::Damaged {
                    family: Audit::FAMILY,
                    key: key.to_vec(),
                    what: "the last row of the audit log is gone",
                })?
                .hash
            }
        };
        self.head.audit_no += 1;
        let row = Audit::link(self.head.audit_no, at_ms, actor, note, prev_hash);
        self.set.put_record(&row);
        Ok(())
    }
}
