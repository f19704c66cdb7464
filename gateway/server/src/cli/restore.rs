//! `tillgate restore`

use std::path::{Path, PathBuf};

use clap::Args;
use tillgate_core::backup::ManifestTrust;
use tillgate_store_core::LedgerStore;
use tillgate_store_core::limits::NOTE_BYTES_MAX;
use tillgate_store_core::verify::Report;
use tillgate_store_rocks::{Mark, Note, RocksEngine, RocksReader, note};

use super::store_dir::{Place, find};
use super::{Rate, audit_row, print};
use crate::backup;
use crate::config::{self, Config};
use crate::exit::Failure;
use crate::verify_store::verified;
use crate::{clock, entropy, secrets};

/// Restore a backup, or accept that a store lost its last transactions
#[derive(Args)]
#[command(
    override_usage = "tillgate restore BACKUP DIR --config FILE [--accept]\n       \
                      tillgate restore BACKUP --config FILE [--accept]\n       \
                      tillgate restore --accept DIR",
    after_help = "\
Example:
  tillgate restore /mnt/backups/2026-11-23 --config /srv/tillgate/tillgate.toml
  tillgate restore --accept /srv/tillgate

The first restores a backup into an empty or new directory, with the keys of the configuration. It
checks the manifest with the store's key, every file with its checksum and the end with the
manifest, and verifies the whole store. The result can be read, but does not serve: what terminals
were answered after the backup is not in it. Book what is missing from the terminals' and the
providers' records.

The second accepts that transactions after the end of a store are lost: after a restore, or when
database and high-water mark disagree because the end was lost. It verifies the store in place, sets
the mark to the end of the database, and writes an entry to the audit log. `--accept` with a BACKUP
does both at once."
)]
pub(crate) struct Restore {
    /// A backup, and the directory to restore it into; with --accept, only a store's directory
    #[arg(value_name = "BACKUP DIR", num_args = 0..=2)]
    places: Vec<PathBuf>,
    /// The configuration with the key of the backup; without a DIR, restore into its store
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Accept that transactions after this backup are lost
    #[arg(long)]
    accept: bool,
    /// Trust the backup's manifest without its key: an old backup, or no configuration available
    #[arg(long)]
    unkeyed: bool,
    #[command(flatten)]
    rate: Rate,
}

enum Wish {
    PutBack(PathBuf, Place),
    Accept(Place),
}

impl Restore {
    pub(super) fn run(self) -> Result<(), Failure> {
        let (accept, unkeyed, mut pace) = (self.accept, self.unkeyed, self.rate.pace());
        match self.wish()? {
            Wish::Accept(place) => self::accept(&place),
            Wish::PutBack(backup, place) => {
                let trust = trust(place.config.as_ref(), unkeyed)?;
                let (manifest, report) = backup::put_back(&backup, &place.dir, &trust, &mut pace)?;
                print::line(&format!("{} is restored from {manifest}.", place.dir.display()))?;
                tell(&place.dir, &report)?;
                if accept {
                    return self::accept(&place);
                }
                print::line(&warning(&place, manifest.batch_no))
            }
        }
    }

    fn wish(self) -> Result<Wish, Failure> {
        let mut places = self.places.into_iter();
        match (places.next(), places.next(), self.config) {
            (Some(backup), Some(to), None) => Ok(Wish::PutBack(backup, find(Some(to), None)?)),
            (Some(backup), None, Some(config)) => {
                Ok(Wish::PutBack(backup, find(None, Some(config))?))
            }
            (Some(dir), None, None) if self.accept && !backup::is_backup(&dir) => {
                Ok(Wish::Accept(find(Some(dir), None)?))
            }
            (None, None, Some(config)) if self.accept => {
                Ok(Wish::Accept(find(None, Some(config))?))
            }
            (Some(backup), Some(dir), Some(config)) => {
                let config = Some(config::load(&config)?);
                let place = find(Some(dir), None)?;
                Ok(Wish::PutBack(backup, Place { config, ..place }))
            }
            (Some(_), None, None) => {
                Err(Failure::usage("where to? `tillgate restore BACKUP DIR`, or --config FILE"))
            }
            _ => Err(Failure::usage(
                "name a BACKUP and a DIR to restore it into; or say --accept and name a store",
            )),
        }
    }
}

/// Whoever has no key-encryption key can make a manifest, but not its code.
fn trust(config: Option<&Config>, unkeyed: bool) -> Result<ManifestTrust, Failure> {
    match config {
        _ if unkeyed => Ok(ManifestTrust::Unkeyed),
        Some(config) => secrets::manifest_keys(config).map(ManifestTrust::Keys),
        None => Err(Failure::usage(
            "name the configuration whose key the backup was taken with (--config FILE), or say \
             --unkeyed if nobody else could write where the backup was kept",
        )),
    }
}

/// Verifies the store as it lies, then sets the mark to where the database ends, with a row in the
/// audit log.
fn accept(place: &Place) -> Result<(), Failure> {
    let Place { dir, options, .. } = place;
    let wrong = |error| Failure::store(format!("{}: {error}", dir.display()));
    let restored = Note::Restored.peek(dir).map_err(wrong)?;
    let damaged = Note::Damaged.peek(dir).map_err(wrong)?;
    // Before anything is written: opening for writing rewrites tables, and the mark remembers
    // what was lost.
    let reader = RocksReader::open_unmarked(dir, options).map_err(Failure::store)?;
    tell(dir, &verified(&reader)?)?;
    drop(reader);
    let (backend, mark) = RocksEngine::accept(dir, options).map_err(Failure::store)?;
    let mut book = LedgerStore::open(backend, entropy::bytes()).map_err(Failure::store)?;
    let mut note = format!("accepted the end at batch {}", mark.batch_no);
    for (said, text) in [("restored from", restored), ("was found damaged:", damaged)] {
        if let Some(text) = text {
            note = format!("{note}; {said} {text}");
        }
    }
    note.truncate(note.floor_char_boundary(NOTE_BYTES_MAX));
    audit_row::write(&mut book, clock::unix_ms(), "tillgate restore", note)?;
    // Last: whatever broke off before, the store still refuses to serve.
    note::clear(dir).map_err(wrong)?;
    print::line(&format!(
        "It is accepted that {} ends at batch {}; it may serve.",
        dir.display(),
        mark.batch_no
    ))
}

fn tell(dir: &Path, report: &Report) -> Result<(), Failure> {
    if report.holds() {
        let transactions = report.counts.transactions;
        return print::line(&format!("Every invariant holds over {transactions} transactions."));
    }
    Err(Failure::refused(format!(
        "{} invariants are violated in {}: `tillgate verify` lists them; do not serve from it",
        report.violations_total,
        dir.display()
    )))
}

/// What the operator has to decide, with what a mark elsewhere knows about it.
fn warning(place: &Place, batch_no: u64) -> String {
    let elsewhere = place.options.mark.as_deref();
    let marked = elsewhere.and_then(|path| Mark::peek(path).ok().flatten());
    let known = match marked {
        Some(mark) if mark.batch_no > batch_no => format!(
            " The high-water mark remembers batch {}: {} batches are missing.",
            mark.batch_no,
            mark.batch_no - batch_no
        ),
        _ => String::new(),
    };
    let dir = place.dir.display();
    format!(
        "What terminals received after this backup is not in it.{known} Book what is missing \
         from the terminals' and the providers' records; then `tillgate restore --accept {dir}` \
         lets it serve."
    )
}
