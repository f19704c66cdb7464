//! The terminal's own clock: set by the gateway's answer to a logon, and running from there.

use tillgate_codec::link::message::BusinessDate;

use crate::time::Moment;

const DAY_S: u64 = 86_400;

/// A clock that was set at a moment.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    set: Moment,
    showed: Local,
}

/// What a clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Local {
    pub(super) day: BusinessDate,
    /// Seconds after midnight.
    pub(super) second: u64,
}

impl Clock {
    /// Set to `hhmmss` of `MMDD`, in the year that brings it nearest to a day.
    pub(super) fn set(now: Moment, time: &str, date: &str, near: BusinessDate) -> Option<Self> {
        let pair = |text: &str, at: usize| text.get(at..at + 2)?.parse::<u8>().ok();
        let (hour, minute, second) = (pair(time, 0)?, pair(time, 2)?, pair(time, 4)?);
        let (month, day) = (pair(date, 0)?, pair(date, 2)?);
        let (year, _, _) = near.ymd();
        let of = |year| BusinessDate::from_ymd(year, month, day);
        let days = [year - 1, year, year + 1].into_iter().filter_map(of);
        let day = days.min_by_key(|day| day.0.abs_diff(near.0))?;
        let second = (u64::from(hour) * 60 + u64::from(minute)) * 60 + u64::from(second);
        (second < DAY_S).then_some(Self { set: now, showed: Local { day, second } })
    }

    pub(super) fn read(&self, now: Moment) -> Local {
        let second = self.showed.second + now.since(self.set).0 / 1_000_000_000;
        let days = u16::try_from(second / DAY_S).unwrap_or(0);
        Local { day: BusinessDate(self.showed.day.0 + days), second: second % DAY_S }
    }
}

impl Local {
    /// The business date: before the cut-off it is still the day before.
    pub(super) fn business(self, cutoff_min: u16) -> BusinessDate {
        let before = self.second / 60 < u64::from(cutoff_min);
        BusinessDate(self.day.0 - u16::from(before))
    }

    /// `hhmmss`.
    pub(super) fn time(self) -> String {
        format!("{:02}{:02}{:02}", self.second / 3_600, self.second / 60 % 60, self.second % 60)
    }

    /// `MMDD`.
    pub(super) fn date(self) -> String {
        let (_, month, day) = self.day.ymd();
        format!("{month:02}{day:02}")
    }
}
