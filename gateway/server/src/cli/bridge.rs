//! `tillgate bridge`: profiles of ISO 8583 hosts, shown and checked before a gateway uses one.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tillgate_core::provider::iso8583::Profile;

use super::print;
use crate::exit::Failure;
use crate::serve::bridge::provider::{builtin, read_profile};

/// List, print and check the profiles of bridges to ISO 8583 hosts
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate bridge list
  tillgate bridge show iso87-host > my-host.toml
  tillgate bridge check my-host.toml

docs/bridges.md explains how to write a profile.")]
pub(super) struct Bridge {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the profiles that come with the gateway
    List,
    /// Print one of them, to read it or to start another from it
    Show {
        /// Which
        name: String,
    },
    /// Check a profile, and print a sample of each message that it makes
    ///
    /// Errors name file and line.
    Check {
        /// A profile that comes with the gateway, or a file
        #[arg(value_name = "NAME|FILE.toml")]
        profile: PathBuf,
    },
}

impl Bridge {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::List => Profile::builtin_names().try_for_each(|name| {
                let profile = builtin(name).map_err(Failure::internal)?;
                print::line(&format!("{name:12} {}", profile.about()))
            }),
            Action::Show { name } => match Profile::builtin(&name) {
                Some(text) => print::line(text.trim_end()),
                None => builtin(&name).map(drop).map_err(Failure::usage),
            },
            Action::Check { profile } => check(&profile),
        }
    }
}

fn check(file: &std::path::Path) -> Result<(), Failure> {
    let profile = match file.to_str().filter(|name| !name.contains(['/', '.'])) {
        Some(name) => builtin(name).map_err(Failure::usage)?,
        None => read_profile(file)?,
    };
    let shown = file.display();
    print::line(&format!("{shown}: profile {} over {}", profile.name(), profile.dialect().name()))?;
    profile.samples().iter().try_for_each(|(heading, listing)| {
        print::line(&format!("\n{heading}\n{}", listing.trim_end()))
    })
}
