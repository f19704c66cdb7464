//! `tillsim idle`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{interrupts, print};
use crate::cpu::resident_bytes;
use crate::driver::{FleetSnapshot, Stage};
use crate::exit::{Exit, Refusal};
use crate::number::float;
use crate::run::{Live, Watcher, drive};
use crate::scenario::{Model, Scenario, resolve};
use crate::text::grouped;

/// Log on idle terminals, and report the gateway's memory for each
#[derive(Args)]
#[command(after_help = "\
Example:
  tillsim idle --network demo --terminals 10000 --pub gw/keys/gateway.pub --pid $(pidof tillgate)")]
pub(super) struct Idle {
    /// Directory of the network's CSV files
    #[arg(long, value_name = "DIR")]
    network: PathBuf,
    /// How many terminals log on
    #[arg(long, value_name = "N")]
    terminals: Option<usize>,
    /// Where terminals connect
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7400")]
    gateway: String,
    /// The gateway's public key; without one the terminals use NNpsk0
    #[arg(long = "pub", value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// The gateway's process
    #[arg(long)]
    pid: Option<u32>,
    /// Connection attempts per second
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    connects: u32,
    /// How long they stay connected
    #[arg(long, value_name = "S", default_value_t = 5.0)]
    seconds: f64,
    /// One line of JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Idle {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        let mut scenario = Scenario {
            network: Some(self.network),
            terminals: self.terminals,
            seconds: self.seconds.max(0.1),
            ..Scenario::default()
        };
        scenario.load.model = Model::Idle;
        scenario.gateway.address = self.gateway;
        scenario.gateway.public_key = self.public_key;
        scenario.connect.per_s = self.connects;
        let order = resolve(&scenario)?;
        let before = resident(self.pid)?;
        let mut hold = Hold { live: Live::new(self.json), pid: self.pid, resident: Ok(None) };
        let driven = drive(&order, &interrupts()?, &mut hold)?;
        hold.live.end();
        let after = hold.resident?;
        let grown = before.zip(after).map(|(before, after)| after.saturating_sub(before));
        let each = grown.map(|grown| float(grown) / float(driven.online.max(1)));
        let took = driven.online_after.as_secs_f64();
        let per_s = float(driven.online) / took.max(1e-9);
        if self.json {
            let json = json!({
                "terminals": order.terminals.len(), "online": driven.online,
                "online_after_s": took, "logons_per_s": per_s,
                "gateway_before_bytes": before, "gateway_after_bytes": after,
                "gateway_bytes_per_terminal": each,
            });
            print::line(&json.to_string());
        } else {
            let online = grouped(driven.online);
            print::line(&format!(
                "{online} terminals online after {took:.2} s ({per_s:.0} logons/s)"
            ));
            if let (Some(grown), Some(each)) = (grown, each) {
                print::line(&format!(
                    "gateway grew by {} bytes, {each:.0} a terminal",
                    grouped(grown)
                ));
            }
        }
        let all =
            usize::try_from(driven.online).is_ok_and(|online| online == order.terminals.len());
        Ok(if all { Exit::Pass } else { Exit::Missed })
    }
}

/// Watches, and weighs the gateway just before the terminals log off.
struct Hold {
    live: Live,
    pid: Option<u32>,
    resident: Result<Option<u64>, Refusal>,
}

impl Watcher for Hold {
    fn look(&mut self, stage: Stage, standing: &FleetSnapshot) {
        self.live.look(stage, standing);
    }

    fn begun(&mut self, standing: &FleetSnapshot) {
        self.live.begun(standing);
    }

    fn ending(&mut self) {
        self.resident = resident(self.pid);
    }
}

fn resident(pid: Option<u32>) -> Result<Option<u64>, Refusal> {
    let weigh = |pid| {
        let gone = || Refusal(format!("--pid {pid}: there is no such process"));
        resident_bytes(pid).ok_or_else(gone)
    };
    pid.map(weigh).transpose()
}
