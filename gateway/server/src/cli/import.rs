//! `tillgate import`

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use tillgate_core::time::UnixMillis;
use tillgate_import::{Context, Counts, Existing, Source, make_missing_keys};
use tillgate_store_core::{Command, LedgerStore, Outcome, Store};
use tillgate_store_rocks::{Cause, RocksEngine};

use super::{ConfigFile, csv_files, print};
use crate::client::Client;
use crate::config::{self, Config};
use crate::exit::Failure;
use crate::{clock, entropy, keyfile, secrets};

/// Load sellers, terminals, services, vouchers and floats from CSV and TOML files
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate import demo --config /srv/tillgate/tillgate.toml
  tillgate import vouchers-2026-12.csv --config /srv/tillgate/tillgate.toml
  tillgate import terminals.csv --keys-out terminal-keys.csv

Known files: distributors.csv sellers.csv routes.csv services.csv products.csv commissions.csv
charges.csv receipts.csv terminals.csv vouchers.csv batch.csv floats.csv, and files such as
vouchers-2.csv; each may come encrypted with age, as vouchers.csv.age (see `tillgate stock recipient`);
services.toml has services with their products, commissions, charges and receipts, and like
routes.toml the rules of routes. Columns and keys are in
docs/operations.md; a wrong header is reported with the right one.

An import is all or nothing: every invalid field is reported with its file, line and column, and
then nothing was changed. It works with a running gateway (through its socket; in force for the next
sale) and without one.")]
pub(crate) struct Import {
    /// CSV files, services.toml and routes.toml, or directories of them
    #[arg(value_name = "DIR|FILE", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
    /// Replace records that the store already has, instead of refusing them
    #[arg(long)]
    update: bool,
    /// Generate a key for every terminal whose psk is empty, and write the keys to this new file
    #[arg(long, value_name = "FILE", conflicts_with = "update")]
    keys_out: Option<PathBuf>,
    /// Check everything, change nothing
    #[arg(long)]
    dry_run: bool,
    /// The gateway's Unix socket, if not the configured one
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

impl Import {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = self.config.load()?;
        let mut sources = csv_files::read_all(&self.paths)?;
        let made = self.keys_out.as_ref().map(|_| make_missing_keys(&mut sources, &entropy::bytes));
        let keys = match (&self.keys_out, made.flatten()) {
            // Keys that are in no store are of no use.
            (Some(file), Some(text)) if !self.dry_run => Some(KeysFile::write(file, &text)?),
            _ => None,
        };
        let mut fate = Fate::Refused;
        let done = match RocksEngine::open(&config.store.dir, &config::options(&config.store)) {
            Ok(backend) => self.offline(&config, backend, &mut sources, &mut fate),
            Err(error) if error.cause == Cause::Locked => self.online(config, &sources, &mut fate),
            Err(error) => Err(Failure::store(error)),
        };
        let sentence = match (done, keys.as_ref().filter(|_| fate == Fate::Unknown)) {
            (Err(Failure { exit, text }), Some(_)) => {
                let file = keys.map(KeysFile::leave).unwrap_or_default();
                let file = file.display();
                let text = format!(
                    "{text}\nThe new keys stay in {file}: if the import was carried out after all, they \
                     are those of its terminals"
                );
                return Err(Failure { exit, text });
            }
            (done, _) => done?,
        };
        if let Some(keys) = keys {
            keys.keep()?;
        }
        print::line(&sentence)
    }

    fn existing(&self) -> Existing {
        if self.update { Existing::Replace } else { Existing::Refuse }
    }

    /// Straight into the store of a gateway that does not run.
    fn offline(
        &self,
        config: &Config,
        backend: RocksEngine,
        sources: &mut [Source],
        fate: &mut Fate,
    ) -> Result<String, Failure> {
        secrets::open_all(sources, &config.import).map_err(Failure::refused)?;
        let vault = secrets::vault(config)?;
        let mut book = LedgerStore::open(backend, entropy::bytes()).map_err(Failure::store)?;
        secrets::prove(&mut book, &vault, config, clock::unix_ms())?;
        let registry = book.load_registry().map_err(Failure::store)?;
        let bridges: Vec<String> = config.bridges.iter().map(|b| b.name.clone()).collect();
        let listeners = config.iso8583_listeners.iter().map(|listener| listener.name.clone());
        let listeners: Vec<String> = listeners.collect();
        let at_ms = clock::unix_ms();
        let context = Context {
            known: &registry,
            bridges: &bridges,
            listeners: &listeners,
            vault: &vault,
            today: config.calendar.date(UnixMillis(at_ms)),
            at_ms,
            existing: self.existing(),
            nonce: &entropy::bytes,
            random: &entropy::bytes,
        };
        let mut plan = tillgate_import::plan(sources, &context, "tillgate import")
            .map_err(Failure::refused)?;
        if self.dry_run {
            return Ok(checked(&plan.counts.sentence()));
        }
        let mut commands = vec![Command::Change(std::mem::take(&mut plan.change))];
        let mut outcomes = Vec::new();
        *fate = Fate::Unknown;
        book.commit(&mut commands, &mut outcomes).map_err(Failure::store)?;
        book.backend_mut().tick().map_err(Failure::store)?;
        match outcomes.pop() {
            Some(Outcome::Applied) => Ok(imported(&plan.counts)),
            Some(Outcome::Rejected(rejections)) => {
                *fate = Fate::Refused;
                Err(Failure::refused(plan.explain(rejections)))
            }
            _ => Err(Failure::internal("the store answered a change with something else")),
        }
    }

    /// Through the gateway that holds the store.
    fn online(
        &self,
        config: Config,
        sources: &[Source],
        fate: &mut Fate,
    ) -> Result<String, Failure> {
        // Two files of one name in two directories stay two.
        let files = sources.iter().map(|source| (source.name.as_str(), source.text.as_str()));
        let files = files.collect();
        let body = Body { files, update: self.update, dry_run: self.dry_run };
        let client = Client::of_running(config, self.socket.as_deref())?;
        *fate = Fate::Unknown;
        let answer = client.post_raw("/api/v1/import", &body)?;
        if answer.is_refusal() {
            *fate = Fate::Refused;
        }
        if let (false, Some(faults)) =
            (answer.is_success(), answer.body.pointer("/error/faults/shown"))
        {
            return Err(Failure::refused(faults_of(faults, &answer.body)));
        }
        let body = answer.accepted()?;
        let sentence = body.get("summary").and_then(Value::as_str).unwrap_or("nothing");
        if self.dry_run {
            return Ok(checked(sentence));
        }
        Ok(format!("Imported {sentence}; in force at the serving gateway."))
    }
}

/// What the admin API takes: the files as they lie in memory, with no copy of their keys and PINs.
#[derive(Serialize)]
struct Body<'a> {
    files: BTreeMap<&'a str, &'a str>,
    update: bool,
    dry_run: bool,
}

fn imported(counts: &Counts) -> String {
    format!("Imported {}.", counts.sentence())
}

fn checked(sentence: &str) -> String {
    format!("Dry run: {sentence} are valid. Nothing was imported.")
}

/// The faults of the gateway's answer, as the offline import shows them.
fn faults_of(shown: &Value, body: &Value) -> String {
    let lines: Vec<String> = shown.as_array().map_or_else(Vec::new, |faults| {
        let text = |fault: &Value| fault.get("message").and_then(Value::as_str).map(String::from);
        faults.iter().filter_map(text).collect()
    });
    let message = body.pointer("/error/message").and_then(Value::as_str).unwrap_or("refused");
    format!("{}\n{message}", lines.join("\n"))
}

/// The file with new keys. It is written before the store knows them, so that no key is ever
/// lost, and removed again when the store does not take them.
/// What is known of an import that failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing of it is in the store.
    Refused,
    /// It may be in the store.
    Unknown,
}

struct KeysFile {
    file: PathBuf,
    kept: bool,
}

impl KeysFile {
    fn write(file: &Path, text: &str) -> Result<Self, Failure> {
        keyfile::write_new(file, text).map_err(|error| {
            let what = match error.kind() {
                ErrorKind::AlreadyExists => "is there already; name a new file".to_owned(),
                _ => error.to_string(),
            };
            Failure::refused(format!("{}: {what}", file.display()))
        })?;
        Ok(Self { file: file.to_owned(), kept: false })
    }

    /// It stays where it is.
    fn leave(mut self) -> PathBuf {
        self.kept = true;
        self.file.clone()
    }

    fn keep(mut self) -> Result<(), Failure> {
        self.kept = true;
        let file = self.file.display();
        print::line(&format!("The new keys are in {file}; put them into the terminals."))
    }
}

impl Drop for KeysFile {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.file)
        {
            eprintln!("tillgate: {} stays behind: {error}", self.file.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::config::InstallOptions;
    use crate::init::install;

    /// An import of a terminal beside a gateway that gives this answer; what was said, and whether
    /// the file of its key is there.
    fn import_beside(answer: &'static str) -> (String, bool) {
        let dir = tempfile::tempdir().unwrap();
        let (home, any) = (dir.path().join("gate"), "127.0.0.1:0".parse().unwrap());
        let (terminals, admin, bridges) = (any, any, Vec::new());
        install(&home, &InstallOptions { terminals, admin, descriptors: u64::MAX, bridges })
            .unwrap();
        let file = ConfigFile { config: home.join("tillgate.toml") };
        let config = file.load().map_err(|failure| failure.text).unwrap();
        let _held = RocksEngine::open(&config.store.dir, &config::options(&config.store)).unwrap();
        let listener = UnixListener::bind(dir.path().join("gate.sock")).unwrap();
        let gateway = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 8_192]).unwrap() > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let rows = dir.path().join("terminals.csv");
        fs::write(&rows, "id,seller,psk,services,status\n9,7,,,active\n").unwrap();
        let keys = dir.path().join("keys.csv");
        let (socket, keys_out) = (Some(dir.path().join("gate.sock")), Some(keys.clone()));
        let (paths, update, dry_run) = (vec![rows], false, false);
        let import = Import { paths, config: file, update, keys_out, dry_run, socket };
        let said = import.run().err().unwrap().text;
        gateway.join().unwrap();
        (said, keys.exists())
    }

    #[test]
    fn new_keys_stay_where_they_may_be_in_the_store_and_go_with_what_was_refused() {
        let (said, are_there) = import_beside("");
        assert!(are_there && said.contains("The new keys stay in"), "{said}");
        let (said, are_there) = import_beside("HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\n{}");
        assert!(are_there && said.contains("The new keys stay in"), "{said}");
        let (said, are_there) = import_beside("HTTP/1.1 409 No\r\ncontent-length: 2\r\n\r\n{}");
        assert!(!are_there && !said.contains("The new keys"), "{said}");
    }
}
