//! The engines of a fleet and the control over which they receive their orders.

use std::sync::Arc;
use std::thread::JoinHandle;

use hdrhistogram::Histogram;
use parking_lot::{Mutex, RwLock};
use smart_default::SmartDefault;

use super::arrivals::{Arrivals, Phase};
use super::client::Client;
use super::engine::{Engine, FAILED, Plan, Share, part_of};
use super::tally::{Tally, latencies};
use crate::exit::{About, Refusal};

/// What the fleet does. It only ever goes down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Connect and log on.
    Connect,
    /// Serve customers.
    Sell,
    /// Serve no more customers, resolve doubts, log off.
    Stop,
    /// Drop everything.
    Quit,
}

/// Where one engine receives its orders and says what it has counted.
pub struct FleetControl {
    stage: Arc<RwLock<Stage>>,
    published: Mutex<FleetSnapshot>,
}

impl FleetControl {
    pub(super) fn stage(&self) -> Stage {
        *self.stage.read()
    }

    /// Hands the counts over; `interval` is emptied.
    pub(super) fn publish(
        &self,
        tally: &Tally,
        interval: &mut Histogram<u64>,
        in_doubt: u64,
        waiting: usize,
    ) {
        let mut published = self.published.lock();
        published.tally = tally.clone();
        published.interval.add(&*interval).expect("histograms have the same bounds");
        published.in_doubt = in_doubt;
        published.waiting = waiting;
        interval.reset();
    }
}

/// The state of a fleet, or of one of its engines, now.
#[derive(SmartDefault)]
pub struct FleetSnapshot {
    /// Everything counted so far.
    pub tally: Tally,
    /// Response times since the last look, in microseconds.
    #[default(latencies())]
    pub interval: Histogram<u64>,
    /// Sales in doubt now, those under way included.
    pub in_doubt: u64,
    /// Customers in line now.
    pub waiting: usize,
}

/// A finished fleet.
pub struct Done<S> {
    /// The stations, with their books.
    pub clients: Vec<S>,
    /// Everything counted.
    pub tally: Tally,
    /// What each engine cost.
    pub shares: Vec<Share>,
}

type Outcome<S> = Result<(Vec<S>, Tally, Share), Refusal>;

/// A running fleet.
pub struct Fleet<S> {
    stage: Arc<RwLock<Stage>>,
    controls: Vec<Arc<FleetControl>>,
    threads: Vec<JoinHandle<Outcome<S>>>,
}

/// An open load for the whole fleet; see [`Arrivals::new`].
#[derive(Clone, Debug)]
pub struct Open {
    /// Its phases.
    pub phases: Vec<Phase>,
    /// Evenly spaced, or at random.
    pub even: bool,
}

impl<S: Client + 'static> Fleet<S> {
    /// Starts `threads` engines, each with its part of the stations and of the load.
    ///
    /// # Errors
    /// [`Refusal`] when the system gives no thread or no event queue.
    pub fn start(
        plan: &Plan,
        mut clients: Vec<S>,
        open: Option<&Open>,
        threads: usize,
    ) -> Result<Self, Refusal> {
        let stage = Arc::new(RwLock::new(Stage::Connect));
        let engines = threads.clamp(1, clients.len().max(1));
        let (mut controls, mut handles) = (Vec::new(), Vec::new());
        for number in (1..=engines).rev() {
            let part = clients.split_off(clients.len() - clients.len() / number);
            let arrivals = open.map(|open| open.part(engines, plan.seed, number));
            let connects_per_s = part_of(plan.connects_per_s, engines);
            let cuts_per_s = plan.cuts_per_s / share(engines);
            let plan = Plan { connects_per_s, cuts_per_s, ..plan.clone() };
            let engine = Engine::new(plan, part, arrivals)?;
            let (stage, published) = (Arc::clone(&stage), Mutex::default());
            let control = Arc::new(FleetControl { stage, published });
            controls.push(Arc::clone(&control));
            let thread = std::thread::Builder::new()
                .name(format!("fleet-{number}"))
                .spawn(move || engine.run(&control))
                .about(FAILED)?;
            handles.push(thread);
        }
        Ok(Self { stage, controls, threads: handles })
    }

    /// Tells all engines what to do next.
    pub fn tell(&self, stage: Stage) {
        *self.stage.write() = stage;
    }

    /// The fleet's state now.
    ///
    /// # Panics
    /// Never: all histograms have the same bounds.
    #[must_use]
    pub fn look(&self) -> FleetSnapshot {
        let mut standing = FleetSnapshot::default();
        for control in &self.controls {
            let mut published = control.published.lock();
            standing.tally.add(&published.tally);
            standing.interval.add(&published.interval).expect("histograms have the same bounds");
            standing.in_doubt += published.in_doubt;
            standing.waiting += published.waiting;
            published.interval.reset();
        }
        standing
    }

    /// Whether every engine has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Waits for every engine to end.
    ///
    /// # Errors
    /// The first [`Refusal`] of an engine.
    ///
    /// # Panics
    /// If an engine panicked: its panic goes on here.
    pub fn finish(self) -> Result<Done<S>, Refusal> {
        let mut done = Done { clients: Vec::new(), tally: Tally::default(), shares: Vec::new() };
        for thread in self.threads {
            let outcome = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let (clients, tally, share) = outcome?;
            done.clients.extend(clients);
            done.tally.add(&tally);
            done.shares.push(share);
        }
        Ok(done)
    }
}

impl Open {
    fn part(&self, engines: usize, seed: u64, number: usize) -> Arrivals {
        let phases = self.phases.iter().map(|phase| Phase {
            from_per_s: phase.from_per_s / share(engines),
            to_per_s: phase.to_per_s / share(engines),
            lasts: phase.lasts,
        });
        let seed = seed.wrapping_add(u64::try_from(number).unwrap_or(0));
        Arrivals::new(phases.collect(), self.even, seed)
    }
}

fn share(engines: usize) -> f64 {
    crate::number::float(u64::try_from(engines).unwrap_or(1))
}
