//! The configuration file, read from the disk.

use std::io;
use std::path::Path;

pub(crate) use tillgate_config::{
    Address, Bridge, BridgeKind, Budget, Code, Config, ConfigError, Fault, HttpUrl, Import,
    InstallOptions, Iso8583Listener, KekOld, ListenerTls, Log, LogFormat, LogLevel, Profile,
    ProfileSource, Scheme, Secret, Store, Tls, UssdBind, UssdHttp, UssdLink, UssdSecret, template,
};
use tillgate_store_rocks::Options;
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::files::{self, Trust};

/// A configuration is a page or two; anything longer is not one.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads and checks the file.
///
/// # Errors
/// It cannot be read, or everything that is wrong with it.
pub(crate) fn load(file: &Path) -> Result<Config, Failure> {
    let text = read(file)?;
    Config::parse(file, &text).map_err(Failure::config)
}

/// The text of a configuration file or of a bridge's profile.
///
/// # Errors
/// It cannot be read, or others could have written it.
pub(crate) fn read(file: &Path) -> Result<Zeroizing<String>, Failure> {
    files::read_text(file, FILE_BYTES_MAX, Trust::Unwritten)
        .map_err(|error| Failure::config(unreadable(file, &error)))
}

fn unreadable(file: &Path, error: &io::Error) -> ConfigError {
    let text = match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such file; `tillgate init DIR` makes DIR/tillgate.toml".to_owned()
        }
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_some() => {
            "this user may not read it; run as the user that owns the installation".to_owned()
        }
        _ => format!("cannot be read: {error}"),
    };
    ConfigError::new(file, vec![Fault::nowhere(text)])
}

/// How a store is opened to serve from it.
pub(crate) fn options(store: &Store) -> Options {
    Options { mark: store.high_water.clone(), ..Options::serving() }
}
