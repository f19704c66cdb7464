//! `tillsim abuse`

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::{interrupts, print};
use crate::abuse::{Counts, Door, Honest, Measure, Peers, Plan, abuse, measure};
use crate::exit::{About, Exit, Refusal};
use crate::network::Network;
use crate::scenario::{address, public_key};

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
    #[command(flatten)]
    peers: Peers,
    /// Directory of the network's CSV files
    #[arg(long, value_name = "DIR")]
    network: Option<PathBuf>,
    /// The gateway's public key; without one the terminals use NNpsk0
    #[arg(long = "pub", value_name = "FILE")]
    public_key: Option<PathBuf>,
    #[command(flatten)]
    honest: Honest,
    /// Seed of the random bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// One line of JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Abuse {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        let target = address(&self.gateway)?;
        let public = self.public_key.as_deref().map(public_key).transpose()?;
        let door = Door { target, public: public.as_ref(), seed: self.seed };
        let lasts = Duration::try_from_secs_f64(self.seconds).about("--seconds")?;
        if let (Some(directory), 1..) = (&self.network, self.honest.honest) {
            return self.measure(door, lasts, directory);
        }
        let deaf = match &self.network {
            Some(directory) if self.peers.never_read > 0 => {
                let mut terminals = Network::read(directory)?.terminals;
                terminals.split_off(terminals.len().saturating_sub(self.peers.never_read))
            }
            _ => Vec::new(),
        };
        let plan = Plan { door, lasts, peers: &self.peers, deaf };
        let interrupts = interrupts()?;
        let counts = abuse(&plan, || interrupts.load(Ordering::Relaxed) > 0);
        self.tell(&counts);
        Ok(Exit::Pass)
    }

    fn measure(&self, door: Door<'_>, lasts: Duration, directory: &Path) -> Result<Exit, Refusal> {
        let network = Network::read(directory)?;
        let plan = Measure { door, network: &network, lasts, honest: &self.honest };
        let interrupts = interrupts()?;
        let report = measure(&plan, || interrupts.load(Ordering::Relaxed) > 0)?;
        let text = if self.json { report.json().to_string() } else { report.to_string() };
        print::line(&text);
        Ok(report.exit())
    }

    fn tell(&self, counts: &Counts) {
        if !self.json {
            for (name, count) in counts.kinds() {
                print::line(&format!("{name:<8} {}", count.lock()));
            }
            return;
        }
        let kinds = counts.kinds().into_iter();
        let kinds = kinds.map(|(name, count)| (name.to_owned(), json!(*count.lock())));
        print::line(&Value::Object(kinds.collect()).to_string());
    }
}
