//! What is wrong with an armoured text.

use std::fmt;

use super::FRAME_BYTES_MAX;

/// A text that is no whole and unchanged armour. Offsets count symbols from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmourError {
    /// The text is empty.
    Empty,
    /// The first symbol names no form.
    Form {
        /// The symbol found.
        found: u8,
    },
    /// The end is missing.
    Truncated {
        /// Symbols needed.
        needed: usize,
        /// Symbols found.
        found: usize,
    },
    /// There is more than the length says.
    Trailing {
        /// Where it begins.
        offset: usize,
    },
    /// A character that is none of the form's symbols.
    Symbol {
        /// Where it is.
        offset: usize,
        /// The character found.
        found: u8,
    },
    /// The length is over [`FRAME_BYTES_MAX`].
    TooLong,
    /// A block stands for a number that its bytes cannot hold.
    Block {
        /// Where the block begins.
        offset: usize,
    },
    /// The check does not fit: something was changed on the way.
    Check,
}

impl fmt::Display for ArmourError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no text"),
            Self::Form { found } => {
                write!(f, "'{}' at offset 0 names no form of armour", found.escape_ascii())
            }
            Self::Truncated { needed, found } => {
                write!(f, "needs {needed} symbols, only {found} are there")
            }
            Self::Trailing { offset } => write!(f, "the text should end at offset {offset}"),
            Self::Symbol { offset, found } => {
                write!(f, "'{}' at offset {offset} is no symbol", found.escape_ascii())
            }
            Self::TooLong => {
                write!(f, "the length at offset 1 is over {FRAME_BYTES_MAX} bytes")
            }
            Self::Block { offset } => {
                write!(f, "the block at offset {offset} stands for too high a number")
            }
            Self::Check => f.write_str("the check does not fit"),
        }
    }
}

impl std::error::Error for ArmourError {}

/// A frame of ours is longer than [`FRAME_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameTooLong {
    /// Its length, in bytes.
    pub length: usize,
}

impl fmt::Display for FrameTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, at most {FRAME_BYTES_MAX} can be armoured", self.length)
    }
}

impl std::error::Error for FrameTooLong {}
