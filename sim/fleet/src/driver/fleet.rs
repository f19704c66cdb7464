//! The engines of a fleet and the control over which they receive their orders.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use hdrhistogram::Histogram;

use super::arrivals::{Arrivals, Phase};
use super::client::Client;
use super::engine::{Engine, EngineError, Plan, Share, part_of};
use super::tally::{Tally, latencies};

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

const STAGES: [Stage; 4] = [Stage::Connect, Stage::Sell, Stage::Stop, Stage::Quit];

/// Where one engine receives its orders and says what it has counted.
pub struct FleetControl {
    stage: Arc<AtomicU8>,
    published: Mutex<Published>,
}

/// What one engine has counted, and its state now.
#[derive(Clone)]
struct Published {
    tally: Tally,
    interval: Histogram<u64>,
    in_doubt: u64,
    waiting: usize,
}

impl FleetControl {
    fn new(stage: Arc<AtomicU8>) -> Self {
        let (tally, interval) = (Tally::default(), latencies());
        Self {
            stage,
            published: Mutex::new(Published { tally, interval, in_doubt: 0, waiting: 0 }),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        STAGES[usize::from(self.stage.load(Ordering::Relaxed))]
    }

    /// Hands the counts over; `interval` is emptied.
    pub(super) fn publish(
        &self,
        tally: &Tally,
        interval: &mut Histogram<u64>,
        in_doubt: u64,
        waiting: usize,
    ) {
        let mut published = self.lock();
        published.tally = tally.clone();
        published.interval.add(&*interval).expect("histograms have the same bounds");
        published.in_doubt = in_doubt;
        published.waiting = waiting;
        interval.reset();
    }

    fn lock(&self) -> MutexGuard<'_, Published> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fleet's state now.
pub struct FleetSnapshot {
    /// Everything counted so far.
    pub tally: Tally,
    /// Response times since the last look, in microseconds.
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

type Outcome<S> = Result<(Vec<S>, Tally, Share), EngineError>;

/// A running fleet.
pub struct Fleet<S> {
    stage: Arc<AtomicU8>,
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
    /// [`EngineError`] when the system gives no thread or no event queue.
    pub fn start(
        plan: &Plan,
        mut clients: Vec<S>,
        open: Option<&Open>,
        threads: usize,
    ) -> Result<Self, EngineError> {
        let stage = Arc::new(AtomicU8::new(0));
        let engines = threads.clamp(1, clients.len().max(1));
        let (mut controls, mut handles) = (Vec::new(), Vec::new());
        for number in (1..=engines).rev() {
            let part = clients.split_off(clients.len() - clients.len() / number);
            let arrivals = open.map(|open| open.part(engines, plan.seed, number));
            let connects_per_s = part_of(plan.connects_per_s, engines);
            let cuts_per_s = plan.cuts_per_s / share(engines);
            let plan = Plan { connects_per_s, cuts_per_s, ..plan.clone() };
            let engine = Engine::new(plan, part, arrivals)?;
            let control = Arc::new(FleetControl::new(Arc::clone(&stage)));
            controls.push(Arc::clone(&control));
            let thread = std::thread::Builder::new()
                .name(format!("fleet-{number}"))
                .spawn(move || engine.run(&control))
                .map_err(EngineError)?;
            handles.push(thread);
        }
        Ok(Self { stage, controls, threads: handles })
    }

    /// Tells all engines what to do next.
    pub fn tell(&self, stage: Stage) {
        let number = STAGES.iter().position(|other| *other == stage).unwrap_or(0);
        self.stage.store(u8::try_from(number).unwrap_or(0), Ordering::Relaxed);
    }

    /// The fleet's state now.
    ///
    /// # Panics
    /// Never: all histograms have the same bounds.
    #[must_use]
    pub fn look(&self) -> FleetSnapshot {
        let mut standing = FleetSnapshot {
            tally: Tally::default(),
            interval: latencies(),
            in_doubt: 0,
            waiting: 0,
        };
        for control in &self.controls {
            let mut published = control.lock();
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
    /// The first [`EngineError`] of an engine.
    ///
    /// # Panics
    /// If an engine panicked: its panic goes on here.
    pub fn finish(self) -> Result<Done<S>, EngineError> {
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
