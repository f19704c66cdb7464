//! What the pool verifies against: the registry and the keys in force, kept in memory.
//!
//! The writer thread is its only writer and changes it right after the change is durable, so the
//! next request that a pool thread verifies already sees the block, the key, the limit or the
//! price.

use std::sync::atomic::{AtomicU16, Ordering};

use rustc_hash::FxHashMap;
use tillgate_store_core::{
    BusinessDate, Counter, Generations, Handset, Msisdn, Registry, RegistryRecord, Status,
    Terminal, TerminalId, TerminalKey,
};

use crate::limits::DATES_BEHIND_MAX;
use crate::routing::Routes;
use crate::transaction::Origin;

/// The registry as of the last durable change, and which keys have proved themselves.
#[derive(Default)]
pub struct Directory {
    /// Terminals, sellers, distributors and services.
    pub registry: Registry,
    /// By terminal, the generation of a key that has proved itself beside older ones: those are
    /// void.
    proved: FxHashMap<TerminalId, u32>,
    /// What services are routed by.
    pub routes: Routes,
    /// The business date in force.
    date: AtomicU16,
}

/// A terminal whose keys have changed: sessions of other keys are to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rekeyed {
    pub terminal: TerminalId,
    /// The generations of the keys in force.
    pub generations: Generations,
}

impl Directory {
    /// A directory over a registry that was just loaded. A bridge's index is its place in
    /// `bridges`, which holds the names that services are routed by.
    ///
    /// # Panics
    /// If there are more than 65,536 bridges.
    #[must_use]
    pub fn new(registry: Registry, bridges: &[String]) -> Self {
        let routes = Routes::new(bridges, &registry);
        Self { registry, routes, ..Self::default() }
    }

    /// The business date in force, where the calendar says `date`. A clock that is set back a
    /// little over the cut-off does not end the day that has begun; one that was more than a day
    /// ahead is followed back, once [`crate::time::Calendar::is_behind`] was checked. At the start
    /// it gets the date of the last durable batch first.
    pub fn today(&self, date: BusinessDate) -> BusinessDate {
        // Each thread may see another's date late: then it is as if it had asked before.
        let before = self.date.load(Ordering::Relaxed);
        if before > date.0 && before - date.0 <= DATES_BEHIND_MAX {
            return BusinessDate(before);
        }
        if before != date.0 {
            self.date.store(date.0, Ordering::Relaxed);
        }
        date
    }

    /// Takes in what was durable about a terminal's keys when the process started.
    pub fn load(&mut self, counter: &Counter) {
        if let Some(key) = counter.keys().iter().rfind(|key| key.proved) {
            self.prove(counter.terminal, key.generation);
        }
    }

    /// Takes in a record; of a terminal that has lost a key, which sessions may stay.
    pub fn apply(&mut self, record: &RegistryRecord) -> Option<Rekeyed> {
        let RegistryRecord::Terminal(terminal) = record else {
            match record {
                RegistryRecord::Route(route) => self.routes.apply(route),
                RegistryRecord::Bridge(order) => self.routes.order(order),
                _ => {}
            }
            self.registry.apply(record);
            return None;
        };
        let lost = self.registry.terminal(terminal.id).is_some_and(|before| {
            let has_moved = before.listener.is_empty() && !terminal.listener.is_empty();
            has_moved || before.keys().iter().any(|key| !terminal.has_generation(key.generation))
        });
        self.registry.apply(record);
        lost.then(|| self.in_force(terminal))
    }

    /// A terminal has logged on with a key: its older ones are void.
    pub fn prove(&mut self, terminal: TerminalId, generation: u32) -> Option<Rekeyed> {
        let proved = self.proved.entry(terminal).or_insert(generation);
        *proved = generation.max(*proved);
        self.registry.terminal(terminal).map(|terminal| self.in_force(terminal))
    }

    /// Whether an older key ends when this one proves itself.
    #[must_use]
    pub fn ends_a_key(&self, terminal: TerminalId, generation: u32) -> bool {
        let least = self.least(terminal);
        self.registry.terminal(terminal).is_some_and(|terminal| {
            let older = |key: &TerminalKey| (least..generation).contains(&key.generation);
            terminal.keys().iter().any(older)
        })
    }

    /// The key of this id, if it is in force on the sealed link.
    #[must_use]
    pub fn key(&self, terminal: TerminalId, id: u8) -> Option<&TerminalKey> {
        let held = self.registry.terminal(terminal).filter(|held| held.listener.is_empty())?;
        let key = held.key_named(id)?;
        (key.generation >= self.least(terminal)).then_some(key)
    }

    /// Whether a session of this key may go on.
    #[must_use]
    pub fn holds_key(&self, terminal: TerminalId, generation: u32) -> bool {
        generation >= self.least(terminal)
            && self
                .registry
                .terminal(terminal)
                .is_some_and(|held| held.listener.is_empty() && held.has_generation(generation))
    }

    /// The terminal, if it is enabled for this ISO 8583 listener.
    #[must_use]
    pub fn at_listener(&self, terminal: TerminalId, listener: &str) -> Option<&Terminal> {
        self.registry.terminal(terminal).filter(|held| held.listener == listener)
    }

    /// The handset of a number, if it may log on and still is as it was when `origin`'s dialog began.
    #[must_use]
    pub fn handset(&self, msisdn: Msisdn, origin: Origin) -> Option<&Handset> {
        let held = self.registry.handset(msisdn).filter(|held| held.status == Status::Active)?;
        let began = (origin.terminal, origin.generation);
        ((held.terminal, held.revision) == began).then_some(held)
    }

    /// Whether a key of a terminal has not been replaced by a later one that proved itself.
    #[must_use]
    pub fn is_in_force(&self, terminal: TerminalId, key: &TerminalKey) -> bool {
        key.generation >= self.least(terminal)
    }

    fn in_force(&self, terminal: &Terminal) -> Rekeyed {
        let least = self.least(terminal.id);
        let is_ours = |generation: &u32| terminal.listener.is_empty() && *generation >= least;
        let generations = terminal.generations().into_iter().filter(is_ours);
        Rekeyed { terminal: terminal.id, generations: generations.collect() }
    }

    fn least(&self, terminal: TerminalId) -> u32 {
        self.proved.get(&terminal).copied().unwrap_or(0)
    }
}
