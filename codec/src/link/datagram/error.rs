//! What can be wrong with a frame, and what a gateway says to it.

use super::frame::{NEXT, PART, REFUSAL, REQUEST};
use super::{PARTS_MAX, REQUEST_BODY_BYTES_MAX};
use crate::link::record::RefusalCode;

/// Why a frame could not be read.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("no byte at all")]
    Empty,
    #[error(
        "frame type {found:02x} at offset 0 is unknown here; {REQUEST:02x} and {NEXT:02x} go up, \
         {PART:02x} and {REFUSAL:02x} go down"
    )]
    Type { found: u8 },
    #[error("a frame of type {kind:02x} does not have {length} bytes")]
    Length { kind: u8, length: usize },
    #[error("flags {found:02x} at offset 11: only bit 0 has a meaning")]
    Flags { found: u8 },
    #[error("counter 0 at offset 6: counters begin with 1")]
    Counter,
    #[error("part {index} at offset 1 of a reply whose last part is {last}")]
    Index { index: u8, last: u8 },
}

impl FrameError {
    /// What a gateway refuses the frame with.
    #[must_use]
    pub fn refusal(self) -> RefusalCode {
        match self {
            Self::Type { .. } => RefusalCode::VERSION,
            _ => RefusalCode::MALFORMED,
        }
    }
}

/// The tag does not fit: another key, a changed byte, or the reply to another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the datagram's tag is wrong")]
pub struct TagError;

/// A body of ours is longer than a datagram carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes: a request carries {REQUEST_BODY_BYTES_MAX}, a reply {PARTS_MAX} parts")]
pub struct BodyTooLong {
    /// Its length, in bytes.
    pub length: usize,
}

/// A part that does not continue the reply. The answer counts as missing.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    #[error("part {found} came, part {expected} was due")]
    Order { found: u8, expected: u8 },
    #[error("the last part is {found} now, and was {first} before")]
    Last { found: u8, first: u8 },
}
