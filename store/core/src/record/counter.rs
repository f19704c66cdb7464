//! Handshake counters: what makes a replayed handshake recognisable after a restart.

use super::wire::{Flaw, Reader, put_u64};
use super::{KeyBytes, Record, key_of};
use crate::ids::TerminalId;
use crate::rows::Family;

/// The highest handshake counter accepted from a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The terminal.
    pub terminal: TerminalId,
    /// Its highest accepted counter.
    pub high: u64,
}

impl Record for Counter {
    const FAMILY: Family = Family::Counters;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        key_of(&[&self.terminal.0.to_be_bytes()])
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, self.high);
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        Ok(Self { terminal: TerminalId(key.u32()?), high: body.u64()? })
    }
}
