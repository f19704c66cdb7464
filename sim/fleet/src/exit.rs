//! How a command ends: what scripts decide by.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of `tillsim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    #[must_use]
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
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Violated => "violated",
            Self::Missed => "missed",
            Self::Invalid => "invalid",
            Self::Usage => "usage",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why nothing was run, in words for whoever typed the command.
#[derive(Debug)]
pub struct Refusal(pub String);

impl Refusal {
    /// From any error, with what it was about.
    pub fn about(what: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self(format!("{what}: {error}"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}
