//! What is wrong with an armoured text.

use super::FRAME_BYTES_MAX;

/// A text that is no whole and unchanged armour. Offsets count symbols from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArmourError {
    /// The text is empty.
    #[error("no text")]
    Empty,
    /// The first symbol names no form.
    #[error("'{}' at offset 0 names no form of armour", found.escape_ascii())]
    Form {
        /// The symbol found.
        found: u8,
    },
    /// The end is missing.
    #[error("needs {needed} symbols, only {found} are there")]
    Truncated {
        /// Symbols needed.
        needed: usize,
        /// Symbols found.
        found: usize,
    },
    /// There is more than the length says.
    #[error("the text should end at offset {offset}")]
    Trailing {
        /// Where it begins.
        offset: usize,
    },
    /// A character that is none of the form's symbols.
    #[error("'{}' at offset {offset} is no symbol", found.escape_ascii())]
    Symbol {
        /// Where it is.
        offset: usize,
        /// The character found.
        found: u8,
    },
    /// The length is over [`FRAME_BYTES_MAX`].
    #[error("the length at offset 1 is over {FRAME_BYTES_MAX} bytes")]
    TooLong,
    /// A block stands for a number that its bytes cannot hold.
    #[error("the block at offset {offset} stands for too high a number")]
    Block {
        /// Where the block begins.
        offset: usize,
    },
    /// The check does not fit: something was changed on the way.
    #[error("the check does not fit")]
    Check,
}

/// A frame of ours is longer than [`FRAME_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes, at most {FRAME_BYTES_MAX} can be armoured")]
pub struct FrameTooLong {
    /// Its length, in bytes.
    pub length: usize,
}
