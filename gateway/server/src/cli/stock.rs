//! `tillgate stock`

mod lists;
mod withdraw;

use clap::{Args, Subcommand};

use self::lists::{Returns, Voids};
use self::withdraw::Withdraw;
use super::gateway::Gateway;
use super::{print, table};
use crate::exit::Failure;
use crate::secrets;

/// See the voucher stock, take vouchers out of sale, and list them for their issuers
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate stock list
  tillgate stock withdraw --service 10 --product 1 --expiry-before 2027-01-01 --note 'expired'
  tillgate stock returns --service 10 > returns.csv
  tillgate stock voids --from 2026-11-01 --to 2026-11-30 > voids.csv
  tillgate stock recipient")]
pub(crate) struct Stock {
    #[command(flatten)]
    gateway: Gateway,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    List(List),
    Withdraw(Withdraw),
    Returns(Returns),
    Voids(Voids),
    Recipient(Recipient),
}

/// What is left of every product, until when, and which alarms there are
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate stock list
  tillgate stock list --json

FOR SALE can be sold today; NEXT is the last day of the voucher that is sold next; NEAR are those of
them that expire within near_days of their product; UNSELLABLE are kept, but have expired or have too
few days left (least_days); WITHDRAWN were taken out of sale. Alarms: low (fewer for sale than
low_stock), near_expiry, unsellable. The same alarms are in the log and in /metrics.")]
struct List {}

/// Whom issuers encrypt voucher batches for
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate stock recipient
  age -r \"$(tillgate stock recipient)\" -o vouchers-17.csv.age vouchers-17.csv    (at the issuer)

It reads the file of import.age_identity and prints the public half of each of its keys, a line each.")]
struct Recipient {}

impl Stock {
    pub(super) fn run(self) -> Result<(), Failure> {
        let gateway = self.gateway;
        match self.what {
            What::List(List {}) => {
                let body = gateway.client()?.get("/api/v1/stock")?;
                let text = table::list(&body, "products", &COLUMNS);
                gateway.print(&body, &text)
            }
            What::Withdraw(withdraw) => withdraw.run(&gateway),
            What::Returns(returns) => returns.run(&gateway),
            What::Voids(voids) => voids.run(&gateway),
            What::Recipient(Recipient {}) => {
                let config = gateway.config()?;
                let identity = secrets::identity(&config.import).map_err(Failure::config)?;
                let identity = identity.ok_or_else(|| {
                    Failure::config(format!(
                        "{}: names no keys for encrypted files: make a file with `age-keygen -o \
                         keys/import.age-key`, and name it as\n[import]\n\
                         age_identity = \"keys/import.age-key\"",
                        config.file.display()
                    ))
                })?;
                print::line(&identity.recipients().join("\n"))
            }
        }
    }
}

const COLUMNS: [(&str, &str); 11] = [
    ("SERVICE", "/service"),
    ("PRODUCT", "/product"),
    ("NAME", "/name"),
    ("FOR SALE", "/for_sale"),
    ("NEXT", "/oldest_expiry"),
    ("NEAR", "/near_expiry"),
    ("UNSELLABLE", "/unsellable"),
    ("SOLD", "/sold"),
    ("WITHDRAWN", "/withdrawn"),
    ("LOADED", "/loaded"),
    ("ALARMS", "/alarms"),
];
