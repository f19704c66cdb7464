//! One transaction with the times that its PIN was sent again.

use schemars::JsonSchema;
use serde::Serialize;
use tillgate_store_core::{ReadRows, Reprint, StoreError, Transaction};

use super::line::{Names, TransactionLine, line};

/// A time that a PIN was sent again.
#[derive(Serialize, JsonSchema)]
pub struct Reprinted {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Its row in the audit log.
    pub audit_no: u64,
}

/// A transaction and what is kept about it elsewhere.
#[derive(Serialize, JsonSchema)]
pub struct TransactionDetail {
    #[serde(flatten)]
    line: TransactionLine,
    /// When the PIN of its voucher was sent again, the retries of the first minutes aside, the first
    /// one first; times from before this list was kept are missing.
    reprinted: Vec<Reprinted>,
}

/// A transaction in full.
///
/// # Errors
/// A row cannot be read.
pub fn detail(
    rows: &dyn ReadRows,
    row: &Transaction,
    names: &Names,
) -> Result<TransactionDetail, StoreError> {
    let all = if row.reprints > 0 { Reprint::all_of(rows, &row.key)? } else { Vec::new() };
    let of = |Reprint { of: (_, audit_no), at_ms }| Reprinted { at_ms, audit_no };
    let reprinted = all.into_iter().map(of).collect();
    Ok(TransactionDetail { line: line(row, names), reprinted })
}
