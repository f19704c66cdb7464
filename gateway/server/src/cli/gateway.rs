//! What the commands have in common that ask the running gateway.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::{ConfigFile, print, table};
use crate::client::Client;
use crate::config::Config;
use crate::exit::Failure;

/// Where the gateway is and how it is to answer, before or after the subcommand.
#[derive(Args)]
pub(super) struct Gateway {
    #[command(flatten)]
    config: ConfigFile,
    /// The gateway's Unix socket, if not the configured one
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Print the API's JSON instead of a table
    #[arg(long, global = true)]
    json: bool,
}

impl Gateway {
    /// The configuration file that `--config` names.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        self.config.load()
    }

    pub(super) fn client(&self) -> Result<Client, Failure> {
        Client::new(self.config.load()?, self.socket.as_deref())
    }

    /// The path of a page of a list; what is `None` asks for nothing.
    pub(super) fn page(path: &str, limit: u32, filters: &[(&str, Option<String>)]) -> String {
        let mut query = form_urlencoded::Serializer::for_suffix(format!("{path}?"), path.len() + 1);
        query.append_pair("limit", &limit.to_string());
        for (name, value) in filters {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// Prints the list that the API answers, as a table of these columns.
    pub(super) fn list(
        &self,
        client: &Client,
        path: &str,
        name: &str,
        columns: &[(&str, &str)],
    ) -> Result<(), Failure> {
        let body = client.get(path)?;
        self.print(&body, &table::list(&body, name, columns))
    }

    pub(super) fn card(&self, body: &Value) -> Result<(), Failure> {
        self.print(body, &table::card(body))
    }

    pub(super) fn print(&self, body: &Value, text: &str) -> Result<(), Failure> {
        if self.json {
            let text = serde_json::to_string_pretty(body).map_err(Failure::internal)?;
            return print::line(&text);
        }
        print::line(text.trim_end())
    }
}
