//! What is wrong with a PDU: which one, which field, where.

use super::command::CommandId;

/// A PDU that could not be read. It never shows a value, so that it may be logged.
///
/// Command and sequence number are those of the header: a peer whose PDU is not answered sends it
/// again and again, so it gets at least a generic_nack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{command}: {field} at offset {offset}: {kind}")]
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
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeErrorKind {
    #[error("needs {needed} octets, only {left} remain")]
    Truncated { needed: usize, left: usize },
    /// The field is longer than anything that peers send.
    #[error("{length} octets, at most {bytes_max} are accepted")]
    TooLong { length: usize, bytes_max: usize },
    /// `command_length` is not the number of octets at hand.
    #[error("the length stated is {declared}, {found} octets are there")]
    Length { declared: u32, found: usize },
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

/// A PDU of ours that would break the specification. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{command}: {field}: {kind}")]
pub struct EncodeError {
    /// What the PDU is.
    pub command: CommandId,
    /// Name of the field, as in the specification.
    pub field: &'static str,
    /// What is wrong.
    pub kind: EncodeErrorKind,
}

/// What is wrong with a PDU that was to be sent.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeErrorKind {
    /// The value is longer than the specification allows.
    #[error("{length} octets, at most {bytes_max} are allowed")]
    TooLong {
        length: usize,
        /// The bound, in octets; for a C-octet string without its NUL.
        bytes_max: usize,
    },
    /// A C-octet string holds something else than ASCII, or a NUL.
    #[error("octet {at} is not an ASCII character")]
    NotAscii { at: usize },
    /// There is a text in `short_message` and another in a `message_payload` (SMPP 3.4, 3.2.3).
    #[error("message_payload holds a text as well")]
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
