//! The only time types in the core: a monotonic [`Moment`], a [`Span`] between two of them, and
//! the [`UnixMillis`] clock that business dates come from. All three arrive as arguments.

use std::sync::Arc;

use tillgate_types::BusinessDate;
pub use tillgate_types::{Moment, Span, UnixMillis};

use crate::limits::DATES_BEHIND_MAX;

/// How the operator's wall clock becomes a business date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Earliest first; empty stands for UTC.
    shifts: Arc<[Shift]>,
    cutoff_min: u16,
}

/// From when on a zone's clocks are how far from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// In force from this moment until the next shift.
    pub from: UnixMillis,
    /// Seconds east of UTC.
    pub offset_s: i32,
}

/// 2000-01-01T00:00:00Z in Unix milliseconds, day 0 of a business date.
const EPOCH_2000_MS: i64 = 946_684_800_000;
const DAY_MS: i64 = 86_400_000;
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;

impl Calendar {
    /// Clocks that are `utc_offset_min` minutes east of UTC all year; a business day begins
    /// `cutoff_min` minutes after local midnight.
    #[must_use]
    pub fn fixed(utc_offset_min: i32, cutoff_min: u16) -> Self {
        let shift = Shift { from: UnixMillis(0), offset_s: utc_offset_min * 60 };
        Self::zoned(&[shift], cutoff_min)
    }

    /// Clocks that follow a zone's `shifts`, earliest first; before the first they are as after
    /// it. A business day begins `cutoff_min` minutes after local midnight, by the clock on the
    /// wall: the night of a change has an hour less or more.
    #[must_use]
    pub fn zoned(shifts: &[Shift], cutoff_min: u16) -> Self {
        assert!(shifts.is_sorted_by_key(|shift| shift.from), "shifts are in the order of time");
        Self { shifts: shifts.into(), cutoff_min }
    }

    /// The business date in force at `wall`. It never runs backwards: where clocks go back over the
    /// cut-off, the day that has begun goes on.
    #[must_use]
    pub fn date(&self, wall: UnixMillis) -> BusinessDate {
        let begun = self.shifts.partition_point(|shift| shift.from <= wall);
        let before =
            self.shifts[..begun].last().map(|shift| UnixMillis(shift.from.0.saturating_sub(1)));
        before.map_or(BusinessDate(0), |before| self.clock_date(before)).max(self.clock_date(wall))
    }

    /// Whether a clock that says `wall` is too far behind `last`, a time of the past, to be worked
    /// with: dates would run backwards, over days that are closed.
    #[must_use]
    pub fn is_behind(&self, last: UnixMillis, wall: UnixMillis) -> bool {
        self.date(last).0.saturating_sub(self.date(wall).0) > DATES_BEHIND_MAX
    }

    /// The date by the clock on the wall.
    fn clock_date(&self, wall: UnixMillis) -> BusinessDate {
        let shifted = self.local_ms(wall) - i64::from(self.cutoff_min) * MINUTE_MS;
        let days = shifted.div_euclid(DAY_MS);
        BusinessDate(u16::try_from(days.clamp(0, i64::from(u16::MAX))).unwrap_or(u16::MAX))
    }

    /// Minutes after local midnight, 0 to 1439, for a service's opening hours.
    #[must_use]
    pub fn minute_of_day(&self, wall: UnixMillis) -> u16 {
        let minute = self.local_ms(wall).rem_euclid(DAY_MS) / MINUTE_MS;
        u16::try_from(minute).unwrap_or(0)
    }

    /// The business date of a terminal's own date and time, minutes after local midnight.
    #[must_use]
    pub fn business_date(&self, local: BusinessDate, minute: u16) -> BusinessDate {
        BusinessDate(local.0.saturating_sub(u16::from(minute < self.cutoff_min)))
    }

    /// The clock on the wall at `wall`, as if it were UTC.
    #[must_use]
    pub fn local(&self, wall: UnixMillis) -> UnixMillis {
        UnixMillis(wall.0.saturating_add_signed(i64::from(self.offset_s(wall)) * SECOND_MS))
    }

    fn local_ms(&self, wall: UnixMillis) -> i64 {
        let unix_ms = i64::try_from(wall.0).unwrap_or(i64::MAX / 2);
        unix_ms - EPOCH_2000_MS + i64::from(self.offset_s(wall)) * SECOND_MS
    }

    fn offset_s(&self, wall: UnixMillis) -> i32 {
        let begun = self.shifts.partition_point(|shift| shift.from <= wall);
        self.shifts.get(begun.saturating_sub(1)).map_or(0, |shift| shift.offset_s)
    }
}

/// A moment as people and files write it: `2026-11-23T23:30:00Z`.
#[must_use]
pub fn utc(at: UnixMillis) -> String {
    let (date, second) = (Calendar::default().date(at), at.0 / 1_000 % 86_400);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{date}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T23:30:00Z.
    const LATE_EVENING: UnixMillis = UnixMillis(1_795_476_600_000);

    #[test]
    fn the_business_date_turns_at_local_midnight_without_a_cutoff() {
        let utc = Calendar::default();
        let east = Calendar::fixed(60, 0);
        assert_eq!(utc.date(LATE_EVENING).0 + 1, east.date(LATE_EVENING).0);
        assert_eq!(east.minute_of_day(LATE_EVENING), 30);
    }

    #[test]
    fn a_cutoff_keeps_the_small_hours_in_yesterday() {
        let plain = Calendar::fixed(60, 0);
        let night_shift = Calendar::fixed(60, 180);
        assert_eq!(plain.date(LATE_EVENING).0, night_shift.date(LATE_EVENING).0 + 1);
    }

    #[test]
    fn the_cutoff_keeps_to_the_clock_on_the_wall_when_summer_time_begins() {
        // 2026-03-29T01:00:00Z: clocks one hour east go to two hours east.
        let spring = UnixMillis(1_774_746_000_000);
        let zone = [
            Shift { from: UnixMillis(0), offset_s: 3_600 },
            Shift { from: spring, offset_s: 2 * 3_600 },
        ];
        let calendar = Calendar::zoned(&zone, 240);
        // 04:00 of that morning is 02:00 UTC; the winter's 04:00 was 03:00 UTC.
        let hour = 3_600_000;
        let day_before = calendar.date(UnixMillis(spring.0 - 1));
        assert_eq!(calendar.date(UnixMillis(spring.0 + hour - 1)), day_before);
        assert_eq!(calendar.date(UnixMillis(spring.0 + hour)).0, day_before.0 + 1);
        assert_eq!(calendar.minute_of_day(UnixMillis(spring.0 - 1)), 119);
        assert_eq!(calendar.minute_of_day(spring), 180);
        assert_eq!(Calendar::default().minute_of_day(spring), 60);
    }
    #[test]
    fn a_business_date_never_runs_backwards() {
        let minute = 60_000;
        // 2026-10-25T01:00:00Z: two hours east go to one hour east; 03:00 is 02:00 again. And
        // 2026-03-29T01:00:00Z, the other way round: there is no 02:30.
        for (at, before, after) in
            [(1_792_890_000_000, 7_200, 3_600), (1_774_746_000_000, 3_600, 7_200)]
        {
            let zone = [
                Shift { from: UnixMillis(0), offset_s: before },
                Shift { from: UnixMillis(at), offset_s: after },
            ];
            for cutoff_min in [0, 90, 119, 120, 150, 179, 180, 240] {
                let calendar = Calendar::zoned(&zone, cutoff_min);
                let walls = (0..2_880).map(|n| UnixMillis(at - 1_440 * minute + n * minute));
                let dates: Vec<u16> = walls.map(|wall| calendar.date(wall).0).collect();
                assert!(dates.is_sorted(), "cut-off {cutoff_min} min after midnight");
                assert!(dates.windows(2).all(|pair| pair[1] - pair[0] <= 1), "one day at a time");
            }
        }
    }
}
