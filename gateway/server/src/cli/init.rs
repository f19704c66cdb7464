//! `tillgate init`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use nix::sys::resource::{Resource, getrlimit};

use super::print;
use crate::config::{HttpUrl, InstallOptions, Scheme};
use crate::exit::Failure;
use crate::init::{self, Installed};

/// Make a new installation: keys, configuration, store and the first admin
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate init /srv/tillgate --terminals 0.0.0.0:7400 \\
      --bridge topup=http://127.0.0.1:7402/topups

The directory must be empty or absent; after a failure nothing is left behind. The password of the
first admin is printed once and stored nowhere.")]
pub(crate) struct Init {
    /// Directory of the new installation
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Where terminals will connect
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7400")]
    terminals: SocketAddr,
    /// Where the admin API will listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7401")]
    admin: SocketAddr,
    /// A provider reached over HTTP; may be repeated
    #[arg(long, value_name = "NAME=URL", value_parser = bridge)]
    bridge: Vec<(String, HttpUrl)>,
}

fn bridge(text: &str) -> Result<(String, HttpUrl), String> {
    let (name, url) = text.split_once('=').ok_or("write NAME=http://HOST:PORT/PATH")?;
    let url = HttpUrl::parse(url)?;
    match url.scheme {
        Scheme::Http => Ok((name.to_owned(), url)),
        Scheme::Https => {
            Err("an https bridge needs the file of its authorities: leave it out here, \
                              and write it into tillgate.toml (docs/bridges.md, section 8)"
                .to_owned())
        }
    }
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        // A system that does not tell its limit has none that would be in the way.
        let (_, descriptors) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((0, u64::MAX));
        let options = InstallOptions {
            terminals: self.terminals,
            admin: self.admin,
            descriptors,
            bridges: self.bridge,
        };
        let Installed { public_key, password } = init::install(&self.dir, &options)?;
        let dir = self.dir.display();
        print::line(&format!(
            "Made {dir}:\n\
             \x20 {dir}/tillgate.toml      the configuration\n\
             \x20 {dir}/keys               the gateway's key and the store's key: back them up\n\
             \x20 {dir}/admin.token        the token of programs on other machines\n\
             \x20 {dir}/users.toml         people who may log in\n\
             \x20 {dir}/data               the store\n\n\
             Public key for the terminals:  {public_key}\n\
             First admin:                   user admin, password {}\n\
             The password is shown this once and kept nowhere.\n\n\
             Next:\n\
             \x20 tillgate import CSV-DIR --config {dir}/tillgate.toml\n\
             \x20 tillgate serve --config {dir}/tillgate.toml",
            password.as_str(),
        ))
    }
}
