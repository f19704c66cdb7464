//! The one place that reads the monotonic clock; the wall's is [`wall`].

use std::time::{Duration, Instant};

use tillgate_core::time::{Moment, Wall};

use crate::wall;

/// The process's clock: monotonic moments since it started, and the wall for business dates.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting now; every thread uses a copy of the same clock.
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> Moment {
        Moment(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Unix time. A clock set before 1970 counts as 1970: business dates are then refused by
    /// every terminal, which is what such a clock deserves.
    #[expect(clippy::unused_self, reason = "whoever may ask for the wall holds a clock")]
    pub(crate) fn wall(&self) -> Wall {
        Wall(wall::unix_ms())
    }

    /// How long to sleep until `at`; zero when it has come.
    pub(crate) fn until(&self, at: Moment) -> Duration {
        Duration::from_nanos(at.since(self.now()).0)
    }
}
