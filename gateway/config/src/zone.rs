//! A time zone of the IANA database, as the pure crates take it: a list of shifts.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tillgate_core::time::{Shift, UnixMillis};

/// 2000-01-01T00:00:00Z, the first business date.
const EPOCH_2000_S: i64 = 946_684_800;
/// Shifts of a zone that are looked ahead: two a year, for as long as one release may run.
const SHIFTS_MAX: usize = 256;

/// The shifts of a zone from 2000 on; `None` if the database has no zone of this name. The
/// database is part of the program: a machine without one says the same.
pub(super) fn shifts(name: &str) -> Option<Vec<Shift>> {
    let zone = TimeZone::get(name).ok()?;
    let first = Timestamp::from_second(EPOCH_2000_S).ok()?;
    let mut shifts = vec![Shift { from: UnixMillis(0), offset_s: zone.to_offset(first).seconds() }];
    for transition in zone.following(first).take(SHIFTS_MAX) {
        let from = u64::try_from(transition.timestamp().as_millisecond()).ok()?;
        shifts.push(Shift { from: UnixMillis(from), offset_s: transition.offset().seconds() });
    }
    Some(shifts)
}

#[cfg(test)]
mod tests {
    use tillgate_core::time::Calendar;

    use super::*;

    #[test]
    fn a_zone_with_summer_time_shifts_twice_a_year() {
        let calendar = Calendar::zoned(&shifts("Europe/Berlin").unwrap(), 0);
        // 2026-07-01T22:30:00Z and 2026-12-01T22:30:00Z: midnight has passed in summer only.
        let (summer, winter) = (UnixMillis(1_782_945_000_000), UnixMillis(1_796_164_200_000));
        assert_eq!(calendar.minute_of_day(summer), 30);
        assert_eq!(calendar.minute_of_day(winter), 23 * 60 + 30);
    }

    #[test]
    fn a_zone_without_shifts_has_one_offset_and_an_unknown_one_is_none() {
        let accra = shifts("Africa/Accra").unwrap();
        assert!(accra.iter().all(|shift| shift.offset_s == 0));
        let kolkata = Calendar::zoned(&shifts("Asia/Kolkata").unwrap(), 0);
        assert_eq!(kolkata.minute_of_day(UnixMillis(0)), 330);
        assert_eq!(shifts("Europe/Nowhere"), None);
    }
}
