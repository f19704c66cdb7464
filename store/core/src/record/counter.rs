//! Counters of a terminal: of its handshakes, which make a replayed one recognisable after a
//! restart, and of the PINs that were sent to it again.

use arrayvec::ArrayVec;

use super::declare::{record, stored};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::limits::{TERMINAL_KEYS_MAX, TERMINAL_REPRINTS_MAX};
use crate::rows::Family;
use tillgate_types::TerminalId;

/// The highest handshake counters accepted from a terminal, one for each key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The terminal.
    pub terminal: TerminalId,
    /// By rising generation; the oldest makes room.
    keys: KeyCounters,
    /// The day (UTC, since 1970) on which PINs were last sent to it again, and how often that day.
    reprints: (u32, u16),
}

type KeyCounters = ArrayVec<KeyCounter, TERMINAL_KEYS_MAX>;

/// The counter of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCounter {
    /// Which key; see [`crate::TerminalKey::generation`].
    pub generation: u32,
    /// The highest counter accepted.
    pub high: u64,
    /// Whether a terminal has logged on with it.
    pub proved: bool,
}

impl Counter {
    /// A terminal that has never connected.
    pub fn new(terminal: TerminalId) -> Self {
        Self { terminal, keys: ArrayVec::new(), reprints: (0, 0) }
    }

    /// The counters, by rising generation.
    pub fn keys(&self) -> &[KeyCounter] {
        &self.keys
    }

    /// The highest counter of a key; 0 for none.
    pub fn high(&self, generation: u32) -> u64 {
        self.keys.iter().find(|key| key.generation == generation).map_or(0, |key| key.high)
    }

    /// Counts a reprint at a time, Unix milliseconds; whether it is within
    /// [`TERMINAL_REPRINTS_MAX`]. A clock that was set back begins no new day.
    pub fn reprint(&mut self, at_ms: u64) -> bool {
        let day = u32::try_from(at_ms / 86_400_000).unwrap_or(u32::MAX);
        if day > self.reprints.0 {
            self.reprints = (day, 0);
        }
        let room = self.reprints.1 < TERMINAL_REPRINTS_MAX;
        self.reprints.1 += u16::from(room);
        room
    }

    /// Takes in a handshake; whether it changed anything.
    pub fn raise(&mut self, generation: u32, counter: u64, proved: bool) -> bool {
        let at = match self.keys.binary_search_by_key(&generation, |key| key.generation) {
            Ok(at) => at,
            // A key older than all that are remembered has been retired.
            Err(0) if self.keys.is_full() => return false,
            Err(at) => {
                let full = self.keys.is_full();
                if full {
                    self.keys.remove(0);
                }
                let at = if full { at - 1 } else { at };
                self.keys.insert(at, KeyCounter { generation, high: 0, proved: false });
                at
            }
        };
        let key = &mut self.keys[at];
        let changed = counter > key.high || (proved && !key.proved);
        key.high = key.high.max(counter);
        key.proved |= proved;
        changed
    }
}

record! { Counter in Counters, version 3;
    key terminal;
    body { keys }
    since 3 { reprints = (0, 0) }
}

stored! { KeyCounter { generation, high, proved } }

impl Stored for KeyCounters {
    fn put(&self, out: &mut impl Sink) {
        u8::try_from(self.len()).expect("bounded by TERMINAL_KEYS_MAX").put(out);
        self.iter().for_each(|key| key.put(out));
    }

    /// Version 1 had one counter, that of the key that was in force.
    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        let mut keys = Self::new();
        if from.version == 1 {
            keys.push(KeyCounter { generation: 0, high: from.get()?, proved: false });
            return Ok(keys);
        }
        for _ in 0..from.get::<u8>()? {
            let read: KeyCounter = from.get()?;
            let rises = keys.last().is_none_or(|last| last.generation < read.generation);
            if !rises || keys.try_push(read).is_err() {
                return Err(Flaw("counters of a terminal out of order, or too many"));
            }
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_used_up_under_one_key_leaves_the_next_key_alone() {
        let mut counter = Counter::new(TerminalId(7));
        assert!(counter.raise(0, u64::MAX, false));
        assert_eq!((counter.high(0), counter.high(1)), (u64::MAX, 0));
        assert!(counter.raise(1, 5, true) && !counter.raise(1, 5, true));
        assert_eq!(counter.high(1), 5);
    }

    #[test]
    fn reprints_of_a_terminal_are_bounded_by_the_day_and_no_clock_set_back_helps() {
        let (mut counter, day) = (Counter::new(TerminalId(7)), 86_400_000);
        for _ in 0..TERMINAL_REPRINTS_MAX {
            assert!(counter.reprint(20_000 * day + 5));
        }
        assert!(!counter.reprint(20_000 * day + 6) && !counter.reprint(19_999 * day));
        assert!(counter.reprint(20_001 * day));
    }

    #[test]
    fn the_oldest_key_makes_room_and_does_not_come_back() {
        let mut counter = Counter::new(TerminalId(7));
        for generation in (2..).take(TERMINAL_KEYS_MAX + 1) {
            assert!(counter.raise(generation, 9, false));
        }
        assert_eq!(counter.keys().len(), TERMINAL_KEYS_MAX);
        assert_eq!(counter.high(2), 0);
        assert!(!counter.raise(1, 9, false));
        assert_eq!(counter.keys()[0].generation, 3);
    }
}
