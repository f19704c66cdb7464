//! The one place that reads the clocks: the monotonic one for deadlines, the system's for dates.
//!
//! Business dates must not follow a system clock that somebody sets to next week: terminals would
//! receive that date, and be refused when the clock is right again. So the wall is the system's
//! time at the start plus what the monotonic clock has counted since. It follows the system's clock
//! as long as that differs by little, as NTP makes it, and not when it jumps; whoever knows that
//! the jump was right starts the gateway again.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tillgate_core::time::{Moment, UnixMillis};

use super::limits::CLOCK_STEP_MS_MAX;
use crate::clock;

/// The process's clock: monotonic moments since it started, and the wall for business dates.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    /// The wall at `start`; lives as long as the process, as its clock does.
    anchor: &'static Anchor,
    /// Whether somebody has said that the system's clock is right, whatever the store says.
    believed: bool,
}

struct Anchor {
    /// Unix milliseconds.
    start_ms: AtomicI64,
    /// By how much the system's clock is off while it is not followed; 0 while it is.
    off_ms: AtomicI64,
}

impl Clock {
    /// Starts counting now; every thread uses a copy of the same clock.
    pub(crate) fn start() -> Self {
        let start_ms = AtomicI64::new(signed(clock::unix_ms()));
        let anchor = Box::leak(Box::new(Anchor { start_ms, off_ms: AtomicI64::new(0) }));
        Self { start: Instant::now(), anchor, believed: false }
    }

    /// As the operator says: see [`Clock::is_believed`].
    pub(crate) fn believed(self, believed: bool) -> Self {
        Self { believed, ..self }
    }

    /// Whether business dates may go back by more than a day.
    pub(crate) fn is_believed(&self) -> bool {
        self.believed
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> Moment {
        Moment(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Unix time. A clock set before 1970 counts as 1970: business dates are then refused by
    /// every terminal, which is what such a clock deserves.
    pub(crate) fn wall(&self) -> UnixMillis {
        UnixMillis(u64::try_from(self.kept_ms()).unwrap_or(0))
    }

    /// How long to sleep until `at`; zero when it has come.
    pub(crate) fn until(&self, at: Moment) -> Duration {
        Duration::from_nanos(at.since(self.now()).0)
    }

    /// Looks at the system's clock, and follows it unless it has jumped; called by one thread,
    /// about once a second. By how many seconds it is off, if it is not followed; else 0.
    pub(crate) fn watch(&self) -> u64 {
        self.compare(signed(clock::unix_ms()))
    }

    fn compare(&self, system_ms: i64) -> u64 {
        let off_ms = system_ms - self.kept_ms();
        let Anchor { start_ms, off_ms: was } = self.anchor;
        if off_ms.abs() <= CLOCK_STEP_MS_MAX {
            start_ms.fetch_add(off_ms, Ordering::Relaxed);
            if was.swap(0, Ordering::Relaxed) != 0 {
                tracing::info!("the system's clock is right again, and followed");
            }
            return 0;
        }
        if was.swap(off_ms, Ordering::Relaxed) == 0 {
            tracing::error!(
                off_s = off_ms / 1_000,
                "the system's clock has jumped and is not followed; if it is right now, start the \
                 gateway again"
            );
        }
        off_ms.unsigned_abs() / 1_000
    }

    fn kept_ms(&self) -> i64 {
        let since = i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.anchor.start_ms.load(Ordering::Relaxed).saturating_add(since)
    }
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn a_system_clock_that_jumps_by_days_is_not_followed() {
        let clock = Clock::start();
        let before = signed(clock.wall().0);
        assert_eq!(clock.compare(before + 2 * DAY_MS), 2 * 86_400);
        assert!((signed(clock.wall().0) - before).abs() < 10_000, "the time goes on as it was");
        assert_eq!(clock.compare(before - DAY_MS), 86_400);
        assert_eq!(clock.compare(signed(clock.wall().0)), 0);
    }

    #[test]
    fn a_system_clock_that_is_put_right_by_seconds_is_followed() {
        let clock = Clock::start();
        let before = signed(clock.wall().0);
        for step in [5_000, -20_000, 50_000] {
            let system = signed(clock.wall().0) + step;
            assert_eq!(clock.compare(system), 0);
            assert!((signed(clock.wall().0) - system).abs() < 1_000);
        }
        assert!((signed(clock.wall().0) - before - 35_000).abs() < 10_000);
    }
}
