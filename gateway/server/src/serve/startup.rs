//! What is read from disk before anything runs: keys, the store, the registry, and the
//! transactions that an earlier run left without an outcome. What forbids the start, and what is
//! written before anybody is served, [`startup`] says.

use tillgate_codec::link::channel::StaticSecret;
use tillgate_core::directory::Directory;
use tillgate_core::processing::Keys;
use tillgate_core::startup::{self, ClockBehind, StartError};
use tillgate_core::time::utc;
use tillgate_core::transaction::TransactionManager;
use tillgate_store_core::{Counter, LedgerStore, StoreError};
use tillgate_store_rocks::{Options, RocksEngine};

use super::bridge;
use super::claims::SharedClaims;
use super::clock::Clock;
use crate::config::Config;
use crate::exit::Failure;
use crate::{entropy, keyfile, secrets};

/// The gateway's secrets.
///
/// # Errors
/// A key file is missing, readable by others or not a key.
pub(crate) fn keys(config: &Config) -> Result<Keys, Failure> {
    let secret = StaticSecret::new(*keyfile::read(&config.link.key).map_err(Failure::config)?);
    Ok(Keys { vault: secrets::vault(config)?, secret })
}

/// The store, checked against its high-water mark and against the keys that open its secrets.
///
/// # Errors
/// What is wrong with it, or with the clock, and what to do.
pub(crate) fn store(
    config: &Config,
    options: &Options,
    keys: &Keys,
    clock: Clock,
) -> Result<LedgerStore<RocksEngine>, Failure> {
    let backend = RocksEngine::open(&config.store.dir, options).map_err(Failure::store)?;
    let mut book = LedgerStore::open(backend, entropy::bytes()).map_err(Failure::store)?;
    startup::check_clock(&mut book, &config.calendar, clock.wall(), clock.trust)
        .map_err(|error| refused(config, error))?;
    secrets::prove(&mut book, &keys.vault, config, clock.wall().0)?;
    Ok(book)
}

fn refused(config: &Config, error: StartError) -> Failure {
    match error {
        StartError::Store(error) => Failure::store(error),
        StartError::Clock(ClockBehind { last, now }) => Failure::config(format!(
            "this machine's clock says {}, but the last batch in {} is of {}: business dates would \
             run backwards. Nothing was written. Set the clock right and start again; if it is \
             right, and was ahead when that batch was written, start once with `tillgate serve \
             --clock-is-right --config {}`",
            utc(now),
            config.store.dir.display(),
            utc(last),
            config.file.display()
        )),
    }
}

/// The registry and the keys in force, and the handshake counters.
///
/// # Errors
/// A damaged row.
pub(crate) fn directory(
    config: &Config,
    store: &LedgerStore<RocksEngine>,
) -> Result<(Directory, SharedClaims), StoreError> {
    let names: Vec<String> = config.bridges.iter().map(|bridge| bridge.name.clone()).collect();
    let mut claims = SharedClaims::new(config.claim_limits());
    let load = |counter: &Counter| claims.load(counter);
    let directory = startup::directory(store, &config.calendar, &names, load)?;
    Ok((directory, claims))
}

/// The writer: see [`startup::transactions`].
///
/// # Errors
/// A damaged row, or one that cannot be written.
pub(crate) fn transactions(
    config: &Config,
    store: &mut LedgerStore<RocksEngine>,
    directory: &Directory,
    clock: Clock,
) -> Result<TransactionManager, StoreError> {
    let bridges = bridge::described(&config.bridges);
    let begins = (clock.now(), clock.wall(), u64::from_le_bytes(entropy::bytes()));
    startup::transactions(store, config.transaction_limits(), bridges, directory, begins)
}
