//! `tillgate bridge`: profiles of HTTP providers and ISO 8583 hosts, shown and checked before a
//! gateway uses one.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use http::Request;
use serde_json::json;
use tillgate_core::provider::http_template::{BUILTIN, Profile as HttpProfile};
use tillgate_core::provider::iso8583::Profile;
use tillgate_store_core::is_bridge_name;

use super::gateway::Gateway;
use super::print;
use crate::config;
use crate::exit::Failure;
use crate::serve::bridge::profile;
use crate::serve::bridge::provider::{builtin, read_profile};

/// See and control bridges of a running gateway; list, print and check profiles
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate bridge status
  tillgate bridge suspend acquirer --reason \"maintenance until 04:00\"
  tillgate bridge resume acquirer
  tillgate bridge list
  tillgate bridge show iso87-host > my-host.toml
  tillgate bridge show reloadly > my-provider.toml
  tillgate bridge check my-host.toml

docs/bridges.md explains how to write a profile.")]
pub(super) struct Bridge {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show every bridge of the running gateway: what it may do, and how it does
    Status {
        #[command(flatten)]
        gateway: Gateway,
    },
    /// Send nothing to a bridge: no sales, and no inquiries, reversals and confirmations either
    Suspend(Stop),
    /// Send no new sales and lookups to a bridge; what is under way goes on
    Drain(Stop),
    /// Let a bridge take sales again, and go on with what has waited for it
    Resume {
        #[command(flatten)]
        gateway: Gateway,
        /// Its name in the configuration
        bridge: String,
    },
    /// List the profiles that come with the gateway
    List,
    /// Print one of them, to read it or to start another from it
    Show {
        /// Which
        name: String,
    },
    /// Check a profile, and print a sample of each message that it makes
    ///
    /// Errors and warnings name file and line. Secrets are shown as asterisks.
    Check {
        /// A profile that comes with the gateway, or a file
        #[arg(value_name = "NAME|FILE.toml")]
        profile: PathBuf,
    },
}

#[derive(Args)]
struct Stop {
    #[command(flatten)]
    gateway: Gateway,
    /// Its name in the configuration
    bridge: String,
    /// Why, for the audit log and the list
    #[arg(long)]
    reason: String,
}

const COLUMNS: [(&str, &str); 7] = [
    ("BRIDGE", "/bridge"),
    ("STATUS", "/status"),
    ("BREAKER OPEN", "/breaker_open"),
    ("SHUNNED", "/shunned"),
    ("CONNECTIONS", "/connections_up"),
    ("IN FLIGHT", "/in_flight"),
    ("REASON", "/reason"),
];

/// Orders what a bridge may do from now on.
fn order(
    gateway: &Gateway,
    bridge: &str,
    status: &str,
    reason: Option<&str>,
) -> Result<(), Failure> {
    if !is_bridge_name(bridge) {
        return Err(Failure::usage(format!("{bridge:?} is no name of a bridge")));
    }
    let body = json!({ "status": status, "reason": reason });
    let body = gateway.client()?.post(&format!("/api/v1/bridges/{bridge}/status"), &body)?;
    let does = match status {
        "suspended" => "is suspended: nothing leaves for it",
        "draining" => "drains: it gets no new sales and lookups",
        _ => "takes sales again",
    };
    gateway.print(&body, &format!("Bridge {bridge} {does}."))
}

/// The authority of the samples' URL.
const AUTHORITY: &str = "provider.example";

impl Bridge {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Status { gateway } => {
                gateway.list(&gateway.client()?, "/api/v1/bridges", "bridges", &COLUMNS)
            }
            Action::Suspend(Stop { gateway, bridge, reason }) => {
                order(&gateway, &bridge, "suspended", Some(&reason))
            }
            Action::Drain(Stop { gateway, bridge, reason }) => {
                order(&gateway, &bridge, "draining", Some(&reason))
            }
            Action::Resume { gateway, bridge } => order(&gateway, &bridge, "active", None),
            Action::List => list(),
            Action::Show { name } => match Profile::builtin(&name).or(profile::builtin(&name)) {
                Some(text) => print::line(text.trim_end()),
                None => Err(unknown(&name)),
            },
            Action::Check { profile } => check(&profile),
        }
    }
}

fn list() -> Result<(), Failure> {
    for name in Profile::builtin_names() {
        let profile = builtin(name).map_err(Failure::internal)?;
        print::line(&format!("{name:13} {}", profile.about()))?;
    }
    BUILTIN.iter().try_for_each(|(name, text)| {
        let about = profile::parse(Path::new(name), text)?.about;
        print::line(&format!("{name:13} {about}"))
    })
}

/// No profile has this name.
fn unknown(name: &str) -> Failure {
    let names = Profile::builtin_names().chain(BUILTIN.iter().map(|(name, _)| *name));
    let known: Vec<&str> = names.collect();
    let known = known.join(", ");
    Failure::usage(format!("there is no profile {name:?}; there are {known}, or name a file.toml"))
}

/// A name without slash or dot is one of the gateway's own.
fn check(file: &Path) -> Result<(), Failure> {
    let Some(name) = file.to_str().filter(|name| !name.contains(['/', '.'])) else {
        let text = config::read(file)?;
        // Only the profile of a host is over a dialect.
        let is_host = text.parse::<toml::Table>().is_ok_and(|t| t.contains_key("dialect"));
        return if is_host {
            check_host(file, &read_profile(file)?)
        } else {
            check_http(file, &text)
        };
    };
    match (Profile::builtin(name), profile::builtin(name)) {
        (Some(_), _) => check_host(file, &builtin(name).map_err(Failure::usage)?),
        (None, Some(text)) => check_http(file, text),
        (None, None) => Err(unknown(name)),
    }
}

fn check_host(file: &Path, profile: &Profile) -> Result<(), Failure> {
    let shown = file.display();
    print::line(&format!("{shown}: profile {} over {}", profile.name(), profile.dialect().name()))?;
    profile.samples().iter().try_for_each(|(heading, listing)| {
        print::line(&format!("\n{heading}\n{}", listing.trim_end()))
    })
}

fn check_http(file: &Path, text: &str) -> Result<(), Failure> {
    let profile = profile::parse(file, text)?;
    let needs = profile.needs();
    if !needs.is_empty() {
        print::line("# What [[bridge]] has to add")?;
        needs.iter().try_for_each(|need| print::line(&format!("{}: {}", need.key, need.text)))?;
        print::line("")?;
    }
    print::line(samples(&profile).trim_end())?;
    if !profile.warnings.is_empty() {
        let warnings = profile::placed(file, text, &profile.warnings).to_string();
        for line in warnings.lines() {
            // Nobody reads warnings when standard error is gone.
            writeln!(std::io::stderr(), "warning: {line}").ok();
        }
    }
    Ok(())
}

/// Every request as it would be sent, below the bridge's URL.
fn samples(profile: &HttpProfile) -> String {
    let mut text = String::new();
    for (kind, request) in profile.samples(AUTHORITY) {
        sample(&mut text, kind, &request).expect("writing to a String does not fail");
    }
    text
}

fn sample(text: &mut String, kind: &str, request: &Request<Vec<u8>>) -> std::fmt::Result {
    writeln!(text, "# {kind}\n{} {}", request.method(), request.uri())?;
    for (name, value) in request.headers() {
        writeln!(text, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
    }
    match String::from_utf8_lossy(request.body()).as_ref() {
        "" => writeln!(text),
        body => writeln!(text, "\n{body}\n"),
    }
}
