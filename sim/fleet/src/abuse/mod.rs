//! Peers that a gateway must survive: they send nonsense, dribble, flood and never read.
//!
//! Each kind of peer has a thread of its own and blocking sockets, and counts what the gateway did.
//! It runs beside a fleet, whose latencies and money say whether the gateway minded; or, with
//! [`measure`], beside honest terminals of its own, in calm and under each [`Attack`].

mod attacks;
mod honest;
mod link;
mod peers;
mod phases;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use parking_lot::Mutex;
use serde::Serialize;

pub(crate) use self::link::Door;
pub(crate) use self::phases::{Honest, Measure, measure};
use crate::network::NetworkTerminal;

/// How many peers of each kind there are.
#[derive(Args)]
pub(crate) struct Peers {
    /// Concurrent peers that send random bytes
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) random: u16,
    /// Concurrent peers that send a byte now and then
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) dribble: u16,
    /// Connections opened and dropped, as fast as possible
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) flood: u32,
    /// Terminals that log on and never read; needs --network
    #[arg(long, alias = "deaf", value_name = "N", default_value_t = 0, requires = "network")]
    pub(crate) never_read: usize,
}

/// What the peers do.
pub(crate) struct Plan<'a> {
    /// The gateway, and for the nonsense.
    pub(crate) door: Door<'a>,
    pub(crate) lasts: Duration,
    pub(crate) peers: &'a Peers,
    /// Terminals that log on, ask for pongs and never read one.
    pub(crate) deaf: Vec<NetworkTerminal>,
}

#[derive(Default, Serialize)]
pub(crate) struct Count {
    /// Connections attempted.
    pub(crate) attempts: u64,
    /// Attempts that gave no connection.
    pub(crate) failed: u64,
    /// Connections that the gateway ended.
    pub(crate) ended: u64,
    /// Refusals in clear that the gateway sent.
    pub(crate) refused: u64,
    /// Connections that the gateway still held when the peer gave up.
    pub(crate) held: u64,
    /// Longest time that the gateway held a connection, in milliseconds.
    pub(crate) held_ms_max: u64,
}

#[derive(Default)]
pub(crate) struct Counts {
    /// Senders of random bytes.
    pub(crate) random: Mutex<Count>,
    pub(crate) dribble: Mutex<Count>,
    pub(crate) flood: Mutex<Count>,
    /// Those that never read.
    pub(crate) deaf: Mutex<Count>,
    stop: AtomicBool,
}

impl Counts {
    pub(crate) fn kinds(&self) -> [(&'static str, &Mutex<Count>); 4] {
        [
            ("random", &self.random),
            ("dribble", &self.dribble),
            ("flood", &self.flood),
            ("deaf", &self.deaf),
        ]
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, failed, ended, refused, held, held_ms_max: ms } = self;
        write!(
            f,
            "{attempts} attempts, {failed} without connection, {ended} ended by the gateway, \
             {refused} refused in clear, {held} held to the end, longest {ms} ms"
        )
    }
}

/// Lets the peers loose and waits for their end.
pub(crate) fn abuse(plan: &Plan<'_>, interrupted: impl Fn() -> bool) -> Counts {
    let counts = Counts::default();
    let until = Instant::now() + plan.lasts;
    thread::scope(|scope| {
        let counts = &counts;
        for number in 0..plan.peers.random {
            let seed = plan.door.seed ^ u64::from(number);
            scope.spawn(move || peers::random(plan.door.target, seed, counts));
        }
        for _ in 0..plan.peers.dribble {
            scope.spawn(move || peers::dribble(plan.door.target, counts));
        }
        if plan.peers.flood > 0 {
            scope.spawn(move || peers::flood(plan.door.target, plan.peers.flood, counts));
        }
        for terminal in &plan.deaf {
            scope.spawn(move || peers::deaf(plan.door, terminal, counts));
        }
        while Instant::now() < until && !interrupted() {
            thread::sleep(Duration::from_millis(100));
        }
        counts.stop.store(true, Ordering::Relaxed);
    });
    counts
}
