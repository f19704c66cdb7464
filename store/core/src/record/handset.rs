//! Handsets: which number sells for which terminal, and the PIN of whoever holds it.

use super::declare::{record, stored};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record, Status};
use crate::limits::{PIN_CHANGES_MAX, PIN_DELAYS_MS};
use crate::rows::Family;
use crate::vault::{Sealed, Secret, Vault, VaultError, handset_context, is_pin, pin_tag};
use tillgate_types::{Msisdn, TerminalId};

/// A handset: a way to a terminal for whoever dials from its number and knows its PIN. A terminal
/// may have several; each has a PIN of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handset {
    /// Its number.
    pub msisdn: Msisdn,
    /// What it sells for.
    pub terminal: TerminalId,
    /// Blocked: nobody logs on with it.
    pub status: Status,
    /// Rises by one with every change, so that a dialog of the time before ends and a change that
    /// was made from an older state is refused. The first is 1.
    pub revision: u32,
    /// Whether the PIN is one that others know, too: it has to be changed before anything is sold.
    pub initial: bool,
    /// `None`: nobody can log on. In the history it is always `None`.
    pub pin: Option<PinHash>,
}

/// A PIN as it lies in the store: a hash under a key of its own, which is sealed. Whoever has the
/// store alone can not even guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinHash {
    /// The key of the hash.
    pub key: Sealed,
    /// See [`crate::vault::pin_tag`].
    pub tag: [u8; 32],
}

impl PinHash {
    /// The hash of a PIN under a new key.
    ///
    /// # Errors
    /// The key cannot be sealed.
    pub fn of(
        vault: &Vault,
        msisdn: Msisdn,
        pin: &[u8],
        key: &[u8; 32],
        nonce: [u8; 12],
    ) -> Result<Self, VaultError> {
        let tag = pin_tag(key, msisdn, pin);
        Ok(Self { key: vault.seal(&handset_context(msisdn), nonce, key)?, tag })
    }

    /// Whether it is the hash of a PIN. One whose key does not open is nobody's.
    #[must_use]
    pub fn is_of(&self, vault: &Vault, msisdn: Msisdn, pin: &[u8]) -> bool {
        let mut key = Secret::new();
        let opened = vault.open(&handset_context(msisdn), &self.key, &mut key).is_ok();
        opened && is_pin(key.as_bytes(), msisdn, pin, &self.tag)
    }
}

/// What is remembered of wrong PINs; it outlives a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinTries {
    /// Whose.
    pub msisdn: Msisdn,
    /// Wrong PINs since the last right one.
    pub wrong: u8,
    /// Until then none is looked at; Unix milliseconds. `u64::MAX`: until an operator changes
    /// something about the handset.
    pub until_ms: u64,
    /// The day (UTC, since 1970) on which its holder last changed the PIN, and how often that day.
    pub changes: (u32, u8),
}

impl PinTries {
    /// Nothing to remember.
    #[must_use]
    pub const fn none(msisdn: Msisdn) -> Self {
        Self { msisdn, wrong: 0, until_ms: 0, changes: (0, 0) }
    }

    /// Whether a PIN is looked at.
    #[must_use]
    pub const fn is_open(&self, at_ms: u64) -> bool {
        at_ms >= self.until_ms
    }

    /// Notes a wrong one.
    pub fn fail(&mut self, at_ms: u64) {
        let delay = PIN_DELAYS_MS.get(usize::from(self.wrong));
        self.until_ms = delay.map_or(u64::MAX, |delay| at_ms.saturating_add(*delay));
        self.wrong = self.wrong.saturating_add(1);
    }

    /// Forgets wrong ones; whether there were any.
    pub fn forgive(&mut self) -> bool {
        let had = self.wrong > 0;
        (self.wrong, self.until_ms) = (0, 0);
        had
    }

    /// Counts a change of the PIN by its holder; whether it is within [`PIN_CHANGES_MAX`] a day. A
    /// clock that was set back begins no new day.
    pub fn change(&mut self, at_ms: u64) -> bool {
        let day = u32::try_from(at_ms / 86_400_000).unwrap_or(u32::MAX);
        if day > self.changes.0 {
            self.changes = (day, 0);
        }
        let room = self.changes.1 < PIN_CHANGES_MAX;
        self.changes.1 += u8::from(room);
        room
    }
}

record! { Handset in Registry, version 1;
    // Behind terminals, so that those are known when it is read.
    letter b'u', msisdn: Msisdn;
    body { terminal, status, revision, initial, pin }
}

record! { PinTries in Handsets, version 1;
    key msisdn;
    body { wrong, until_ms, changes }
}

stored! { PinHash { key, tag } }

impl Stored for Msisdn {
    fn put(&self, out: &mut impl Sink) {
        self.number().put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        Self::of_number(from.get()?).ok_or(Flaw("no number of a handset"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries() -> PinTries {
        PinTries::none(Msisdn::of("255712345678").unwrap())
    }

    #[test]
    fn every_wrong_pin_makes_the_next_one_wait_longer_until_none_is_looked_at() {
        let (mut tries, mut at_ms, mut waited) = (tries(), 1_000, 0);
        for _ in 0..PIN_DELAYS_MS.len() {
            assert!(tries.is_open(at_ms));
            tries.fail(at_ms);
            let wait = tries.until_ms - at_ms;
            assert!(wait >= waited);
            assert!(wait == 0 || !tries.is_open(tries.until_ms - 1));
            (at_ms, waited) = (tries.until_ms, wait);
        }
        tries.fail(at_ms);
        assert!(!tries.is_open(u64::MAX - 1), "locked");
        assert!(tries.forgive() && tries.is_open(0) && !tries.forgive());
    }

    #[test]
    fn changes_of_a_pin_are_bounded_by_the_day_and_no_clock_set_back_helps() {
        let (mut tries, day) = (tries(), 86_400_000);
        for _ in 0..PIN_CHANGES_MAX {
            assert!(tries.change(20_000 * day + 5));
        }
        assert!(!tries.change(20_000 * day + 6) && !tries.change(19_999 * day));
        assert!(tries.change(20_001 * day));
    }
}
