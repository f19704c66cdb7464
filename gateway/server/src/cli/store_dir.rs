//! Which store a command is about.

use std::path::PathBuf;

use clap::Args;

use crate::config::Config;
use crate::exit::Failure;

/// A directory, or the configuration that names one.
#[derive(Args)]
pub(super) struct StoreDir {
    /// The store's directory, or an installation's
    #[arg(value_name = "DIR", required_unless_present = "config")]
    dir: Option<PathBuf>,
    /// The store of this configuration
    #[arg(long, short, value_name = "FILE", conflicts_with = "dir")]
    config: Option<PathBuf>,
}

impl StoreDir {
    /// The directory.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub(super) fn find(self) -> Result<PathBuf, Failure> {
        let of = |file: PathBuf| Config::load(&file).map(|config| config.store.dir);
        match (self.dir, self.config) {
            (_, Some(file)) => of(file).map_err(Failure::config),
            (Some(dir), None) if dir.join("tillgate.toml").exists() => {
                of(dir.join("tillgate.toml")).map_err(Failure::config)
            }
            (Some(dir), None) => Ok(dir),
            (None, None) => Err(Failure::usage("name a DIR or a --config FILE")),
        }
    }
}
