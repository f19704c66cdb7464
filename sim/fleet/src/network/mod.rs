//! Whole networks of sellers and terminals as CSV files: made from a seed, and read again.
//!
//! The files are those that `tillgate import` takes. What one import may hold is bounded, so a
//! large network has further parts in subdirectories, to be imported one after the other.

mod generate;
mod read;

use std::fmt;
use std::path::{Path, PathBuf};

pub use generate::{Made, NetworkOptions, generate};
pub use read::{Network, NetworkTerminal, Service, parts};
pub(crate) use read::{minor, unhex};
pub use tillgate_types::Currency;

/// Why a network's files could not be written or read.
#[derive(Debug)]
pub struct NetworkError {
    /// Which file or directory.
    pub path: PathBuf,
    /// Line of the file; 0 when it is about the whole of it.
    pub line: u64,
    /// What is wrong.
    pub text: String,
}

impl NetworkError {
    fn new(path: &Path, line: u64, text: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), line, text: text.to_string() }
    }

    fn whole(path: &Path, text: impl fmt::Display) -> Self {
        Self::new(path, 0, text)
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.text)
    }
}

impl std::error::Error for NetworkError {}

#[cfg(test)]
mod tests;
