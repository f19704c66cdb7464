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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyErrorKind {
    /// The body has no byte at all.
    Empty,
    /// The first byte names no message of this direction.
    UnknownMessage {
        /// The first byte.
        found: u8,
    },
    /// The body ends within a field.
    Truncated,
    /// The body, or the value of a field, is over its bound.
    TooLong {
        /// The length found, in bytes.
        length: usize,
        /// The bound, in bytes.
        bytes_max: usize,
    },
    /// A length or an integer is written with more bytes than it needs.
    NotMinimal,
    /// A tag of the dictionary occurs twice.
    Duplicate,
    /// A mandatory field is missing.
    Missing,
    /// A text is not UTF-8.
    NotText,
    /// The value is none of those defined, or has the wrong length.
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
        write!(f, "at offset {}: ", self.offset)?;
        match self.kind {
            BodyErrorKind::Empty => f.write_str("empty body"),
            BodyErrorKind::UnknownMessage { found } => write!(f, "unknown message {found:#04x}"),
            BodyErrorKind::Truncated => f.write_str("truncated"),
            BodyErrorKind::TooLong { length, bytes_max } => {
                write!(f, "{length} bytes, at most {bytes_max} allowed")
            }
            BodyErrorKind::NotMinimal => f.write_str("more bytes than needed"),
            BodyErrorKind::Duplicate => f.write_str("occurs twice"),
            BodyErrorKind::Missing => f.write_str("missing"),
            BodyErrorKind::NotText => f.write_str("not UTF-8"),
            BodyErrorKind::Value => f.write_str("not a defined value"),
        }
    }
}

impl std::error::Error for BodyError {}
