//! The length before a message on a stream.

use super::error::{DecodeError, Problem};
use super::limits::MESSAGE_BYTES_MAX;
use super::words::FrameCoding;
use std::ops::Range;

/// How a dialect delimits messages on a stream: a length of so many bytes before TPDU or MTI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Framing {
    /// How the length travels.
    pub coding: FrameCoding,
    /// Bytes that the length takes; 0 with [`FrameCoding::None`].
    pub bytes: usize,
    /// Whether the length counts its own bytes too.
    pub counts_itself: bool,
    /// Longest message accepted and sent, in bytes without the length.
    pub message_bytes_max: usize,
}

/// A whole frame found at the start of a buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Where the message lies; empty for a keep-alive, which is dropped and never echoed.
    pub message: Range<usize>,
    /// Where the next frame starts.
    pub end: usize,
}

impl Framing {
    /// Finds the frame at the start of `bytes`. `Ok(None)` asks for more bytes.
    ///
    /// Without a frame length the whole buffer is the message.
    ///
    /// # Errors
    /// A length that is no number, is shorter than itself or exceeds the dialect's bound: the
    /// stream cannot be followed any further and the connection closes.
    pub fn deframe(&self, bytes: &[u8]) -> Result<Option<Frame>, DecodeError> {
        if self.coding == FrameCoding::None {
            self.bounded(bytes.len())?;
            return Ok(Some(Frame { message: 0..bytes.len(), end: bytes.len() }));
        }
        let Some(prefix) = bytes.get(..self.bytes) else {
            return Ok(None);
        };
        let stated = self.read(prefix)?;
        let own = if self.counts_itself { self.bytes } else { 0 };
        let Some(length) = stated.checked_sub(own) else {
            return Err(DecodeError::of_frame(Problem::FrameShort { stated }));
        };
        self.bounded(length)?;
        let end = self.bytes + length;
        Ok((bytes.len() >= end).then_some(Frame { message: self.bytes..end, end }))
    }

    /// Appends the length of a message of `message_bytes` bytes.
    ///
    /// # Errors
    /// A message over the bound, or too long for the length's digits.
    pub fn append_length(
        &self,
        message_bytes: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        self.bounded(message_bytes)?;
        let stated = message_bytes + if self.counts_itself { self.bytes } else { 0 };
        let base = if self.coding == FrameCoding::Binary { 256 } else { 10 };
        let places = if self.coding == FrameCoding::Bcd { self.bytes * 2 } else { self.bytes };
        let (mut rest, mut digits) = (stated, [0_u8; 8]);
        for digit in digits.iter_mut().rev().take(places) {
            *digit = u8::try_from(rest % base).unwrap_or(0);
            rest /= base;
        }
        if rest > 0 {
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

    /// The number in a length of at most 8 bytes; saturates, since every bound is far below.
    fn read(&self, prefix: &[u8]) -> Result<usize, DecodeError> {
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
                return Err(DecodeError::of_frame(Problem::FrameDigit).at(offset));
            }
            length = length.saturating_mul(base).saturating_add(digit);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameCoding, Framing};

    fn framing(coding: FrameCoding, bytes: usize, counts_itself: bool) -> Framing {
        Framing { coding, bytes, counts_itself, message_bytes_max: 9_999 }
    }

    #[test]
    fn a_frame_is_found_only_when_it_is_whole() {
        for (coding, bytes) in [
            (FrameCoding::Binary, 2),
            (FrameCoding::Binary, 4),
            (FrameCoding::Bcd, 2),
            (FrameCoding::Ascii, 4),
        ] {
            for counts_itself in [false, true] {
                let framing = framing(coding, bytes, counts_itself);
                let mut stream = Vec::new();
                framing.append_length(300, &mut stream).unwrap();
                assert_eq!(stream.len(), bytes);
                stream.resize(bytes + 300, 7);
                for cut in 0..stream.len() {
                    assert_eq!(framing.deframe(&stream[..cut]).unwrap(), None);
                }
                stream.push(9);
                let frame = framing.deframe(&stream).unwrap().unwrap();
                assert_eq!((frame.message, frame.end), (bytes..bytes + 300, bytes + 300));
            }
        }
    }

    #[test]
    fn a_length_that_is_no_number_closes_the_stream() {
        let error = framing(FrameCoding::Bcd, 2, false).deframe(&[0x01, 0x2a]).unwrap_err();
        assert_eq!((error.kind(), error.offset()), ("frame", 1));
        assert!(framing(FrameCoding::Ascii, 4, false).deframe(b"00x0").is_err());
    }

    #[test]
    fn a_length_shorter_than_itself_is_refused() {
        assert!(framing(FrameCoding::Binary, 2, true).deframe(&[0, 1]).is_err());
    }

    #[test]
    fn a_length_over_the_bound_is_refused_before_the_bytes_arrive() {
        assert!(framing(FrameCoding::Binary, 4, false).deframe(&[0xff; 4]).is_err());
        assert!(framing(FrameCoding::Binary, 2, false).append_length(10_000, &mut vec![]).is_err());
    }

    #[test]
    fn a_zero_length_is_a_keep_alive() {
        let frame = framing(FrameCoding::Binary, 2, false).deframe(&[0, 0, 1]).unwrap().unwrap();
        assert_eq!((frame.message.len(), frame.end), (0, 2));
    }
}
