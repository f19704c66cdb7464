//! What the pool verifies against: the registry and the handshake counters, kept in memory.
//!
//! The desk thread is its only writer and changes it right after the change is durable, so the
//! next request that a pool thread verifies already sees the block, the limit or the price.

use rustc_hash::FxHashMap;
use tillgate_store_core::{Registry, TerminalId};

/// The registry as of the last durable change, and each terminal's highest handshake counter.
#[derive(Default)]
pub struct Directory {
    /// Terminals, sellers, distributors and services.
    pub registry: Registry,
    counters: FxHashMap<TerminalId, u64>,
}

impl Directory {
    /// A directory over a registry that was just loaded.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        Self { registry, counters: FxHashMap::default() }
    }

    /// The highest handshake counter seen from this terminal; 0 for none.
    #[must_use]
    pub fn counter(&self, terminal: TerminalId) -> u64 {
        self.counters.get(&terminal).copied().unwrap_or(0)
    }

    /// Remembers a counter; a lower one changes nothing.
    pub fn raise_counter(&mut self, terminal: TerminalId, counter: u64) {
        let high = self.counters.entry(terminal).or_insert(0);
        *high = counter.max(*high);
    }
}
