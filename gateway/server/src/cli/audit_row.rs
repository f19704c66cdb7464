//! A row in the audit log of a store that no gateway serves.

use tillgate_store_core::{Change, Command, LedgerStore, Outcome, Store};
use tillgate_store_rocks::RocksEngine;

use crate::exit::Failure;

/// Commits `note` in the name of `actor`, at `at_ms` (Unix milliseconds), with the store's
/// high-water mark.
///
/// # Errors
/// The store cannot be written.
pub(super) fn write(
    book: &mut LedgerStore<RocksEngine>,
    at_ms: u64,
    actor: &str,
    note: String,
) -> Result<(), Failure> {
    let change = Change { at_ms, actor: actor.to_owned(), note, ..Change::default() };
    let mut outcomes = Vec::new();
    book.commit(&mut vec![Command::Change(change)], &mut outcomes).map_err(Failure::store)?;
    if outcomes != [Outcome::Applied] {
        return Err(Failure::internal("the store refused an audit row"));
    }
    book.backend_mut().tick().map_err(Failure::store)
}
