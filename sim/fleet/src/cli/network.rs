//! `tillsim network`

use std::path::PathBuf;

use clap::Args;

use super::print;
use crate::exit::{Exit, Refusal};
use crate::network::{Currency, LISTENER, Made, NetworkOptions, PROFILE, generate, minor};
use crate::text::grouped;

/// Generate a network of sellers, terminals and vouchers as CSV files for import
#[derive(Args)]
#[command(after_help = "\
Example:
  tillsim network demo --terminals 1000 --vouchers 50000
  tillgate import demo --config gw/tillgate.toml")]
pub(super) struct Network {
    /// Directory for the files; it must hold no CSV files yet
    directory: PathBuf,
    /// Terminals, numbered from 1
    #[arg(long, value_name = "N", default_value_t = 100)]
    terminals: u32,
    /// Of these, terminals of another maker: the last ones, for the ISO 8583 listener `pos`
    #[arg(long, value_name = "N", default_value_t = 0)]
    iso8583: u32,
    /// Sellers; a tenth of the terminals by default
    #[arg(long, value_name = "N")]
    sellers: Option<u32>,
    /// Vouchers in stock; 100 a terminal by default, but not over 1,000,000
    #[arg(long, value_name = "N")]
    vouchers: Option<u64>,
    /// Number of the first voucher, for further stock
    #[arg(long, value_name = "N", default_value_t = 0)]
    vouchers_from: u64,
    /// Float of each seller, in major units
    #[arg(long, value_name = "AMOUNT", default_value = "1000000")]
    float: String,
    /// Currency of all amounts
    #[arg(long, value_name = "ISO", default_value = "USD")]
    currency: String,
    /// Bridge of the top-up service
    #[arg(long, value_name = "NAME", default_value = "topup")]
    bridge: String,
    /// No top-up service, only vouchers
    #[arg(long)]
    no_topup: bool,
    /// Only further vouchers, for a network that is imported already
    #[arg(long)]
    stock_only: bool,
    /// Seed of keys and PINs: the same seed gives the same network
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Vouchers unless more are asked for: 13 imports, and not a day of them.
const VOUCHERS: u64 = 1_000_000;

impl Network {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        let currency = Currency::parse(&self.currency).ok_or_else(|| {
            let given = &self.currency;
            Refusal(format!("--currency {given:?}, expected an ISO 4217 currency as EUR or 978"))
        })?;
        let float_minor = minor(currency, &self.float)
            .map_err(|text| Refusal(format!("--float {:?}, {text}", self.float)))?;
        let vouchers = self.vouchers.unwrap_or(VOUCHERS.min(u64::from(self.terminals) * 100));
        let options = NetworkOptions {
            seed: self.seed,
            terminals: self.terminals,
            iso8583: self.iso8583,
            sellers: self.sellers.unwrap_or(self.terminals / 10).max(1),
            vouchers,
            vouchers_from: self.vouchers_from,
            float_minor,
            currency,
            bridge: (!self.no_topup).then_some(self.bridge),
            stock_only: self.stock_only,
        };
        let made = generate(&self.directory, &options)?;
        print::line(&format!(
            "{} terminals of {} sellers under {} distributors, {} vouchers",
            grouped(u64::from(options.terminals)),
            grouped(u64::from(options.sellers)),
            made.distributors,
            grouped(vouchers)
        ));
        let has_others = options.iso8583 > 0 && !options.stock_only;
        if has_others {
            self::listener(&made, options.iso8583);
        }
        print::line("import, in this order:");
        for part in &made.parts {
            print::line(&format!("  tillgate import {} --config FILE", part.display()));
        }
        if has_others {
            self::fleet(&made);
        }
        Ok(Exit::Pass)
    }
}

/// The listener of a load test: all terminals have this machine's address, or few of its.
fn listener(made: &Made, terminals: u32) {
    let Some(folder) = made.parts.first() else { return };
    let profile = std::path::absolute(folder).unwrap_or_else(|_| folder.clone()).join(PROFILE);
    let most = terminals.saturating_mul(2).clamp(1, 100_000);
    print::line("first the listener, for the gateway's configuration: terminals name it");
    for line in [
        "[[iso8583_listener]]".to_owned(),
        format!("name = \"{LISTENER}\""),
        "address = \"127.0.0.1:7410\"".to_owned(),
        format!("profile = {:?}", profile.display().to_string()),
        "networks = [\"127.0.0.0/8\"]".to_owned(),
        format!("connections_max = {most}"),
        format!("connections_per_address = {most}"),
        "requests_per_s = 0".to_owned(),
    ] {
        print::line(&format!("  {line}"));
    }
}

fn fleet(made: &Made) {
    let Some(folder) = made.parts.first() else { return };
    print::line(&format!(
        "then the fleet:\n  tillsim run --network {} --iso8583 127.0.0.1:7410 --profile {}",
        folder.display(),
        folder.join(PROFILE).display()
    ));
}
