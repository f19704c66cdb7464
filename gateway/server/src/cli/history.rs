//! `tillgate history`

use clap::Args;
use serde_json::Value;
use tillgate_store_core::BusinessDate;

use super::gateway::Gateway;
use super::{table, values};
use crate::exit::Failure;

/// See what a distributor, seller, terminal or service was before it was changed
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate history seller 7
  tillgate history seller 7 --at 2026-05-31
  tillgate history terminal 70001 --json

Newest first: the record in force, then each former one with the time (UTC) and the audit number of
the change that ended it. The oldest line of a record that was created since a history is kept says
until when it did not exist. --at also lists the distributors that were above a seller or a
terminal, its own first. It takes --config FILE, where the gateway's socket is found, and --json,
which shows the whole records. Keys of terminals are not kept.")]
pub(crate) struct History {
    #[command(flatten)]
    gateway: Gateway,
    /// What it is
    #[arg(value_parser = ["distributor", "seller", "terminal", "service"])]
    kind: String,
    /// Its id
    id: u32,
    /// Only as it was at the end of this day, UTC
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    at: Option<BusinessDate>,
    /// At most this many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Only versions that a change before this one ended
    #[arg(long, value_name = "CHANGE")]
    after: Option<u64>,
}

impl History {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self { gateway, kind, id, at, limit, after } = self;
        let mut path = format!("/api/v1/history?kind={kind}&id={id}&limit={limit}");
        if let Some(date) = at {
            let at_ms = (date.unix_s() + 86_400) * 1_000 - 1;
            path.push_str(&format!("&at_ms={at_ms}"));
        }
        if let Some(after) = after {
            path.push_str(&format!("&after={after}"));
        }
        let body = gateway.client()?.get(&path)?;
        let columns = [&ALWAYS[..], columns(&kind)].concat();
        let mut text = table::list(&body, "versions", &columns);
        if let Some(above) = body.get("jurisdiction").and_then(Value::as_array) {
            let above: Vec<String> = above.iter().map(ToString::to_string).collect();
            text.push_str(&format!("Distributors above it then: {}\n", above.join(" ")));
        }
        gateway.print(&body, &text)
    }
}

type Column = (&'static str, &'static str);

const ALWAYS: [Column; 3] =
    [("UNTIL", "/until"), ("CHANGE", "/change"), ("STATUS", "/record/status")];

fn columns(kind: &str) -> &'static [Column] {
    const NAME: Column = ("NAME", "/record/name");
    match kind {
        "distributor" => &[("PARENT", "/record/parent"), NAME],
        "seller" => &[
            ("DISTRIBUTOR", "/record/distributor"),
            ("CREDIT LIMIT", "/record/credit_limit_minor"),
            NAME,
        ],
        "terminal" => &[
            ("SELLER", "/record/seller"),
            ("SERVICES", "/record/services"),
            ("REASON", "/record/reason"),
        ],
        _ => &[
            ("FULFILMENT", "/record/fulfilment"),
            ("ROUTE", "/record/route"),
            ("LEAST", "/record/amount_min_minor"),
            ("MOST", "/record/amount_max_minor"),
            NAME,
        ],
    }
}
