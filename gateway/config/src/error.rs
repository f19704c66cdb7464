//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// One wrong thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line and column, both from 1; `None` when the fault is not at one place.
    pub place: Option<(usize, usize)>,
    /// What is wrong and what is allowed.
    pub text: String,
}

impl Fault {
    /// A fault that is not at one place of the file.
    #[must_use]
    pub fn nowhere(text: impl Into<String>) -> Self {
        Self { place: None, text: text.into() }
    }

    /// A fault at a byte offset of the source.
    #[must_use]
    pub fn at(source: &str, offset: usize, text: impl Into<String>) -> Self {
        Self { place: Some(place(source, offset)), text: text.into() }
    }

    /// What the TOML parser says.
    #[must_use]
    pub fn syntax(source: &str, error: &toml::de::Error) -> Self {
        let text = error.message().replace('\n', "; ");
        match error.span() {
            Some(span) => Self::at(source, span.start, text),
            None => Self::nowhere(text),
        }
    }
}

/// Line and column of a byte offset, both from 1; the column counts characters.
pub(super) fn place(source: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(source.len());
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let before = &source[..end];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

/// Everything wrong with one configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    file: PathBuf,
    faults: Vec<Fault>,
}

impl ConfigError {
    /// These faults of this file.
    #[must_use]
    pub fn new(file: &Path, faults: Vec<Fault>) -> Self {
        Self { file: file.to_owned(), faults }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.faults.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            match fault.place {
                Some((line, column)) => {
                    write!(f, "{}:{line}:{column}: {}", self.file.display(), fault.text)?;
                }
                None => write!(f, "{}: {}", self.file.display(), fault.text)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
