//! What the registry's history costs to read, and what a wrong clock makes of it.

use std::cell::Cell;
use std::ops::ControlFlow;

use tillgate_store_core::verify::{Promise, verify};
use tillgate_store_core::{
    Audit, Change, Family, Former, LedgerStore, Memory, Outcome, ReadRows, Record, RegistryRecord,
    Seller, SellerId, StoreError, Terminal, TerminalId, history,
};

use crate::shop;
use crate::verify::lab::Lab;

const BEGIN_MS: u64 = 2_000_000_000_000;

/// Counts the rows that are read.
struct Counted<'a> {
    rows: &'a Memory,
    count: Cell<usize>,
}

impl ReadRows for Counted<'_> {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        self.count.set(self.count.get() + 1);
        self.rows.get(family, key, out)
    }

    fn scan(
        &self,
        family: Family,
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.rows.scan(family, from, &mut |key, value| {
            self.count.set(self.count.get() + 1);
            visit(key, value)
        })
    }

    fn last_before(
        &self,
        family: Family,
        key: &[u8],
        out_key: &mut Vec<u8>,
    ) -> Result<bool, StoreError> {
        self.count.set(self.count.get() + 1);
        self.rows.last_before(family, key, out_key)
    }
}

fn rename(book: &mut LedgerStore<Memory>, at_ms: u64, name: &str) {
    let records = vec![RegistryRecord::Seller(Seller { name: name.to_owned(), ..shop::seller() })];
    let outcome = shop::change(book, Change { at_ms, records, ..Change::default() });
    assert_eq!(outcome, Outcome::Applied);
}

fn key() -> Vec<u8> {
    Seller::key_of(shop::SELLER).to_vec()
}

/// The seller as it was at a time.
fn was(rows: &dyn ReadRows, at_ms: u64) -> Option<RegistryRecord> {
    let audit_no = history::last_audit(rows, at_ms).unwrap();
    history::as_of(rows, &key(), audit_no).unwrap().record
}

fn name_at(rows: &dyn ReadRows, at_ms: u64) -> String {
    match was(rows, at_ms) {
        Some(RegistryRecord::Seller(seller)) => seller.name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_thousand_changes_of_one_record_are_read_with_a_bound() {
    let mut book = shop::busy(Memory::new());
    for n in 0..1_000 {
        rename(&mut book, BEGIN_MS + n * 60_000, &format!("name {n}"));
    }
    let rows = Counted { rows: book.backend(), count: Cell::new(0) };
    let newest = history::versions(&rows, &key(), None, 10).unwrap();
    assert_eq!(newest.len(), 10);
    assert!(rows.count.take() <= 21, "two reads for each, one for the record in force");
    let mut all = newest.len();
    let mut below = newest.last().and_then(|version| version.replaced);
    while let Some((audit_no, _)) = below {
        let page = history::versions(&rows, &key(), Some(audit_no), 100).unwrap();
        all += page.len();
        below = page.last().and_then(|version| version.replaced);
    }
    assert_eq!(all, 1_002, "before its creation, its first name, a thousand others");

    rows.count.set(0);
    let audit_no = history::last_audit(&rows, BEGIN_MS + 100 * 60_000).unwrap();
    assert!(rows.count.take() < 1_100, "audit rows are read back as far as the time");
    let record = history::as_of(&rows, &key(), audit_no).unwrap().record;
    assert!(rows.count.take() <= 2);
    assert!(matches!(record, Some(RegistryRecord::Seller(seller)) if seller.name == "name 100"));
    assert_eq!(name_at(&rows, BEGIN_MS + 101 * 60_000 - 1), "name 100");
}

/// What was changed while the clock was ahead is in force once it is right, not only when the time
/// that it was marked with comes.
#[test]
fn changes_of_a_clock_that_ran_ahead_are_in_force_once_it_is_right() {
    let mut book = shop::busy(Memory::new());
    let ahead_ms = BEGIN_MS + 86_400_000 * 365;
    rename(&mut book, BEGIN_MS, "before");
    rename(&mut book, ahead_ms, "ahead");
    book.set_back(BEGIN_MS + 5_000);
    rename(&mut book, BEGIN_MS + 10_000, "after");
    assert_eq!(name_at(book.backend(), BEGIN_MS + 9_999), "before");
    assert_eq!(name_at(book.backend(), BEGIN_MS + 10_000), "after");
    assert_eq!(name_at(book.backend(), ahead_ms - 1), "after");
    assert!(verify(book.backend()).unwrap().holds());
}

#[test]
fn a_history_that_does_not_fit_the_log_or_the_registry_is_named() {
    let mut lab = Lab::new();
    let former: Former = lab.first();
    let at = former.key();
    let with = |change: &dyn Fn(&mut Former)| {
        let mut former = former.clone();
        change(&mut former);
        former
    };
    let until_ms = with(&|former| former.until_ms += 1);
    lab.put(&until_ms);
    lab.violates(Promise::Undamaged, &["history", "audit row 1 is of"]);
    lab.put(&former);
    assert!(lab.report().holds());
    let no_change = with(&|former| former.audit_no = 900);
    lab.put(&no_change);
    lab.violates(Promise::Undamaged, &["until change 900", "there is no audit row 900"]);
    lab.violates(Promise::Undamaged, &["until change 900", "no record, after one"]);
    lab.delete(Family::History, &no_change.key());
    lab.delete(Family::Registry, &former.of);
    lab.violates(Promise::Undamaged, &["history", "the registry does not have its record"]);
    lab.delete(Family::History, &at);

    let mut lab = Lab::new();
    let terminal = lab.read::<Terminal>(&Terminal::key_of(TerminalId(42)));
    let record = RegistryRecord::Terminal(terminal);
    let audit: Audit = lab.read(&2_u64.to_be_bytes());
    let (of, until_ms) = (record.key(), audit.at_ms);
    let mut same = Former { of, audit_no: 2, until_ms, record: Some(record.clone()) };
    lab.put(&same);
    lab.violates(Promise::Undamaged, &["history", "it holds keys"]);
    same.record = Some(record.without_keys());
    lab.put(&same);
    lab.violates(Promise::Undamaged, &["until change 2", "version that replaced it is the same"]);
}

/// A store of an older program has no history: its records have been as they are since before.
#[test]
fn a_store_without_history_has_records_that_were_always_there() {
    let mut lab = Lab::new();
    let mut keys = Vec::new();
    lab.0
        .scan(Family::History, &[], &mut |key, _| {
            keys.push(key.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(!keys.is_empty());
    keys.iter().for_each(|key| lab.delete(Family::History, key));
    assert!(lab.report().holds());
    assert!(was(&lab.0, 0).is_some());
    assert!(history::jurisdiction(&lab.0, shop::SELLER, 0).unwrap().is_some());
    assert_eq!(history::jurisdiction(&lab.0, SellerId(99), 0).unwrap(), None);
}
