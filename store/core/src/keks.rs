//! Which key-encryption keys (KEKs) a store needs, and whether a vault has the right ones: a voucher
//! that cannot be opened must not be sold.

use crate::command::Command;
use crate::error::Result;
use crate::ids::StoreId;
use crate::ledger_store::LedgerStore;
use crate::reseal::{self, Cursor, Reseal, ResealError, SecretCounts};
use crate::rows::{Engine, ReadRows};
use crate::store::Store;
use crate::vault::Vault;

/// Checks that `vault` has every KEK that seals anything in the store, and that each is the key it
/// was. The KEKs that are right and have no canary yet: a store from before there were canaries is
/// read whole, once.
///
/// # Errors
/// What does not open, or a row that cannot be read.
pub fn unproved(
    rows: &dyn ReadRows,
    store: StoreId,
    vault: &Vault,
) -> Result<Vec<u32>, ResealError> {
    let canaries = reseal::canaries(rows)?;
    for canary in &canaries {
        let what = || "its canary".to_owned();
        reseal::prove(vault, store, canary)
            .map_err(|error| ResealError::Vault { what: what(), error })?;
    }
    let mut without = Vec::new();
    if canaries.is_empty() {
        for (kek_id, usage) in reseal::usage(rows)? {
            usage.prove(vault)?;
            without.push(kek_id);
        }
    }
    let current = vault.current_kek();
    let known = canaries.iter().any(|canary| canary.sealed.kek_id == current);
    if !known && !without.contains(&current) {
        without.push(current);
    }
    Ok(without)
}

/// As [`unproved`], for a store that is written to: what is proved gets its canary, and from now on
/// nothing is sold that is sealed under another KEK.
///
/// # Errors
/// As there, and that the store cannot be written.
pub fn prove<E: Engine>(
    book: &mut LedgerStore<E>,
    vault: &Vault,
    at_ms: u64,
    nonce: &mut dyn FnMut() -> [u8; 12],
) -> Result<(), ResealError> {
    let store = book.store_id();
    let mut canaries = Vec::new();
    for kek_id in unproved(book.backend(), store, vault)? {
        let canary = reseal::canary(vault, kek_id, store, nonce());
        let what = || "a new canary".to_owned();
        canaries.push(canary.map_err(|error| ResealError::Vault { what: what(), error })?);
    }
    if !canaries.is_empty() {
        commit(book, Reseal { at_ms, canaries, ..Reseal::default() })?;
    }
    book.know_keks(vault.kek_ids());
    Ok(())
}

/// Seals everything again that is not sealed under the vault's current KEK, in small batches.
///
/// # Errors
/// A secret does not open, or the store cannot be read or written.
pub fn reseal_all<E: Engine>(
    book: &mut LedgerStore<E>,
    vault: &Vault,
    now_ms: &mut dyn FnMut() -> u64,
    nonce: &mut dyn FnMut() -> [u8; 12],
) -> Result<SecretCounts, ResealError> {
    let (mut cursor, mut counts) = (Cursor::default(), SecretCounts::default());
    while let Some(secrets) = reseal::plan(book.backend(), vault, &mut cursor, nonce)? {
        secrets.iter().for_each(|secret| counts.add(&secret.place));
        if !secrets.is_empty() {
            commit(book, Reseal { at_ms: now_ms(), secrets, ..Reseal::default() })?;
        }
    }
    Ok(counts)
}

/// The KEKs whose canaries may go, after everything was read once more and none of it is sealed
/// under them; or one under which something is left.
///
/// # Errors
/// A row cannot be read.
pub fn retirable(rows: &dyn ReadRows, vault: &Vault) -> Result<Result<Vec<u32>, u32>> {
    let current = vault.current_kek();
    if let Some(left) = reseal::usage(rows)?.into_keys().find(|kek_id| *kek_id != current) {
        return Ok(Err(left));
    }
    let ids = reseal::canaries(rows)?.into_iter().map(|canary| canary.sealed.kek_id);
    Ok(Ok(ids.filter(|kek_id| *kek_id != current).collect()))
}

/// Commits secrets and canaries.
///
/// # Errors
/// The store cannot be written.
pub fn commit<E: Engine>(book: &mut LedgerStore<E>, reseal: Reseal) -> Result<()> {
    book.commit(&mut vec![Command::Reseal(reseal)], &mut Vec::new())
}
