//! The keys that the configuration names, held against the store before anything is done with them.

use std::path::PathBuf;

use tillgate_core::backup::ManifestKey;
use tillgate_import::{Form, Identity, Source};
use tillgate_store_core::reseal::ResealError;
use tillgate_store_core::{Engine, LedgerStore, ReadRows, StoreId, Vault, VaultError, keks};

use crate::config::{Config, Import, KekOld};
use crate::entropy;
use crate::exit::Failure;
use crate::keyfile;

/// What seals and opens terminal keys and voucher PINs.
///
/// # Errors
/// A key file is missing, readable by others or not a key.
pub(crate) fn vault(config: &Config) -> Result<Vault, Failure> {
    let kek = keyfile::read(&config.store.kek).map_err(Failure::config)?;
    let mut vault = Vault::new(config.store.kek_id, *kek);
    for KekOld { id, file } in &config.store.kek_old {
        let old = keyfile::read(file).map_err(Failure::config)?;
        vault = vault.with_old(*id, *old);
    }
    Ok(vault)
}

/// A manifest key for each configured key-encryption key, the current one first.
///
/// # Errors
/// As [`vault`].
pub(crate) fn manifest_keys(config: &Config) -> Result<Vec<ManifestKey>, Failure> {
    let current = std::iter::once((config.store.kek_id, &config.store.kek));
    let old = config.store.kek_old.iter().map(|old| (old.id, &old.file));
    let key = |(kek_id, file): (u32, &PathBuf)| {
        let kek = keyfile::read(file).map_err(Failure::config)?;
        Ok(ManifestKey::of(kek_id, &kek))
    };
    current.chain(old).map(key).collect()
}

/// Opens the files that came encrypted, with the keys that the configuration names. They are read
/// only if there is such a file, and wiped again.
///
/// # Errors
/// The keys cannot be read, or which files do not open and why.
pub(crate) fn open_all(sources: &mut [Source], config: &Import) -> Result<(), String> {
    if sources.iter().all(|source| source.form != Form::Closed) {
        return Ok(());
    }
    let identity = identity(config)?;
    let opened = sources.iter_mut().map(|source| source.open(identity.as_ref()));
    let wrong: Vec<String> = opened.filter_map(Result::err).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The keys that open encrypted files, if the configuration names their file.
///
/// # Errors
/// The file is missing, readable by others, or has no such keys.
pub(crate) fn identity(config: &Import) -> Result<Option<Identity>, String> {
    let Some(file) = &config.age_identity else { return Ok(None) };
    let text = keyfile::read_text_of(file).map_err(|error| error.to_string())?;
    let identity = Identity::parse(&text);
    identity.map(Some).map_err(|what| format!("{}: {what}", file.display()))
}

/// Checks that `vault` has every key-encryption key that seals anything in the store, and that each
/// is the key it was: a voucher that cannot be opened must not be sold.
///
/// A store from before there were canaries is read whole, once.
///
/// # Errors
/// Which key is missing or another one, its file, and what to do.
pub(crate) fn check(
    rows: &dyn ReadRows,
    store: StoreId,
    vault: &Vault,
    config: &Config,
) -> Result<(), Failure> {
    keks::unproved(rows, store, vault).map(|_| ()).map_err(|error| failed(config, error))
}

/// As [`check`], for a store that is written to: what is proved gets its canary, and from now on
/// nothing is sold that is sealed under another key.
///
/// # Errors
/// As there, and that the store cannot be written.
pub(crate) fn prove<B: Engine>(
    book: &mut LedgerStore<B>,
    vault: &Vault,
    config: &Config,
    at_ms: u64,
) -> Result<(), Failure> {
    keks::prove(book, vault, at_ms, &mut entropy::bytes).map_err(|error| failed(config, error))
}

/// Why the keys are not those of the store, for whoever has the files.
pub(crate) fn failed(config: &Config, error: ResealError) -> Failure {
    match error {
        ResealError::Store(error) => Failure::store(error),
        ResealError::Vault { what, error } => refusal(config, error, &what),
    }
}

fn refusal(config: &Config, error: VaultError, what: &str) -> Failure {
    let store = config.store.dir.display();
    let file_of = |kek_id: u32| {
        let old = config.store.kek_old.iter().find(|old| old.id == kek_id);
        old.map_or(&config.store.kek, |old| &old.file).display()
    };
    Failure::config(match error {
        VaultError::UnknownKek(kek_id) => format!(
            "the store in {store} holds secrets sealed under key-encryption key {kek_id}, which is \
             not configured: add it to {} as\n[[store.kek_old]]\nid = {kek_id}\n\
             file = \"keys/kek-{kek_id}.key\"\nor, if it was given another number, correct \
             store.kek_id. `tillgate rewrap` seals everything under the current key, so that an \
             old one may leave the configuration",
            config.file.display()
        ),
        VaultError::DoesNotOpen { kek_id } => format!(
            "{}: not the key-encryption key {kek_id} that the store in {store} was sealed with \
             ({what} does not open): put the right file back, or correct store.kek_id",
            file_of(kek_id)
        ),
        error @ VaultError::TooLong { .. } => error.to_string(),
    })
}
