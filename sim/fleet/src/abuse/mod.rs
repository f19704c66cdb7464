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
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tillgate_codec::link::channel::StaticPublic;

pub use self::attacks::Attack;
pub use self::honest::Seen;
pub use self::phases::{Measure, Phase, Report, measure};
use crate::network::NetworkTerminal;

/// What the peers do.
#[derive(Clone)]
pub struct Plan {
    /// The gateway.
    pub target: SocketAddr,
    /// For how long.
    pub lasts: Duration,
    /// For the nonsense.
    pub seed: u64,
    /// Peers at once that send random bytes.
    pub random: u16,
    /// Peers at once that send a byte now and then.
    pub dribble: u16,
    /// Connections opened and dropped in a row, as fast as they go.
    pub flood: u32,
    /// Terminals that log on, ask for pongs and never read one.
    pub deaf: Vec<NetworkTerminal>,
    /// The gateway's public key, for those that never read.
    pub public: Option<StaticPublic>,
}

/// What came of one kind of peer.
#[derive(Default)]
pub struct Count {
    /// Connections attempted.
    pub attempts: AtomicU64,
    /// Attempts that gave no connection.
    pub failed: AtomicU64,
    /// Connections that the gateway ended.
    pub ended: AtomicU64,
    /// Refusals in clear that the gateway sent.
    pub refused: AtomicU64,
    /// Connections that the gateway still held when the peer gave up.
    pub held: AtomicU64,
    /// Longest time that the gateway held a connection, in milliseconds.
    pub held_ms_max: AtomicU64,
}

/// What came of all of them.
#[derive(Default)]
pub struct Counts {
    /// Senders of random bytes.
    pub random: Count,
    /// Dribblers.
    pub dribble: Count,
    /// The flood.
    pub flood: Count,
    /// Those that never read.
    pub deaf: Count,
    stop: AtomicBool,
}

impl Counts {
    /// Each kind of peer with its name.
    #[must_use]
    pub fn kinds(&self) -> [(&'static str, &Count); 4] {
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
        let [attempts, failed, ended, refused, held, ms] = [
            &self.attempts,
            &self.failed,
            &self.ended,
            &self.refused,
            &self.held,
            &self.held_ms_max,
        ]
        .map(|count| count.load(Ordering::Relaxed));
        write!(
            f,
            "{attempts} attempts, {failed} without connection, {ended} ended by the gateway, \
             {refused} refused in clear, {held} held to the end, longest {ms} ms"
        )
    }
}

/// Lets the peers loose and waits for their end.
#[must_use]
pub fn abuse(plan: &Plan, interrupted: impl Fn() -> bool) -> Counts {
    let counts = Counts::default();
    let until = Instant::now() + plan.lasts;
    thread::scope(|scope| {
        let counts = &counts;
        for number in 0..plan.random {
            let seed = plan.seed ^ u64::from(number);
            scope.spawn(move || peers::random(plan.target, seed, counts));
        }
        for _ in 0..plan.dribble {
            scope.spawn(move || peers::dribble(plan.target, counts));
        }
        if plan.flood > 0 {
            scope.spawn(move || peers::flood(plan.target, plan.flood, counts));
        }
        for terminal in &plan.deaf {
            scope.spawn(move || peers::deaf(plan, terminal, counts));
        }
        while Instant::now() < until && !interrupted() {
            thread::sleep(Duration::from_millis(100));
        }
        counts.stop.store(true, Ordering::Relaxed);
    });
    counts
}
