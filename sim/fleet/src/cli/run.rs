//! `tillsim run`

use std::path::PathBuf;

use clap::Args;

use super::{interrupts, print};
use crate::exit::{About, Exit, Refusal};
use crate::run::{Live, drive, judge, reconcile};
use crate::scenario::{Model, PhasePart, Scenario, resolve};

/// Drive a fleet of terminals, then compare their books with the gateway's journal
#[derive(Args)]
#[command(after_help = "\
Example:
  tillsim network demo --terminals 1000
  tillsim run --network demo --terminals 1000 --seconds 30 --gateway 127.0.0.1:7400 \\
      --pub gw/keys/gateway.pub --admin http://127.0.0.1:7401 --token gw/admin.token --json out.json

docs/simulation.md explains scenarios. Ctrl-C stops selling, resolves sales in doubt and reports; a
second Ctrl-C reports at once.")]
pub(super) struct Run {
    /// A scenario file; without one every setting has its default
    scenario: Option<PathBuf>,
    /// Directory of the network's CSV files
    #[arg(long, value_name = "DIR")]
    network: Option<PathBuf>,
    /// How many terminals of the network take part
    #[arg(long, value_name = "N")]
    terminals: Option<usize>,
    /// Index of the first of them, from 0
    #[arg(long, value_name = "N")]
    first: Option<usize>,
    /// How long the fleet sells; 0: until Ctrl-C
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Seed of all random decisions
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where terminals connect
    #[arg(long, value_name = "HOST:PORT")]
    gateway: Option<String>,
    /// The gateway's public key; without one the terminals use NNpsk0
    #[arg(long = "pub", value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// The gateway's admin interface, for reading its journal
    #[arg(long, value_name = "URL")]
    admin: Option<String>,
    /// File with the admin interface's bearer token
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
    /// A simulated provider, for reading its book, or the log of an ISO 8583 host; may be repeated
    #[arg(long, value_name = "URL|FILE")]
    provider: Vec<String>,
    /// Terminals of other makers take part: where the ISO 8583 listener is
    #[arg(long, value_name = "HOST:PORT")]
    iso8583: Option<String>,
    /// The listener's profile, a name or a file
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// How customers arrive
    #[arg(long, value_enum)]
    load: Option<Model>,
    /// Open load: customers a second
    #[arg(long, value_name = "PER_S")]
    rate: Option<f64>,
    /// Closed load: pause between two customers of a terminal, as 0s, 2s, exp:2s
    #[arg(long, value_name = "DELAY")]
    think: Option<String>,
    /// Threads of the generator
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Connections reset a second, at random
    #[arg(long, value_name = "PER_S")]
    cuts: Option<f64>,
    /// How long sales in doubt may take to be resolved at the end
    #[arg(long, value_name = "S")]
    drain: Option<f64>,
    /// Write the report as JSON; - for stdout
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No progress
    #[arg(long)]
    quiet: bool,
}

impl Run {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        let scenario = self.scenario()?;
        let order = resolve(&scenario)?;
        let interrupts = interrupts()?;
        let mut live = Live::new(self.quiet);
        let driven = drive(&order, &interrupts, &mut live)?;
        live.end();
        let books: Vec<_> = driven.done.clients.iter().map(|terminal| terminal.book()).collect();
        let money = reconcile(&books, &order.sources, order.course.drain);
        let report = judge(&order, &driven, &money);
        match &self.json {
            Some(path) if path.as_os_str() == "-" => print::line(&report.json.to_string()),
            Some(path) => {
                std::fs::write(path, format!("{}\n", report.json)).about(path.display())?;
                print::line(report.text.trim_end());
            }
            None => print::line(report.text.trim_end()),
        }
        Ok(report.exit)
    }

    /// The scenario of the file, with what the command line says otherwise.
    fn scenario(&self) -> Result<Scenario, Refusal> {
        let mut scenario = match &self.scenario {
            Some(file) => Scenario::load(file)?,
            None => Scenario::default(),
        };
        fn put<T: Clone>(place: &mut T, value: &Option<T>) {
            if let Some(value) = value {
                place.clone_from(value);
            }
        }
        fn put_some<T: Clone>(place: &mut Option<T>, value: &Option<T>) {
            if value.is_some() {
                place.clone_from(value);
            }
        }
        put_some(&mut scenario.network, &self.network);
        put_some(&mut scenario.terminals, &self.terminals);
        put(&mut scenario.first, &self.first);
        put(&mut scenario.seconds, &self.seconds);
        put(&mut scenario.seed, &self.seed);
        put(&mut scenario.drain_seconds, &self.drain);
        put(&mut scenario.gateway.address, &self.gateway);
        put_some(&mut scenario.gateway.public_key, &self.public_key);
        put_some(&mut scenario.gateway.admin, &self.admin);
        put_some(&mut scenario.gateway.token, &self.token);
        if !self.provider.is_empty() {
            scenario.gateway.provider = None;
            scenario.gateway.providers.clone_from(&self.provider);
        }
        if self.iso8583.is_some() || self.profile.is_some() {
            let iso = scenario.iso8583.get_or_insert_default();
            put(&mut iso.address, &self.iso8583);
            put(&mut iso.profile, &self.profile);
        }
        put(&mut scenario.load.think, &self.think);
        put(&mut scenario.connect.threads, &self.threads);
        put(&mut scenario.faults.cuts_per_s, &self.cuts);
        if let Some(to) = self.rate {
            scenario.load.model = Model::Open;
            scenario.load.phases = vec![PhasePart { from: None, to, seconds: 1.0 }];
        }
        put(&mut scenario.load.model, &self.load);
        Ok(scenario)
    }
}
