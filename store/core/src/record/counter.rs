//! Handshake counters: what makes a replayed handshake recognisable after a restart.

use arrayvec::ArrayVec;

use super::wire::{Flaw, Reader, put_u32, put_u64};
use super::{KeyBytes, Record, key_of};
use crate::limits::TERMINAL_KEYS_MAX;
use crate::rows::Family;
use tillgate_types::TerminalId;

/// The highest handshake counters accepted from a terminal, one for each key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The terminal.
    pub terminal: TerminalId,
    /// By rising generation; the oldest makes room.
    keys: ArrayVec<KeyCounter, TERMINAL_KEYS_MAX>,
}

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
        Self { terminal, keys: ArrayVec::new() }
    }

    /// The counters, by rising generation.
    pub fn keys(&self) -> &[KeyCounter] {
        &self.keys
    }

    /// The highest counter of a key; 0 for none.
    pub fn high(&self, generation: u32) -> u64 {
        self.keys.iter().find(|key| key.generation == generation).map_or(0, |key| key.high)
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

impl Record for Counter {
    const FAMILY: Family = Family::Counters;
    const VERSION: u8 = 2;

    fn key(&self) -> KeyBytes {
        key_of(&[&self.terminal.0.to_be_bytes()])
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::try_from(self.keys.len()).expect("bounded by TERMINAL_KEYS_MAX"));
        for key in &self.keys {
            put_u32(out, key.generation);
            put_u64(out, key.high);
            out.push(u8::from(key.proved));
        }
    }

    /// Version 1 had one counter, that of the key that was in force.
    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, version: u8) -> Result<Self, Flaw> {
        let mut counter = Self::new(TerminalId(key.u32()?));
        if version == 1 {
            counter.raise(0, body.u64()?, false);
            return Ok(counter);
        }
        for _ in 0..body.u8()? {
            let (generation, high, proved) = (body.u32()?, body.u64()?, body.flag()?);
            let rises = counter.keys.last().is_none_or(|last| last.generation < generation);
            let read = KeyCounter { generation, high, proved };
            if !rises || counter.keys.try_push(read).is_err() {
                return Err(Flaw("counters of a terminal out of order, or too many"));
            }
        }
        Ok(counter)
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
