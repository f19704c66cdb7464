//! `tillgate stock`

use clap::{Args, Subcommand};

use super::gateway::Gateway;
use super::table;
use crate::exit::Failure;

/// See what is left of the voucher stock
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate stock list")]
pub(crate) struct Stock {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    List(List),
}

/// What is left of every product, until when, and which alarms there are
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate stock list
  tillgate stock list --json

FOR SALE can be sold today; NEXT is the last day of the voucher that is sold next; NEAR are those of
them that expire within near_days of their product; UNSELLABLE are kept, but have expired or have too
few days left (least_days). Alarms: low (fewer for sale than low_stock), near_expiry, unsellable. The
same alarms are in the log and in /metrics.")]
struct List {
    #[command(flatten)]
    gateway: Gateway,
}

impl Stock {
    pub(super) fn run(self) -> Result<(), Failure> {
        let What::List(List { gateway }) = self.what;
        let body = gateway.client()?.get("/api/v1/stock")?;
        let text = table::list(&body, "products", &COLUMNS);
        gateway.print(&body, &text)
    }
}

const COLUMNS: [(&str, &str); 10] = [
    ("SERVICE", "/service"),
    ("PRODUCT", "/product"),
    ("NAME", "/name"),
    ("FOR SALE", "/for_sale"),
    ("NEXT", "/oldest_expiry"),
    ("NEAR", "/near_expiry"),
    ("UNSELLABLE", "/unsellable"),
    ("SOLD", "/sold"),
    ("LOADED", "/loaded"),
    ("ALARMS", "/alarms"),
];
