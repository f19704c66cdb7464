//! `tillgate user`

use std::fs;
use std::path::Path;

use clap::{Args, Subcommand};
use tillgate_core::access::{self, Role};

use super::{ConfigFile, print};
use crate::exit::Failure;
use crate::password::{self, Users};
use crate::{entropy, keyfile};

/// Manage the users of the admin API
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate user add maria --role auditor --config /srv/tillgate/tillgate.toml
  tillgate user reset admin

A new password is printed once and stored nowhere. Changes are in force at the next login, also
while the gateway runs. An operator may do everything, an auditor may only read.")]
pub(crate) struct User {
    #[command(flatten)]
    config: ConfigFile,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Add a person, with a new password
    Add {
        /// What they log in as
        name: String,
        /// What they may do
        #[arg(long, value_parser = ["operator", "auditor"])]
        role: String,
    },
    /// Give a person a new password
    Reset {
        /// Who
        name: String,
    },
    /// Remove a person
    Remove {
        /// Who
        name: String,
    },
    /// List all users
    List,
}

impl User {
    pub(super) fn run(self) -> Result<(), Failure> {
        let file = self.config.load()?.admin.users;
        let mut users = Users::load(&file).map_err(Failure::config)?;
        let unknown = |name: &str| Failure::refused(format!("there is nobody called {name}"));
        match self.command {
            Command::List => {
                let people = users.all().iter().map(|u| format!("{:10}{}", u.role.name(), u.name));
                print::line(&people.collect::<Vec<_>>().join("\n"))
            }
            Command::Add { name, role } => {
                access::check_name(&name).map_err(Failure::usage)?;
                if users.find(&name).is_some() {
                    let text = format!("{name} is there already; `tillgate user reset {name}`");
                    return Err(Failure::refused(text));
                }
                let role = if role == "operator" { Role::Operator } else { Role::Auditor };
                give_password(&file, users, &name, role)
            }
            Command::Reset { name } => {
                let role = users.find(&name).ok_or_else(|| unknown(&name))?.role;
                give_password(&file, users, &name, role)
            }
            Command::Remove { name } => {
                users.find(&name).ok_or_else(|| unknown(&name))?;
                users.remove(&name);
                replace(&file, &users)
            }
        }
    }
}

fn give_password(file: &Path, mut users: Users, name: &str, role: Role) -> Result<(), Failure> {
    let password = password::one_time();
    users.put(name, role, &password).map_err(Failure::internal)?;
    replace(file, &users)?;
    let (role, password) = (role.name(), password.as_str());
    print::line(&format!("user {name}, {role}, password {password}\nIt is shown this once."))
}

/// Puts the new file in the place of the old one: there is always a whole one.
fn replace(file: &Path, users: &Users) -> Result<(), Failure> {
    let text = users.text().map_err(Failure::internal)?;
    let unique = hex::encode(entropy::bytes::<4>());
    let beside = file.with_extension(format!("toml.{unique}"));
    keyfile::write_new(&beside, &text)
        .and_then(|()| fs::rename(&beside, file))
        .map_err(|e| Failure::refused(format!("{}: {e}", file.display())))
}
