//! A store that an older program wrote.

use std::fs;
use std::process::Command;

use tillgate_codec::link::message::ResponseCode;
use tillgate_store_core::{Engine, Family, Store, WriteSet, reseal};
use tillgate_store_rocks::{Options, RocksEngine, RocksReader};

use super::network::{FIRST_TERMINAL, voucher_sale};
use super::terminal::answer;
use super::{Installation, verify_dir};
use crate::serve::clock::{Clock, ClockTrust};

/// The rows of an old store as one write.
fn old_rows() -> WriteSet {
    let text = include_str!("../../../../../store/core/testdata/store-7861d9d.txt");
    let hex = |text: &str| -> Vec<u8> {
        let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len() / 2).map(|place| pair(place * 2)).collect()
    };
    let mut set = WriteSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let [family, key, value]: [&str; 3] =
            line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let family = Family::ALL.into_iter().find(|known| known.name() == family).unwrap();
        let value = if value == "-" { Vec::new() } else { hex(value) };
        set.put(family, &hex(key), |out| out.extend_from_slice(&value));
    }
    set
}

/// An installation over that store, with this key-encryption key.
fn installation(kek: &str) -> Installation {
    let installation = Installation::new();
    let store = &installation.config.store;
    fs::remove_dir_all(&store.dir).unwrap();
    let rows = old_rows();
    let mut backend = RocksEngine::open(&store.dir, &Options::creating()).unwrap();
    let count = rows
        .ops()
        .filter(|op| matches!(op, tillgate_store_core::Op::Put { family: Family::Batches, .. }));
    let batch_no = u64::try_from(count.count()).unwrap();
    backend.write(&rows, batch_no).unwrap();
    drop(backend);
    fs::remove_file(&store.kek).unwrap();
    crate::keyfile::write_new(&store.kek, &kek.repeat(32)).unwrap();
    installation
}

#[test]
fn an_old_store_serves_gets_its_canary_and_holds() {
    let installation = installation("01");
    // Its last batch is years ahead.
    let served = installation.serve_by(Clock::start(ClockTrust::Believed));
    assert_eq!(served.handle.directory.read().registry.terminals().count(), 2);
    served.stop();
    let report = installation.verify();
    assert_eq!((report.counts.vouchers_sold, report.counts.vouchers_in_stock), (2, 4));
    assert!(report.keks[&1].canary);
    let reader = RocksReader::open(&installation.config.store.dir, &Options::serving()).unwrap();
    assert_eq!(reseal::canaries(&reader).unwrap().len(), 1);
}

#[test]
fn an_old_store_with_another_key_is_refused_before_anything_is_written() {
    let installation = installation("02");
    let clock = Clock::start(ClockTrust::Believed);
    let refused = crate::serve::gateway::Gateway::start(&installation.config, clock);
    let said = refused.err().unwrap().to_string();
    assert!(said.contains("kek-1.key: not the key-encryption key 1"), "{said}");
    let backend = RocksEngine::open(&installation.config.store.dir, &Options::serving()).unwrap();
    let book = tillgate_store_core::LedgerStore::open(backend, [0; 8]).unwrap();
    assert_eq!(book.open_transactions().unwrap().len(), 1, "recovery did not touch it");
}

/// The directory as the program of commit 7861d9d left it: imported from CSV, 20 sales by `tillsim
/// run` of terminals 100 and 101, stopped by a signal. Only the database's own logs are not in it.
fn old_directory() -> Installation {
    let installation = Installation::new();
    let store = &installation.config.store;
    let home = store.dir.parent().unwrap();
    fs::remove_dir_all(&store.dir).unwrap();
    fs::remove_file(&store.kek).unwrap();
    let packed =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../store/rocks/testdata/store-7861d9d.tar.gz");
    let mut tar = Command::new("tar");
    let unpacked = tar.args(["--no-same-owner", "-xzf", packed, "-C"]).arg(home).status();
    assert!(unpacked.unwrap().success());
    fs::rename(home.join("kek-1.key"), &store.kek).unwrap();
    installation
}

#[test]
fn the_directory_of_an_older_program_is_verified_served_and_sells_on() {
    let installation = old_directory();
    let before = verify_dir(&installation.config.store.dir).counts;
    assert_eq!((before.transactions, before.vouchers_sold, before.vouchers_in_stock), (20, 9, 31));
    // The one that has not sold yet: its handshake counter begins anew.
    let terminal = FIRST_TERMINAL + 2;
    let served = installation.serve();
    let body = served.till(terminal).sell(&voucher_sale(1));
    let heard = answer(&body);
    assert_eq!(heard.code, ResponseCode::APPROVED);
    assert!(heard.voucher.is_some_and(|slip| slip.serial.starts_with('V')), "a PIN sealed then");
    served.stop();
    let served = installation.serve();
    assert_eq!(served.till(terminal).sell(&voucher_sale(1)), body);
    served.stop();
    let after = installation.verify().counts;
    assert_eq!((after.transactions, after.vouchers_sold, after.vouchers_in_stock), (21, 10, 30));
}
