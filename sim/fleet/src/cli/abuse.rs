//! `tillsim abuse`

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{interrupts, print};
use crate::abuse::{Counts, Measure, Plan, abuse, measure};
use crate::exit::{Exit, Refusal};
use crate::network;
use crate::scenario::public_key;

/// Attack a gateway with random bytes, slow writers, floods and peers that never read
#[derive(Args)]
#[command(after_help = "\
Example:
  tillsim abuse --gateway 127.0.0.1:7400 --seconds 30 --flood 20000
  tillsim abuse --network demo --pub gw/keys/gateway.pub --never-read 4
  tillsim abuse --network demo --pub gw/keys/gateway.pub --honest 16 --seconds 10

Peers that never read log on as the last terminals of the network: leave those out of the fleet
beside it.

With --honest, the first terminals of the network sell vouchers in a calm phase and under each
attack of one hostile terminal (the last one) and of strangers, --seconds each. The exit code is 0
if no p99 was more than --factor times that of the calm phase and no honest terminal lost a
connection, else 2; 3 if the calm phase itself was disturbed.")]
pub(super) struct Abuse {
    /// Where terminals connect
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7400")]
    gateway: String,
    /// How long to attack
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    seconds: f64,
    /// Concurrent peers that send random bytes
    #[arg(long, value_name = "N", default_value_t = 4)]
    random: u16,
    /// Concurrent peers that send a byte now and then
    #[arg(long, value_name = "N", default_value_t = 4)]
    dribble: u16,
    /// Connections opened and dropped, as fast as possible
    #[arg(long, value_name = "N", default_value_t = 0)]
    flood: u32,
    /// Terminals that log on and never read; needs --network
    #[arg(long, alias = "deaf", value_name = "N", default_value_t = 0, requires = "network")]
    never_read: usize,
    /// Directory of the network's CSV files
    #[arg(long, value_name = "DIR")]
    network: Option<PathBuf>,
    /// The gateway's public key; without one the terminals use NNpsk0
    #[arg(long = "pub", value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Honest terminals whose latencies are measured, phase by phase; needs --network
    #[arg(long, value_name = "N", default_value_t = 0, requires = "network")]
    honest: usize,
    /// Concurrent sockets of strangers, with --honest
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    strangers: usize,
    /// Rounds of all phases, with --honest; the median of each phase's p99 counts
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Largest allowed ratio of a p99 to that of the calm phase, with --honest
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0)]
    factor: f64,
    /// The gateway's process on this machine: reports its processor time in each phase
    #[arg(long, value_name = "PID", requires = "honest")]
    pid: Option<u32>,
    /// Seed of the random bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// One line of JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Abuse {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        let wrong = |error| Refusal::about(&self.gateway, error);
        let target = self.gateway.to_socket_addrs().map_err(wrong)?.next();
        let target = target.ok_or_else(|| Refusal::about(&self.gateway, "has no address"))?;
        if let (Some(directory), 1..) = (&self.network, self.honest) {
            return self.measure(target, directory);
        }
        let deaf = match &self.network {
            Some(directory) if self.never_read > 0 => {
                let network = network::Network::read(directory);
                let mut terminals = network.map_err(|error| Refusal(error.to_string()))?.terminals;
                terminals.split_off(terminals.len().saturating_sub(self.never_read))
            }
            _ => Vec::new(),
        };
        let plan = Plan {
            target,
            lasts: Duration::try_from_secs_f64(self.seconds)
                .map_err(|error| Refusal::about("--seconds", error))?,
            seed: self.seed,
            random: self.random,
            dribble: self.dribble,
            flood: self.flood,
            deaf,
            public: self.public_key.as_deref().map(public_key).transpose()?,
        };
        let interrupts = interrupts()?;
        let counts = abuse(&plan, || interrupts.load(Ordering::Relaxed) > 0);
        self.tell(&counts);
        Ok(Exit::Pass)
    }

    fn measure(&self, target: SocketAddr, directory: &Path) -> Result<Exit, Refusal> {
        let network = network::Network::read(directory);
        let network = network.map_err(|error| Refusal(error.to_string()))?;
        let public = self.public_key.as_deref().map(public_key).transpose()?;
        let plan = Measure {
            door: (target, public.as_ref(), self.seed),
            network: &network,
            honest: self.honest,
            strangers: self.strangers,
            lasts: Duration::try_from_secs_f64(self.seconds)
                .map_err(|error| Refusal::about("--seconds", error))?,
            rounds: self.rounds,
            factor: self.factor,
            pid: self.pid,
        };
        let interrupts = interrupts()?;
        let report = measure(&plan, || interrupts.load(Ordering::Relaxed) > 0)?;
        let text = if self.json { report.json().to_string() } else { report.to_string() };
        print::line(&text);
        Ok(report.exit())
    }

    fn tell(&self, counts: &Counts) {
        if !self.json {
            for (name, count) in counts.kinds() {
                print::line(&format!("{name:<8} {count}"));
            }
            return;
        }
        let kinds = counts.kinds().into_iter().map(|(name, count)| {
            let number = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
            let json = json!({
                "attempts": number(&count.attempts),
                "failed": number(&count.failed),
                "ended": number(&count.ended),
                "refused": number(&count.refused),
                "held": number(&count.held),
                "held_ms_max": number(&count.held_ms_max),
            });
            (name.to_owned(), json)
        });
        print::line(&Value::Object(kinds.collect::<Map<String, Value>>()).to_string());
    }
}
