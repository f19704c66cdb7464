//! The frame of a message on a stream: its length, and what else surrounds it.
//!
//! ```text
//! +--------+--------+----------+-------+---------+-----+-----+
//! | before | length | reserved | start | message | end | LRC |
//! +--------+--------+----------+-------+---------+-----+-----+
//! ```
//!
//! Most dialects have the length alone. Serial lines and their heirs have STX, ETX and a check byte
//! around the message, and need no length then: the frame ends with the first ETX.

use super::constant::Constant;
use super::error::{DecodeError, Problem};
use super::limits::{MESSAGE_BYTES_MAX, RESERVED_BYTES_MAX};
use super::schema::FrameCoding;
use std::ops::Range;

/// How a dialect delimits messages on a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Framing {
    /// How the length travels.
    pub coding: FrameCoding,
    /// Bytes that the length takes; 0 with [`FrameCoding::None`].
    pub bytes: usize,
    /// Whether the length counts its own bytes too.
    pub counts_itself: bool,
    /// Longest message accepted and sent, in bytes without its frame.
    pub message_bytes_max: usize,
    /// What surrounds the message beside the length.
    pub around: Around,
}

/// What surrounds a message beside its length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Around {
    /// Constant bytes before the length.
    pub before: Constant,
    /// Bytes behind the length that carry no message: zero when sent.
    pub reserved: usize,
    /// Constant bytes before the message (STX).
    pub start: Constant,
    /// Constant bytes behind the message (ETX).
    pub end: Constant,
    /// Whether a check byte ends the frame: the exclusive or of everything behind `start`, or
    /// behind `before` if there is no `start`.
    pub lrc: bool,
    /// Whether the length counts `start`, `end` and the check byte too.
    pub counts_ends: bool,
}

/// A whole frame found at the start of a buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Where the message lies; empty for a keep-alive, which is dropped and never echoed.
    pub message: Range<usize>,
    /// Where the next frame starts.
    pub end: usize,
}

impl Around {
    /// Nothing.
    pub const NONE: Self = Self {
        before: Constant::NONE,
        reserved: 0,
        start: Constant::NONE,
        end: Constant::NONE,
        lrc: false,
        counts_ends: false,
    };

    const fn trailer_bytes(&self) -> usize {
        if self.lrc { self.end.len() + 1 } else { self.end.len() }
    }
}

impl Framing {
    /// A length alone, before messages of any length.
    #[must_use]
    pub const fn of(coding: FrameCoding, bytes: usize, counts_itself: bool) -> Self {
        let (message_bytes_max, around) = (MESSAGE_BYTES_MAX, Around::NONE);
        Self { coding, bytes, counts_itself, message_bytes_max, around }
    }

    /// Whether the frame says where the message ends; otherwise the whole buffer is the message.
    #[must_use]
    pub const fn is_delimited(&self) -> bool {
        !matches!(self.coding, FrameCoding::None) || !self.around.end.is_empty()
    }

    /// Where the bytes behind the length are that carry no message.
    #[must_use]
    pub const fn reserved(&self) -> Range<usize> {
        let start = self.around.before.len() + self.bytes;
        start..start + self.around.reserved
    }

    /// Bytes before the message.
    pub(crate) const fn head_bytes(&self) -> usize {
        self.reserved().end + self.around.start.len()
    }

    /// Bytes behind the message.
    pub(crate) const fn trailer_bytes(&self) -> usize {
        self.around.trailer_bytes()
    }

    /// Finds the frame at the start of `bytes`. `Ok(None)` asks for more bytes.
    ///
    /// Without a frame length and an end the whole buffer is the message.
    ///
    /// # Errors
    /// A length that is no number, is shorter than itself or exceeds the dialect's bound, constants
    /// that are not there, or another check byte: the stream cannot be followed any further and
    /// the connection closes.
    pub fn deframe(&self, bytes: &[u8]) -> Result<Option<Frame>, DecodeError> {
        if !self.is_delimited() {
            self.bounded(bytes.len())?;
            return Ok(Some(Frame { message: 0..bytes.len(), end: bytes.len() }));
        }
        self.marked(bytes, 0, self.around.before)?;
        if self.coding == FrameCoding::None {
            return self.up_to_end(bytes);
        }
        let Some(stated) = self.stated(bytes)? else {
            return Ok(None);
        };
        let Some(message_bytes) = self.message_bytes(stated) else {
            return Err(DecodeError::of_frame(Problem::FrameShort { stated }));
        };
        self.bounded(message_bytes)?;
        if stated == self.own_bytes() {
            // A keep-alive has nothing around it.
            let at = self.reserved().end;
            return Ok((bytes.len() >= at).then_some(Frame { message: at..at, end: at }));
        }
        let start = self.head_bytes();
        self.whole(bytes, start..start + message_bytes)
    }

    /// Bytes of the frame at the start of `bytes` if it announces a message over the bound. Whoever
    /// knows that frames are in step can leave them out; others cannot follow the stream.
    #[must_use]
    pub fn oversized(&self, bytes: &[u8]) -> Option<usize> {
        self.marked(bytes, 0, self.around.before).ok()?;
        let stated = self.stated(bytes).ok().flatten()?;
        let message_bytes = self.message_bytes(stated)?;
        let end = self.head_bytes().checked_add(message_bytes)?;
        self.bounded(message_bytes).err().map(|_| end.saturating_add(self.trailer_bytes()))
    }

    /// The number that the length has; `None` if it is not whole.
    pub(crate) fn stated(&self, bytes: &[u8]) -> Result<Option<usize>, DecodeError> {
        let at = self.around.before.len();
        match bytes.get(at..at + self.bytes) {
            Some(prefix) => self.read(prefix, at).map(Some),
            None => Ok(None),
        }
    }

    /// The bytes of the message that this length announces; `None` if it is less than it counts.
    pub(crate) const fn message_bytes(&self, stated: usize) -> Option<usize> {
        let ends = self.around.start.len() + self.around.trailer_bytes();
        match stated.checked_sub(self.own_bytes()) {
            Some(0) => Some(0),
            Some(counted) if self.around.counts_ends => counted.checked_sub(ends),
            counted => counted,
        }
    }

    /// Bytes of the length that it counts itself.
    const fn own_bytes(&self) -> usize {
        if self.counts_itself { self.bytes } else { 0 }
    }

    /// The frame that the first end behind the start ends.
    fn up_to_end(&self, bytes: &[u8]) -> Result<Option<Frame>, DecodeError> {
        let (start, end) = (self.head_bytes(), self.around.end.bytes());
        self.marked(bytes, self.reserved().end, self.around.start)?;
        let rest = bytes.get(start..).unwrap_or(&[]);
        let found = rest.windows(end.len()).position(|window| window == end);
        let Some(length) = found else {
            // Of an end that is cut off all but its last byte may be there.
            self.bounded(rest.len().saturating_sub(end.len() - 1))?;
            return Ok(None);
        };
        self.bounded(length)?;
        self.whole(bytes, start..start + length)
    }

    /// The frame of this message, once all of it is there and what surrounds it is right.
    fn whole(&self, bytes: &[u8], message: Range<usize>) -> Result<Option<Frame>, DecodeError> {
        let end = message.end + self.around.trailer_bytes();
        if bytes.len() < end {
            return Ok(None);
        }
        self.marked(bytes, self.reserved().end, self.around.start)?;
        self.marked(bytes, message.end, self.around.end)?;
        if self.around.lrc {
            let checked = bytes.get(self.checked_from()..end - 1).unwrap_or(&[]);
            if bytes.get(end - 1) != Some(&exclusive_or(checked)) {
                return Err(DecodeError::of_frame(Problem::FrameCheck).at(end - 1));
            }
        }
        Ok(Some(Frame { message, end }))
    }

    /// Whether as much of a constant as there is was found at that place.
    fn marked(&self, bytes: &[u8], at: usize, mark: Constant) -> Result<(), DecodeError> {
        let found = bytes.get(at..).unwrap_or(&[]);
        match found.iter().zip(mark.bytes()).position(|(found, expected)| found != expected) {
            None => Ok(()),
            Some(place) => {
                let problem = Problem::FrameMark { expected: mark };
                Err(DecodeError::of_frame(problem).at(at + place))
            }
        }
    }

    /// Where the bytes begin that the check byte is made of.
    const fn checked_from(&self) -> usize {
        if self.around.start.is_empty() { self.around.before.len() } else { self.head_bytes() }
    }

    /// Appends a message in its frame, the reserved bytes zero.
    ///
    /// # Errors
    /// A message over the bound, or too long for the length's digits; then `out` is as it was.
    pub fn append_frame(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        self.append_frame_with(message, &[0; RESERVED_BYTES_MAX], out)
    }

    /// As [`Self::append_frame`], with these reserved bytes.
    pub(crate) fn append_frame_with(
        &self,
        message: &[u8],
        reserved: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        self.bounded(message.len())?;
        let ends = self.around.start.len() + self.around.trailer_bytes();
        let is_idle = message.is_empty() && self.coding != FrameCoding::None;
        let counted = if self.around.counts_ends && !is_idle { ends } else { 0 };
        let stated = message.len() + counted + self.own_bytes();
        let from = out.len();
        out.extend_from_slice(self.around.before.bytes());
        self.append_length(stated, out).inspect_err(|_| out.truncate(from))?;
        out.extend(reserved.iter().take(self.around.reserved));
        if is_idle {
            return Ok(());
        }
        out.extend_from_slice(self.around.start.bytes());
        out.extend_from_slice(message);
        out.extend_from_slice(self.around.end.bytes());
        if self.around.lrc {
            let checked = out.get(from + self.checked_from()..).unwrap_or(&[]);
            out.push(exclusive_or(checked));
        }
        Ok(())
    }

    fn append_length(&self, stated: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let base = if self.coding == FrameCoding::Binary { 256 } else { 10 };
        let places = if self.coding == FrameCoding::Bcd { self.bytes * 2 } else { self.bytes };
        let (mut rest, mut digits) = (stated, [0_u8; 8]);
        for digit in digits.iter_mut().rev().take(places) {
            *digit = u8::try_from(rest % base).unwrap_or(0);
            rest /= base;
        }
        if rest > 0 && self.coding != FrameCoding::None {
            return Err(DecodeError::of_frame(Problem::FrameLong {
                stated,
                bytes_max: self.message_bytes_max,
            }));
        }
        let digits = digits.get(8 - places.min(8)..).unwrap_or(&[]);
        match self.coding {
            FrameCoding::None => {}
            FrameCoding::Binary => out.extend_from_slice(digits),
            FrameCoding::Ascii => out.extend(digits.iter().map(|digit| b'0' + digit)),
            FrameCoding::Bcd => {
                out.extend(
                    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, d| byte << 4 | d)),
                );
            }
        }
        Ok(())
    }

    fn bounded(&self, message_bytes: usize) -> Result<(), DecodeError> {
        let bytes_max = self.message_bytes_max.min(MESSAGE_BYTES_MAX);
        if message_bytes <= bytes_max {
            Ok(())
        } else {
            let stated = message_bytes;
            Err(DecodeError::of_frame(Problem::FrameLong { stated, bytes_max }))
        }
    }

    /// The number in a length of at most 8 bytes at that offset; saturates, since every bound is
    /// far below.
    fn read(&self, prefix: &[u8], at: usize) -> Result<usize, DecodeError> {
        let mut length = 0_usize;
        for (offset, &byte) in prefix.iter().enumerate() {
            let (base, digit) = match self.coding {
                FrameCoding::None | FrameCoding::Binary => (256, usize::from(byte)),
                FrameCoding::Ascii => (10, usize::from(byte.wrapping_sub(b'0'))),
                FrameCoding::Bcd => {
                    let (high, low) = (usize::from(byte >> 4), usize::from(byte & 0xf));
                    (100, if high > 9 || low > 9 { 100 } else { high * 10 + low })
                }
            };
            if digit >= base {
                return Err(DecodeError::of_frame(Problem::FrameDigit).at(at + offset));
            }
            length = length.saturating_mul(base).saturating_add(digit);
        }
        Ok(length)
    }
}

/// A longitudinal redundancy check (ISO 1155).
fn exclusive_or(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

#[cfg(test)]
#[path = "framing_tests.rs"]
mod tests;
