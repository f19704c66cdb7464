//! A store directory for one test.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tillgate_store_core::verify::{Report, verify};
use tillgate_store_core::{LedgerStore, Store};
use tillgate_store_rocks::{Cause, MarkTrouble, OpenError, Options, RocksEngine, RocksReader};

use crate::store::shop;

/// A directory that is removed with the test.
pub(crate) struct Place(TempDir);

impl Place {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One with a store in which `shop::busy` has been, closed again.
    pub(crate) fn busy() -> Self {
        let place = Self::new();
        drop(shop::busy(place.create()));
        place
    }

    pub(crate) fn dir(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn create(&self) -> RocksEngine {
        RocksEngine::open(self.dir(), &Options::creating()).unwrap()
    }

    pub(crate) fn open(&self) -> Result<LedgerStore<RocksEngine>, OpenError> {
        let backend = RocksEngine::open(self.dir(), &Options::serving())?;
        Ok(LedgerStore::open(backend, *b"not new!").unwrap())
    }

    /// Why it does not open.
    #[track_caller]
    pub(crate) fn refusal(&self) -> OpenError {
        self.open().map(|book| *book.head()).unwrap_err()
    }

    /// How database and mark differ.
    #[track_caller]
    pub(crate) fn mark_trouble(&self) -> MarkTrouble {
        match self.refusal().cause {
            Cause::Mark { trouble, .. } => trouble,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn mark(&self) -> PathBuf {
        self.dir().join("high-water")
    }

    /// The newest file of the database whose name ends so.
    pub(crate) fn newest(&self, ending: &str) -> PathBuf {
        self.files(ending).pop().unwrap()
    }

    /// Files of the database whose names end so, with something in them, oldest first.
    pub(crate) fn files(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir().join("rows")).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.to_string_lossy().ends_with(ending));
        files.retain(|path| path.metadata().unwrap().len() > 0);
        files.sort();
        files
    }

    pub(crate) fn verify(&self) -> Report {
        verify(&RocksReader::open(self.dir(), &Options::serving()).unwrap()).unwrap()
    }
}

/// Sells one voucher and says under which batch.
pub(crate) fn sell_one(book: &mut LedgerStore<RocksEngine>, stan: u32) -> u64 {
    shop::commit(book, vec![shop::sell(shop::key(42, stan))]);
    let sold = book.transaction(&shop::key(42, stan)).unwrap();
    assert!(sold.is_some());
    book.head().batch_no
}

/// Copies a directory and everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
