//! Who the subscribers are: their numbers, and the PINs that they type.

use rustc_hash::FxHashMap;

use super::short::Short;
use super::timers::place;

/// Subscribers by handset. It holds PINs and cannot be shown.
pub struct Subscribers {
    numbers: Vec<u64>,
    pins: Vec<Short>,
    handsets: FxHashMap<u64, u32>,
}

impl Subscribers {
    /// Subscribers with these numbers and PINs; a number that comes twice counts once.
    #[must_use]
    pub fn new(list: impl IntoIterator<Item = (u64, Short)>) -> Self {
        let (mut numbers, mut pins) = (Vec::new(), Vec::new());
        let mut handsets = FxHashMap::default();
        for (number, pin) in list {
            let Ok(handset) = u32::try_from(numbers.len()) else { break };
            let is_new = *handsets.entry(number).or_insert(handset) == handset;
            if is_new {
                numbers.push(number);
                pins.push(pin);
            }
        }
        Self { numbers, pins, handsets }
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.numbers.len()
    }

    #[must_use]
    pub fn number(&self, handset: u32) -> Option<u64> {
        self.numbers.get(place(handset)).copied()
    }

    /// The handset of a number, with or without a `+`.
    pub(super) fn handset(&self, number: &[u8]) -> Option<u32> {
        let digits = std::str::from_utf8(number).ok()?;
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        self.handsets.get(&digits.parse().ok()?).copied()
    }

    pub(super) fn pin(&self, handset: u32) -> Short {
        self.pins.get(place(handset)).copied().unwrap_or_default()
    }
}
