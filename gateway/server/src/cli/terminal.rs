//! `tillgate terminal`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::gateway::Gateway;
use super::table;
use crate::client::Client;
use crate::exit::Failure;
use crate::{entropy, keyfile};

/// List and control terminals of a running gateway
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate terminal list --state online
  tillgate terminal show 70001
  tillgate terminal block 70001 --reason \"reported stolen\"
  tillgate terminal add-key 70001 --key-id 2 --out 70001-key2.csv
  tillgate terminal retire-key 70001 --key-id 1
  tillgate terminal message 70001 \"Please close the batch\"

All of them take --config FILE, which names the gateway's socket, and --json for scripts. A block is
in force for the next sale when the command returns; a terminal that is connected is notified at
once, the others when they log on.")]
pub(crate) struct Terminal {
    #[command(flatten)]
    gateway: Gateway,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List terminals by id
    List {
        /// Only these
        #[arg(long, value_parser = ["active", "blocked", "online", "offline"])]
        state: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Only those with a higher id
        #[arg(long, value_name = "ID")]
        after: Option<u32>,
    },
    /// Show one terminal
    Show {
        /// The terminal
        id: u32,
    },
    /// Stop a terminal from selling
    Block {
        /// The terminal
        id: u32,
        /// Reason, shown on the terminal's screen
        #[arg(long)]
        reason: String,
    },
    /// Let a terminal sell again
    Unblock {
        /// The terminal
        id: u32,
    },
    /// Add a key to those that a terminal has; older ones end once it has logged on with it
    AddKey {
        /// The terminal
        id: u32,
        /// What the terminal says in its hello to name the key
        #[arg(long, value_name = "N")]
        key_id: u8,
        /// Where the new key is written, as terminal,key_id,psk
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// End a key of a terminal now, and the sessions it has opened
    RetireKey {
        /// The terminal
        id: u32,
        /// Which
        #[arg(long, value_name = "N")]
        key_id: u8,
    },
    /// Reset a terminal's handshake counters to 0; its sessions end
    ResetCounter {
        /// The terminal
        id: u32,
    },
    /// Show a text on a terminal's screen
    Message {
        /// The terminal
        id: u32,
        /// The text, at most 160 bytes
        text: String,
    },
}

impl Terminal {
    pub(super) fn run(self) -> Result<(), Failure> {
        let client = self.gateway.client()?;
        let (body, text) = match self.command {
            Command::List { state, limit, after } => {
                let state = state.map(|state| state.to_string());
                let filters = [("state", state), ("after", after.map(|after| after.to_string()))];
                let path = Gateway::page("/api/v1/terminals", limit, &filters);
                return self.gateway.list(&client, &path, "terminals", &COLUMNS);
            }
            Command::Show { id } => {
                return self.gateway.card(&client.get(&format!("/api/v1/terminals/{id}"))?);
            }
            Command::Block { id, reason } => {
                order(&client, id, "block", &json!({"reason": reason}))?
            }
            Command::Unblock { id } => order(&client, id, "unblock", &json!({}))?,
            Command::AddKey { id, key_id, out } => add_key(&client, id, key_id, &out)?,
            Command::RetireKey { id, key_id } => {
                keys(&client, id, &json!({"action": "retire", "key_id": key_id}))?
            }
            Command::ResetCounter { id } => {
                keys(&client, id, &json!({"action": "reset_counters"}))?
            }
            Command::Message { id, text } => order(&client, id, "message", &json!({"text": text}))?,
        };
        self.gateway.print(&body, &text)
    }
}

/// The key is in its file before the gateway takes it: a key that nobody has would be of no use.
fn add_key(client: &Client, id: u32, key_id: u8, out: &Path) -> Result<(Value, String), Failure> {
    let psk = Zeroizing::new(hex::encode(Zeroizing::new(entropy::bytes::<32>()).as_slice()));
    let text = Zeroizing::new(format!("terminal,key_id,psk\n{id},{key_id},{}\n", psk.as_str()));
    keyfile::write_new(out, &text)
        .map_err(|error| Failure::usage(format!("{}: {error}", out.display())))?;
    // Written from where it is: a document would have a copy.
    #[derive(Serialize)]
    struct AddKey<'a> {
        action: &'static str,
        key_id: u8,
        psk: &'a str,
    }
    keys(client, id, &AddKey { action: "add", key_id, psk: &psk })
}

fn keys(client: &Client, id: u32, body: &impl Serialize) -> Result<(Value, String), Failure> {
    let body = client.post(&format!("/api/v1/terminals/{id}/keys"), body)?;
    let text = format!("Terminal {id:08}\n{}", table::list(&body, "keys", &KEY_COLUMNS));
    Ok((body, text))
}

const KEY_COLUMNS: [(&str, &str); 2] = [("KEY", "/key_id"), ("IN FORCE", "/in_force")];

fn order(client: &Client, id: u32, verb: &str, body: &Value) -> Result<(Value, String), Failure> {
    let body = client.post(&format!("/api/v1/terminals/{id}/{verb}"), body)?;
    let done = match verb {
        "block" => "is blocked",
        "unblock" => "may sell again",
        _ => "will show the message",
    };
    let is = |name: &str| body.get(name).and_then(Value::as_bool) == Some(true);
    let told = match (is("online"), is("notified")) {
        (true, true) => "it is connected and was notified",
        (true, false) => "it is connected and learns it with its next answer",
        (false, _) if verb == "message" => {
            return Err(Failure::refused(format!(
                "terminal {id:08} is not connected: the message is gone"
            )));
        }
        (false, _) => "it is not connected and will be notified when it logs on",
    };
    let text = format!("Terminal {id:08} {done}; {told}.");
    Ok((body, text))
}

/// The columns of `list`: heading, and where in the JSON.
const COLUMNS: [(&str, &str); 6] = [
    ("TERMINAL", "/terminal"),
    ("SELLER", "/seller"),
    ("STATUS", "/status"),
    ("ONLINE", "/online"),
    ("SERVICES", "/services"),
    ("REASON", "/reason"),
];
