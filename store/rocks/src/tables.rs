//! The open database as ordered rows: what backend, reader and snapshot share.

use std::ops::ControlFlow;

use rocksdb::{ColumnFamily, DB, DBRawIterator, ReadOptions};
use tillgate_store_core::{Family, StoreError};

/// The handle of `family`.
///
/// # Panics
/// Never in an open database: every family is opened with it.
pub(crate) fn handle(db: &DB, family: Family) -> &ColumnFamily {
    db.cf_handle(family.name()).expect("every family is opened with the database")
}

/// RocksDB's words, and where they came from.
pub(crate) fn engine(doing: &str, family: Family, error: &rocksdb::Error) -> StoreError {
    StoreError::Engine(format!("{doing} {}: {error}", family.name()))
}

/// [`tillgate_store_core::ReadRows::get`].
pub(crate) fn get(
    db: &DB,
    read: &ReadOptions,
    family: Family,
    key: &[u8],
    out: &mut Vec<u8>,
) -> Result<bool, StoreError> {
    out.clear();
    let row = db
        .get_pinned_cf_opt(handle(db, family), key, read)
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
) -> Result<(), StoreError> {
    let mut rows = db.raw_iterator_cf_opt(handle(db, family), read);
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
) -> Result<bool, StoreError> {
    out_key.clear();
    let mut rows = db.raw_iterator_cf_opt(handle(db, family), read);
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
fn ended(rows: &DBRawIterator<'_>, family: Family) -> Result<(), StoreError> {
    rows.status().map_err(|error| engine("reading on in", family, &error))
}
