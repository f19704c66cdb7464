//! What is wrong with a PDU: which one, which field, where.

use std::fmt;

use super::command::CommandId;

/// A PDU that could not be read. It never shows a value, so that it may be logged.
///
/// Command and sequence number are those of the header: a peer whose PDU is not answered sends it
/// again and again, so it gets at least a generic_nack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// What the PDU is; a generic_nack of sequence number 0 if there is not even a header.
    pub command: CommandId,
    /// Its sequence number.
    pub sequence: u32,
    /// Name of the field, as in the specification.
    pub field: &'static str,
    /// Offset of the field in the PDU, in octets; the header counts.
    pub offset: usize,
    /// What is wrong.
    pub kind: DecodeErrorKind,
}

/// What is wrong with a PDU that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeErrorKind {
    /// The PDU ends within the field.
    Truncated {
        /// Octets needed.
        needed: usize,
        /// Octets left.
        left: usize,
    },
    /// The field is longer than anything that peers send.
    TooLong {
        /// Its length, in octets.
        length: usize,
        /// The bound, in octets.
        bytes_max: usize,
    },
    /// `command_length` is not the number of octets at hand.
    Length {
        /// The length stated.
        declared: u32,
        /// Octets at hand.
        found: usize,
    },
}

impl DecodeErrorKind {
    /// A stable word for scripts.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "truncated",
            Self::TooLong { .. } => "too-long",
            Self::Length { .. } => "length",
        }
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, left } => {
                write!(f, "needs {needed} octets, only {left} remain")
            }
            Self::TooLong { length, bytes_max } => {
                write!(f, "{length} octets, at most {bytes_max} are accepted")
            }
            Self::Length { declared, found } => {
                write!(f, "the length stated is {declared}, {found} octets are there")
            }
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at offset {}: {}", self.command, self.field, self.offset, self.kind)
    }
}

impl std::error::Error for DecodeError {}

/// A PDU of ours that would break the specification. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeError {
    /// What the PDU is.
    pub command: CommandId,
    /// Name of the field, as in the specification.
    pub field: &'static str,
    /// What is wrong.
    pub kind: EncodeErrorKind,
}

/// What is wrong with a PDU that was to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeErrorKind {
    /// The value is longer than the specification allows.
    TooLong {
        /// Its length, in octets.
        length: usize,
        /// The bound, in octets; for a C-octet string without its NUL.
        bytes_max: usize,
    },
    /// A C-octet string holds something else than ASCII, or a NUL.
    NotAscii {
        /// Offset in the value, in octets.
        at: usize,
    },
    /// There is a text in `short_message` and another in a `message_payload` (SMPP 3.4, 3.2.3).
    TwoTexts,
}

impl EncodeErrorKind {
    /// A stable word for scripts.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too-long",
            Self::NotAscii { .. } => "content",
            Self::TwoTexts => "two-texts",
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.command, self.field)?;
        match self.kind {
            EncodeErrorKind::TooLong { length, bytes_max } => {
                write!(f, "{length} octets, at most {bytes_max} are allowed")
            }
            EncodeErrorKind::NotAscii { at } => {
                write!(f, "octet {at} is not an ASCII character")
            }
            EncodeErrorKind::TwoTexts => f.write_str("message_payload holds a text as well"),
        }
    }
}

impl std::error::Error for EncodeError {}
