//! A timer finer than the event queue's own.
//!
//! mio rounds the timeout of a poll to whole milliseconds: a customer would be served up to one
//! millisecond late, or the loop would spin. A timer descriptor wakes the poll in time instead.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tillsim_core::time::{Moment, Span};

/// The token of the alarm's events; no connection has it.
pub(super) const TOKEN: Token = Token(usize::MAX);

/// Wakes the poll at one moment.
pub(crate) struct Alarm {
    timer: TimerFd,
    set: Option<Moment>,
}

impl Alarm {
    pub(crate) fn new(registry: &Registry) -> io::Result<Self> {
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK)?;
        let fd = timer.as_fd().as_raw_fd();
        registry.register(&mut SourceFd(&fd), TOKEN, Interest::READABLE)?;
        Ok(Self { timer, set: None })
    }

    /// Wakes the poll at `at`, or not at all.
    pub(crate) fn set(&mut self, now: Moment, at: Option<Moment>) -> io::Result<()> {
        if at == self.set && at.is_none_or(|at| at > now) {
            return Ok(());
        }
        self.set = at;
        let Some(at) = at else {
            return Ok(self.timer.unset()?);
        };
        // A timer of zero is one that is off.
        let left = std::time::Duration::from_nanos(at.since(now).max(Span(1)).0);
        let expiration = Expiration::OneShot(TimeSpec::from_duration(left));
        Ok(self.timer.set(expiration, TimerSetTimeFlags::empty())?)
    }
}
