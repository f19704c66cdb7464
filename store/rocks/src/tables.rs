//! The open database as ordered rows: what backend, reader and snapshot share.

use std::ops::ControlFlow;

use rocksdb::{ColumnFamily, DB, DBRawIterator, ReadOptions};
use tillgate_store_core::error::Result;
use tillgate_store_core::{Family, StoreError};

/// The handle of `family`; `None` if an older program wrote the store and it is only read.
pub(crate) fn handle(db: &DB, family: Family) -> Option<&ColumnFamily> {
    db.cf_handle(family.name())
}

/// RocksDB's words, and where they came from.
pub(crate) fn engine(doing: &str, family: Family, error: &rocksdb::Error) -> StoreError {
    let cure = match error.kind() {
        rocksdb::ErrorKind::Corruption => "restore from a backup",
        _ => "check the disk, and start again",
    };
    StoreError::Engine(format!("{doing} {}: {error}; {cure}", family.name()))
}

/// [`tillgate_store_core::ReadRows::get`].
pub(crate) fn get(
    db: &DB,
    read: &ReadOptions,
    family: Family,
    key: &[u8],
    out: &mut Vec<u8>,
) -> Result<bool> {
    out.clear();
    let Some(handle) = handle(db, family) else { return Ok(false) };
    let row = db
        .get_pinned_cf_opt(handle, key, read)
        .map_err(|error| engine("reading a row of", family, &error))?;
    if let Some(row) = &row {
        out.extend_from_slice(row);
    }
    Ok(row.is_some())
}

/// [`tillgate_store_core::ReadRows::scan`].
pub(crate) fn scan(
    db: &DB,
    read: ReadOptions,
    family: Family,
    from: &[u8],
    mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
) -> Result<()> {
    let Some(handle) = handle(db, family) else { return Ok(()) };
    let mut rows = db.raw_iterator_cf_opt(handle, read);
    rows.seek(from);
    while let Some((key, value)) = rows.item() {
        if visit(key, value).is_break() {
            return Ok(());
        }
        rows.next();
    }
    ended(&rows, family)
}

/// [`tillgate_store_core::ReadRows::last_before`].
pub(crate) fn last_before(
    db: &DB,
    read: ReadOptions,
    family: Family,
    key: &[u8],
    out_key: &mut Vec<u8>,
) -> Result<bool> {
    out_key.clear();
    let Some(handle) = handle(db, family) else { return Ok(false) };
    let mut rows = db.raw_iterator_cf_opt(handle, read);
    rows.seek_for_prev(key);
    if rows.key() == Some(key) {
        rows.prev();
    }
    match rows.key() {
        Some(found) => {
            out_key.extend_from_slice(found);
            Ok(true)
        }
        None => ended(&rows, family).map(|()| false),
    }
}

/// An iterator that stops may have come to the end or to a damaged block; only its status says.
fn ended(rows: &DBRawIterator<'_>, family: Family) -> Result<()> {
    rows.status().map_err(|error| engine("reading on in", family, &error))
}
