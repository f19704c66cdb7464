//! What is wrong with a message: field, sub-field, offset, and what was expected there.

use super::constant::Constant;
use super::limits::{BER_TAG_BYTES_MAX, HEADER_BYTES_MAX};
use super::plan::Tag;
use std::fmt;

/// A message that could not be decoded. It never shows a value, so that it may be logged.
///
/// [`Dialect::explain`](super::Dialect::explain) adds the names of field and sub-field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong.
    pub problem: Problem,
    place: Place,
    offset: u32,
}

/// Which part of the message is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Frame,
    Tpdu,
    Header,
    /// MTI as field 0, bitmap as field 1, then the data elements.
    Field(u8, Inner),
    /// After the last field.
    End,
}

/// Which sub-field is to blame: the innermost that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inner {
    None,
    /// Index among all parts of the dialect.
    Part(u16),
    /// A tag that the table does not list.
    Tag(Tag),
}

/// What is wrong with a message.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    #[error("needs {needed} bytes, only {left} remain")]
    Truncated { needed: usize, left: usize },
    #[error("{length} bytes, no message has over 65535")]
    MessageLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Bytes follow the last field that the bitmap announced.
    #[error("{count} bytes follow the last field that the bitmap announces")]
    Trailing { count: usize },
    #[error("a digit of the length is expected")]
    LengthDigit,
    #[error("length {length}, {}", allowed(*min, *max))]
    Length {
        /// Length found, in the field's units.
        length: usize,
        min: usize,
        max: usize,
    },
    /// A length that stands for whole bytes has half a byte.
    #[error("an even number of digits is expected")]
    OddLength,
    /// A character or digit does not belong to the field's type.
    #[error("{expected} is expected")]
    Content { expected: &'static str },
    #[error("the odd digit's filler is expected to be {expected:X}")]
    Padding { expected: u8 },
    /// The first byte of a header is no length that a header has.
    #[error("length {stated}, 1 to {HEADER_BYTES_MAX} are allowed")]
    HeaderLength {
        /// The length stated, in bytes.
        stated: usize,
    },
    #[error("four digits are expected")]
    Mti,
    #[error("{} hexadecimal digit is expected", letters(*is_lower))]
    Bitmap { is_lower: bool },
    #[error("the bitmap announces it, the table does not have it")]
    UnknownField,
    #[error("its bitmap announces {number}, the table does not have it")]
    UnknownPart { number: usize },
    #[error("the tag has more than {BER_TAG_BYTES_MAX} bytes")]
    TagLong,
    /// A BER length has the indefinite form, or more bytes than any message.
    #[error("the length is indefinite or too long")]
    TagLength,
    #[error("constructed objects are nested too deep")]
    Nesting,
    /// A sub-field's end lies beyond its field or template.
    #[error("needs {needed} bytes, only {left} remain in the field")]
    PartTruncated { needed: usize, left: usize },
    #[error("a digit of the length is expected")]
    FrameDigit,
    #[error("length {stated} is less than its own bytes")]
    FrameShort { stated: usize },
    #[error("the bytes {expected} are expected")]
    FrameMark { expected: Constant },
    #[error("the check byte is not that of the frame")]
    FrameCheck,
    #[error("{stated} bytes are announced, {found} follow")]
    FrameOther { stated: usize, found: usize },
    #[error("length {stated}, at most {bytes_max} are allowed")]
    FrameLong {
        /// The length stated, in bytes.
        stated: usize,
        bytes_max: usize,
    },
}

/// The lengths that a field may have.
fn allowed(min: usize, max: usize) -> String {
    if min == max { format!("{max} is expected") } else { format!("{min} to {max} are allowed") }
}

fn letters(is_lower: bool) -> &'static str {
    if is_lower { "a lower-case" } else { "an upper-case" }
}

impl Problem {
    /// A stable word for scripts.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Truncated { .. } | Self::PartTruncated { .. } => "truncated",
            Self::MessageLong { .. } => "too-long",
            Self::Trailing { .. } => "trailing",
            Self::LengthDigit
            | Self::Length { .. }
            | Self::OddLength
            | Self::HeaderLength { .. } => "length",
            Self::Content { .. } => "content",
            Self::Padding { .. } => "padding",
            Self::Mti => "mti",
            Self::Bitmap { .. } => "bitmap",
            Self::UnknownField | Self::UnknownPart { .. } => "unknown-field",
            Self::TagLong | Self::TagLength => "tag",
            Self::Nesting => "nesting",
            Self::FrameDigit
            | Self::FrameShort { .. }
            | Self::FrameMark { .. }
            | Self::FrameCheck
            | Self::FrameOther { .. }
            | Self::FrameLong { .. } => "frame",
        }
    }
}

impl DecodeError {
    pub(crate) const fn new(problem: Problem, place: Place) -> Self {
        Self { problem, place, offset: 0 }
    }

    pub(crate) const fn of_frame(problem: Problem) -> Self {
        Self::new(problem, Place::Frame)
    }

    /// The same error at an offset in bytes.
    #[must_use]
    pub(crate) fn at(mut self, offset: usize) -> Self {
        self.offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self
    }

    /// A stable word for scripts: `truncated`, `length`, `content`, …
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.problem.kind()
    }

    /// The data element to blame: 0 for the MTI, 1 for the bitmap, `None` outside all fields.
    #[must_use]
    pub const fn field(&self) -> Option<u8> {
        match self.place {
            Place::Field(number, _) => Some(number),
            Place::Frame | Place::Tpdu | Place::Header | Place::End => None,
        }
    }

    /// Whether the frame is wrong, not the message.
    pub(crate) const fn is_of_frame(&self) -> bool {
        matches!(self.place, Place::Frame)
    }

    /// Whether all fields were read, and bytes are left.
    pub(crate) const fn is_behind(&self) -> bool {
        matches!(self.problem, Problem::Trailing { .. })
    }

    /// Where, in bytes from the start of what was decoded.
    #[must_use]
    pub fn offset(&self) -> usize {
        usize::try_from(self.offset).unwrap_or(usize::MAX)
    }

    pub(crate) const fn place(&self) -> Place {
        self.place
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Frame
                if matches!(self.problem, Problem::FrameMark { .. } | Problem::FrameCheck) =>
            {
                f.write_str("frame")?;
            }
            Place::Frame => f.write_str("frame length")?,
            Place::Tpdu => f.write_str("TPDU")?,
            Place::Header => f.write_str("message header")?,
            Place::Field(0, _) => f.write_str("MTI (field 0)")?,
            Place::Field(1, Inner::None) => f.write_str("bitmap (field 1)")?,
            Place::Field(number, _) => write!(f, "field {number}")?,
            Place::End => f.write_str("end of message")?,
        }
        write!(f, " at offset {}: {}", self.offset, self.problem)
    }
}

impl std::error::Error for DecodeError {}
