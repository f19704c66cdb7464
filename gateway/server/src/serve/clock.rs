//! The one place that reads the clocks: the monotonic one for deadlines, the system's for dates.
//! When the system's is followed, [`SystemClock`] says.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tillgate_core::clock::{Seen, SystemClock};
pub(crate) use tillgate_core::startup::ClockTrust;
use tillgate_core::time::{Moment, UnixMillis};

use crate::clock;

/// The process's clock: monotonic moments since it started, and the wall for business dates.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    /// Lives as long as the process, as its clock does.
    kept: &'static Kept,
    /// What the operator says.
    pub(crate) trust: ClockTrust,
}

/// A [`SystemClock`] that every thread reads and one thread changes.
struct Kept {
    start_ms: AtomicI64,
    off_ms: AtomicI64,
}

impl Clock {
    /// Starts counting now; every thread uses a copy of the same clock.
    pub(crate) fn start(trust: ClockTrust) -> Self {
        let SystemClock { start_ms, off_ms } = SystemClock::start(Moment(0), system());
        let kept = Kept { start_ms: AtomicI64::new(start_ms), off_ms: AtomicI64::new(off_ms) };
        Self { start: Instant::now(), kept: Box::leak(Box::new(kept)), trust }
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> Moment {
        Moment(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    pub(crate) fn wall(&self) -> UnixMillis {
        self.kept.load().wall(self.now())
    }

    /// How long to sleep until `at`; zero when it has come.
    pub(crate) fn until(&self, at: Moment) -> Duration {
        Duration::from_nanos(at.since(self.now()).0)
    }

    /// Looks at the system's clock; called by one thread, about once a second. By how many seconds
    /// it is off, if it is not followed; else 0.
    pub(crate) fn watch(&self) -> u64 {
        let mut clock = self.kept.load();
        let seen = clock.look(self.now(), system());
        self.kept.start_ms.store(clock.start_ms, Ordering::Relaxed);
        self.kept.off_ms.store(clock.off_ms, Ordering::Relaxed);
        let off_s = clock.off_ms / 1_000;
        match seen {
            Seen::Right | Seen::StillOff => {}
            Seen::RightAgain => tracing::info!("the system's clock is right again, and followed"),
            Seen::Jumped => tracing::error!(
                off_s,
                "the system's clock has jumped and is not followed; if it is right now, start the \
                 gateway again"
            ),
        }
        off_s.unsigned_abs()
    }
}

impl Kept {
    fn load(&self) -> SystemClock {
        let (start_ms, off_ms) = (&self.start_ms, &self.off_ms);
        SystemClock {
            start_ms: start_ms.load(Ordering::Relaxed),
            off_ms: off_ms.load(Ordering::Relaxed),
        }
    }
}

fn system() -> UnixMillis {
    UnixMillis(clock::unix_ms())
}
