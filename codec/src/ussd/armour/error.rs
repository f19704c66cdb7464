//! What is wrong with an armoured text.

use super::FRAME_BYTES_MAX;

/// A text that is no whole and unchanged armour. Offsets count symbols from its start.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArmourError {
    #[error("no text")]
    Empty,
    #[error("'{}' at offset 0 names no form of armour", found.escape_ascii())]
    Form { found: u8 },
    #[error("needs {needed} symbols, only {found} are there")]
    Truncated { needed: usize, found: usize },
    /// There is more than the length says.
    #[error("the text should end at offset {offset}")]
    Trailing { offset: usize },
    #[error("'{}' at offset {offset} is no symbol", found.escape_ascii())]
    Symbol { offset: usize, found: u8 },
    #[error("the length at offset 1 is over {FRAME_BYTES_MAX} bytes")]
    TooLong,
    /// A block stands for a number that its bytes cannot hold.
    #[error("the block at offset {offset} stands for too high a number")]
    Block { offset: usize },
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
