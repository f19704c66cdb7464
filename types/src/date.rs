//! The business date: the day a transaction counts for, as the gateway calls it.

use std::fmt;

/// Days since 2000-01-01 in the proleptic Gregorian calendar; the last day is 2179-06-06.
///
/// It is not the day on anybody's clock: the gateway names it at logon and the terminal repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BusinessDate(pub u16);

/// Days from 0000-03-01 to 2000-01-01.
const EPOCH_DAYS: u32 = 730_425;
/// Days from 1970-01-01 to 2000-01-01.
const UNIX_DAYS: u64 = 10_957;
/// Days in 400 years.
const ERA_DAYS: u32 = 146_097;

impl BusinessDate {
    /// The date of that year, month (1 to 12) and day (1 to 31); `None` if there is no such day or
    /// it is out of range.
    #[must_use]
    pub fn from_ymd(year: u16, month: u8, day: u8) -> Option<Self> {
        if !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        // Years start in March, so that the leap day is the last of its year.
        let (year_m, month_m) = match month {
            1 | 2 => (u32::from(year).checked_sub(1)?, u32::from(month) + 9),
            _ => (u32::from(year), u32::from(month) - 3),
        };
        let leaps = year_m / 4 - year_m / 100 + year_m / 400;
        let days = year_m * 365 + leaps + (153 * month_m + 2) / 5 + u32::from(day) - 1;
        let date = Self(u16::try_from(days.checked_sub(EPOCH_DAYS)?).ok()?);
        // A day that the month does not have comes back as another one.
        (date.ymd() == (year, month, day)).then_some(date)
    }

    /// Reads what [`fmt::Display`] shows, as `2026-11-23`: all ten characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
        let number = |digits: &[u8]| {
            let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
            digits.iter().try_fold(0, |number, byte| Some(number * 10 + digit(byte)?))
        };
        let small = |digits: &[u8]| u8::try_from(number(digits)?).ok();
        Self::from_ymd(number(&[y1, y2, y3, y4])?, small(&[m1, m2])?, small(&[d1, d2])?)
    }

    /// The day in UTC of a moment in seconds since 1970; `None` if it is out of range.
    #[must_use]
    pub fn of_unix(unix_s: u64) -> Option<Self> {
        let days = (unix_s / 86_400).checked_sub(UNIX_DAYS)?;
        u16::try_from(days).ok().map(Self)
    }

    /// The beginning of the day in UTC, in seconds since 1970.
    #[must_use]
    pub fn unix_s(self) -> u64 {
        (u64::from(self.0) + UNIX_DAYS) * 86_400
    }

    /// Year, month (1 to 12) and day (1 to 31).
    #[must_use]
    pub fn ymd(self) -> (u16, u8, u8) {
        let days = u32::from(self.0) + EPOCH_DAYS;
        let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
        let leaps = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leaps) / 365;
        let first = 365 * year_of_era + year_of_era / 4 - year_of_era / 100;
        let day_of_year = day_of_era - first;
        let month_m = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_m + 2) / 5 + 1;
        let (month, carry) = if month_m < 10 { (month_m + 3, 0) } else { (month_m - 9, 1) };
        let small = |value: u32| u8::try_from(value).expect("months and days are below 32");
        let year = u16::try_from(era * 400 + year_of_era + carry).expect("65,535 days end in 2179");
        (year, small(month), small(day))
    }
}

impl BusinessDate {
    /// Day of its year, 1 to 366.
    #[must_use]
    pub fn day_of_year(self) -> u16 {
        let (year, _, _) = self.ymd();
        let first = Self::from_ymd(year, 1, 1).unwrap_or(self);
        self.0 - first.0 + 1
    }
}

impl fmt::Display for BusinessDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::BusinessDate;

    #[test]
    fn the_first_and_the_last_day_are_known() {
        assert_eq!(BusinessDate(0).to_string(), "2000-01-01");
        assert_eq!(BusinessDate(u16::MAX).to_string(), "2179-06-06");
        assert_eq!(BusinessDate::from_ymd(1999, 12, 31), None);
        assert_eq!(BusinessDate::from_ymd(2179, 6, 7), None);
        assert_eq!(BusinessDate::of_unix(946_684_799), None);
        assert_eq!(BusinessDate::of_unix(946_684_800), Some(BusinessDate(0)));
        assert_eq!(BusinessDate::of_unix(6_608_995_199), Some(BusinessDate(u16::MAX)));
        assert_eq!(BusinessDate::of_unix(6_608_995_200), None);
    }

    #[test]
    fn every_day_follows_the_one_before_and_comes_back() {
        let mut before = (1999, 12, 31);
        for days in 0..=u16::MAX {
            let date = BusinessDate(days);
            let (year, month, day) = date.ymd();
            assert!((year, month, day) > before, "{date}");
            assert!(day == before.2 + 1 || day == 1, "{date}");
            assert_eq!(BusinessDate::from_ymd(year, month, day), Some(date));
            assert_eq!(BusinessDate::of_unix(date.unix_s()), Some(date));
            before = (year, month, day);
        }
    }

    #[test]
    fn dates_are_read_as_they_are_shown_and_in_no_other_form() {
        for date in [BusinessDate(0), BusinessDate(9_823), BusinessDate(u16::MAX)] {
            assert_eq!(BusinessDate::parse(&date.to_string()), Some(date));
        }
        for wrong in ["", "2026-11", "2026-1-5", "2026-02-30", "23.11.2026", "2026-11-23-1"] {
            assert_eq!(BusinessDate::parse(wrong), None, "{wrong}");
        }
        for wrong in ["+026-11-23", "2026-11-+3", "2026/11/23", "２６-11-23", "9999-01-01"] {
            assert_eq!(BusinessDate::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_that_no_month_has_are_refused() {
        for (year, month, day) in
            [(2026, 2, 29), (2100, 2, 29), (2026, 4, 31), (2026, 0, 1), (2026, 13, 1), (2026, 1, 0)]
        {
            assert_eq!(BusinessDate::from_ymd(year, month, day), None, "{year}-{month}-{day}");
        }
        assert_eq!(BusinessDate::from_ymd(2026, 3, 1).map(BusinessDate::day_of_year), Some(60));
        assert_eq!(BusinessDate::from_ymd(2024, 2, 29).unwrap().to_string(), "2024-02-29");
        assert_eq!(BusinessDate::from_ymd(0, 1, 1), None);
    }
}
