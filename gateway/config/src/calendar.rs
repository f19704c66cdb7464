//! `[calendar]`: the operator's local time, of a fixed offset or of a time zone of the IANA
//! database.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tillgate_core::time::{Calendar, Shift, UnixMillis};

use super::reader::{Reader, Section};
use super::sections::Sectioned;

/// 2000-01-01T00:00:00Z, the first business date.
const EPOCH_2000_S: i64 = 946_684_800;
/// Shifts of a zone that are looked ahead: two a year, for as long as one release may run.
const SHIFTS_MAX: usize = 256;

/// The shifts of a zone from 2000 on; `None` if the database has no zone of this name. The
/// database is part of the program: a machine without one says the same.
fn shifts(name: &str) -> Option<Vec<Shift>> {
    let zone = TimeZone::get(name).ok()?;
    let first = Timestamp::from_second(EPOCH_2000_S).ok()?;
    let mut shifts = vec![Shift { from: UnixMillis(0), offset_s: zone.to_offset(first).seconds() }];
    for transition in zone.following(first).take(SHIFTS_MAX) {
        let from = u64::try_from(transition.timestamp().as_millisecond()).ok()?;
        shifts.push(Shift { from: UnixMillis(from), offset_s: transition.offset().seconds() });
    }
    Some(shifts)
}

impl Sectioned for Calendar {
    fn read<'a>(reader: &mut Reader<'a>, section: &mut Section<'a>) -> Self {
        let cutoff = reader.text_if(section.take("cutoff"), "00:00");
        let cutoff_min = cutoff.map_or(0, |(at, text)| {
            clock_minutes(&text).unwrap_or_else(|| {
                let allowed = "allowed are \"00:00\" to \"23:59\"";
                reader.fault(at, format!("calendar.cutoff is {text:?}; {allowed}"));
                0
            })
        });
        let zone = reader.text_if(section.take("time_zone"), "Africa/Accra");
        let offset = section.take("utc_offset");
        let Some((at, zone)) = zone else {
            let minutes = reader.text(offset, "+00:00").map_or(0, |(at, text)| {
                offset_minutes(&text).unwrap_or_else(|| {
                    let allowed = "allowed are \"-12:00\" to \"+14:00\", with the sign";
                    reader.fault(at, format!("calendar.utc_offset is {text:?}; {allowed}"));
                    0
                })
            });
            return Self::fixed(minutes, cutoff_min);
        };
        if offset.at().is_some() {
            let what = "calendar.time_zone and calendar.utc_offset say the same; give one";
            reader.fault(at, what);
        }
        let shifts = shifts(&zone).unwrap_or_else(|| {
            let what = format!(
                "calendar.time_zone is {zone:?}; give a name of the IANA database, for example \
                 \"Africa/Accra\" or \"Europe/Berlin\""
            );
            reader.fault(at, what);
            Vec::new()
        });
        Self::zoned(&shifts, cutoff_min)
    }
}

/// `HH:MM` as minutes after midnight.
fn clock_minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse::<u16>().ok() } else { None }
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// `+HH:MM` or `-HH:MM` as minutes east of UTC.
fn offset_minutes(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let minutes = sign * i32::from(clock_minutes(rest)?);
    (-12 * 60..=14 * 60).contains(&minutes).then_some(minutes)
}

#[cfg(test)]
mod tests {
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
