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
    bridges: FxHashMap<String, u16>,
}

impl Directory {
    /// A directory over a registry that was just loaded. A bridge's index is its place in
    /// `bridges`, which holds the names that services are routed by.
    ///
    /// # Panics
    /// If there are more than 65,536 bridges.
    #[must_use]
    pub fn new(registry: Registry, bridges: &[String]) -> Self {
        let index = |at: usize| u16::try_from(at).expect("a bridge index is a u16");
        let named = bridges.iter().enumerate().map(|(at, name)| (name.clone(), index(at)));
        Self { registry, counters: FxHashMap::default(), bridges: named.collect() }
    }

    /// The index of the bridge of this name.
    #[must_use]
    pub fn bridge(&self, route: &str) -> Option<u16> {
        self.bridges.get(route).copied()
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
