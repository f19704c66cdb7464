//! A scenario: a TOML file that says what fleet does what to which gateway.
//!
//! Every key has a default and may be left out; a key that is not known is an error with its line.
//! `docs/simulation.md` describes them all.

mod iso8583;
mod resolve;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Deserialize;
use smart_default::SmartDefault;

pub use iso8583::Iso8583;
pub(crate) use resolve::address;
pub use resolve::{public_key, resolve};

use crate::exit::{About, Refusal};

/// The whole file.
#[derive(Clone, Debug, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// For everything random.
    #[default = 1]
    pub seed: u64,
    /// Directory of the network's CSV files.
    pub network: Option<PathBuf>,
    /// How many of the network's terminals take part; all of them by default.
    pub terminals: Option<usize>,
    /// The first of them, counted from 0: for several processes with a part of the fleet each.
    pub first: usize,
    /// How long the fleet sells; 0 until Ctrl-C.
    #[default = 10.0]
    pub seconds: f64,
    /// How long doubts may take to be resolved afterwards.
    #[default = 60.0]
    pub drain_seconds: f64,
    /// Where the gateway is.
    pub gateway: Gateway,
    /// How the fleet connects.
    pub connect: Connect,
    /// How many customers come.
    pub load: Load,
    /// What they buy; the whole catalogue by default.
    pub mix: Vec<Offer>,
    /// What the terminals are like.
    pub terminal: Terminal,
    /// Terminals of other makers, at a listener; none by default.
    pub iso8583: Option<Iso8583>,
    /// What goes wrong.
    pub faults: Faults,
    /// What must come out.
    pub expect: Expect,
}

/// Where the gateway is.
#[derive(Clone, Debug, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    /// Where terminals connect.
    #[default = "127.0.0.1:7400"]
    pub address: String,
    /// File with the gateway's public key; without one the terminals use `NNpsk0`.
    pub public_key: Option<PathBuf>,
    /// The admin interface, for reading the journal at the end.
    pub admin: Option<String>,
    /// File with the admin interface's bearer token.
    pub token: Option<PathBuf>,
    /// The simulated provider, for reading its book at the end.
    pub provider: Option<String>,
    /// Further ones: base addresses, or the logs of ISO 8583 hosts.
    pub providers: Vec<String>,
}

/// How the fleet connects.
#[derive(Clone, Debug, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct Connect {
    /// Connection attempts begun a second.
    #[default = 2_000]
    pub per_s: u32,
    /// How long the fleet may take to be online.
    #[default = 60.0]
    pub within_seconds: f64,
    /// Loopback addresses to connect from; 0 lets the system choose. 28,000 connections is all
    /// that one address can have.
    pub sources: u16,
    /// Threads of the generator.
    #[default = 1]
    pub threads: usize,
}

/// How many customers come.
#[derive(Clone, Debug, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct Load {
    /// Closed, open or idle.
    pub model: Model,
    /// Closed: pause between two customers of a terminal.
    #[default = "0s"]
    pub think: String,
    /// Open: the rates.
    pub phases: Vec<PhasePart>,
    /// Open: at even intervals, and not at random.
    pub even: bool,
}

/// Where customers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// The next customer arrives when the last one has left
    #[default]
    Closed,
    /// Customers arrive at a given rate
    Open,
    /// Never
    Idle,
}

/// A stretch of an open load.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhasePart {
    /// Customers a second at its beginning; as at its end by default.
    pub from: Option<f64>,
    /// Customers a second at its end.
    pub to: f64,
    /// Its length.
    pub seconds: f64,
}

/// Something that is bought.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Service number.
    pub service: u16,
    /// Product number; 0 is an open amount within the service's bounds.
    #[serde(default)]
    pub product: u16,
    /// How often, relative to the others.
    #[serde(default = "one")]
    pub weight: u32,
}

fn one() -> u32 {
    1
}

/// What the terminals are like.
#[derive(Clone, Debug, Deserialize, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct Terminal {
    /// Of 100 sales approved, how many are confirmed.
    #[default = 100.0]
    pub confirm_percent: f64,
    /// Of 100 sales answered, how many are sent once more.
    pub retry_percent: f64,
    /// Of 100 sales approved, how many are taken back before their receipt is confirmed.
    pub cancel_percent: f64,
    /// Of 100 sales in doubt, how many are taken back instead of asked about.
    pub give_back_percent: f64,
    /// Of 100 sales in doubt, how many are asked about by a repeat instead of being sent again.
    pub repeat_percent: f64,
    /// Of 100 sales, how many are followed by other content under the same STAN: must be refused.
    pub clash_percent: f64,
    /// Of 100 sales taken back, how many are sent once more all the same: must be refused.
    pub late_percent: f64,
    /// Whether terminals compare their totals with the gateway's before they log off.
    pub settles: bool,
    /// What they do while blocked: `obey` or `try`.
    pub when_blocked: Blocked,
    /// `full-jitter`, `exponential` or `fixed`.
    pub reconnect: Policy,
    /// First (or fixed) pause before connecting again.
    #[default = "500ms"]
    pub reconnect_base: String,
    /// Longest pause before connecting again.
    #[default = "30s"]
    pub reconnect_cap: String,
    /// Idle time after which they ping; two thirds of what the gateway allows by default.
    pub ping: Option<String>,
}

/// What a terminal does while it is blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blocked {
    /// Sells nothing.
    #[default]
    Obey,
    /// Tries on.
    Try,
}

/// How the pauses between connection attempts grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Doubling, and anywhere between nothing and that.
    #[default]
    FullJitter,
    /// Doubling.
    Exponential,
    /// Always the same.
    Fixed,
}

/// What goes wrong.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Connections reset a second, at random.
    pub cuts_per_s: f64,
}

/// What must come out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Sales completed a second, at least.
    pub per_s_min: Option<f64>,
    /// Half of the response times, at most, in milliseconds.
    pub p50_ms: Option<f64>,
    /// 99 % of the response times.
    pub p99_ms: Option<f64>,
    /// 99.9 % of the response times.
    pub p999_ms: Option<f64>,
    /// Sales approved, at least; 1 by default where anything is to be sold.
    pub approved_min: Option<u64>,
    /// Of 100 sales completed, declined ones at most.
    pub declined_percent_max: Option<f64>,
    /// Lateness of the generator in an open load, 99 % of the time; later makes the run invalid.
    pub generator_lag_p99_ms: Option<f64>,
}

impl Scenario {
    /// Reads a file; the paths in it are relative to it.
    ///
    /// # Errors
    /// [`Refusal`] with file, line and what is wrong there.
    pub fn load(file: &Path) -> Result<Self, Refusal> {
        let text = crate::files::read_text(file)?;
        let mut scenario: Self = toml::from_str(&text).about(file.display())?;
        let base = file.parent().unwrap_or(Path::new(""));
        let gateway = &mut scenario.gateway;
        let paths = [&mut scenario.network, &mut gateway.public_key, &mut gateway.token];
        for path in paths.into_iter().flatten() {
            *path = base.join(&*path);
        }
        if let Some(iso) = &mut scenario.iso8583 {
            iso.relative_to(base);
        }
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_scenario_has_every_default() {
        let scenario: Scenario = toml::from_str("").unwrap();
        assert_eq!((scenario.seed, scenario.load.model), (1, Model::Closed));
    }

    #[test]
    fn a_key_that_is_not_known_is_refused_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.toml");
        std::fs::write(&file, "seed = 1\n[load]\nmodle = \"open\"\n").unwrap();
        let error = Scenario::load(&file).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("modle"), "{error}");
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.toml");
        std::fs::write(&file, "network = \"net\"\n[gateway]\ntoken = \"/t\"\n").unwrap();
        let scenario = Scenario::load(&file).unwrap();
        assert_eq!(scenario.network, Some(dir.path().join("net")));
        assert_eq!(scenario.gateway.token, Some(PathBuf::from("/t")));
    }
}
