//! The header, and how a stream is cut into PDUs.
//!
//! ```text
//!  0                4            8                12                16
//! +----------------+------------+----------------+-----------------+------ - -
//! | command_length | command_id | command_status | sequence_number | body
//! +----------------+------------+----------------+-----------------+------ - -
//!   counts itself                                                    command_length - 16
//! ```
//!
//! [`deframe`] looks only at the header and says where the PDU lies in the caller's buffer; it
//! neither copies nor keeps anything, so any split of the stream gives the same PDUs.

use std::ops::Range;

use super::command::CommandId;
use super::limits::{HEADER_BYTES, PDU_BYTES_MAX};
use super::status::CommandStatus;

/// The first 16 octets of every PDU. Nothing in it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Octets of the whole PDU, as the sender says.
    pub length: u32,
    /// What the PDU is.
    pub command: CommandId,
    /// The outcome of the request; 0 in requests.
    pub status: CommandStatus,
    /// Comes back in the answer. 0 and values over 0x7fffffff are not allowed but do occur, and
    /// are echoed like any other.
    pub sequence: u32,
}

impl Header {
    /// Reads the header at the start of `bytes`; `None` while octets are missing.
    ///
    /// It never refuses anything, so that whatever follows, a generic_nack can carry the sequence
    /// number that the peer waits for.
    #[must_use]
    #[inline]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (fields, _) = bytes.first_chunk::<HEADER_BYTES>()?.as_chunks::<4>();
        let &[length, command, status, sequence] = fields else { return None };
        let [length, command, status, sequence] =
            [length, command, status, sequence].map(u32::from_be_bytes);
        let (command, status) = (CommandId(command), CommandStatus(status));
        Some(Self { length, command, status, sequence })
    }

    /// The octets of the header.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let fields = [self.length, self.command.0, self.status.0, self.sequence];
        for (place, field) in bytes.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_be_bytes());
        }
        bytes
    }
}

/// One complete PDU at the start of the caller's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its header.
    pub header: Header,
    /// Where the whole PDU lies, header included; the next one starts at the end of the range.
    pub range: Range<usize>,
}

/// The length of a PDU is impossible: where the next one starts cannot be known.
///
/// The peer gets a generic_nack with [`CommandStatus::INVALID_COMMAND_LENGTH`] and the header's
/// sequence number, and the link closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "command_length {} at offset 0, only {HEADER_BYTES} to {PDU_BYTES_MAX} are allowed",
    header.length
)]
pub struct FrameError {
    /// The header as found.
    pub header: Header,
}

/// Finds the PDU at the start of `bytes`.
///
/// `Ok(None)` means that it is not complete yet: call again with the same start once more octets
/// have come. Even an impossible length is reported only with the 16th octet, because the answer
/// needs the sequence number.
///
/// # Errors
/// [`FrameError`] when the length is under 16 or over [`PDU_BYTES_MAX`].
pub fn deframe(bytes: &[u8]) -> Result<Option<Frame>, FrameError> {
    let Some(header) = Header::decode(bytes) else {
        return Ok(None);
    };
    match usize::try_from(header.length) {
        Ok(length @ HEADER_BYTES..=PDU_BYTES_MAX) if length <= bytes.len() => {
            Ok(Some(Frame { header, range: 0..length }))
        }
        Ok(HEADER_BYTES..=PDU_BYTES_MAX) => Ok(None),
        _ => Err(FrameError { header }),
    }
}
