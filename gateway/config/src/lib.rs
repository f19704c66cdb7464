//! The configuration file: a plain [`Config`] out of `tillgate.toml`.
//!
//! Reading goes in two steps. [`raw`] lets serde and `toml` take the file apart, refusing unknown
//! sections and keys. [`check`] turns that into a [`Config`], collecting every value that is
//! missing or out of its range. Both report [`ConfigError`]s that name file, line, column, what is
//! wrong and what is allowed. Relative paths in the file are relative to the file.

mod check;
mod error;
mod raw;
#[cfg(test)]
mod tests;
mod url;
mod value;
mod zone;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use tillgate_core::time::Calendar;

use crate::files::{self, Trust};

pub(crate) use error::{ConfigError, Fault};
use tillgate_store_rocks::Options;
pub(crate) use url::HttpUrl;

/// Everything that the operator configures.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The file this was read from.
    pub(crate) file: PathBuf,
    /// Where terminals connect.
    pub(crate) listen: Listen,
    /// The admin API.
    pub(crate) admin: Admin,
    /// The data directory and the key that seals what is in it.
    pub(crate) store: Store,
    /// The terminal link.
    pub(crate) link: Link,
    /// Threads.
    pub(crate) workers: Workers,
    /// Business dates, from `[calendar]`.
    pub(crate) calendar: Calendar,
    /// Transactions in flight.
    pub(crate) transactions: Transactions,
    /// What the process says about itself.
    pub(crate) log: Log,
    /// Ways to providers; a service's `route` names one of them.
    pub(crate) bridges: Vec<Bridge>,
    /// Keys that are accepted without any effect, for the log: which ones, and what to do.
    pub(crate) notices: Vec<String>,
}

/// `[listen]`
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    /// Where terminals connect.
    pub(crate) terminals: SocketAddr,
    /// Reactor threads, 1 to 64.
    pub(crate) reactors: u16,
    /// Connections the kernel may hold before the gateway accepts them.
    pub(crate) backlog: u16,
}

/// `[admin]`
#[derive(Clone, Debug)]
pub(crate) struct Admin {
    /// Where the admin API listens.
    pub(crate) listen: SocketAddr,
    /// The Unix socket where the command line finds it.
    pub(crate) socket: PathBuf,
    /// The file with the SHA-256 (hex) of the token that programs on other machines show.
    pub(crate) token_sha256: PathBuf,
    /// People who may log in, with their argon2id hashes.
    pub(crate) users: PathBuf,
}

/// `[store]`
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// The data directory.
    pub(crate) dir: PathBuf,
    /// The file with the key-encryption key (32 bytes as hex).
    pub(crate) kek: PathBuf,
    /// The number under which that key is written into what it seals.
    pub(crate) kek_id: u32,
    /// Earlier keys, still needed to open what they sealed: number and file.
    pub(crate) keks_old: Vec<(u32, PathBuf)>,
    /// The high-water mark, where it does not lie in the data directory.
    pub(crate) high_water: Option<PathBuf>,
}

impl Store {
    /// How the store is opened.
    pub(crate) fn options(&self) -> Options {
        Options { mark: self.high_water.clone(), ..Options::serving() }
    }
}

/// `[link]`
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// The file with the gateway's X25519 secret (32 bytes as hex).
    pub(crate) key: PathBuf,
    /// A session without a record for this long is closed.
    pub(crate) idle_s: u16,
    /// From the connection to the end of the handshake.
    pub(crate) handshake_s: u16,
    /// From a record's first byte to its last.
    pub(crate) record_s: u16,
    /// Sessions at once, over all reactors.
    pub(crate) sessions_max: u32,
    /// Share of them that may have proved nothing yet.
    pub(crate) unproven_percent: u8,
    /// Share of those that may come from one address.
    pub(crate) unproven_address_percent: u8,
    /// Requests of one terminal a second, once its burst is used up; `None` for no bound.
    pub(crate) requests_per_s: Option<NonZeroU32>,
    /// Requests of one terminal at once.
    pub(crate) requests_burst: u32,
    /// Handshakes of one terminal a minute, once its burst is used up; `None` for no bound.
    pub(crate) handshakes_per_min: Option<NonZeroU32>,
    /// Handshakes of one terminal at once.
    pub(crate) handshakes_burst: u32,
}

/// `[workers]`
#[derive(Clone, Debug)]
pub(crate) struct Workers {
    /// Pool threads: handshakes, decoding, verification, answers.
    pub(crate) pool: u16,
}

/// `[transactions]`
#[derive(Clone, Debug)]
pub(crate) struct Transactions {
    /// A terminal receives something within this.
    pub(crate) answer_s: u16,
    /// Commands in one store batch.
    pub(crate) batch_max: u32,
    /// Transactions between intent and outcome.
    pub(crate) pending_max: u32,
    /// Days for which a terminal receives a sold voucher's PIN again.
    pub(crate) reprint_days: u16,
}

/// `[log]`
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// One line of text or one JSON object per event, on standard error.
    pub(crate) format: LogFormat,
    /// The least severe level that is written.
    pub(crate) level: LogLevel,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

/// Log levels, from few lines to many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLevel {
    /// Only what needs a person.
    Error,
    /// And what may soon.
    Warn,
    /// And starts, stops and changes.
    Info,
    /// And sessions.
    Debug,
}

/// One `[[bridge]]`
#[derive(Clone, Debug)]
pub(crate) struct Bridge {
    /// What services call it in their `route`.
    pub(crate) name: String,
    /// Which dialect it speaks.
    pub(crate) kind: BridgeKind,
    /// Connections at once.
    pub(crate) connections: u16,
    /// After this the provider counts as silent and the outcome as unknown.
    pub(crate) deadline_s: u16,
    // Capabilities are false unless the operator claims them: a wrong one costs money.
    /// The provider takes the same reference twice and answers the same, so that a request whose
    /// answer was lost may be sent again.
    pub(crate) idempotent: bool,
    /// It can be asked the outcome of a reference.
    pub(crate) inquiry: bool,
    /// It takes a reference back, also one it has never seen.
    pub(crate) reversal: bool,
    /// It wants to know when a receipt was printed.
    pub(crate) confirmation: bool,
}

/// The dialects of bridges.
#[derive(Clone, Debug)]
pub(crate) enum BridgeKind {
    /// JSON over HTTP/1.1.
    Http {
        /// Where orders are posted; an inquiry gets `{url}/{reference}`.
        url: HttpUrl,
    },
}

/// A configuration is a page or two; anything longer is not one.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or has values that are missing or out of range; all
    /// of the latter are reported at once.
    pub(crate) fn load(file: &Path) -> Result<Self, ConfigError> {
        let text = files::read_text(file, FILE_BYTES_MAX, Trust::Unwritten)
            .map_err(|error| ConfigError::unreadable(file, &error))?;
        Self::parse(file, &text)
    }

    /// Checks `text` as if it had been read from `file`.
    ///
    /// # Errors
    /// As [`Config::load`], without the reading.
    pub(crate) fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let raw: raw::Root = toml::from_str(text)
            .map_err(|e| ConfigError::new(file, vec![Fault::syntax(text, &e)]))?;
        check::check(file, text, raw).map_err(|faults| ConfigError::new(file, faults))
    }
}
