//! Which datagrams were there before: of each key the highest counter, and which of those just below
//! it have come (as RFC 4303, 3.4.3).
//!
//! It is in memory only. After a restart an old datagram may pass once: its request is then a repeat
//! by its STAN and date, or of a date that takes none, and the answer is sealed.

use crate::limits::DATAGRAM_WINDOW;

/// The counters of one key.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    high: u64,
    /// Bit n: `high` - n has come.
    seen: u64,
}

const _: () = assert!(DATAGRAM_WINDOW == 64, "a bit for each");

impl Window {
    /// The window with this counter in it; `None` if it was there before, or is too far behind to say.
    pub(super) fn with(self, counter: u64) -> Option<Self> {
        let Some(behind) = self.high.checked_sub(counter) else {
            let ahead = counter - self.high;
            let seen = if ahead < DATAGRAM_WINDOW { self.seen << ahead } else { 0 };
            return Some(Self { high: counter, seen: seen | 1 });
        };
        let bit = if behind < DATAGRAM_WINDOW { 1 << behind } else { return None };
        let is_new = self.seen & bit == 0 && self.high > 0;
        is_new.then_some(Self { seen: self.seen | bit, ..self })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_counter_passes_once_in_any_order_and_none_from_behind_the_window() {
        let mut window = Window::default();
        let mut seen = BTreeSet::new();
        let (mut high, mut random) = (0_u64, 1_u64);
        for round in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let jump = if round % 100 == 0 { 200 } else { 5 };
            let counter = 1 + (high + (random >> 33) % jump).saturating_sub((random >> 50) % 70);
            let expected = counter + DATAGRAM_WINDOW > high && !seen.contains(&counter);
            let found = window.with(counter);
            assert_eq!(found.is_some(), expected, "{counter} below {high}");
            if let Some(found) = found {
                window = found;
                seen.insert(counter);
                high = high.max(counter);
            }
        }
        assert!(seen.len() > 1_000);
    }

    #[test]
    fn the_highest_counter_leaves_no_room_and_panics_nowhere() {
        let window = Window::default().with(u64::MAX).unwrap();
        assert!(window.with(u64::MAX).is_none() && window.with(1).is_none());
        assert!(window.with(u64::MAX - 63).is_some() && window.with(u64::MAX - 64).is_none());
        assert!(Window::default().with(0).is_none(), "counters begin with 1");
    }
}
