//! What comes with time: deadlines, customers, connects and cuts.

use std::time::Duration;

use tillsim_core::terminal::Input;
use tillsim_core::time::{Moment, Span};

use super::sockets::token;
use super::{Engine, FAILED, SLEEP_MAX};
use crate::driver::arrivals::Arrivals;
use crate::driver::client::{Client, ClientKind};
use crate::driver::deadlines::index;
use crate::driver::fleet::Stage;
use crate::driver::line::Lost;
use crate::exit::{About, Refusal};
use crate::number::float;

impl<S: Client> Engine<S> {
    /// How long to sleep at most; the alarm is set for what comes before.
    pub(super) fn sleep(&mut self, now: Moment) -> Result<Duration, Refusal> {
        let arrival = self.arrivals.as_ref().and_then(Arrivals::deadline);
        let refill = self.connecting.front().map(|_| now.after(Span::ms(1)));
        let next = [self.deadlines.first(), arrival, refill].into_iter().flatten().min();
        if next.is_some_and(|at| at <= now) {
            return Ok(Duration::ZERO);
        }
        let soon = next.filter(|at| *at < now.after(SLEEP_MAX));
        self.alarm.set(now, soon).about(FAILED)?;
        Ok(Duration::from_nanos(SLEEP_MAX.0))
    }

    /// Gives every station its deadline that has come.
    pub(super) fn due(&mut self) {
        let now = self.now();
        while let Some(number) = self.deadlines.due(now) {
            let Some(at) = self.clients[index(number)].deadline() else {
                continue;
            };
            if at > now {
                self.deadlines.set(number, at);
                continue;
            }
            self.share.lag.saturating_record(now.since(at).as_us());
            self.give(number, Input::Deadline);
        }
    }

    /// Lets customers come and sends them to free stations.
    pub(super) fn serve(&mut self) {
        let now = self.now();
        let Some(arrivals) = &mut self.arrivals else {
            return;
        };
        if let Some(at) = arrivals.deadline().filter(|at| *at <= now) {
            self.share.lag.saturating_record(now.since(at).as_us());
        }
        let (offered, dropped) = arrivals.come(now);
        self.tally.offered += offered;
        self.tally.dropped += dropped;
        while let Some((client, intended)) = self.arrivals.as_mut().and_then(Arrivals::serve) {
            self.give(client, Input::Customer { intended });
        }
    }

    /// Adds to the allowances of connects and cuts, and does the cuts.
    pub(super) fn refill(&mut self) {
        let now = self.now();
        let elapsed_s = float(now.since(self.refilled).0) / 1e9;
        self.refilled = now;
        let rate = f64::from(self.plan.connects_per_s);
        // A tenth of a second's worth at once, at most: a late loop must not make a burst.
        self.connects_allowed = (self.connects_allowed + rate * elapsed_s).min(rate / 10.0 + 1.0);
        if self.stage != Stage::Sell || self.clients.is_empty() {
            return;
        }
        self.cuts_allowed = (self.cuts_allowed + self.plan.cuts_per_s * elapsed_s).min(1e4);
        let count = u64::try_from(self.clients.len()).unwrap_or(u64::MAX);
        while self.cuts_allowed >= 1.0 {
            self.cuts_allowed -= 1.0;
            let client = u32::try_from(self.cuts.below(count)).unwrap_or(0);
            if self.lines[index(client)].is_open() {
                self.lines[index(client)].cut();
                self.lose(client, Lost::Cut);
            }
        }
    }

    pub(super) fn connect(&mut self) {
        while self.connects_allowed >= 1.0 {
            let Some(number) = self.connecting.pop_front() else {
                return;
            };
            self.connects_allowed -= 1.0;
            self.tally.connects += 1;
            let generation = self.generations[index(number)].wrapping_add(1);
            self.generations[index(number)] = generation;
            let sources = &self.plan.sources;
            let source = match sources.len() {
                0 => None,
                count => Some(sources[index(number) % count]),
            };
            let token = token(number, generation);
            let target = match self.clients[index(number)].kind() {
                ClientKind::Iso8583 => self.plan.listener.unwrap_or(self.plan.target),
                ClientKind::Sealed => self.plan.target,
            };
            let line = &mut self.lines[index(number)];
            if let Err(lost) = line.connect(target, source, self.poll.registry(), token) {
                self.lose(number, lost);
            }
        }
    }
}
