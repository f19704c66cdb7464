//! Which store a command is about.

use std::path::PathBuf;

use clap::Args;
use tillgate_store_rocks::Options;

use crate::backup;
use crate::config::{self, Config};
use crate::exit::Failure;
use crate::verify_store::reading;

/// A directory, or the configuration that names one.
#[derive(Args)]
pub(super) struct StoreDir {
    /// The store's directory, an installation's, or a backup's
    #[arg(value_name = "DIR", required_unless_present = "config")]
    dir: Option<PathBuf>,
    /// The store of this configuration
    #[arg(long, short, value_name = "FILE", conflicts_with = "dir")]
    config: Option<PathBuf>,
}

pub(super) struct Place {
    pub(super) dir: PathBuf,
    /// With its high-water mark where its configuration says, and as many tables open at a time as
    /// this process may have.
    pub(super) options: Options,
    pub(super) config: Option<Config>,
}

impl StoreDir {
    /// The store meant.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub(super) fn find(self) -> Result<Place, Failure> {
        find(self.dir, self.config)
    }
}

/// The store of a configuration that was read.
pub(super) fn of(config: &Config) -> Place {
    let options = reading(config::options(&config.store));
    Place { dir: config.store.dir.clone(), options, config: None }
}

/// The store in a directory, in an installation's or in a backup; or that of a configuration.
///
/// # Errors
/// The configuration cannot be read, or neither is given.
pub(super) fn find(dir: Option<PathBuf>, config: Option<PathBuf>) -> Result<Place, Failure> {
    let of = |file: PathBuf| {
        let config = config::load(&file)?;
        let place = of(&config);
        Ok(Place { config: Some(config), ..place })
    };
    let alone = |dir| Place { dir, options: reading(Options::serving()), config: None };
    match (dir, config) {
        (_, Some(file)) => of(file),
        (Some(dir), None) if dir.join("tillgate.toml").exists() => of(dir.join("tillgate.toml")),
        (Some(dir), None) if backup::is_backup(&dir) => Ok(alone(backup::data_dir(&dir))),
        (Some(dir), None) => Ok(alone(dir)),
        (None, None) => Err(Failure::usage("name a DIR or a --config FILE")),
    }
}
