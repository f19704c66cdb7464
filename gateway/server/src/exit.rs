//! Exit codes and the one error type of the command line.

use std::fmt;
use std::process::ExitCode;

/// Why the process ends; scripts rely on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 1: an invariant does not hold, or what was asked for is refused.
    Refused,
    /// 1 too, and the text is JSON for a program, alone on standard error; or empty.
    Reported,
    /// 2: the command line is wrong.
    Usage,
    /// 3: the configuration, a key file or an address in it is wrong.
    Config,
    /// 4: the store cannot be opened, read or written.
    Store,
    /// 70: a defect of this program.
    Internal,
}

impl Exit {
    /// The number the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Refused | Self::Reported => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Store => 4,
            Self::Internal => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A command that did not do what it was asked to, with what its user needs to know.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// For the person; may have several lines.
    pub(crate) text: String,
}

impl Failure {
    pub(crate) fn refused(text: impl fmt::Display) -> Self {
        Self { exit: Exit::Refused, text: text.to_string() }
    }

    pub(crate) fn usage(text: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, text: text.to_string() }
    }

    pub(crate) fn config(text: impl fmt::Display) -> Self {
        Self { exit: Exit::Config, text: text.to_string() }
    }

    pub(crate) fn store(text: impl fmt::Display) -> Self {
        Self { exit: Exit::Store, text: text.to_string() }
    }

    pub(crate) fn internal(text: impl fmt::Display) -> Self {
        Self { exit: Exit::Internal, text: text.to_string() }
    }
}
