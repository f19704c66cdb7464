//! What is read from disk before anything runs: keys, the store, the registry, and the
//! transactions that an earlier run left without an outcome.

use std::ops::ControlFlow;

use tillgate_codec::link::channel::StaticSecret;
use tillgate_core::directory::Directory;
use tillgate_core::processing::Keys;
use tillgate_core::time::{Moment, UnixMillis, utc};
use tillgate_core::transaction::TransactionManager;
use tillgate_store_core::{
    Change, Command, Counter, LedgerStore, Outcome, ReadRows, Record, Store, StoreError,
};
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
    check_clock(config, &mut book, clock)?;
    secrets::prove(&mut book, &keys.vault, config, clock.wall().0)?;
    Ok(book)
}

/// A clock that is days behind the last batch is wrong, or was wrong when that was written. Sales
/// of a wrong clock would be booked on days that are closed, so somebody has to say which it is.
fn check_clock(
    config: &Config,
    book: &mut LedgerStore<RocksEngine>,
    clock: Clock,
) -> Result<(), Failure> {
    let (last, now) = (UnixMillis(book.last_at_ms()), clock.wall());
    if !config.calendar.is_behind(last, now) {
        return Ok(());
    }
    let (last, time) = (utc(last), utc(now));
    if !clock.is_believed() {
        return Err(Failure::config(format!(
            "this machine's clock says {time}, but the last batch in {} is of {last}: business \
             dates would run backwards. Nothing was written. Set the clock right and start again; \
             if it is right, and was ahead when that batch was written, start once with `tillgate \
             serve --clock-is-right --config {}`",
            config.store.dir.display(),
            config.file.display()
        )));
    }
    book.set_back(now.0);
    let note = format!("the clock is right: it is {time}, though the last batch is of {last}");
    let actor = "tillgate serve".to_owned();
    let change = Change { at_ms: now.0, actor, note, ..Change::default() };
    let mut outcomes = Vec::new();
    book.commit(&mut vec![Command::Change(change)], &mut outcomes).map_err(Failure::store)?;
    assert_eq!(outcomes, [Outcome::Applied], "an audit row is always taken");
    Ok(())
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
    let mut directory = Directory::new(store.load_registry()?, &names);
    let mut claims = SharedClaims::new(config.claim_limits());
    let mut damaged = None;
    store.backend().scan(
        Counter::FAMILY,
        &[],
        &mut |key, value| match Counter::decode(key, value) {
            Ok(counter) => {
                directory.load(&counter);
                claims.load(&counter);
                ControlFlow::Continue(())
            }
            Err(error) => {
                damaged = Some(error);
                ControlFlow::Break(())
            }
        },
    )?;
    // The date of the last batch stays in force where the clock was set back over the cut-off.
    directory.today(config.calendar.date(UnixMillis(store.last_at_ms())));
    damaged.map_or(Ok((directory, claims)), Err)
}

/// The writer, with everything taken up again that somebody has to act on. What an earlier run had
/// begun and not finished is UNKNOWN on the disk when this returns.
///
/// # Errors
/// A damaged row, or one that cannot be written.
pub(crate) fn transactions(
    config: &Config,
    store: &mut LedgerStore<RocksEngine>,
    directory: &Directory,
    now: Moment,
    wall: UnixMillis,
) -> Result<TransactionManager, StoreError> {
    let bridges = bridge::described(&config.bridges);
    let seed = u64::from_le_bytes(entropy::bytes());
    let registry = &directory.registry;
    let mut transactions = TransactionManager::new(
        config.transaction_limits(),
        bridges,
        registry,
        store.store_id(),
        seed,
    );
    transactions.recover(now, wall, store)?;
    let (mut commands, mut outcomes) = (Vec::new(), Vec::new());
    while transactions.stage(&mut commands) {
        store.commit(&mut commands, &mut outcomes)?;
        transactions.committed(now, &mut outcomes);
    }
    Ok(transactions)
}
