//! A thief who floods: as many requests at once as a connection takes, one handshake after another,
//! and counters that leap, up to the highest that is believed and beyond.

use super::Thief;
use crate::rng::Rng;
use crate::time::Span;
use crate::world::config::{Config, Stream, number};
use crate::world::fault::Fault;

/// Between two turns of a spree.
const TURN: Span = Span::ms(40);

/// Between two handshakes of a spree that does nothing else: long enough for a hello to arrive.
const REDIAL: Span = Span::ms(250);

/// Where the counters of a key that has had none lie, at most, and what each may add.
const COUNTER_FIRST_MAX: u64 = 1 << 52;
const COUNTER_STEP_MAX: u64 = 1 << 48;

pub(super) struct Flood {
    rng: Rng,
    floods: bool,
    /// Turns that are left of a spree.
    turns: u16,
    /// Whether the spree is handshakes only: more of them than a terminal may do at once.
    only_redials: bool,
}

/// What a thief does at a turn of a spree.
pub(super) enum Spree {
    Redial,
    /// This many requests at once.
    Burst(u16),
}

impl Flood {
    pub(super) fn new(config: &Config, terminal: u32) -> Self {
        let rng = Stream::Flood.rng(config.seed ^ u64::from(terminal) << 8);
        Self { rng, floods: config.faults.has(Fault::Flood), turns: 0, only_redials: false }
    }

    /// What to do at this turn, in a spree, and how long until the next one.
    pub(super) fn turn(&mut self) -> Option<(Spree, Span)> {
        if !self.floods {
            return None;
        }
        if self.turns == 0 && self.rng.chance(60) {
            self.only_redials = self.rng.chance(250);
            let least = if self.only_redials { 40 } else { 5 };
            self.turns = least + number(&mut self.rng, 60);
        }
        self.turns = self.turns.checked_sub(1)?;
        if self.only_redials {
            return Some((Spree::Redial, REDIAL));
        }
        let redials = self.rng.chance(300);
        let spree = if redials { Spree::Redial } else { Spree::Burst(number(&mut self.rng, 40)) };
        Some((spree, TURN))
    }
}

impl Thief {
    /// The counter of the next hello. One that is far too high is worth a try: it is not used up if
    /// it is refused.
    pub(super) fn next_counter(&mut self) -> u64 {
        // Honest counters go up by one; this one leaps, within what is believed.
        self.counter += 1 + self.rng.below(3);
        let highest = self.counter.max(COUNTER_FIRST_MAX) + COUNTER_STEP_MAX - 1;
        match self.flood.floods.then(|| self.flood.rng.below(20)) {
            Some(0) => u64::MAX,
            Some(1) => highest + 2 + self.flood.rng.below(1 << 50),
            Some(2) => {
                self.counter = highest - 3;
                self.counter
            }
            _ => self.counter,
        }
    }
}
