//! The loop of one thread.

mod sockets;
mod timing;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use hdrhistogram::Histogram;
use mio::{Events, Poll, Token};
use smart_default::SmartDefault;
use tillsim_core::rng::Rng;
use tillsim_core::terminal::Input;
use tillsim_core::time::{Moment, Span};

use super::alarm::{self, Alarm};
use super::arrivals::Arrivals;
use super::client::Client;
use super::deadlines::Deadlines;
use super::fleet::{FleetControl, Stage};
use super::line::Line;
use super::tally::{Tally, latencies};
use crate::cpu;
use crate::exit::{About, Refusal};
use crate::number::{float, whole};

/// What an engine that cannot run says.
pub(super) const FAILED: &str = "the event loop failed";

/// Bytes read at once: hundreds of answers, so that one read nearly always empties a socket.
const READ_BYTES: usize = 64 * 1024;

/// Events taken at once.
const EVENTS_MAX: usize = 1024;

/// Longest sleep: how late an order of the fleet's may be noticed.
const SLEEP_MAX: Span = Span::ms(20);

/// How often counts are published.
const PUBLISH_EVERY: Span = Span::ms(200);

/// How an engine connects.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The gateway.
    pub target: SocketAddr,
    /// Its listener for terminals of other makers.
    pub listener: Option<SocketAddr>,
    /// Addresses to connect from, in turn; empty lets the system choose.
    pub sources: Vec<Ipv4Addr>,
    /// Connection attempts begun a second.
    pub connects_per_s: u32,
    /// Connections cut a second, at random, while the fleet sells.
    pub cuts_per_s: f64,
    /// For the cuts.
    pub seed: u64,
    /// The moment 0 of this run's clock.
    pub epoch: Instant,
}

/// What the generator itself cost and how late it was: its honesty.
#[derive(Clone, SmartDefault)]
pub struct Share {
    /// Processor time of this thread while the fleet sold, in seconds.
    pub cpu_s: f64,
    /// How long the fleet sold.
    #[default(Span::ZERO)]
    pub sold: Span,
    /// Sales begun meanwhile.
    pub started: u64,
    /// Sales completed meanwhile.
    pub completed: u64,
    /// Bytes handed to the network meanwhile.
    pub sent_bytes: u64,
    /// Bytes taken from the network meanwhile.
    pub received_bytes: u64,
    /// How late the engine noticed what was due, in microseconds.
    #[default(latencies())]
    pub lag: Histogram<u64>,
    /// Longest time between two looks at the sockets, in microseconds.
    pub stall_us_max: u64,
}

/// One thread's part of the fleet.
pub struct Engine<S> {
    plan: Plan,
    poll: Poll,
    alarm: Alarm,
    clients: Vec<S>,
    lines: Vec<Line>,
    /// Counts the connections of each line, so that an event of an earlier one is not taken for the
    /// present one's.
    generations: Vec<u32>,
    deadlines: Deadlines,
    arrivals: Option<Arrivals>,
    /// Stations that want to connect.
    connecting: VecDeque<u32>,
    connects_allowed: f64,
    cuts_allowed: f64,
    cuts: Rng,
    refilled: Moment,
    stage: Stage,
    buffer: Vec<u8>,
    tally: Tally,
    interval: Histogram<u64>,
    share: Share,
    cpu_at_begin: f64,
    begun: Moment,
}

impl<S: Client> Engine<S> {
    /// An engine for these stations; all of them connect as soon as it runs.
    ///
    /// # Errors
    /// [`Refusal`] when the system gives no event queue.
    pub fn new(plan: Plan, clients: Vec<S>, arrivals: Option<Arrivals>) -> Result<Self, Refusal> {
        let count = clients.len();
        let poll = Poll::new().about(FAILED)?;
        let alarm = Alarm::new(poll.registry()).about(FAILED)?;
        let mut deadlines = Deadlines::new(count);
        for (number, client) in (0..).zip(&clients) {
            if let Some(at) = client.deadline() {
                deadlines.set(number, at);
            }
        }
        Ok(Self {
            cuts: Rng::new(plan.seed, u64::MAX - 1),
            plan,
            poll,
            alarm,
            lines: (0..count).map(|_| Line::default()).collect(),
            generations: vec![0; count],
            clients,
            deadlines,
            arrivals,
            connecting: VecDeque::new(),
            connects_allowed: 0.0,
            cuts_allowed: 0.0,
            refilled: Moment(0),
            stage: Stage::Connect,
            buffer: vec![0; READ_BYTES],
            tally: Tally::default(),
            interval: latencies(),
            share: Share::default(),
            cpu_at_begin: 0.0,
            begun: Moment(0),
        })
    }

    /// Runs until the control says [`Stage::Quit`], or until every station is gone after a stop.
    ///
    /// # Errors
    /// [`Refusal`] when the event queue fails.
    pub fn run(mut self, control: &FleetControl) -> Result<(Vec<S>, Tally, Share), Refusal> {
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut published = self.now();
        let mut looked = self.now();
        loop {
            self.obey(control.stage());
            if self.stage == Stage::Quit || self.is_finished() {
                break;
            }
            let now = self.now();
            self.share.stall_us_max = self.share.stall_us_max.max(now.since(looked).as_us());
            let sleep = self.sleep(now)?;
            match self.poll.poll(&mut events, Some(sleep)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Refusal::about(FAILED, error)),
            }
            looked = self.now();
            for event in &events {
                let Token(token) = event.token();
                if event.token() == alarm::TOKEN {
                    continue;
                }
                let gone = event.is_read_closed() || event.is_error();
                self.event(token, event.is_writable(), gone);
            }
            self.due();
            self.serve();
            self.refill();
            self.connect();
            if self.now().since(published) >= PUBLISH_EVERY {
                published = self.now();
                self.publish(control);
            }
        }
        self.sold();
        self.publish(control);
        Ok((self.clients, self.tally, self.share))
    }

    fn now(&self) -> Moment {
        let elapsed = self.plan.epoch.elapsed().as_nanos();
        Moment(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    fn is_finished(&self) -> bool {
        self.stage == Stage::Stop
            && self.tally.stopped >= u64::try_from(self.clients.len()).unwrap_or(0)
    }

    /// Carries out what the fleet was ordered since the last time.
    fn obey(&mut self, stage: Stage) {
        if stage == self.stage {
            return;
        }
        self.stage = stage;
        match stage {
            Stage::Connect | Stage::Quit => {}
            Stage::Sell => {
                self.begun = self.now();
                self.cpu_at_begin = cpu::of_this_thread_s();
                self.share.lag.reset();
                self.share.stall_us_max = 0;
                // Until the selling ends these say where it began; no sale is begun before.
                self.share.sent_bytes = self.tally.sent_bytes;
                self.share.received_bytes = self.tally.received_bytes;
                if let Some(arrivals) = &mut self.arrivals {
                    arrivals.begin(self.begun);
                }
                self.give_all(|| Input::Begin);
            }
            Stage::Stop => {
                self.sold();
                if let Some(arrivals) = &mut self.arrivals {
                    arrivals.stop();
                }
                self.give_all(|| Input::Stop);
            }
        }
    }

    fn give_all(&mut self, input: impl Fn() -> Input<'static>) {
        for number in 0..u32::try_from(self.clients.len()).unwrap_or(u32::MAX) {
            self.give(number, input());
        }
    }

    /// Notes what the selling cost, once.
    fn sold(&mut self) {
        if self.begun != Moment(0) && self.share.sold == Span::ZERO {
            self.share.sold = self.now().since(self.begun);
            self.share.started = self.tally.started;
            self.share.completed = self.tally.completed();
            self.share.sent_bytes = self.tally.sent_bytes - self.share.sent_bytes;
            self.share.received_bytes = self.tally.received_bytes - self.share.received_bytes;
            self.share.cpu_s = cpu::of_this_thread_s() - self.cpu_at_begin;
        }
    }

    fn publish(&mut self, control: &FleetControl) {
        let in_doubt = self.clients.iter().map(|client| u64::from(client.in_doubt())).sum();
        let waiting = self.arrivals.as_ref().map_or(0, Arrivals::waiting);
        control.publish(&self.tally, &mut self.interval, in_doubt, waiting);
    }
}

/// A rate's share for one of `engines` threads, at least one.
#[must_use]
pub(super) fn part_of(rate: u32, engines: usize) -> u32 {
    let engines = u64::try_from(engines).unwrap_or(1).max(1);
    u32::try_from(whole((float(u64::from(rate)) / float(engines)).ceil())).unwrap_or(1).max(1)
}
