//! `tillgate backup`

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use serde_json::json;
use tillgate_core::backup::Manifest;
use tillgate_store_core::LedgerStore;
use tillgate_store_rocks::{Cause, RocksEngine};

use super::{ConfigFile, Rate, audit_row, print};
use crate::backup;
use crate::client::Client;
use crate::config::{self, Config};
use crate::exit::Failure;
use crate::{clock, entropy, secrets};

/// Back up the store, with or without a running gateway
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate backup /mnt/backups/2026-11-23 --config /srv/tillgate/tillgate.toml

Every answer sent to a terminal before the command started is in the backup, and nothing partial.
Sales continue. The backup is a new directory with a manifest and a checksum for every file; it
appears whole or not at all. It is safe to carry: terminal keys and voucher PINs in it are sealed,
and the key that opens them (keys/) is not in it. Keep that key, tillgate.toml and users.toml in
another place. `tillgate restore` restores a backup; `tillgate verify BACKUP` verifies it in
place.

It runs on the gateway's machine, as its user. While it copies, no faster than --rate, so that sales
do not wait for the disk, tables that were replaced stay on the gateway's disk.")]
pub(crate) struct Backup {
    /// New directory for the backup, preferably on another disk
    #[arg(value_name = "BACKUP")]
    to: PathBuf,
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    rate: Rate,
    /// The gateway's Unix socket, if not the configured one
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

/// What a backup is copied from; so the gateway answers, too.
#[derive(Deserialize)]
struct Begun {
    checkpoint: PathBuf,
    begun_ms: u64,
}

impl Backup {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = self.config.load()?;
        let data = config.store.dir.clone();
        let keys = secrets::manifest_keys(&config)?;
        let key = keys.first().ok_or_else(|| Failure::internal("there is always a current key"))?;
        if self.to.exists() {
            let text = format!("{} is there already; name a new directory", self.to.display());
            return Err(Failure::refused(text));
        }
        let backend = match RocksEngine::open(&data, &config::options(&config.store)) {
            Ok(backend) => Some(backend),
            Err(error) if error.cause == Cause::Locked => None,
            Err(error) => return Err(Failure::store(error)),
        };
        let _hold = backup::claim(&data)?;
        let begun = match backend {
            Some(backend) => offline(backend, &data),
            None => online(config, self.socket.as_deref()),
        };
        let taken = begun.and_then(|Begun { checkpoint, begun_ms }| {
            backup::take(&checkpoint, &self.to, begun_ms, key, &mut self.rate.pace())
        });
        // Also of a backup that failed: its links would keep old tables on the gateway's disk.
        if let Err(error) = backup::discard(&data) {
            eprintln!("tillgate: the checkpoint of {} stays behind: {error}", data.display());
        }
        print::line(&sentence(&taken?, &self.to))
    }
}

/// The checkpoint of a gateway that does not run.
fn offline(backend: RocksEngine, data: &Path) -> Result<Begun, Failure> {
    let begun_ms = clock::unix_ms();
    let mut book = LedgerStore::open(backend, entropy::bytes()).map_err(Failure::store)?;
    audit_row::write(&mut book, begun_ms, "tillgate backup", "backup".to_owned())?;
    let (checkpoint, _) =
        backup::checkpoint(&book.backend().reader(), data).map_err(Failure::store)?;
    Ok(Begun { checkpoint, begun_ms })
}

/// The checkpoint of the gateway that holds the store.
fn online(config: Config, socket: Option<&Path>) -> Result<Begun, Failure> {
    let answer = Client::of_running(config, socket)?.post("/api/v1/backup", &json!({}))?;
    serde_json::from_value(answer)
        .map_err(|_| Failure::internal("the gateway answered a backup with something else"))
}

fn sentence(manifest: &Manifest, to: &Path) -> String {
    let (files, to) = (manifest.files.len(), to.display());
    format!(
        "{to} is {manifest}: {files} files, {} KiB.\n\
         The keys are not in it: keep keys/, tillgate.toml and users.toml in another place.",
        manifest.bytes().div_ceil(1_024)
    )
}
