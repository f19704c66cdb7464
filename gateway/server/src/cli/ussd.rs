//! `tillgate ussd`: links to USSD centres and aggregators, and their profiles.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tillgate_codec::ussd::Room;
use tillgate_core::ussd::ProfileError;
use tillgate_core::ussd::http::profile::HttpProfile;
use tillgate_core::ussd::profile::SmppProfile;

use super::gateway::Gateway;
use super::print;
use crate::exit::Failure;
use crate::serve::bridge::provider::unknown;
use crate::serve::ussd;

/// See USSD links of a running gateway; list, print and check profiles
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate ussd status
  tillgate ussd list
  tillgate ussd show standard > my-centre.toml
  tillgate ussd check my-centre.toml

docs/ussd.md explains how to write a profile. Handsets are `tillgate handset`, menus `tillgate menu`.")]
pub(crate) struct Ussd {
    #[command(flatten)]
    gateway: Gateway,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show the links of a running gateway
    Status,
    /// List the profiles that come with the gateway
    List,
    /// Print one of them, to read it or to start another from it
    Show {
        /// Which
        name: String,
    },
    /// Check a profile
    ///
    /// Errors name file and line.
    Check {
        /// A profile that comes with the gateway, or a file
        #[arg(value_name = "NAME|FILE.toml")]
        profile: PathBuf,
    },
}

impl Ussd {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Status => {
                let client = self.gateway.client()?;
                self.gateway.list(&client, "/api/v1/ussd/links", "links", &COLUMNS)
            }
            Action::List => names().try_for_each(|name| {
                let AnyProfile { kind, about, .. } =
                    AnyProfile::parse(builtin(name)?).map_err(Failure::internal)?;
                print::line(&format!("{name:16} {kind} {about}"))
            }),
            Action::Show { name } => print::line(builtin(&name)?.trim_end()),
            Action::Check { profile } => check(&profile),
        }
    }
}

/// What is shown of a profile, of either kind.
struct AnyProfile {
    kind: &'static str,
    name: String,
    about: String,
    room: Room,
}

impl AnyProfile {
    /// A profile with a table `request` is of a link over HTTP.
    fn parse(text: &str) -> Result<Self, ProfileError> {
        let table = text.parse::<toml::Table>();
        if table.is_ok_and(|table| table.contains_key("request")) {
            let HttpProfile { name, about, room, .. } = HttpProfile::parse(text)?;
            return Ok(Self { kind: "http", name, about, room });
        }
        let SmppProfile { name, about, room, .. } = SmppProfile::parse(text)?;
        Ok(Self { kind: "smpp", name, about, room })
    }
}

/// Of the profiles that come with the gateway; no name is of both kinds.
fn names() -> impl Iterator<Item = &'static str> {
    SmppProfile::builtin_names().chain(HttpProfile::builtin_names())
}

fn builtin(name: &str) -> Result<&'static str, Failure> {
    let text = SmppProfile::builtin(name).or_else(|| HttpProfile::builtin(name));
    text.ok_or_else(|| Failure::usage(unknown(name, names())))
}

/// A name without slash or dot is one of the gateway's own.
fn check(file: &Path) -> Result<(), Failure> {
    let profile = match file.to_str().filter(|name| !name.contains(['/', '.'])) {
        Some(name) => AnyProfile::parse(builtin(name)?).map_err(Failure::internal)?,
        None => ussd::profile(file, AnyProfile::parse)?,
    };
    let (septets, units) = (profile.room.septets, profile.room.units);
    print::line(&format!(
        "{}: {} profile {}, {septets} characters of the GSM alphabet or {units} of UCS-2 on a screen",
        file.display(),
        profile.kind,
        profile.name
    ))
}

/// The columns of `status`: heading, and where in the JSON.
const COLUMNS: [(&str, &str); 10] = [
    ("LINK", "/link"),
    ("KIND", "/kind"),
    ("STATE", "/state"),
    ("IN FLIGHT", "/counts/in_flight"),
    ("SENT", "/counts/submits_total"),
    ("THROTTLED", "/counts/throttled_total"),
    ("REQUESTS", "/counts/requests_total"),
    ("DENIED", "/counts/denied_total"),
    ("LATE", "/counts/late_total"),
    ("CLOSED LAST", "/down"),
];
