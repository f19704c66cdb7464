//! `tillgate ussd`: links to USSD centres, and their profiles.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
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
            Action::List => SmppProfile::builtin_names().try_for_each(|name| {
                let profile = builtin(name)?;
                print::line(&format!("{name:12} {}", profile.about))
            }),
            Action::Show { name } => match SmppProfile::builtin(&name) {
                Some(text) => print::line(text.trim_end()),
                None => Err(Failure::usage(unknown(&name, SmppProfile::builtin_names()))),
            },
            Action::Check { profile } => check(&profile),
        }
    }
}

fn builtin(name: &str) -> Result<SmppProfile, Failure> {
    let text = SmppProfile::builtin(name)
        .ok_or_else(|| Failure::usage(unknown(name, SmppProfile::builtin_names())))?;
    SmppProfile::parse(text).map_err(Failure::internal)
}

/// A name without slash or dot is one of the gateway's own.
fn check(file: &Path) -> Result<(), Failure> {
    let profile = match file.to_str().filter(|name| !name.contains(['/', '.'])) {
        Some(name) => builtin(name)?,
        None => ussd::profile(file)?,
    };
    let (septets, units) = (profile.room.septets, profile.room.units);
    print::line(&format!(
        "{}: profile {}, {septets} characters of the GSM alphabet or {units} of UCS-2 on a screen",
        file.display(),
        profile.name
    ))
}

/// The columns of `status`: heading, and where in the JSON.
const COLUMNS: [(&str, &str); 7] = [
    ("LINK", "/link"),
    ("STATE", "/state"),
    ("IN FLIGHT", "/counts/in_flight"),
    ("SENT", "/counts/submits_total"),
    ("THROTTLED", "/counts/throttled_total"),
    ("LATE", "/counts/late_total"),
    ("CLOSED LAST", "/down"),
];
