//! A sound store whose rows can be changed behind the ledger's back, with checksums that match.

use std::ops::ControlFlow;

use tillgate_store_core::journal;
use tillgate_store_core::record::KeyBytes;
use tillgate_store_core::verify::{Promise, Report, verify};
use tillgate_store_core::{
    AccountId, AccountRow, Engine, Family, Key, Memory, Record, Transaction, WriteSet,
};

use crate::shop::{self, busy};

/// A sound store, its rows in the open.
pub(crate) struct Lab(pub(crate) Memory);

impl Lab {
    pub(crate) fn new() -> Self {
        Self(busy(Memory::new()).into_backend())
    }

    pub(crate) fn report(&self) -> Report {
        verify(&self.0).unwrap()
    }

    pub(crate) fn read<R: Record>(&self, key: &[u8]) -> R {
        journal::record(&self.0, key, &mut Vec::new()).unwrap().unwrap()
    }

    pub(crate) fn first<R: Record>(&self) -> R {
        let mut first = None;
        journal::records(&self.0, &[], |record| {
            first = Some(record);
            ControlFlow::Break(())
        })
        .unwrap();
        first.unwrap()
    }

    pub(crate) fn write(&mut self, change: impl FnOnce(&mut WriteSet)) {
        let mut set = WriteSet::new();
        change(&mut set);
        self.0.write(&set, 0).unwrap();
    }

    pub(crate) fn put<R: Record>(&mut self, record: &R) {
        self.write(|set| set.put_record(record));
    }

    pub(crate) fn delete(&mut self, family: Family, key: &[u8]) {
        self.write(|set| set.delete(family, key));
    }

    pub(crate) fn edit<R: Record>(&mut self, key: &[u8], change: impl FnOnce(&mut R)) {
        let mut record = self.read(key);
        change(&mut record);
        self.put(&record);
    }

    pub(crate) fn edit_sale(&mut self, key: Key, change: impl FnOnce(&mut Transaction)) {
        self.edit(&key.to_bytes(), change);
    }

    pub(crate) fn edit_float(&mut self, change: impl FnOnce(&mut AccountRow)) {
        self.edit(&float_key(), change);
    }

    /// Demands a violation of `promise` whose line holds every one of `words`.
    #[track_caller]
    pub(crate) fn violates(&self, promise: Promise, words: &[&str]) {
        let report = self.report();
        assert!(!report.holds());
        let named = report.violations.iter().any(|violation| {
            let line = violation.to_string();
            violation.promise == promise && words.iter().all(|word| line.contains(word))
        });
        let lines: Vec<_> = report.violations.iter().map(ToString::to_string).collect();
        assert!(named, "{promise:?} {words:?} is not in {lines:#?}");
    }
}

pub(crate) fn float_key() -> KeyBytes {
    let id = AccountId::float(shop::SELLER, shop::CURRENCY);
    AccountRow { id, account: Default::default() }.key()
}
