//! Business dates, without a clock.

use std::fmt;

/// Days from 0000-03-01 (where the calendar's 400-year eras start) to 2000-01-01.
const EPOCH_DAYS: u32 = 730_425;
const ERA_DAYS: u32 = 146_097;

/// Days since 2000-01-01, as on the terminal link; up to 2179-06-06.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessDate(pub u16);

impl BusinessDate {
    /// The date of a calendar day; `None` if there is no such day or it is out of range.
    pub fn from_ymd(year: u16, month: u8, day: u8) -> Option<Self> {
        if year < 2000 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let (year, month, day_of_month) = (u32::from(year), u32::from(month), u32::from(day));
        let year = if month <= 2 { year - 1 } else { year };
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day_of_month - 1;
        let (era, year_of_era) = (year / 400, year % 400);
        let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = (era * ERA_DAYS + day_of_era).checked_sub(EPOCH_DAYS)?;
        let date = Self(u16::try_from(days).ok()?);
        let (_, month_back, day_back) = date.ymd();
        (u32::from(month_back) == month && day_back == day).then_some(date)
    }

    /// Year, month (1-12) and day (1-31).
    pub fn ymd(self) -> (u16, u8, u8) {
        // Years counted from March, so that the leap day is the last of its year
        // (H. Hinnant, "chrono-compatible low-level date algorithms").
        let days = u32::from(self.0) + EPOCH_DAYS;
        let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + u32::from(month <= 2);
        (narrow(year), u8::try_from(month).unwrap_or(0), u8::try_from(day).unwrap_or(0))
    }

    /// Day of its year, 1 to 366.
    pub fn day_of_year(self) -> u16 {
        let (year, _, _) = self.ymd();
        let first = Self::from_ymd(year, 1, 1).unwrap_or(self);
        self.0 - first.0 + 1
    }
}

fn narrow(value: u32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
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
    fn every_date_survives_the_way_to_the_calendar_and_back() {
        for days in 0..=u16::MAX {
            let (year, month, day) = BusinessDate(days).ymd();
            assert_eq!(BusinessDate::from_ymd(year, month, day), Some(BusinessDate(days)));
        }
    }

    #[test]
    fn known_days_are_where_the_calendar_has_them() {
        assert_eq!(BusinessDate(0).to_string(), "2000-01-01");
        assert_eq!(BusinessDate(59).to_string(), "2000-02-29");
        assert_eq!(BusinessDate::from_ymd(2026, 3, 1), Some(BusinessDate(9_556)));
        assert_eq!(BusinessDate(9_556).day_of_year(), 60);
        assert_eq!(BusinessDate::from_ymd(2100, 2, 29), None, "2100 is no leap year");
        assert_eq!(BusinessDate::from_ymd(1999, 12, 31), None);
        assert_eq!(BusinessDate::from_ymd(2026, 4, 31), None);
    }
}
