//! The only time types in the core: a monotonic [`Moment`], a [`Span`] between two of them, and
//! the [`Wall`] clock that business dates come from. All three arrive as arguments.

use tillgate_store_core::BusinessDate;

/// A point on the shell's monotonic clock, in nanoseconds since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

/// A length of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub u64);

impl Moment {
    /// The moment `span` later; saturates at the end of time.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of milliseconds.
    #[must_use]
    pub const fn ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// A span of seconds.
    #[must_use]
    pub const fn s(s: u64) -> Self {
        Self::ms(s.saturating_mul(1_000))
    }

    /// Whole microseconds in it.
    #[must_use]
    pub const fn as_us(self) -> u64 {
        self.0 / 1_000
    }
}

/// Unix time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(pub u64);

/// How the operator's wall clock becomes a business date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Minutes east of UTC.
    pub utc_offset_min: i32,
    /// Minutes after local midnight at which the next business day begins.
    pub cutoff_min: u16,
}

/// 2000-01-01T00:00:00Z in Unix milliseconds, day 0 of a business date.
const EPOCH_2000_MS: i64 = 946_684_800_000;
const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

impl Calendar {
    /// The business date in force at `wall`.
    #[must_use]
    pub fn date(&self, wall: Wall) -> BusinessDate {
        let shifted = self.local_ms(wall) - i64::from(self.cutoff_min) * MINUTE_MS;
        let days = shifted.div_euclid(DAY_MS);
        BusinessDate(u16::try_from(days.clamp(0, i64::from(u16::MAX))).unwrap_or(u16::MAX))
    }

    /// Minutes after local midnight, 0 to 1439, for a service's opening hours.
    #[must_use]
    pub fn minute_of_day(&self, wall: Wall) -> u16 {
        let minute = self.local_ms(wall).rem_euclid(DAY_MS) / MINUTE_MS;
        u16::try_from(minute).unwrap_or(0)
    }

    fn local_ms(&self, wall: Wall) -> i64 {
        let unix_ms = i64::try_from(wall.0).unwrap_or(i64::MAX / 2);
        unix_ms - EPOCH_2000_MS + i64::from(self.utc_offset_min) * MINUTE_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T23:30:00Z.
    const LATE_EVENING: Wall = Wall(1_795_476_600_000);

    #[test]
    fn the_business_date_turns_at_local_midnight_without_a_cutoff() {
        let utc = Calendar::default();
        let east = Calendar { utc_offset_min: 60, cutoff_min: 0 };
        assert_eq!(utc.date(LATE_EVENING).0 + 1, east.date(LATE_EVENING).0);
        assert_eq!(east.minute_of_day(LATE_EVENING), 30);
    }

    #[test]
    fn a_cutoff_keeps_the_small_hours_in_yesterday() {
        let plain = Calendar { utc_offset_min: 60, cutoff_min: 0 };
        let night_shift = Calendar { utc_offset_min: 60, cutoff_min: 180 };
        assert_eq!(plain.date(LATE_EVENING).0, night_shift.date(LATE_EVENING).0 + 1);
    }
}
