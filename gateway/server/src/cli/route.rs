//! `tillgate route`

use clap::{ArgGroup, Args, Subcommand};
use serde_json::Value;
use tillgate_store_core::Key;

use super::gateway::Gateway;
use super::{table, values};
use crate::exit::Failure;

/// See which bridge a sale goes to, and why
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate route explain --service 20 --account 254710000001 --amount 12.50 --terminal 70001
  tillgate route explain --service 20 --account 254710000001 --at 23:30 --json

The running gateway answers, by the code that sends sales there. Every rule of the service's route is
listed in the order in which rules are tried, with the reason why it takes the sale or does not.
Without an amount every amount matches. Rules of the same priority and length of prefix share sales
out by their weights: with --key the order is that of this transaction.")]
pub(crate) struct Route {
    #[command(flatten)]
    gateway: Gateway,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Explain where a sale would go now
    #[command(group = ArgGroup::new("who").args(["seller", "terminal", "key"]))]
    Explain {
        /// What is sold
        #[arg(long, value_name = "ID")]
        service: u16,
        /// For which account
        #[arg(long, value_name = "TEXT", default_value = "")]
        account: String,
        /// How much, in major units of the service's currency
        #[arg(long)]
        amount: Option<String>,
        /// By this seller
        #[arg(long, value_name = "ID")]
        seller: Option<u32>,
        /// By the seller of this terminal
        #[arg(long, value_name = "ID")]
        terminal: Option<u32>,
        /// As this transaction
        #[arg(long, value_name = "DATE-TERMINAL-STAN", value_parser = values::key)]
        key: Option<Key>,
        /// At this local time of day instead of now
        #[arg(long, value_name = "HH:MM")]
        at: Option<String>,
    },
}

const COLUMNS: [(&str, &str); 7] = [
    ("RULE", "/rule"),
    ("BRIDGE", "/bridge"),
    ("PRIORITY", "/priority"),
    ("WEIGHT", "/weight"),
    ("PREFIX", "/prefix"),
    ("FINDING", "/finding"),
    ("WHY", "/why"),
];

impl Route {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self { gateway, command } = self;
        let Command::Explain { service, account, amount, seller, terminal, key, at } = command;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("service", &service.to_string());
        let given = [
            ("account", Some(account).filter(|account| !account.is_empty())),
            ("amount", amount),
            ("seller", seller.map(|id| id.to_string())),
            ("terminal", terminal.map(|id| id.to_string())),
            ("key", key.as_ref().map(tillgate_core::report::show_key)),
            ("at", at),
        ];
        for (name, value) in given {
            query.extend_pairs(value.map(|value| (name, value)));
        }
        let body = gateway.client()?.get(&format!("/api/v1/routes/explain?{}", query.finish()))?;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let candidates = body.get("candidates").and_then(Value::as_array).into_iter().flatten();
        let candidates: Vec<&str> = candidates.filter_map(Value::as_str).collect();
        let shunned = body.get("shunned").and_then(Value::as_array).into_iter().flatten();
        let shunned: Vec<&str> = shunned.filter_map(Value::as_str).collect();
        let shunned = match shunned.join(", ") {
            none if none.is_empty() => none,
            names => format!("Tried last now, for nobody answers there: {names}.\n"),
        };
        let route = text("route").unwrap_or_default();
        let shown = match text("bridge") {
            Some(bridge) if candidates.is_empty() => format!(
                "Service {service} names the bridge {bridge}, which is {}: the sale is declined with \
                 91.\n",
                text("status").unwrap_or_default()
            ),
            Some(bridge) => format!("Service {service} names the bridge {bridge}.\n"),
            None => {
                let goes = match candidates.join(", then ") {
                    none if none.is_empty() => {
                        "no rule takes the sale: it is declined with 91".to_owned()
                    }
                    to => format!("the sale goes to {to}"),
                };
                let rules = table::list(&body, "rules", &COLUMNS);
                format!("{rules}Service {service} has the route {route}: {goes}.\n{shunned}")
            }
        };
        let declined = body.get("declined").filter(|declined| !declined.is_null());
        let declined = declined.map_or(String::new(), |declined| {
            let said = |name: &str| declined.get(name).and_then(Value::as_str).unwrap_or_default();
            let (code, meaning) = (said("code"), said("meaning"));
            format!(
                "But before any bridge is chosen the sale is declined with {code}: {meaning}.\n"
            )
        });
        gateway.print(&body, &(shown + &declined))
    }
}
