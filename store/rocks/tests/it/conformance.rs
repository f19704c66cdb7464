//! RocksDB obeys the conformance suite of the store.

use tempfile::TempDir;
use tillgate_store_conformance::Factory;
use tillgate_store_rocks::{Options, RocksEngine};

/// A new directory for every store; it lives until the next one is asked for.
struct Directories(TempDir);

impl Directories {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }
}

impl Factory for Directories {
    type Engine = RocksEngine;

    fn fresh(&mut self) -> RocksEngine {
        *self = Self::new();
        RocksEngine::open(self.0.path(), &Options::creating()).expect("a new store opens")
    }

    fn reopen(&mut self, engine: RocksEngine) -> RocksEngine {
        drop(engine);
        RocksEngine::open(self.0.path(), &Options::serving()).expect("a closed store opens")
    }
}

tillgate_store_conformance::conformance_cases!(Directories::new());
