//! A sealed reply in parts, each a frame of its own.

use super::error::{BodyTooLong, PartError};
use super::frame::PART;
use super::{PART_HEADER_BYTES, PARTS_MAX};

/// A sealed reply that is handed out part by part, in any order and as often as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    sealed: Vec<u8>,
    chunk_bytes: usize,
}

impl Parts {
    /// Cuts a sealed reply into frames of this many bytes at most.
    ///
    /// # Errors
    /// [`BodyTooLong`] when it takes more than [`PARTS_MAX`] parts, or is empty.
    pub fn new(sealed: Vec<u8>, frame_bytes_max: usize) -> Result<Self, BodyTooLong> {
        let chunk_bytes = frame_bytes_max.saturating_sub(PART_HEADER_BYTES);
        if sealed.is_empty() || sealed.len() > chunk_bytes * PARTS_MAX {
            return Err(BodyTooLong { length: sealed.len() });
        }
        Ok(Self { sealed, chunk_bytes })
    }

    /// The index of the last part.
    #[must_use]
    pub fn last(&self) -> u8 {
        let count = self.sealed.chunks(self.chunk_bytes).len();
        u8::try_from(count - 1).expect("there are PARTS_MAX parts at most")
    }

    /// Appends the frame of a part to `out`; `false`, and nothing appended, if there is none.
    pub fn frame(&self, index: u8, out: &mut Vec<u8>) -> bool {
        let Some(chunk) = self.sealed.chunks(self.chunk_bytes).nth(usize::from(index)) else {
            return false;
        };
        out.extend_from_slice(&[PART, index << 4 | self.last()]);
        out.extend_from_slice(chunk);
        true
    }

    /// Bytes that it keeps.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.sealed.len()
    }
}

/// The parts of a reply as the terminal receives them, in their order.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    sealed: Vec<u8>,
    next: u8,
    last: Option<u8>,
}

impl Gathered {
    /// Takes a part; gives the sealed reply once it is whole, otherwise [`Self::due`] says which comes next.
    ///
    /// # Errors
    /// [`PartError`] when the part does not continue the reply: the answer counts as missing.
    pub fn take(&mut self, index: u8, last: u8, chunk: &[u8]) -> Result<Option<&[u8]>, PartError> {
        if index != self.next {
            return Err(PartError::Order { found: index, expected: self.next });
        }
        let first = *self.last.get_or_insert(last);
        if first != last {
            return Err(PartError::Last { found: last, first });
        }
        self.sealed.extend_from_slice(chunk);
        self.next += 1;
        Ok((index == last).then_some(&self.sealed))
    }

    /// The part that is due.
    #[must_use]
    pub fn due(&self) -> u8 {
        self.next
    }
}
