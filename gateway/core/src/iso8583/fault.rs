//! What is wrong with a profile, by line.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;

/// One thing wrong with a profile, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFault {
    /// From 1.
    pub line: usize,
    /// What is wrong and what is allowed.
    pub text: String,
}

/// Everything wrong with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// In the order of the file.
    pub faults: Vec<ProfileFault>,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.faults.iter().enumerate() {
            let end = if n > 0 { "\n" } else { "" };
            write!(f, "{end}{}: {}", fault.line, fault.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for ProfileError {}

/// What is wrong so far, with the text that places are counted in.
pub(crate) struct Faults<'a> {
    source: &'a str,
    found: Vec<ProfileFault>,
}

impl<'a> Faults<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self { source, found: Vec::new() }
    }

    /// Adds one at a byte offset of the text.
    pub(crate) fn add(&mut self, at: usize, text: impl Into<String>) {
        let fault = ProfileFault { line: line(self.source, at), text: text.into() };
        self.found.push(fault);
    }

    /// Adds one at a value.
    pub(crate) fn spanned<T>(&mut self, value: &Spanned<T>, text: impl Into<String>) {
        self.add(value.span().start, text);
    }

    /// The profile, unless something is wrong with it.
    pub(crate) fn result<T>(mut self, profile: Option<T>) -> Result<T, ProfileError> {
        self.found.sort_by_key(|fault| fault.line);
        match profile {
            Some(profile) if self.found.is_empty() => Ok(profile),
            _ => Err(ProfileError { faults: self.found }),
        }
    }
}

/// A profile as it is written, of at most this many bytes.
pub(crate) fn document<T: DeserializeOwned>(
    text: &str,
    bytes_max: usize,
) -> Result<T, ProfileError> {
    if text.len() > bytes_max {
        let text = format!("{} bytes: a profile has at most {bytes_max}", text.len());
        return Err(ProfileError { faults: vec![ProfileFault { line: 1, text }] });
    }
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line(text, span.start));
        let text = error.message().replace('\n', "; ");
        ProfileError { faults: vec![ProfileFault { line, text }] }
    })
}

fn line(source: &str, offset: usize) -> usize {
    source.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
