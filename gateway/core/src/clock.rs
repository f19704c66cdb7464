//! When the system's clock is followed.
//!
//! Business dates must not follow a system clock that somebody sets to next week: terminals would
//! receive that date, and be refused when the clock is right again. So the wall is the system's
//! time at the start plus what the monotonic clock has counted since. It follows the system's clock
//! as long as that differs by little, as NTP makes it, and not when it jumps; whoever knows that
//! the jump was right starts the gateway again ([`crate::startup::check_clock`]).

use crate::limits::CLOCK_STEP_MS_MAX;
use crate::time::{Moment, UnixMillis};

/// The time as the gateway keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemClock {
    /// The wall at moment 0, Unix milliseconds.
    pub start_ms: i64,
    /// By how much the system's clock is off while it is not followed; 0 while it is.
    pub off_ms: i64,
}

/// What a look at the system's clock showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is right, and followed.
    Right,
    /// It is right again after a jump, and followed.
    RightAgain,
    /// It has jumped since the last look, and is not followed.
    Jumped,
    /// It is as wrong as it was.
    StillOff,
}

impl SystemClock {
    /// The clock of a process that has just started, at `now`: the system's, whatever it says.
    #[must_use]
    pub fn start(now: Moment, system: UnixMillis) -> Self {
        Self { start_ms: signed(system.0).saturating_sub(since_start(now)), off_ms: 0 }
    }

    /// Unix time. A clock set before 1970 counts as 1970: business dates are then refused by
    /// every terminal, which is what such a clock deserves.
    #[must_use]
    pub fn wall(&self, now: Moment) -> UnixMillis {
        UnixMillis(u64::try_from(self.kept_ms(now)).unwrap_or(0))
    }

    /// Looks at the system's clock, about once a second, and follows it unless it has jumped.
    pub fn look(&mut self, now: Moment, system: UnixMillis) -> Seen {
        let off_ms = signed(system.0).saturating_sub(self.kept_ms(now));
        let was_off = self.off_ms != 0;
        if off_ms.saturating_abs() <= CLOCK_STEP_MS_MAX {
            (self.start_ms, self.off_ms) = (self.start_ms.saturating_add(off_ms), 0);
            return if was_off { Seen::RightAgain } else { Seen::Right };
        }
        self.off_ms = off_ms;
        if was_off { Seen::StillOff } else { Seen::Jumped }
    }

    fn kept_ms(&self, now: Moment) -> i64 {
        self.start_ms.saturating_add(since_start(now))
    }
}

fn since_start(now: Moment) -> i64 {
    i64::try_from(now.0 / 1_000_000).unwrap_or(i64::MAX / 2)
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    const DAY_MS: u64 = 86_400_000;
    const WALL: UnixMillis = UnixMillis(1_795_476_600_000);

    #[test]
    fn a_system_clock_that_jumps_by_days_is_not_followed_until_it_is_right_again() {
        let mut clock = SystemClock::start(Moment(0), WALL);
        let later = Moment(0).after(Span::s(10));
        let right = UnixMillis(WALL.0 + 10_000);
        assert_eq!(clock.look(later, UnixMillis(right.0 + 2 * DAY_MS)), Seen::Jumped);
        assert_eq!(clock.off_ms, 2 * 86_400_000);
        assert_eq!(clock.wall(later), right, "the time goes on as it was");
        assert_eq!(clock.look(later, UnixMillis(right.0 - DAY_MS)), Seen::StillOff);
        assert_eq!(clock.look(later, UnixMillis(right.0 + 1_000)), Seen::RightAgain);
        assert_eq!((clock.wall(later).0, clock.off_ms), (right.0 + 1_000, 0));
    }

    #[test]
    fn a_system_clock_that_is_put_right_by_seconds_is_followed_both_ways() {
        let mut clock = SystemClock::start(Moment(5_000_000), WALL);
        for step in [5_000, -20_000, CLOCK_STEP_MS_MAX, -CLOCK_STEP_MS_MAX] {
            let now = Moment(7_000_000);
            let system = UnixMillis(clock.wall(now).0.saturating_add_signed(step));
            assert_eq!(clock.look(now, system), Seen::Right);
            assert_eq!(clock.wall(now), system);
            let far = UnixMillis(system.0.saturating_add_signed(CLOCK_STEP_MS_MAX + 1));
            assert_eq!(clock.look(now, far), Seen::Jumped, "one millisecond more is a jump");
            assert_eq!(clock.look(now, system), Seen::RightAgain);
        }
    }

    #[test]
    fn no_system_clock_is_so_wrong_that_counting_overflows() {
        for system in [0, 1, WALL.0, u64::MAX] {
            let mut clock = SystemClock::start(Moment(u64::MAX), UnixMillis(system));
            for seen in [0, u64::MAX] {
                clock.look(Moment(0), UnixMillis(seen));
                clock.look(Moment(u64::MAX), UnixMillis(seen));
            }
        }
    }
}
