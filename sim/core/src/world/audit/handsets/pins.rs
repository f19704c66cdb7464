//! Promises 7 and 10: only the PIN opens a handset; wrong ones are counted and delayed, for nobody else;
//! and its digits are nowhere.

use tillgate_core::processing::HandsetOrigin;
use tillgate_core::transaction::Origin;
use tillgate_store_core::{Handset, PinTries, ResponseCode};

use super::super::Checker;
use super::super::rows::Violations;
use super::Handsets;
use crate::time::Moment;

/// How long each wrong PIN makes wait, in milliseconds; after the last one an operator is needed.
const DELAYS_MS: [u64; 4] = [0, 10_000, 60_000, 600_000];
/// Changes of a PIN by its holder in a day.
const CHANGES_MAX: u8 = 5;

const INCORRECT: ResponseCode = ResponseCode::INCORRECT_PIN;
const EXCEEDED: ResponseCode = ResponseCode::PIN_TRIES_EXCEEDED;
const MALFUNCTION: ResponseCode = ResponseCode::MALFUNCTION;

/// A PIN that was entered and is not answered yet.
pub(super) struct PinAsk {
    msisdn: u64,
    revision: u32,
    is_right: bool,
    /// By the gateway's clock, when it came.
    wall_ms: u64,
    /// Until when none was looked at, and how many wrong ones there had been.
    until_ms: u64,
    failures: u32,
    /// Whether an operator or the holder has changed the handset since.
    is_changed: bool,
}

impl Handsets {
    /// Whether octets have a PIN that somebody typed in them.
    pub(in super::super) fn bears_pin(&self, bytes: &[u8]) -> bool {
        if self.digits.is_empty() {
            return false;
        }
        let mut run = 0;
        bytes.iter().enumerate().any(|(place, byte)| {
            run = if byte.is_ascii_digit() { run + 1 } else { 0 };
            let last = (run >= 8).then(|| bytes[..=place].last_chunk::<8>()).flatten();
            last.is_some_and(|last| self.digits.contains(last))
        })
    }
}

impl Checker {
    /// Somebody types a PIN.
    pub(in crate::world) fn types_pin(&mut self, pin: &str) {
        if let Ok(digits) = pin.as_bytes().try_into() {
            self.handsets.digits.insert(digits);
        }
    }

    /// An operator gives a handset another PIN.
    pub(in crate::world) fn gives_pin(&mut self, msisdn: u64, revision: u32, pin: String) {
        self.types_pin(&pin);
        self.handsets.pins.entry((msisdn, revision)).or_default().push(pin);
    }

    pub(super) fn pin_is_looked_at(
        &mut self,
        now: Moment,
        (origin, from): (Origin, HandsetOrigin),
        pin: &[u8],
        new: Option<&[u8]>,
    ) {
        let walls = self.clock.walls(now);
        self.dated_welcome(origin, walls);
        let (msisdn, revision) = (from.msisdn.number(), origin.generation);
        let of = self.handsets.pins.get(&(msisdn, revision));
        let is_right = of.is_some_and(|pins| pins.iter().any(|its| its.as_bytes() == pin));
        if let Some(new) = new.and_then(|new| std::str::from_utf8(new).ok()) {
            let next = self.handsets.pins.entry((msisdn, revision + 1)).or_default();
            next.push(new.to_owned());
        }
        let ask = PinAsk {
            msisdn,
            revision,
            is_right,
            wall_ms: walls.0.0,
            until_ms: self.handsets.tries.get(&msisdn).map_or(0, |tries| tries.until_ms),
            failures: self.handsets.failures.get(&msisdn).copied().unwrap_or(0),
            is_changed: false,
        };
        self.handsets.pin_asks.insert(origin.session, ask);
    }

    /// What a PIN comes to.
    pub(super) fn pin_is_answered(&mut self, now: Moment, origin: Origin, code: ResponseCode) {
        let Some(ask) = self.handsets.pin_asks.remove(&origin.session) else { return };
        let ever_ms = self.clock.ever(now).0;
        let failures = self.handsets.failures.get(&ask.msisdn).copied().unwrap_or(0);
        let until_ms = self.handsets.tries.get(&ask.msisdn).map_or(0, |tries| tries.until_ms);
        let revision = self.handsets.records.get(&ask.msisdn).map(|handset| handset.revision);
        let was_shut = ask.until_ms > ever_ms && !ask.is_changed;
        let wrong = match code {
            MALFUNCTION => None,
            INCORRECT if was_shut => Some("it is said to be wrong while none is looked at"),
            INCORRECT if ask.is_right && revision == Some(ask.revision) && !ask.is_changed => {
                Some("the right PIN is said to be wrong")
            }
            INCORRECT if !ask.is_right && failures <= ask.failures && !ask.is_changed => {
                Some("a wrong PIN is not counted")
            }
            EXCEEDED if until_ms.max(ask.until_ms) <= ask.wall_ms && !ask.is_changed => {
                Some("it is locked, and nobody has mistyped")
            }
            INCORRECT | EXCEEDED => None,
            _ if !ask.is_right => Some("a wrong PIN opens it"),
            _ if was_shut => Some("it is opened while none is looked at"),
            _ => None,
        };
        if let Some(text) = wrong {
            self.violate(now, 7, format!("handset {}: {text} ({code})", ask.msisdn));
        }
    }

    /// What a durable write says of handsets.
    pub(in super::super) fn read_handsets(
        &mut self,
        now: Moment,
        (records, tries): (Vec<Handset>, Vec<PinTries>),
        found: &mut Violations,
    ) {
        let mut changed = Vec::new();
        for handset in records {
            let msisdn = handset.msisdn.number();
            if self.handsets.records.get(&msisdn) == Some(&handset) {
                // The order was given again.
                continue;
            }
            let key = (msisdn, handset.revision);
            let before = self.handsets.pins.get(&(msisdn, handset.revision - 1)).cloned();
            let old = self.handsets.records.get(&msisdn);
            if old.is_some_and(|old| old.pin == handset.pin) {
                self.handsets.pins.entry(key).or_default().extend(before.unwrap_or_default());
            } else if !self.handsets.pins.contains_key(&key) {
                found.push((7, format!("handset {msisdn}: another PIN, that nobody chose")));
            }
            let old = self.handsets.records.insert(msisdn, handset.clone());
            if old.is_some_and(|old| old.revision + 1 != handset.revision) {
                found.push((7, format!("handset {msisdn}: not changed step by step")));
            }
            changed.push(msisdn);
            for ask in self.handsets.pin_asks.values_mut().filter(|ask| ask.msisdn == msisdn) {
                ask.is_changed = true;
            }
        }
        for tries in tries {
            let wrong = self.tries_otherwise(now, &tries, &changed);
            let msisdn = tries.msisdn.number();
            found.extend(wrong.map(|text| (7, format!("handset {msisdn}: {text}"))));
            let old = self.handsets.tries.insert(msisdn, tries);
            let counted = tries.wrong.saturating_sub(old.map_or(0, |old| old.wrong));
            *self.handsets.failures.entry(msisdn).or_default() += u32::from(counted);
        }
    }

    fn tries_otherwise(
        &self,
        now: Moment,
        new: &PinTries,
        changed: &[u64],
    ) -> Option<&'static str> {
        let msisdn = new.msisdn.number();
        let old = self.handsets.tries.get(&msisdn);
        let (wrong, changes) = old.map_or((0, (0, 0)), |old| (old.wrong, old.changes));
        let asks = || self.handsets.pin_asks.values().filter(|ask| ask.msisdn == msisdn);
        let mistyped = || asks().filter(|ask| !ask.is_right);
        if new.changes.1 > CHANGES_MAX || new.changes < changes {
            return Some("its holder has changed the PIN too often");
        }
        if new.wrong < wrong {
            let may = changed.contains(&msisdn) || asks().any(|ask| ask.is_right);
            return (!may)
                .then_some("wrong PINs are forgiven, and nobody has entered the right one");
        }
        if new.wrong == wrong {
            return None;
        }
        let grown = usize::from(new.wrong - wrong);
        if mistyped().count() < grown {
            return Some("wrong PINs are counted that nobody has entered");
        }
        let delay = DELAYS_MS.get(usize::from(new.wrong - 1));
        let Some(delay) = delay else {
            return (new.until_ms != u64::MAX)
                .then_some("it is not locked after that many wrong PINs");
        };
        let since_ms = mistyped().map(|ask| ask.wall_ms).min().unwrap_or(0);
        let range = since_ms + delay..=self.clock.ever(now).0 + delay;
        (!range.contains(&new.until_ms)).then_some("it does not wait as long as it has to")
    }
}
