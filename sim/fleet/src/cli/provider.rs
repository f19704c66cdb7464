//! `tillsim provider`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use tillsim_core::firmware::Delay;
use tillsim_core::provider::ProviderBehaviour;
use tillsim_core::time::Span;

use super::print;
use crate::exit::{Exit, Refusal};
use crate::provider::{Bound, Lies, Plan};
use crate::{provider, text};

/// Serve a simulated provider until it is terminated
#[derive(Args)]
#[command(after_help = "\
Examples:
  tillsim provider --listen 127.0.0.1:7402 --latency lognormal:40ms,0.5 --decline 2 --unanswered 0.5
  tillsim provider --check host.toml
  tillsim provider --script host.toml

It prints its address when it listens. GET /book lists what it did, one transaction a line. A script
makes it an ISO 8583 host or a provider in the shape of a public API, and says which requests it
mistreats; docs/simulation.md describes it.")]
pub(super) struct Provider {
    /// Serve what this TOML file describes; the other options are not used then
    #[arg(long, value_name = "FILE", exclusive = true)]
    script: Option<PathBuf>,
    /// Check a script and serve nothing
    #[arg(long, value_name = "FILE", exclusive = true)]
    check: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7402")]
    listen: SocketAddr,
    /// Time from request to answer: 5ms, uniform:1ms-20ms, exp:10ms, lognormal:40ms,0.5
    #[arg(long, value_name = "DELAY", default_value = "2ms", value_parser = text::delay)]
    latency: Delay,
    /// Requests declined
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    decline: u16,
    /// Requests done but never answered
    #[arg(long, alias = "silence", value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    unanswered: u16,
    /// Requests dropped the first time, neither done nor answered
    #[arg(long, alias = "deaf", value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    drop: u16,
    /// Requests accepted and done later
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    pending: u16,
    /// How long that takes
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = text::span)]
    pending_for: Span,
    /// Top-ups used at once, so that they cannot be reversed
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    irreversible: u16,
    /// Repeat the top-up when a reference is repeated, as no provider should
    #[arg(long)]
    not_idempotent: bool,
    /// Answers with another order's reference
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    lie_reference: u16,
    /// Answers with another amount
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    lie_amount: u16,
    /// Answers that repeat the previous answer
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    lie_earlier: u16,
    /// Answers that are an array of the right values
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    lie_array: u16,
    /// Seed of all random decisions
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl Provider {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        if let Some(file) = &self.check {
            print::line(&format!("{}: {}", file.display(), Plan::load(file)?.summary()));
            return Ok(Exit::Pass);
        }
        if let Some(file) = &self.script {
            return serve(file);
        }
        let shares = [self.decline, self.unanswered, self.drop, self.pending];
        if shares.iter().map(|share| u32::from(*share)).sum::<u32>() > 1_000 {
            let text = "--decline, --unanswered, --drop and --pending are over 100 together";
            return Err(Refusal(text.to_owned()));
        }
        let lies = Lies {
            reference_permille: self.lie_reference,
            amount_permille: self.lie_amount,
            earlier_permille: self.lie_earlier,
            array_permille: self.lie_array,
            ..Lies::default()
        };
        let behaviour = ProviderBehaviour {
            seed: self.seed,
            latency: self.latency,
            declined_permille: self.decline,
            silent_permille: self.unanswered,
            deaf_permille: self.drop,
            pending_permille: self.pending,
            pending: self.pending_for,
            irreversible_permille: self.irreversible,
            idempotent: !self.not_idempotent,
        };
        let bound = |address| print::line(&format!("provider listens on http://{address}/topups"));
        let Err(error) = provider::serve(self.listen, behaviour, lies, bound);
        Err(Refusal::about(format!("cannot listen on {}", self.listen), error))
    }
}

fn serve(file: &Path) -> Result<Exit, Refusal> {
    let bound = |listens: &[Bound]| {
        for (address, what) in listens {
            print::line(&format!("provider listens on {address} ({what})"));
        }
    };
    let Err(refusal) = provider::serve_plan(Plan::load(file)?, bound);
    Err(refusal)
}
