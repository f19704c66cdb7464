//! The configuration file: the text of `tillgate.toml` to a plain [`Config`], no I/O.
//!
//! `sections` is the table of every key; `reader` has the kinds of value. All that is missing,
//! unknown or out of its range is reported at once, in a [`ConfigError`] that names file, line,
//! column, what is wrong and what is allowed. Relative paths in the file are relative to the file.
//! [`template()`] writes the file that an installation begins with.
#![forbid(unsafe_code)]

mod bridge;
mod budget;
mod calendar;
mod derived;
mod error;
mod listener;
mod reader;
mod sections;
mod template;
#[cfg(test)]
mod tests;
mod url;
mod ussd;

use std::path::{Path, PathBuf};

use tillgate_core::time::Calendar;
use toml::de::DeTable;

pub use budget::{Budget, Short};
pub use error::{ConfigError, Fault};
pub use sections::{
    Address, Admin, Bridge, BridgeKind, Callback, Code, Import, Iso8583Listener, KekOld, Link,
    Listen, ListenerTls, Log, LogFormat, LogLevel, Profile, ProfileSource, Secret, Store, Tls,
    Transactions, Ussd, UssdBind, UssdHttp, UssdLink, UssdSecret, Workers,
};
pub use template::{InstallOptions, template};
pub use url::{HttpUrl, Scheme};

use self::reader::{Reader, Section};

/// Bridges are threads and connections, so their number is small.
const BRIDGES_MAX: usize = 64;

/// A few for each network.
const USSD_LINKS_MAX: usize = 64;

/// As many listeners share one thread.
const USSD_HTTP_MAX: usize = 16;

/// Each listener is a thread.
const LISTENERS_MAX: usize = 16;

/// Everything that the operator configures.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file this was read from.
    pub file: PathBuf,
    /// Where terminals connect.
    pub listen: Listen,
    /// The admin API.
    pub admin: Admin,
    /// The data directory and the key that seals what is in it.
    pub store: Store,
    /// Files that are imported.
    pub import: Import,
    /// The terminal link.
    pub link: Link,
    /// Threads.
    pub workers: Workers,
    /// Business dates, from `[calendar]`.
    pub calendar: Calendar,
    /// Transactions in flight.
    pub transactions: Transactions,
    /// What the process says about itself.
    pub log: Log,
    /// Ways to providers; a service's `route` names one of them.
    pub bridges: Vec<Bridge>,
    /// Where terminals of other makers connect.
    pub iso8583_listeners: Vec<Iso8583Listener>,
    /// Menus and dialogs of handsets.
    pub ussd: Ussd,
    /// Where USSD centres are.
    pub ussd_links: Vec<UssdLink>,
    /// Where aggregators call that have USSD over HTTP.
    pub ussd_http: Vec<UssdHttp>,
    /// Keys that are accepted without any effect, for the log: which ones, and what to do.
    pub notices: Vec<String>,
}

impl Config {
    /// Checks `text` as if it had been read from `file`.
    ///
    /// # Errors
    /// It is not TOML, or has values that are missing, unknown or out of range; all of the latter
    /// are reported at once.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let table = DeTable::parse(text)
            .map_err(|error| ConfigError::new(file, vec![Fault::syntax(text, &error)]))?;
        let base = file.parent().filter(|parent| *parent != Path::new(""));
        let mut reader = Reader::new(text, base.unwrap_or(Path::new(".")).to_owned());
        let mut root = Section::root(table.into_inner());
        let mut config = Self {
            file: file.to_owned(),
            listen: reader.must(&mut root, "listen"),
            admin: reader.must(&mut root, "admin"),
            store: reader.must(&mut root, "store"),
            import: reader.section(&mut root, "import"),
            link: reader.must(&mut root, "link"),
            workers: reader.section(&mut root, "workers"),
            calendar: reader.must(&mut root, "calendar"),
            // `[desk]` until 0.1; read for one release.
            transactions: reader.renamed(&mut root, "transactions", "desk"),
            log: reader.section(&mut root, "log"),
            bridges: Vec::new(),
            iso8583_listeners: Vec::new(),
            ussd: reader.section(&mut root, "ussd"),
            ussd_links: Vec::new(),
            ussd_http: Vec::new(),
            notices: Vec::new(),
        };
        reader.answer_s = config.transactions.answer_s;
        config.bridges = reader.tables(root.take("bridge"), "bridge", BRIDGES_MAX, "are allowed");
        let listeners = root.take("iso8583_listener");
        config.iso8583_listeners =
            reader.tables(listeners, "iso8583_listener", LISTENERS_MAX, "are allowed");
        let links = root.take("ussd_link");
        config.ussd_links = reader.tables(links, "ussd_link", USSD_LINKS_MAX, "are allowed");
        let links = root.take("ussd_http");
        config.ussd_http = reader.tables(links, "ussd_http", USSD_HTTP_MAX, "are allowed");
        reader.check_callers(&config.ussd_http);
        reader.end(root);
        config.notices = reader.notices;
        if reader.faults.is_empty() {
            return Ok(config);
        }
        Err(ConfigError::new(file, reader.faults))
    }
}
