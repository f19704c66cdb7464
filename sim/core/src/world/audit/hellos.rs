//! Promises 2, 7 and 9 at the handshake: a hello opens a session only with a key in force, under a
//! counter that is new and no leap, and no faster than its rate; and then it does.

use rustc_hash::FxHashMap;
use tillgate_codec::link::channel::Hello;
use tillgate_core::id::SessionAge;
use tillgate_core::limits::ClaimLimits;
use tillgate_core::processing::HelloRefusal;
use tillgate_store_core::{Counter, TerminalId};

use super::Checker;
use super::rates::{Bucket, Rate};
use crate::time::Moment;
use crate::world::network::{KEY_FIRST, Network};

/// How high a key's first counters may be, and how far each may be above the one before.
const FIRST_MAX: u64 = 1 << 52;
const STEP_MAX: u64 = 1 << 48;

/// A terminal's key: its generation.
type Of = (TerminalId, u32);

pub(super) struct Hellos {
    seed: u64,
    rate: Rate,
    /// The highest counters that are durable, and those that this life of the gateway has taken.
    durable: FxHashMap<Of, u64>,
    taken: FxHashMap<Of, u64>,
    buckets: FxHashMap<TerminalId, Bucket>,
    /// The newest generation that a terminal has logged on with.
    proved: FxHashMap<TerminalId, u32>,
}

impl Hellos {
    pub(super) fn new(seed: u64) -> Self {
        let ClaimLimits { every, burst } = ClaimLimits::default();
        Self {
            seed,
            rate: Rate::new(every, burst),
            durable: FxHashMap::default(),
            taken: FxHashMap::default(),
            buckets: FxHashMap::default(),
            proved: FxHashMap::default(),
        }
    }

    /// A new process knows what is durable.
    pub(super) fn crashed(&mut self) {
        self.taken.clone_from(&self.durable);
        self.buckets.clear();
    }

    /// A counter row is durable; what is wrong with it.
    pub(super) fn durable(&mut self, counter: &Counter) -> Option<(u8, String)> {
        let terminal = counter.terminal;
        let mut back = None;
        for key in counter.keys() {
            let before = self.durable.insert((terminal, key.generation), key.high);
            if before.is_some_and(|before| key.high < before) {
                let text = format!("the counter of {terminal} goes back to {}", key.high);
                back = Some((2, text));
            }
            if key.proved {
                let proved = self.proved.entry(terminal).or_default();
                *proved = key.generation.max(*proved);
            }
        }
        back
    }

    /// Whether a key that has proved itself has ended this one.
    pub(super) fn is_outlived(&self, terminal: TerminalId, generation: u32) -> bool {
        self.proved.get(&terminal).is_some_and(|proved| generation < *proved)
    }

    /// Takes a counter and a place in the rate, or says what forbids it.
    fn take(&mut self, now: Moment, of: Of, counter: u64) -> Result<(), (u8, &'static str)> {
        let high = self.taken.get(&of).copied().unwrap_or_default();
        if counter <= high {
            return Err((2, "under a counter that was used"));
        }
        if counter > high.max(FIRST_MAX) + STEP_MAX {
            return Err((2, "under a counter that leaps"));
        }
        let bucket = self.buckets.entry(of.0).or_insert_with(|| self.rate.full(now));
        if !self.rate.take(now, bucket) {
            return Err((9, "beyond its rate"));
        }
        self.taken.insert(of, counter);
        Ok(())
    }
}

impl Checker {
    /// A hello was answered, or refused.
    pub(in super::super) fn greeted(
        &mut self,
        now: Moment,
        hello: &[u8],
        result: Result<SessionAge, HelloRefusal>,
    ) {
        let Ok(hello) = Hello::decode(hello) else { return };
        let terminal = TerminalId(hello.terminal);
        let wrong = match (self.may_open(now, terminal, &hello), result) {
            (Ok(generation), Ok(age)) => {
                let other = (age.generation, age.counter) != (generation, hello.counter);
                other.then(|| (2, format!("taken for that of {age:?}")))
            }
            (Err((promise, why)), Ok(_)) => Some((promise, format!("answered {why}"))),
            // What is wrong with it beside key and counter is not judged here.
            (_, Err(HelloRefusal::Malformed | HelloRefusal::Suite | HelloRefusal::Noise)) => None,
            (Ok(_), Err(refusal)) => Some((7, format!("refused: {}", refusal.label()))),
            (Err(_), Err(_)) => None,
        };
        if let Some((promise, text)) = wrong {
            self.violate(now, promise, format!("{terminal}: hello {} {text}", hello.counter));
        }
    }

    /// Whether a hello may open a session, and under which generation of its key; it takes its
    /// counter and its place in the rate then.
    fn may_open(
        &mut self,
        now: Moment,
        terminal: TerminalId,
        hello: &Hello<'_>,
    ) -> Result<u32, (u8, &'static str)> {
        let generation = self.versions.generation(terminal, hello.key_id);
        let generation = generation.filter(|of| !self.hellos.is_outlived(terminal, *of));
        let generation = generation.ok_or((7, "under a key that is not in force"))?;
        let hellos = &mut self.hellos;
        let psk = Network::psk(hellos.seed, terminal.0, hello.key_id.max(KEY_FIRST));
        if !hello.verifies(&psk) {
            return Err((2, "without the key"));
        }
        hellos.take(now, (terminal, generation), hello.counter)?;
        Ok(generation)
    }
}
