//! A fleet that sells in a thread of its own while harm is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use smart_default::SmartDefault;

use super::installation::TestInstallation;
use crate::driver::{FleetSnapshot, PointOfSale, Stage, latencies};
use crate::exit::{About, Refusal};
use crate::run::{Driven, Interrupts, Watcher, drive};
use crate::scenario::{Connect, Gateway, Load as Customers, Scenario, Terminal as Manner, resolve};

/// All terminals are online within this.
const ONLINE_S: f64 = 30.0;
/// Doubts are resolved within this: a silent provider is asked for several times.
const DRAIN_S: f64 = 90.0;
/// Between two looks at the fleet.
const LOOK: Duration = Duration::from_millis(5);

/// The state of the fleet, for whoever does the harm.
#[derive(SmartDefault)]
struct Seen {
    selling: bool,
    approved: u64,
    online: u64,
    /// Response times that nobody has asked for yet.
    #[default(latencies())]
    response: Histogram<u64>,
}

pub(super) struct Load {
    seen: Arc<Mutex<Seen>>,
    interrupts: Interrupts,
    thread: JoinHandle<Result<Driven<PointOfSale>, Refusal>>,
}

impl Load {
    /// Starts the whole fleet of a house and waits until it sells.
    pub(super) fn start(house: &TestInstallation, seed: u64, think: &str) -> Result<Self, Refusal> {
        let scenario = Scenario {
            seed,
            network: Some(house.network.clone()),
            seconds: 0.0,
            drain_seconds: DRAIN_S,
            gateway: Gateway {
                address: house.terminals.to_string(),
                public_key: Some(house.gate.join("keys/gateway.pub")),
                admin: Some(format!("http://{}", house.admin)),
                token: Some(house.gate.join("admin.token")),
                provider: Some(house.provider.clone()),
                providers: Vec::new(),
            },
            connect: Connect { within_seconds: ONLINE_S, ..Connect::default() },
            load: Customers { think: think.to_owned(), ..Customers::default() },
            terminal: Manner {
                // They are back as soon as the gateway is, so that there is something to kill.
                reconnect_base: "30ms".to_owned(),
                reconnect_cap: "200ms".to_owned(),
                retry_percent: 2.0,
                cancel_percent: 2.0,
                repeat_percent: 30.0,
                settles: true,
                ..Manner::default()
            },
            ..Scenario::default()
        };
        let order = resolve(&scenario)?;
        let interrupts: Interrupts = Arc::new(AtomicUsize::new(0));
        let seen = Arc::<Mutex<Seen>>::default();
        let (stop, look) = (Arc::clone(&interrupts), Arc::clone(&seen));
        let thread = std::thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || drive(&order, &stop, &mut Looking(&look)))
            .about("a thread for the fleet")?;
        let load = Self { seen, interrupts, thread };
        while !load.seen.lock().selling {
            if load.thread.is_finished() {
                drop(load.stop()?);
                return Err(Refusal("no terminal came online".to_owned()));
            }
            sleep(LOOK);
        }
        Ok(load)
    }

    /// Sales that terminals saw approved so far.
    pub(super) fn approved(&self) -> u64 {
        self.seen.lock().approved
    }

    pub(super) fn online(&self) -> u64 {
        self.seen.lock().online
    }

    /// Response times since the last call, in microseconds.
    pub(super) fn response(&self) -> Histogram<u64> {
        std::mem::replace(&mut self.seen.lock().response, latencies())
    }

    /// Waits until this many more sales are approved, or the time is over; whether they were.
    #[must_use = "a fault that was not done under load proves nothing"]
    pub(super) fn wait_for(&self, more: u64, within: Duration) -> bool {
        let (begun, before) = (Instant::now(), self.approved());
        while begun.elapsed() < within {
            if self.approved() >= before + more {
                return true;
            }
            sleep(LOOK);
        }
        false
    }

    /// No more customers; what is in doubt is resolved, then the books are closed.
    pub(super) fn stop(self) -> Result<Driven<PointOfSale>, Refusal> {
        self.interrupts.store(1, Ordering::Relaxed);
        self.thread.join().map_err(|_| Refusal("the fleet's thread was lost".to_owned()))?
    }
}

struct Looking<'a>(&'a Mutex<Seen>);

impl Watcher for Looking<'_> {
    fn look(&mut self, _: Stage, standing: &FleetSnapshot) {
        let mut seen = self.0.lock();
        (seen.approved, seen.online) = (standing.tally.approved, standing.tally.online);
        seen.response.add(&standing.interval).expect("histograms have the same bounds");
    }

    fn begun(&mut self, _: &FleetSnapshot) {
        self.0.lock().selling = true;
    }
}
