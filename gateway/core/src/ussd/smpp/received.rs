//! Messages that a centre sends again with the same sequence number: they are answered again, and
//! change nothing. The second *1* of a subscriber would confirm the screen that the first one led to.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use crate::time::Moment;
use crate::ussd::limits::{NUMBERS_REMEMBERED, REDELIVERY, REDELIVERY_UNCOUNTED};

/// The latest messages of one connection, each in the place of its sequence number.
#[derive(Default)]
pub(super) struct Received(Vec<Slot>);

#[derive(Clone, Copy, Default)]
struct Slot {
    sequence: u32,
    state: State,
    digest: u64,
    at: Moment,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Free,
    /// Of one message so far.
    Once,
    /// Of several: the centre does not count, so the number says little.
    Reused,
}

impl Received {
    /// Of a new connection.
    pub(super) fn clear(&mut self) {
        self.0.clear();
        self.0.resize(NUMBERS_REMEMBERED, Slot::default());
    }

    /// Whether these octets came with that number shortly before.
    pub(super) fn is_repeat(&self, now: Moment, sequence: u32, octets: &[u8]) -> bool {
        self.0.get(place(sequence)).is_some_and(|slot| {
            let within = match slot.state {
                State::Free => return false,
                State::Once => REDELIVERY,
                State::Reused => REDELIVERY_UNCOUNTED,
            };
            (slot.sequence, slot.digest) == (sequence, digest(octets))
                && now.since(slot.at) < within
        })
    }

    /// Remembers a message that was taken and is no repeat.
    pub(super) fn note(&mut self, now: Moment, sequence: u32, octets: &[u8]) {
        let Some(slot) = self.0.get_mut(place(sequence)) else { return };
        let is_same = slot.state != State::Free && slot.sequence == sequence;
        let state = if is_same { State::Reused } else { State::Once };
        *slot = Slot { sequence, state, digest: digest(octets), at: now };
    }
}

fn place(sequence: u32) -> usize {
    usize::try_from(sequence).map_or(0, |sequence| sequence % NUMBERS_REMEMBERED)
}

fn digest(octets: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    octets.hash(&mut hasher);
    hasher.finish()
}
