//! One row in the audit log, after the last one.

use super::Ledger;
use crate::record::Audit;

/// Who acts in the audit log when nobody does.
pub(super) const GATEWAY: &str = "gateway";

impl Ledger {
    /// Adds a row to the log.
    pub(super) fn write_audit(&mut self, at_ms: u64, actor: String, note: String) {
        self.head.audit_no += 1;
        let row = Audit::link(self.head.audit_no, at_ms, actor, note, self.audit_hash);
        self.audit_hash = row.hash;
        self.set.put_record(&row);
    }
}
