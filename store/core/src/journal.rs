//! Reading the journal row by row: export, reports, verification.

use std::ops::ControlFlow;

use crate::error::Result;
use crate::ids::Key;
use crate::record::{Record, Transaction};
use crate::rows::{Family, ReadRows};

/// Visits every transaction upwards from `from` (inclusive; `None`: from the first) until the
/// visitor breaks. Stops at the first damaged row with its error.
pub fn transactions(
    rows: &dyn ReadRows,
    from: Option<Key>,
    mut visit: impl FnMut(Transaction) -> ControlFlow<()>,
) -> Result<()> {
    records(rows, from.map(|key| key.to_bytes()).as_ref().map_or(&[], |key| &key[..]), &mut visit)
}

/// Visits every transaction that somebody still has to act on, upwards from `from`, as
/// [`transactions`] does. One that ends while this reads may be passed over.
pub fn open(
    rows: &dyn ReadRows,
    from: Option<Key>,
    mut visit: impl FnMut(Transaction) -> ControlFlow<()>,
) -> Result<()> {
    let from = from.map(|key| key.to_bytes());
    let mut buffer = Vec::new();
    rows.try_scan(Family::Open, from.as_ref().map_or(&[], |key| &key[..]), |key, _| {
        let row = record::<Transaction>(rows, key, &mut buffer)?;
        Ok(row.filter(Transaction::is_open).map_or(ControlFlow::Continue(()), &mut visit))
    })
}

/// Visits every record of its family, as [`transactions`] does.
pub fn records<R: Record>(
    rows: &dyn ReadRows,
    from: &[u8],
    mut visit: impl FnMut(R) -> ControlFlow<()>,
) -> Result<()> {
    rows.try_scan(R::FAMILY, from, |key, value| R::decode(key, value).map(&mut visit))
}

/// The record at a key; `buffer` is scratch.
pub fn record<R: Record>(
    rows: &dyn ReadRows,
    key: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<Option<R>> {
    if rows.get(R::FAMILY, key, buffer)? { R::decode(key, buffer).map(Some) } else { Ok(None) }
}

/// The last key of a family, if it has any row.
pub fn last_key(rows: &dyn ReadRows, family: Family, key: &mut Vec<u8>) -> Result<bool> {
    rows.last_before(family, &[u8::MAX; crate::limits::KEY_BYTES_MAX + 1], key)
}
