//! Open load: customers come when they mean to, whether or not the gateway keeps up.

use std::collections::VecDeque;

use tillsim_core::rng::Rng;
use tillsim_core::time::{Moment, Span};

use crate::number::{float, whole};

/// Customers that wait for a free terminal; the next one is turned away and counted as dropped.
/// One waiting customer is 8 bytes.
const LINE_MAX: usize = 1_000_000;

/// How far to look ahead when nobody comes at all.
const LULL: Span = Span::ms(10);

/// A stretch of an open load, during which the rate goes evenly from one value to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Customers a second at its beginning.
    pub from_per_s: f64,
    /// Customers a second at its end.
    pub to_per_s: f64,
    /// How long it lasts.
    pub lasts: Span,
}

/// The customers of an open load, in the order in which they mean to come.
pub struct Arrivals {
    phases: Vec<Phase>,
    even: bool,
    rng: Rng,
    begin: Moment,
    next: Option<Moment>,
    line: VecDeque<Moment>,
    /// Stations that wait for a customer, the longest waiting first.
    ready: VecDeque<u32>,
}

impl Arrivals {
    /// Customers as `phases` say: `even`ly spaced, or else at random (Poisson). The last phase's
    /// final rate goes on until the load is stopped.
    #[must_use]
    pub fn new(phases: Vec<Phase>, even: bool, seed: u64) -> Self {
        let rng = Rng::new(seed, u64::MAX);
        let (line, ready) = (VecDeque::new(), VecDeque::new());
        Self { phases, even, rng, begin: Moment(0), next: None, line, ready }
    }

    /// The first customers come from `now` on.
    pub fn begin(&mut self, now: Moment) {
        self.begin = now;
        self.next = Some(now);
        self.advance();
    }

    /// No more customers; those in line leave.
    pub fn stop(&mut self) {
        self.next = None;
        self.line.clear();
    }

    /// A station waits for a customer.
    pub fn ready(&mut self, client: u32) {
        self.ready.push_back(client);
    }

    /// When the next customer means to come.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.next
    }

    /// Lets those who are due at `now` join the line; gives how many came, and how many of
    /// them found it too long.
    pub fn come(&mut self, now: Moment) -> (u64, u64) {
        let (mut offered, mut dropped) = (0, 0);
        while let Some(intended) = self.next.filter(|next| *next <= now) {
            offered += 1;
            if self.line.len() < LINE_MAX {
                self.line.push_back(intended);
            } else {
                dropped += 1;
            }
            self.advance();
        }
        (offered, dropped)
    }

    /// The next customer in line and the station that serves him.
    pub fn serve(&mut self) -> Option<(u32, Moment)> {
        let intended = *self.line.front()?;
        let client = self.ready.pop_front()?;
        self.line.pop_front();
        Some((client, intended))
    }

    /// Customers in line.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.line.len()
    }

    fn advance(&mut self) {
        let Some(mut at) = self.next else { return };
        // Nobody comes in a lull: look for its end, but not for ever.
        for _ in 0..1_000_000 {
            let per_s = self.per_s(at.since(self.begin));
            if per_s > 0.0 {
                let mean = Span(whole(1e9 / per_s).max(1));
                let pause = if self.even { mean } else { self.rng.exponential(mean) };
                self.next = Some(at.after(pause));
                return;
            }
            at = at.after(LULL);
        }
        self.next = None;
    }

    /// Customers a second, `elapsed` after the begin.
    fn per_s(&self, elapsed: Span) -> f64 {
        let mut left = elapsed.0;
        for phase in &self.phases {
            if left < phase.lasts.0 {
                let share = float(left) / float(phase.lasts.0);
                return phase.from_per_s + (phase.to_per_s - phase.from_per_s) * share;
            }
            left -= phase.lasts.0;
        }
        self.phases.last().map_or(0.0, |phase| phase.to_per_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(from_per_s: f64, to_per_s: f64) -> Phase {
        Phase { from_per_s, to_per_s, lasts: Span::s(1) }
    }

    fn offered(arrivals: &mut Arrivals, ms: u64) -> u64 {
        arrivals.come(Moment(Span::ms(ms).0)).0
    }

    #[test]
    fn customers_come_at_the_rate_of_the_phase() {
        for even in [true, false] {
            let phases = vec![second(1000.0, 1000.0), second(0.0, 0.0), second(500.0, 500.0)];
            let mut arrivals = Arrivals::new(phases, even, 1);
            arrivals.begin(Moment(0));
            let first = offered(&mut arrivals, 1_000);
            assert!((900..1_100).contains(&first), "{first}");
            let second = offered(&mut arrivals, 1_980);
            assert!(second <= 1, "{second}");
            let third = offered(&mut arrivals, 4_000);
            assert!((900..1_100).contains(&third), "the last rate goes on: {third}");
        }
    }

    #[test]
    fn a_ramp_brings_half_of_its_final_rate_on_average() {
        let mut arrivals = Arrivals::new(vec![second(0.0, 2_000.0)], true, 1);
        arrivals.begin(Moment(0));
        let came = offered(&mut arrivals, 1_000);
        assert!((950..1_050).contains(&came), "{came}");
    }

    #[test]
    fn customers_wait_in_line_for_a_terminal_and_keep_their_moment() {
        let mut arrivals = Arrivals::new(vec![second(1000.0, 1000.0)], true, 1);
        arrivals.begin(Moment(0));
        offered(&mut arrivals, 3);
        assert_eq!((arrivals.waiting(), arrivals.serve()), (3, None));
        arrivals.ready(7);
        assert_eq!(arrivals.serve(), Some((7, Moment(1_000_000))));
        assert_eq!((arrivals.waiting(), arrivals.serve()), (2, None));
    }
}
