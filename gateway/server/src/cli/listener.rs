//! `tillgate listener`: profiles of ISO 8583 terminals, shown and checked before a gateway uses one.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tillgate_core::listener::Profile;

use super::print;
use crate::exit::Failure;
use crate::serve::bridge::provider::unknown;
use crate::serve::listeners::{builtin, read_profile};

/// List, print and check the profiles of ISO 8583 terminals
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate listener list
  tillgate listener show nac-terminal > my-terminals.toml
  tillgate listener check my-terminals.toml

docs/iso8583.md explains how to write a profile.")]
pub(super) struct Listener {
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
    /// Check a profile, and say what each of its messages is
    ///
    /// Errors name file and line.
    Check {
        /// A profile that comes with the gateway, or a file
        #[arg(value_name = "NAME|FILE.toml")]
        profile: PathBuf,
    },
}

impl Listener {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::List => list(),
            Action::Show { name } => match Profile::builtin(&name) {
                Some(text) => print::line(text.trim_end()),
                None => Err(Failure::usage(unknown(&name, Profile::builtin_names()))),
            },
            Action::Check { profile } => check(&profile),
        }
    }
}

fn list() -> Result<(), Failure> {
    Profile::builtin_names().try_for_each(|name| {
        let profile = builtin(name).map_err(Failure::internal)?;
        print::line(&format!("{name:12} {}", profile.about()))
    })
}

/// A name without slash or dot is one of the gateway's own.
fn check(file: &Path) -> Result<(), Failure> {
    let profile = match file.to_str().filter(|name| !name.contains(['/', '.'])) {
        Some(name) => builtin(name).map_err(Failure::usage)?,
        None => read_profile(file)?,
    };
    let shown = file.display();
    print::line(&format!("{shown}: profile {} over {}", profile.name(), profile.dialect().name()))?;
    profile.messages().iter().try_for_each(|line| print::line(line))
}
