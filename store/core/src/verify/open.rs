//! The list of open transactions: each is in the journal and really open. That each open row of
//! the journal is in the list is checked with the journal.

use super::each_row;
use super::report::{Promise, Report};
use crate::error::{Result, StoreError};
use crate::ids::Key;
use crate::journal;
use crate::record::Transaction;
use crate::rows::{Family, ReadRows};

/// Reads the list.
pub(super) fn check(rows: &dyn ReadRows, report: &mut Report) {
    let mut buffer = Vec::new();
    each_row(rows, Family::Open, report, |report, key, _| {
        check_one(rows, key, &mut buffer, report)
    });
}

fn check_one(
    rows: &dyn ReadRows,
    bytes: &[u8],
    buffer: &mut Vec<u8>,
    report: &mut Report,
) -> Result<()> {
    let key = Key::from_bytes(bytes)
        .ok_or_else(|| StoreError::damaged(Family::Open, bytes, "not a transaction's key"))?;
    match journal::record::<Transaction>(rows, bytes, buffer)? {
        None => {
            report.violated(Promise::Journalled, key, "open, but not in the journal");
        }
        Some(row) if !row.is_open() => {
            let text = format_args!("it is {:?}, but still among the open ones", row.state);
            report.violated(Promise::Remembered, key, text);
        }
        Some(_) => {}
    }
    Ok(())
}
