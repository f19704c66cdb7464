//! `tillgate handset`

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};
use tillgate_store_core::limits::{PIN_DIGITS_MAX, PIN_DIGITS_MIN};
use zeroize::Zeroizing;

use super::gateway::Gateway;
use crate::client::Client;
use crate::entropy;
use crate::exit::Failure;

/// List and control handsets of a running gateway
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate handset list --terminal 70001
  tillgate handset pin 255712345678
  tillgate handset unlock 255712345678
  tillgate handset block 255712345678

All of them take --config FILE, which names the gateway's socket, and --json for scripts. Handsets
come with `tillgate import` (handsets.csv). Whatever is changed about one ends its dialogs and
forgives wrong PINs.")]
pub(crate) struct Handset {
    #[command(flatten)]
    gateway: Gateway,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List handsets by number
    List {
        /// Only those of this terminal
        #[arg(long, value_name = "ID")]
        terminal: Option<u32>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Only those with a higher number
        #[arg(long, value_name = "MSISDN")]
        after: Option<String>,
    },
    /// Show one handset
    Show {
        /// Its number, with the country code
        msisdn: String,
    },
    /// Give a handset another PIN, made at random; its holder has to change it first
    Pin {
        /// Its number, with the country code
        msisdn: String,
    },
    /// Forgive wrong PINs: a locked handset may log on again
    Unlock {
        /// Its number, with the country code
        msisdn: String,
    },
    /// Stop a handset from logging on
    Block {
        /// Its number, with the country code
        msisdn: String,
    },
    /// Let a handset log on again
    Unblock {
        /// Its number, with the country code
        msisdn: String,
    },
}

impl Handset {
    pub(super) fn run(self) -> Result<(), Failure> {
        let client = self.gateway.client()?;
        let (body, text) = match self.command {
            Command::List { terminal, limit, after } => {
                let terminal = terminal.map(|id| id.to_string());
                let filters = [("terminal", terminal), ("after", after)];
                let path = Gateway::page("/api/v1/handsets", limit, &filters);
                return self.gateway.list(&client, &path, "handsets", &COLUMNS);
            }
            Command::Show { msisdn } => {
                return self.gateway.card(&client.get(&format!("/api/v1/handsets/{msisdn}"))?);
            }
            Command::Pin { msisdn } => new_pin(&client, &msisdn)?,
            Command::Unlock { msisdn } => order(&client, &msisdn, "unlock", "may log on again")?,
            Command::Block { msisdn } => order(&client, &msisdn, "block", "is blocked")?,
            Command::Unblock { msisdn } => order(&client, &msisdn, "unblock", "may log on again")?,
        };
        self.gateway.print(&body, &text)
    }
}

fn order(
    client: &Client,
    msisdn: &str,
    action: &str,
    done: &str,
) -> Result<(Value, String), Failure> {
    let path = format!("/api/v1/handsets/{msisdn}");
    let body = client.post(&path, &json!({ "action": action }))?;
    Ok((body, format!("Handset {msisdn} {done}.")))
}

/// Shown once, on standard output and nowhere else.
fn new_pin(client: &Client, msisdn: &str) -> Result<(Value, String), Failure> {
    let pin = random_pin();
    // Written from where it is: a document would have a copy.
    #[derive(Serialize)]
    struct NewPin<'a> {
        action: &'static str,
        pin: &'a str,
    }
    let path = format!("/api/v1/handsets/{msisdn}");
    let mut body = client.post(&path, &NewPin { action: "pin", pin: &pin })?;
    if let Some(card) = body.as_object_mut() {
        card.insert("new_pin".to_owned(), pin.as_str().into());
    }
    let text = format!(
        "Handset {msisdn} has the PIN {} until its holder chooses another one, which comes first.",
        pin.as_str()
    );
    Ok((body, text))
}

/// Six digits, each as likely as any other.
fn random_pin() -> Zeroizing<String> {
    const DIGITS: usize = 6;
    const _: () = assert!(PIN_DIGITS_MIN <= DIGITS && DIGITS <= PIN_DIGITS_MAX);
    let mut pin = Zeroizing::new(String::with_capacity(DIGITS));
    while pin.len() < DIGITS {
        // Of 256 values the last six would make some digits likelier.
        let fair = entropy::bytes::<16>().into_iter().filter(|byte| *byte < 250);
        let digits = fair.map(|byte| char::from(b'0' + byte % 10));
        let left = DIGITS - pin.len();
        pin.extend(digits.take(left));
    }
    pin
}

/// The columns of `list`: heading, and where in the JSON.
const COLUMNS: [(&str, &str); 6] = [
    ("MSISDN", "/msisdn"),
    ("TERMINAL", "/terminal"),
    ("STATUS", "/status"),
    ("PIN", "/pin"),
    ("WRONG PINS", "/wrong_pins"),
    ("LOCKED", "/locked"),
];
