//! `tillgate terminal`

use std::fmt::Write;
use std::net::SocketAddr;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{ConfigFile, print};
use crate::client::Client;
use crate::config::Config;
use crate::exit::Failure;

/// See and control terminals of a serving gateway
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate terminal list --state online
  tillgate terminal show 70001
  tillgate terminal block 70001 --reason \"reported stolen\"
  tillgate terminal message 70001 \"Please close the batch\"

Every one of them takes --config FILE, where the admin API and its token are found, and --json for
scripts. A block is in force for the next sale when the command returns; a terminal that is
connected is told at once, the others when they log on.")]
pub(crate) struct Terminal {
    #[command(flatten)]
    config: GlobalConfig,
    /// Print the API's JSON instead of a table
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// Where the gateway is, before or after the subcommand.
#[derive(Args)]
struct GlobalConfig {
    /// The configuration file
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        default_value = ConfigFile::DEFAULT
    )]
    config: std::path::PathBuf,
    /// The admin API, when it is not where the configuration says
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    admin: Option<SocketAddr>,
}

#[derive(Subcommand)]
enum Command {
    /// List terminals by id
    List {
        /// Only these
        #[arg(long, value_parser = ["active", "blocked", "online", "offline"])]
        state: Option<String>,
        /// At most so many
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
        /// Why, as its screen shows it
        #[arg(long)]
        reason: String,
    },
    /// Let a terminal sell again
    Unblock {
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
        let config = Config::load(&self.config.config).map_err(Failure::config)?;
        let client = Client::new(config, self.config.admin)?;
        let (body, text) = match self.command {
            Command::List { state, limit, after } => {
                let mut path = format!("/api/v1/terminals?limit={limit}");
                if let Some(state) = state {
                    path.push_str(&format!("&state={state}"));
                }
                if let Some(after) = after {
                    path.push_str(&format!("&after={after}"));
                }
                let body = client.get(&path)?;
                let text = table(&body);
                (body, text)
            }
            Command::Show { id } => {
                let body = client.get(&format!("/api/v1/terminals/{id}"))?;
                let text = card(&body);
                (body, text)
            }
            Command::Block { id, reason } => {
                order(&client, id, "block", &json!({"reason": reason}))?
            }
            Command::Unblock { id } => order(&client, id, "unblock", &json!({}))?,
            Command::Message { id, text } => order(&client, id, "message", &json!({"text": text}))?,
        };
        if self.json {
            let text = serde_json::to_string_pretty(&body).map_err(Failure::internal)?;
            return print::line(&text);
        }
        print::line(text.trim_end())
    }
}

fn order(client: &Client, id: u32, verb: &str, body: &Value) -> Result<(Value, String), Failure> {
    let body = client.post(&format!("/api/v1/terminals/{id}/{verb}"), body)?;
    let done = match verb {
        "block" => "is blocked",
        "unblock" => "may sell again",
        _ => "will show the message",
    };
    let told = match (body.get("online").and_then(Value::as_bool), verb) {
        (Some(true), _) => "it is connected and was told",
        (_, "message") => "it is not connected: the message is gone",
        _ => "it is not connected and hears it when it logs on",
    };
    let text = if verb == "message" && body.get("online") != Some(&Value::Bool(true)) {
        format!("Terminal {id:08}: {told}.")
    } else {
        format!("Terminal {id:08} {done}; {told}.")
    };
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

fn table(body: &Value) -> String {
    let none = Vec::new();
    let terminals = body.get("terminals").and_then(Value::as_array).unwrap_or(&none);
    if terminals.is_empty() {
        return "No terminals.".to_owned();
    }
    let mut rows = vec![COLUMNS.map(|(heading, _)| heading.to_owned())];
    rows.extend(terminals.iter().map(|t| COLUMNS.map(|(_, place)| cell(t.pointer(place), place))));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let padded: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(text, "{}", padded.join("  ").trim_end())
            .expect("writing to a String does not fail");
    }
    if let Some(next) = body.get("next").and_then(Value::as_u64) {
        writeln!(text, "There are more: --after {next}")
            .expect("writing to a String does not fail");
    }
    text
}

fn card(body: &Value) -> String {
    let Some(fields) = body.as_object() else { return body.to_string() };
    let width = fields.keys().map(String::len).max().unwrap_or(0);
    fields.iter().fold(String::new(), |mut text, (name, value)| {
        let value = cell(Some(value), &format!("/{name}"));
        writeln!(text, "{name:<width$}  {value}").expect("writing to a String does not fail");
        text
    })
}

fn cell(value: Option<&Value>, place: &str) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::Number(number)) if place == "/terminal" => {
            format!("{:08}", number.as_u64().unwrap_or(0))
        }
        Some(Value::Array(parts)) => {
            let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
            parts.join(" ")
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::table;

    #[test]
    fn a_list_of_terminals_is_a_table_with_straight_columns() {
        let text = table(&json!({"terminals": [
            {"terminal": 70001, "seller": 7, "status": "active", "online": true,
             "services": "all", "reason": ""},
            {"terminal": 2, "seller": 123456, "status": "blocked", "online": false,
             "services": [10, 20], "reason": "stolen"},
        ], "next": 70001}));
        assert_eq!(
            text,
            "TERMINAL  SELLER  STATUS   ONLINE  SERVICES  REASON\n\
             00070001  7       active   yes     all\n\
             00000002  123456  blocked  no      10 20     stolen\n\
             There are more: --after 70001\n"
        );
        assert_eq!(table(&json!({"terminals": []})), "No terminals.");
    }
}
