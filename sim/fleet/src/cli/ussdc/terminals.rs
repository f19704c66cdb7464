//! Subscribers that are terminals and send sealed frames, as options.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::datagram::SYMBOLS_MIN;
use tillsim_core::terminal::{UssdBearer, UssdIdentity, UssdTerminal};
use tillsim_core::time::Span;
use tillsim_core::ussdc::variant::Variant;

use super::MoneyOptions;
use crate::exit::{About, Refusal};
use crate::run::Order;
use crate::scenario::{Scenario, resolve};
use crate::text;
use crate::ussdc::Terminals;

/// Most characters of a string that terminals use, where a link carries more.
const SYMBOLS_MAX: usize = 182;

/// Terminals behind the centre.
#[derive(Args)]
#[command(next_help_heading = "Terminals")]
pub(super) struct TerminalOptions {
    /// Terminals that send sealed frames, beside the handsets; the first ones of --network
    #[arg(long, value_name = "N", default_value_t = 0)]
    terminals: usize,
    /// Directory with the CSV files of their network
    #[arg(long, value_name = "DIR")]
    network: Option<PathBuf>,
    /// What they sell and how often, a TOML file as `tillsim run` reads it
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// What they dial
    #[arg(long, value_name = "CODE", default_value = "*124#")]
    terminals_code: String,
    /// Number of the first one; the others follow
    #[arg(long, value_name = "MSISDN", default_value_t = 254_790_000_001)]
    terminals_from: u64,
    /// Requests that are the last one of their dialog
    #[arg(long, value_name = "PERCENT", default_value = "20", value_parser = text::permille)]
    last: u16,
    /// Parts and replies that a terminal loses
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    lose: u16,
    /// Frames that somebody copies and sends again
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    replay: u16,
    /// A provider, for comparing what they sold with its book: the address of its interface, or the log of
    /// an ISO 8583 host; may be given several times
    #[arg(long, value_name = "URL|FILE")]
    provider: Vec<String>,
}

impl TerminalOptions {
    pub(super) fn is_none(&self) -> bool {
        self.terminals == 0
    }

    /// Their service, as the centre calls it.
    pub(super) fn service_code(&self) -> &str {
        self.terminals_code.trim_matches(['*', '#'])
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        (self.terminals_from..).take(self.terminals)
    }

    pub(super) fn build(
        &self,
        variant: &Variant,
        drop_permille: u16,
        money: &MoneyOptions,
        seed: u64,
    ) -> Result<Option<Terminals>, Refusal> {
        if self.is_none() {
            return Ok(None);
        }
        let code = self.terminals_code.trim_end_matches('#');
        let is_code = !self.service_code().is_empty()
            && code.len() <= 20
            && code.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*');
        if !is_code {
            let text = "expected what a terminal dials, such as *124#";
            return Err(Refusal::about(
                format!("--terminals-code {:?}", self.terminals_code),
                text,
            ));
        }
        if !(10_000..=999_999_999_999_999).contains(&self.terminals_from) {
            return Err(Refusal("--terminals-from: expected 5 to 15 digits".to_owned()));
        }
        let symbols = variant.room.septets.min(SYMBOLS_MAX);
        if symbols < SYMBOLS_MIN {
            let text = format!("frames need {SYMBOLS_MIN} characters, {symbols} are allowed");
            return Err(Refusal::about(format!("--profile {}", variant.name), text));
        }
        let Order { terminals, firmware, sources, .. } = resolve(&self.scenario(money)?)?;
        let bearer = Arc::new(UssdBearer {
            code: code.to_owned(),
            symbols,
            linger: Span::s(5),
            last_permille: self.last,
            drop_permille,
            lose_permille: self.lose,
            replay_permille: self.replay,
        });
        // Higher than any counter of an earlier run (LINK-16.2-1).
        let since = SystemTime::now().duration_since(UNIX_EPOCH).about("the clock")?;
        let counter = since.as_secs() << 8;
        let list = terminals.into_iter().map(|it| {
            let psk = Psk::new(it.psk);
            let identity = UssdIdentity { terminal: it.id, key_id: it.key_id, psk, counter };
            UssdTerminal::new(&identity, Arc::clone(&firmware), Arc::clone(&bearer), seed)
        });
        Ok(Some(Terminals { list: list.collect(), sources, patience: money.wait_for_doubts }))
    }

    fn scenario(&self, money: &MoneyOptions) -> Result<Scenario, Refusal> {
        let mut scenario = match &self.scenario {
            Some(file) => Scenario::load(file)?,
            None => Scenario::default(),
        };
        scenario.network = self.network.clone().or(scenario.network);
        if scenario.network.is_none() {
            return Err(Refusal("--terminals: --network DIR is needed".to_owned()));
        }
        scenario.terminals = Some(self.terminals);
        scenario.iso8583 = None;
        scenario.gateway.admin.clone_from(&money.admin);
        scenario.gateway.token.clone_from(&money.token);
        scenario.gateway.provider = None;
        scenario.gateway.providers.clone_from(&self.provider);
        // Nothing of it is used.
        scenario.gateway.public_key = None;
        Ok(scenario)
    }
}
