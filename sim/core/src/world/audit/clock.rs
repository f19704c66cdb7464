//! The auditors' own idea of the gateway's clock: the system's at the start, and after every look at
//! it the system's again, unless that is off by more than a minute. Every business date is judged
//! by it, so that a gateway that follows a jump is one that tells wrong dates.

use tillgate_core::startup::ClockTrust;
use tillgate_core::time::UnixMillis;
use tillgate_store_core::Transaction;

use crate::time::Moment;

/// What a look may put right.
const STEP_MAX_MS: u64 = 60_000;

pub(super) struct Clock {
    /// What it shows, and when.
    shown: (Moment, UnixMillis),
    /// The latest that it has shown since somebody last said that it is right, and ever.
    high: UnixMillis,
    ever: UnixMillis,
    /// The latest time in a durable row since then.
    durable: UnixMillis,
    /// Whether somebody says to the start at work that its clock is right.
    is_believed: bool,
}

impl Clock {
    pub(super) fn new(system: UnixMillis) -> Self {
        Self {
            shown: (Moment::default(), system),
            high: system,
            ever: system,
            durable: system,
            is_believed: false,
        }
    }

    /// The latest that it has ever shown.
    pub(super) fn ever(&self, now: Moment) -> UnixMillis {
        self.ever.max(self.walls(now).1)
    }

    /// What it shows, and the latest that counts that it has shown.
    pub(super) fn walls(&self, now: Moment) -> (UnixMillis, UnixMillis) {
        let (at, wall) = self.shown;
        let wall = UnixMillis(wall.0 + now.0 / 1_000_000 - at.0 / 1_000_000);
        (wall, self.high.max(wall))
    }

    /// A process is about to start.
    pub(super) fn starts(&mut self, now: Moment, system: UnixMillis) {
        self.high = self.walls(now).1;
        self.ever = self.ever.max(self.high);
        self.shown = (now, system);
    }

    /// Whether somebody says to the start at work that its clock is right.
    pub(super) fn trusts(&mut self, trust: ClockTrust) {
        self.is_believed = trust == ClockTrust::Believed;
    }

    /// A start has written that its clock is right, and that is durable: a crash may come before, or
    /// a failure after it. Everything before counts as of this time, if somebody said so.
    pub(super) fn set_back(&mut self, at: UnixMillis) {
        if self.is_believed {
            (self.high, self.durable) = (at, at);
        }
    }

    /// A row is durable. What it said before may be of a time that does not count any more.
    pub(super) fn stamps(&mut self, old: Option<&Transaction>, new: &Transaction) {
        let times = |row: &Transaction| [row.at_ms, row.finished_ms, row.confirmed_ms];
        let before = old.map(times).unwrap_or_default();
        for (before, new) in before.into_iter().zip(times(new)) {
            if before != new {
                self.durable = self.durable.max(UnixMillis(new));
            }
        }
    }

    /// A gateway that starts days before this has a wrong clock, or had one then.
    pub(super) fn durable(&self) -> UnixMillis {
        self.durable
    }

    /// The process looks at the system's clock.
    pub(super) fn looks(&mut self, now: Moment, system: UnixMillis) {
        if self.walls(now).0.0.abs_diff(system.0) <= STEP_MAX_MS {
            self.starts(now, system);
        }
    }
}
