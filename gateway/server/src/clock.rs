//! The wall clock, for commands that run without a gateway.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tillgate_core::time::{Calendar, UnixMillis};

/// Unix time in milliseconds; 0 for a clock set before 1970.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A moment as people and files write it: `2026-11-23T23:30:00Z`.
pub(crate) fn utc(ms: u64) -> String {
    let date = Calendar::default().date(UnixMillis(ms));
    let second = ms / 1_000 % 86_400;
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{date}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}
