//! Opening, reopening, reading beside the writer, backups.

use std::fs;
use std::process::Command;

use tillgate_store_core::verify::verify;
use tillgate_store_core::{
    Change, Family, Key, Outcome, ReadRows, RegistryRecord, Seller, SellerId, Store, TerminalId,
    history,
};
use tillgate_store_rocks::{Cause, Options, RocksEngine, RocksReader};

use crate::store::place::{Place, copy, sell_one};
use crate::store::shop;

#[test]
fn a_store_that_is_opened_again_is_as_it_was_left() {
    let place = Place::new();
    let book = shop::busy(place.create());
    let (head, float) = (*book.head(), book.account(&shop::seller().float()));
    let sold = book.transaction(&shop::key(42, 2)).unwrap();
    let open = book.open_transactions().unwrap();
    assert!(open.len() > 3);
    drop(book);
    for _ in 0..3 {
        let book = place.open().unwrap();
        assert_eq!(*book.head(), head);
        assert_eq!(book.account(&shop::seller().float()), float);
        assert_eq!(book.transaction(&shop::key(42, 2)).unwrap(), sold);
        assert_eq!(book.open_transactions().unwrap(), open);
        drop(book);
        let report = place.verify();
        assert!(report.holds(), "{:#?}", report.violations);
    }
}

#[test]
fn a_repeat_after_a_restart_gets_the_same_voucher() {
    let place = Place::busy();
    let mut book = place.open().unwrap();
    let before = book.transaction(&shop::key(42, 3)).unwrap().unwrap();
    let again = shop::commit(&mut book, vec![shop::sell(shop::key(42, 3))]);
    assert_eq!(again, [tillgate_store_core::Outcome::Duplicate(before)]);
}

#[test]
fn a_mistyped_directory_does_not_become_a_store() {
    let place = Place::new();
    let missing = place.dir().join("typo");
    let error = RocksEngine::open(&missing, &Options::serving()).map(|_| ()).unwrap_err();
    assert_eq!(error.cause, Cause::NoStore);
    assert!(error.to_string().contains("typo") && error.to_string().contains("tillgate init"));
    assert!(!missing.exists());
    let error = RocksReader::open(&missing, &Options::creating()).map(|_| ()).unwrap_err();
    assert!(!missing.exists(), "{error}");
}

#[test]
fn a_directory_in_use_is_refused_and_named() {
    let place = Place::new();
    let book = shop::busy(place.create());
    let error = place.refusal();
    assert_eq!(error.cause, Cause::Locked, "{error}");
    let text = error.to_string();
    assert!(text.contains(&place.dir().display().to_string()), "{text}");
    assert!(text.contains("in use by another process"), "{text}");
    drop(book);
    assert!(place.open().is_ok());
}

#[test]
fn a_snapshot_stays_the_same_while_sales_go_on_beside_it() {
    let place = Place::new();
    let mut book = shop::open(place.create(), 100);
    let reader = book.backend().reader();
    let snapshot = reader.snapshot();
    let before = verify(&snapshot).unwrap();
    for stan in 1..=20 {
        sell_one(&mut book, stan);
    }
    assert_eq!(verify(&snapshot).unwrap(), before);
    assert!(before.holds());
    let after = verify(&reader.snapshot()).unwrap();
    assert!(after.holds(), "{:#?}", after.violations);
    assert_eq!((before.counts.vouchers_sold, after.counts.vouchers_sold), (0, 20));
    let mut row = Vec::new();
    let key = shop::key(42, 20).to_bytes();
    assert!(reader.get(Family::Journal, &key, &mut row).unwrap());
    assert!(!snapshot.get(Family::Journal, &key, &mut row).unwrap());
}

#[test]
fn a_backup_made_while_open_is_a_complete_store_of_its_own() {
    let place = Place::new();
    let mut book = shop::open(place.create(), 100);
    let marked = (1..=10).map(|stan| sell_one(&mut book, stan)).last();
    let target = place.dir().join("backup");
    let reader = book.backend().reader();
    let mark = reader.checkpoint(&target).unwrap();
    assert_eq!(Some(mark.batch_no), marked);
    for stan in 11..=15 {
        sell_one(&mut book, stan);
    }
    let moved = Place::new();
    copy(&target, moved.dir());
    let report = moved.verify();
    assert!(report.holds(), "{:#?}", report.violations);
    assert_eq!(report.counts.vouchers_sold, 10);
    let mut restored = moved.open().unwrap();
    sell_one(&mut restored, 11);
    assert!(reader.checkpoint(&target).unwrap_err().to_string().contains("backup to"));
}

/// The program of commit 7861d9d knew no history: its families are one fewer.
#[test]
fn the_store_of_a_program_without_history_is_read_as_it_is_and_keeps_one_from_then_on() {
    let place = Place::new();
    let packed = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/store-7861d9d.tar.gz");
    let mut tar = Command::new("tar");
    let unpacked = tar.args(["--no-same-owner", "--strip-components=1", "-xzf", packed, "-C"]);
    assert!(unpacked.arg(place.dir()).arg("data").status().unwrap().success());
    let read = || RocksReader::open(place.dir(), &Options::serving()).unwrap();
    let key = Seller::key_of(SellerId(1));
    let versions = |rows: &dyn ReadRows| history::versions(rows, &key, None, 10).unwrap();
    let before = versions(&read());
    assert_eq!((before.len(), place.verify().counts.history), (1, 0));
    let mut found = Vec::new();
    assert!(!read().last_before(Family::History, &[0xFF], &mut found).unwrap());

    let mut book = place.open().unwrap();
    let Some(RegistryRecord::Seller(mut seller)) = before[0].record.clone() else { panic!() };
    seller.name.push_str(" and sons");
    let records = vec![RegistryRecord::Seller(seller)];
    let at_ms = book.last_at_ms() + 1;
    let change = Change { at_ms, records, ..Change::default() };
    assert_eq!(shop::change(&mut book, change), Outcome::Applied);
    let target = place.dir().join("backup");
    book.backend().reader().checkpoint(&target).unwrap();
    let copy = RocksReader::open(&target, &Options::serving()).unwrap();
    for after in [versions(book.backend()), versions(&copy)] {
        assert_eq!(after.len(), 2);
        assert_eq!(after[1].record, before[0].record);
        assert_eq!(after[1].replaced.map(|(_, until_ms)| until_ms), Some(at_ms));
    }
    drop(book);
    let report = place.verify();
    assert!(report.holds(), "{:#?}", report.violations);
    assert_eq!(report.counts.history, 1);
}

#[test]
fn reading_alone_changes_nothing_in_the_directory() {
    let place = Place::busy();
    let listing = || {
        place.files("").into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let before = listing();
    assert!(place.verify().holds());
    assert!(listing() == before);
}

#[test]
fn a_range_that_is_read_backwards_and_forwards_finds_its_ends() {
    let place = Place::busy();
    let book = place.open().unwrap();
    let (mut key, backend) = (Vec::new(), book.backend());
    let first = shop::key(42, 1).to_bytes();
    assert!(!backend.last_before(Family::Journal, &first, &mut key).unwrap());
    let second = shop::key(42, 2).to_bytes();
    assert!(backend.last_before(Family::Journal, &second, &mut key).unwrap());
    assert_eq!(key, first);
    assert!(backend.last_before(Family::Journal, &[0xFF; 11], &mut key).unwrap());
    // An operator's refund is the last: its number is above every terminal's.
    assert_eq!(key, Key { terminal: TerminalId::OPERATOR, ..shop::key(43, 1) }.to_bytes());
}
