//! `tillgate transaction`: one transaction, the open ones, and the operator's word about them.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tillgate_core::report::show_key;
use tillgate_store_core::{BusinessDate, Key};

use super::gateway::Gateway;
use super::values;
use crate::client::Client;
use crate::exit::Failure;
use crate::password;

/// Inspect transactions, and resolve those that need a person
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate transaction open --awaits operator
  tillgate transaction show 2026-11-23-00070001-000012
  tillgate transaction resolve 2026-11-23-00070001-000012 --as approved \\
      --note 'provider statement of 24 November, line 17'
  tillgate transaction refund 2026-11-23-00070001-000012 --user amina --void I-4711 --note misprint

A transaction is named DATE-TERMINAL-STAN. The running gateway answers; every decision of an
operator is in the audit log with its note.")]
pub(crate) struct Transaction {
    #[command(flatten)]
    gateway: Gateway,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List transactions without an outcome, or with a follow-up due
    Open {
        /// Only those that wait for this party
        #[arg(long, value_parser = ["operator", "provider"])]
        awaits: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Show one transaction
    Show {
        /// The transaction
        #[arg(value_name = "DATE-TERMINAL-STAN", value_parser = values::key)]
        key: Key,
    },
    /// List the settlements of a business date whose totals are not the gateway's
    Differences {
        /// The business date, as 2026-11-23
        #[arg(value_parser = values::date)]
        date: BusinessDate,
        #[command(flatten)]
        page: Page,
    },
    /// Set the outcome of an open transaction
    Resolve {
        /// The transaction
        #[arg(value_name = "DATE-TERMINAL-STAN", value_parser = values::key)]
        key: Key,
        /// approved: the provider did it; declined: it did not; done: no follow-up is left, the
        /// money is unchanged; late-approval: the provider did what was declined here, so it is
        /// taken back; disputed: the provider says otherwise than what is booked, so it goes on
        /// the operator's list
        #[arg(long = "as", value_parser = [
            "approved", "declined", "done", "late-approval", "disputed",
        ])]
        resolution: String,
        /// How the outcome was established, for the audit log
        #[arg(long)]
        note: String,
    },
    /// Refund a sale: one operator proposes it, another one approves it
    Refund {
        /// The transaction
        #[arg(value_name = "DATE-TERMINAL-STAN", value_parser = values::key)]
        key: Key,
        /// Propose it. The issuer's reference of the void: the voucher can no longer be redeemed
        #[arg(long, value_name = "REFERENCE", required_unless_present_any = ["approve", "cancel"])]
        void: Option<String>,
        /// Approve what another operator proposed
        #[arg(long, conflicts_with_all = ["void", "cancel"])]
        approve: bool,
        /// Withdraw the proposal
        #[arg(long, conflicts_with = "void")]
        cancel: bool,
        /// Who does it (see `tillgate user`); prompts for the password, or reads it from standard
        /// input
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Why, for the audit log
        #[arg(long)]
        note: String,
    },
}

#[derive(Args)]
struct Page {
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Only those after this one
    #[arg(long, value_name = "DATE-TERMINAL-STAN", value_parser = values::key)]
    after: Option<Key>,
}

impl Page {
    /// As the API's query has it.
    fn query(&self) -> String {
        let after = self.after.as_ref().map(|key| format!("&after={}", show_key(key)));
        format!("limit={}{}", self.limit, after.unwrap_or_default())
    }
}

impl Transaction {
    pub(super) fn run(self) -> Result<(), Failure> {
        let (gateway, mut client) = (&self.gateway, self.gateway.client()?);
        let resolve = |client: &Client, key: &Key, order: Value| {
            let path = format!("/api/v1/transactions/{}/resolve", show_key(key));
            gateway.card(&client.post(&path, &order)?)
        };
        match self.command {
            Command::Open { awaits, page } => {
                let awaits = awaits.map(|who| format!("&awaits={who}")).unwrap_or_default();
                let path = format!("/api/v1/transactions?{}{awaits}", page.query());
                gateway.list(&client, &path, "transactions", &COLUMNS)
            }
            Command::Show { key } => {
                gateway.card(&client.get(&format!("/api/v1/transactions/{}", show_key(&key)))?)
            }
            Command::Differences { date, page } => {
                let path = format!("/api/v1/settlements/differences?date={date}&{}", page.query());
                gateway.list(&client, &path, "differences", &DIFFERENCES)
            }
            Command::Resolve { key, resolution, note } => {
                resolve(&client, &key, json!({ "as": resolution, "note": note }))
            }
            Command::Refund { key, void, approve, cancel: _, user, note } => {
                let password = password::ask(&user).map_err(|error| {
                    Failure::refused(format!("the password of {user} cannot be read: {error}"))
                })?;
                client.log_in(&user, &password)?;
                let order = match void {
                    Some(void) => json!({ "as": "refund", "void": void, "note": note }),
                    None if approve => json!({ "as": "approve-refund", "note": note }),
                    None => json!({ "as": "cancel-refund", "note": note }),
                };
                resolve(&client, &key, order)
            }
        }
    }
}

/// The columns of `open`: heading, and where in the JSON.
const COLUMNS: [(&str, &str); 7] = [
    ("TRANSACTION", "/transaction"),
    ("KIND", "/kind"),
    ("STATE", "/state"),
    ("DUE", "/due/what"),
    ("SERVICE", "/service"),
    ("AMOUNT", "/amount_minor"),
    ("REFERENCE", "/reference"),
];

/// The columns of `differences`: what the terminal says, and what the journal said.
const DIFFERENCES: [(&str, &str); 9] = [
    ("TRANSACTION", "/transaction"),
    ("CODE", "/code"),
    ("SETTLED", "/settlement/date"),
    ("SALES", "/settlement/claimed/sales_count"),
    ("AMOUNT", "/settlement/claimed/sales_minor"),
    ("COUNTED", "/settlement/counted/sales_count"),
    ("AMOUNT", "/settlement/counted/sales_minor"),
    ("REVERSALS", "/settlement/claimed/reversals_count"),
    ("COUNTED", "/settlement/counted/reversals_count"),
];
