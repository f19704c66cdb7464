//! The auditors' own calendar: which business date is in force, and what the clock on the wall
//! shows. A day begins when that clock first shows its cut-off, and does not end because clocks
//! are put back over it.

use std::ops::RangeInclusive;

use tillgate_core::time::{Shift, UnixMillis};
use tillgate_store_core::BusinessDate;

use crate::world::config::Days;

/// How long new sales of yesterday are taken.
const GRACE_MS: u64 = 600_000;
const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// 2000-01-01T00:00:00Z, from which business dates are counted.
const EPOCH_MS: i64 = 946_684_800_000;

pub(super) struct Calendar {
    days: Days,
}

impl Calendar {
    pub(super) fn new(days: Days) -> Self {
        Self { days }
    }

    /// The business date, and minutes after local midnight.
    pub(super) fn now(&self, wall: UnixMillis) -> (u16, u16) {
        let (mut date, mut minute) = (0, 0);
        let shifts = &self.days.shifts;
        for (place, Shift { from, offset_s }) in shifts.iter().enumerate() {
            // Before the first shift clocks are as after it.
            if place > 0 && *from > wall {
                break;
            }
            let last = shifts.get(place + 1).map_or(u64::MAX, |next| next.from.0 - 1);
            let shown = signed(wall.0.min(last)) - EPOCH_MS + i64::from(*offset_s) * 1_000;
            let begun = shown - i64::from(self.days.cutoff_min) * MINUTE_MS;
            date = date.max(u16::try_from(begun.div_euclid(DAY_MS)).unwrap_or(0));
            minute = u16::try_from(shown.rem_euclid(DAY_MS) / MINUTE_MS).unwrap_or(0);
        }
        (date, minute)
    }

    /// What a terminal sets its clock by: `hhmmss` in field 12, `MMDD` in field 13.
    pub(super) fn shows(&self, time_s: u64) -> [(u8, String); 2] {
        let mut shifts = self.days.shifts.iter().enumerate();
        let of = |(place, shift): &(usize, &Shift)| *place == 0 || shift.from.0 <= time_s * 1_000;
        let offset_s = shifts.rfind(of).map_or(0, |(_, shift)| i64::from(shift.offset_s));
        let shown = signed(time_s * 1_000) - EPOCH_MS + offset_s * 1_000;
        let day = BusinessDate(u16::try_from(shown.div_euclid(DAY_MS)).unwrap_or(0));
        let (second, (_, month, day)) = (shown.rem_euclid(DAY_MS) / 1_000, day.ymd());
        let time = format!("{:02}{:02}{:02}", second / 3_600, second / 60 % 60, second % 60);
        [(12, time), (13, format!("{month:02}{day:02}"))]
    }

    /// The dates that take new sales: today's, for ten minutes yesterday's; where the clock was set
    /// back over the cut-off, that of the day that had begun.
    pub(super) fn takes(&self, (wall, wall_high): (UnixMillis, UnixMillis)) -> RangeInclusive<u16> {
        let (to, _) = self.now(wall);
        let (from, _) = self.now(UnixMillis(wall.0.saturating_sub(GRACE_MS)));
        let had_begun = self.now(wall_high).0 > to;
        from..=to + u16::from(had_begun)
    }
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-10-25T01:00:00Z: in middle Europe 03:00 is 02:00 again.
    const AUTUMN: u64 = 1_792_890_000_000;

    #[test]
    fn a_day_that_has_begun_goes_on_when_clocks_go_back_over_its_cut_off() {
        let shifts = vec![
            Shift { from: UnixMillis(0), offset_s: 7_200 },
            Shift { from: UnixMillis(AUTUMN), offset_s: 3_600 },
        ];
        let calendar = Calendar::new(Days { shifts, cutoff_min: 150 });
        let before = calendar.now(UnixMillis(AUTUMN - 31 * 60_000));
        let begun = calendar.now(UnixMillis(AUTUMN - 30 * 60_000));
        let again = calendar.now(UnixMillis(AUTUMN));
        assert_eq!((begun.0, begun.1), (before.0 + 1, 150));
        assert_eq!((again.0, again.1), (begun.0, 120));
        assert_eq!(calendar.now(UnixMillis(AUTUMN + 86_400_000 + 30 * 60_000)).0, begun.0 + 1);
    }
}
