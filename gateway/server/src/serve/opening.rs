//! What is read from disk before anything runs: keys, the store, the registry, and the
//! transactions that an earlier run left without an outcome.

use std::ops::ControlFlow;

use tillgate_codec::link::channel::StaticSecret;
use tillgate_core::desk::{Capabilities, Desk};
use tillgate_core::directory::Directory;
use tillgate_core::limits::DeskLimits;
use tillgate_core::time::{Moment, Span, Wall};
use tillgate_core::work::Keys;
use tillgate_store_core::{Book, Counter, Record, Registry, Rows, Store, StoreError};
use tillgate_store_rocks::{Options, RocksBackend};

use super::bridge;
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

/// The store, checked against its high-water mark.
///
/// # Errors
/// What is wrong with it, and what to do.
pub(crate) fn store(config: &Config, options: &Options) -> Result<Book<RocksBackend>, Failure> {
    let backend = RocksBackend::open(&config.store.dir, options).map_err(Failure::store)?;
    Book::open(backend, entropy::bytes()).map_err(Failure::store)
}

/// The registry and the handshake counters.
///
/// # Errors
/// A damaged row.
pub(crate) fn directory(
    config: &Config,
    store: &Book<RocksBackend>,
) -> Result<Directory, StoreError> {
    let names: Vec<String> = config.bridges.iter().map(|bridge| bridge.name.clone()).collect();
    let mut directory = Directory::new(store.load_registry()?, &names);
    let mut damaged = None;
    store.backend().scan(
        Counter::FAMILY,
        &[],
        &mut |key, value| match Counter::decode(key, value) {
            Ok(counter) => {
                directory.raise_counter(counter.terminal, counter.high);
                ControlFlow::Continue(())
            }
            Err(error) => {
                damaged = Some(error);
                ControlFlow::Break(())
            }
        },
    )?;
    damaged.map_or(Ok(directory), Err)
}

/// The desk, with every transaction taken up again that has no outcome yet.
///
/// # Errors
/// A damaged row.
pub(crate) fn desk(
    config: &Config,
    store: &Book<RocksBackend>,
    directory: &Directory,
    now: Moment,
    wall: Wall,
) -> Result<Desk, StoreError> {
    let mut capabilities = bridge::capabilities(&config.bridges);
    // One more, for transactions whose service is not routed any more: nobody can be asked, so
    // they stay on the operator's list.
    capabilities.push(Capabilities { idempotent: false, inquiry: false });
    let unrouted = u16::try_from(config.bridges.len()).expect("the configuration bounds bridges");
    let seed = u64::from_le_bytes(entropy::bytes());
    let mut desk = Desk::new(limits(config), capabilities, store.store_id(), seed);
    for transaction in store.open_transactions()? {
        let bridge = route(&directory.registry, directory, &transaction).unwrap_or(unrouted);
        if bridge == unrouted {
            tracing::warn!(
                service = transaction.service.0,
                key = %transaction.key,
                "no bridge for a transaction without an outcome; it stays unknown"
            );
        }
        desk.recover(now, wall, transaction, bridge);
    }
    Ok(desk)
}

fn route(
    registry: &Registry,
    directory: &Directory,
    transaction: &tillgate_store_core::Transaction,
) -> Option<u16> {
    directory.bridge(&registry.service(transaction.service)?.route)
}

fn limits(config: &Config) -> DeskLimits {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    DeskLimits {
        batch_max: size(config.desk.batch_max),
        pending_max: size(config.desk.pending_max),
        answer: Span::s(u64::from(config.desk.answer_s)),
        ..DeskLimits::default()
    }
}
