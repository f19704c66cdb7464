//! Promises 10 and 11: every secret bears a mark, which may be neither on the wire nor at rest;
//! and a flipped bit at rest is seen.

use std::fmt;

use super::Checker;
use super::rows::Violations;
use crate::time::Moment;
use crate::world::World;
use crate::world::disk::{Change, Disk};
use crate::world::fault::Fault;
use crate::world::gateway::Process;
use crate::world::network::SECRET;

/// Bits flipped at each crash.
const FLIPS: u32 = 2;

impl Checker {
    /// A frame on its way to a terminal.
    pub(in super::super) fn frame(&mut self, at: Moment, bytes: &[u8]) {
        if bears_secret(bytes) || self.handsets.bears_pin(bytes) {
            self.violate(at, 10, "a secret crosses the wire in the clear".to_owned());
        }
    }

    /// What a log would show of something.
    pub(super) fn shown(&mut self, at: Moment, shown: &impl fmt::Debug) {
        if bears_secret(format!("{shown:?}").as_bytes()) {
            self.violate(at, 10, "a secret is shown in what a log would show".to_owned());
        }
    }

    /// A line of the log.
    pub(in super::super) fn logged(&mut self, at: Moment, line: &impl fmt::Debug) {
        let text = format!("{line:?}");
        if bears_secret(text.as_bytes()) || self.bears_card(&text) {
            self.violate(at, 10, "a secret, or a card's data, is in the log".to_owned());
        }
    }

    pub(super) fn read_secrets(&self, write: &[Change], found: &mut Violations) {
        for Change { family, key, value } in write {
            if self.handsets.bears_pin(value.as_deref().unwrap_or_default()) {
                found.push((10, format!("a handset's PIN lies in the clear in {}", family.name())));
            }
            if bears_secret(key) || value.as_ref().is_some_and(|value| bears_secret(value)) {
                found.push((10, format!("a secret lies in the clear in {}", family.name())));
            }
        }
    }
}

impl World {
    /// Flips bits in copies of the durable rows: each must be refused, or named.
    pub(in super::super) fn try_flips(&mut self, disk: &Disk) {
        if !self.config.faults.has(Fault::Flips) {
            return;
        }
        for _ in 0..FLIPS {
            let Some((rows, what)) = disk.flipped(&mut self.disk_rng) else { return };
            self.counts.flips += 1;
            let seen = match tillgate_store_core::verify(&rows) {
                Ok(report) => !report.holds(),
                Err(_) => true,
            };
            if !seen && Process::opens(rows).is_ok() {
                self.witness.violate(self.now, 11, format!("nobody notices {what}"));
            }
        }
    }
}

fn bears_secret(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|window| window == SECRET)
}
