//! What is wrong with a body: which message, which field, where.

use std::fmt;

/// A body that could not be read. It never shows a value, so that it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyError {
    /// Name of the message, as in `docs/wire.md`; empty if its type is unknown.
    pub message: &'static str,
    /// Name of the field, as in `docs/wire.md`; empty where no field is to blame.
    pub field: &'static str,
    /// The field's tag; 0 where no field is to blame.
    pub tag: u8,
    /// Offset in the body, in bytes: of the value, of the truncated field, or the body's end for a
    /// field that is missing.
    pub offset: usize,
    /// What is wrong.
    pub kind: BodyErrorKind,
}

/// What is wrong with a body.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyErrorKind {
    #[error("empty body")]
    Empty,
    /// The first byte names no message of this direction.
    #[error("unknown message {found:#04x}")]
    UnknownMessage { found: u8 },
    #[error("truncated")]
    Truncated,
    /// The body, or the value of a field, is over its bound.
    #[error("{length} bytes, at most {bytes_max} allowed")]
    TooLong { length: usize, bytes_max: usize },
    /// A length or an integer is written with more bytes than it needs.
    #[error("more bytes than needed")]
    NotMinimal,
    /// A tag of the dictionary occurs twice.
    #[error("occurs twice")]
    Duplicate,
    #[error("missing")]
    Missing,
    #[error("not UTF-8")]
    NotText,
    /// The value is none of those defined, or has the wrong length.
    #[error("not a defined value")]
    Value,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.message.is_empty() {
            write!(f, "{}: ", self.message)?;
        }
        if self.tag != 0 {
            write!(f, "field {} (tag {:#04x}) ", self.field, self.tag)?;
        }
        write!(f, "at offset {}: {}", self.offset, self.kind)
    }
}

impl std::error::Error for BodyError {}
