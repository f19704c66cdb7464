//! How a command ends: what scripts decide by.

use std::fmt;
use std::process::ExitCode;

use strum::IntoStaticStr;

/// The exit codes of `tillsim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Exit {
    /// Everything is as it should be.
    Pass,
    /// An objective of the scenario was missed, or doubts were left over.
    Missed,
    /// The generator was the bottleneck: the numbers say nothing about the gateway.
    Invalid,
    /// Money is wrong, or a promise was broken.
    Violated,
    /// The command, a file or an address was not right: nothing was run.
    Usage,
}

impl Exit {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Violated => 1,
            Self::Missed => 2,
            Self::Invalid => 3,
            Self::Usage => 4,
        }
    }

    /// Its name in reports.
    pub fn label(self) -> &'static str {
        self.into()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why nothing was run, in words for whoever typed the command.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl Refusal {
    /// From any error, with what it was about.
    pub fn about(what: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self(format!("{what}: {error}"))
    }
}

/// Turns an error that does not say what it is about into a [`Refusal`] that does.
pub trait About<T> {
    /// # Errors
    /// [`Refusal`] with `what` before the error.
    fn about(self, what: impl fmt::Display) -> Result<T, Refusal>;
}

impl<T, E: fmt::Display> About<T> for Result<T, E> {
    fn about(self, what: impl fmt::Display) -> Result<T, Refusal> {
        self.map_err(|error| Refusal::about(what, error))
    }
}
