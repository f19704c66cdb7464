//! `tillgate rewrap`

use std::path::Path;

use clap::Args;
use tillgate_store_core::keks;
use tillgate_store_core::limits::NOTE_BYTES_MAX;
use tillgate_store_core::reseal::SecretCounts;
use tillgate_store_core::{LedgerStore, Reseal, Vault};
use tillgate_store_rocks::{Cause, RocksEngine};

use super::{ConfigFile, print};
use crate::config::{self, Config};
use crate::exit::Failure;
use crate::{clock, entropy, secrets};

/// Seal every secret of the store under the current key, so that old keys can be removed
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate rewrap --config /srv/tillgate/tillgate.toml

To change the key-encryption key: create a key file, name it in store.kek with a new store.kek_id,
name the old one in [[store.kek_old]], and restart. New secrets are sealed under the new key. Then
stop the gateway and run this command: terminal keys, PINs of handsets, PINs for sale and PINs of
past sales are sealed again, in small batches. It may be interrupted and run again at any time.
Afterwards remove the old key from the configuration, but keep its file for as long as backups
need it.")]
pub(crate) struct Rewrap {
    #[command(flatten)]
    config: ConfigFile,
}

impl Rewrap {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = self.config.load()?;
        let vault = secrets::vault(&config)?;
        let mut book = open(&config, &config.store.dir)?;
        secrets::prove(&mut book, &vault, &config, clock::unix_ms())?;
        let done = keks::reseal_all(&mut book, &vault, &mut clock::unix_ms, &mut entropy::bytes)
            .map_err(Failure::store)?;
        let retired = retire(&mut book, &vault, &done)?;
        book.backend_mut().tick().map_err(Failure::store)?;
        print::line(&sentence(&done, vault.current_kek(), &retired))
    }
}

fn open(config: &Config, dir: &Path) -> Result<LedgerStore<RocksEngine>, Failure> {
    let backend = RocksEngine::open(dir, &config::options(&config.store)).map_err(|error| {
        if error.cause == Cause::Locked {
            let dir = dir.display();
            return Failure::store(format!(
                "a gateway serves from {dir}: stop it, run this again, and start it"
            ));
        }
        Failure::store(error)
    })?;
    LedgerStore::open(backend, entropy::bytes()).map_err(Failure::store)
}

/// Removes the canaries of keys that a reading of everything finds unused.
fn retire(
    book: &mut LedgerStore<RocksEngine>,
    vault: &Vault,
    done: &SecretCounts,
) -> Result<Vec<u32>, Failure> {
    let retired = keks::retirable(book.backend(), vault).map_err(Failure::store)?;
    let retired = retired.map_err(|left| {
        let text = format!("secrets are left under key-encryption key {left}; run this again");
        Failure::refused(text)
    })?;
    let mut note = sentence(done, vault.current_kek(), &retired);
    note.truncate(note.floor_char_boundary(NOTE_BYTES_MAX));
    let audit = Some(("tillgate rewrap".to_owned(), note));
    let at_ms = clock::unix_ms();
    let reseal = Reseal { at_ms, audit, retired: retired.clone(), ..Reseal::default() };
    keks::commit(book, reseal).map_err(Failure::store)?;
    Ok(retired)
}

fn sentence(done: &SecretCounts, current: u32, retired: &[u32]) -> String {
    let SecretCounts { terminals, handsets, stock, sold } = done;
    let retired: Vec<String> = retired.iter().map(ToString::to_string).collect();
    let rest = if retired.is_empty() {
        String::new()
    } else {
        format!(
            " Nothing is sealed under {} any more; it may leave the configuration.",
            retired.join(", ")
        )
    };
    format!(
        "Sealed again under key-encryption key {current}: {terminals} terminal keys, \
         {handsets} PINs of handsets, {stock} PINs \
         for sale, {sold} PINs of past sales.{rest}"
    )
}
