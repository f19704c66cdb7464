//! The four frames, read and written.
//!
//! ```text
//!        0      1        2          6            11      12                       n - 16
//!       +------+--------+----------+------------+-------+------------------------+----------+
//! up    | 51   | key id | terminal | counter    | flags | sealed body            | tag (16) |
//!       |      |        | (u32 BE) | (5 bytes)  |       |                        |          |
//!       +------+--------+----------+------------+-------+------------------------+----------+
//!       | 53   | index  |                 asks for another part of the reply
//!       +------+--------+--------------------- - -
//! down  | 52   | index << 4 | last |  chunk   |    chunks: salt (8) | sealed body | tag (16)
//!       +------+--------+--------------------- - -
//!       | 54   | code   |                 refused
//!       +------+--------+
//! ```

use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u32};

use super::error::FrameError;
use super::{COUNTER_MAX, HEADER_BYTES, REQUEST_OVERHEAD_BYTES};
use crate::link::record::RefusalCode;

pub(super) const REQUEST: u8 = 0x51;
pub(super) const PART: u8 = 0x52;
pub(super) const NEXT: u8 = 0x53;
pub(super) const REFUSAL: u8 = 0x54;

/// The request ends its dialog: so does the last part of the reply.
const FLAG_LAST: u8 = 1;

/// What precedes the sealed body of a request, in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// Which of the terminal's pre-shared keys.
    pub key_id: u8,
    /// Which terminal says it is asking.
    pub terminal: u32,
    /// Counts the requests under a key; from 1 to [`COUNTER_MAX`], no value twice.
    pub counter: u64,
    /// Whether it is the last request of its dialog.
    pub is_last: bool,
}

impl Header {
    /// The header as it travels.
    ///
    /// # Panics
    /// When the counter is 0 or over [`COUNTER_MAX`].
    #[must_use]
    pub fn bytes(&self) -> [u8; HEADER_BYTES] {
        assert!((1..=COUNTER_MAX).contains(&self.counter), "a counter has 40 bits, and is not 0");
        let mut bytes = [0; HEADER_BYTES];
        bytes[0] = REQUEST;
        bytes[1] = self.key_id;
        bytes[2..6].copy_from_slice(&self.terminal.to_be_bytes());
        bytes[6..11].copy_from_slice(&self.counter.to_be_bytes()[3..]);
        bytes[11] = if self.is_last { FLAG_LAST } else { 0 };
        bytes
    }
}

/// A request, read but not yet believed: only [`super::Keys::open`] checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// What is in clear.
    pub header: Header,
    /// Sealed body and tag.
    pub(super) sealed: &'a [u8],
}

/// A frame of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalFrame<'a> {
    /// A sealed message.
    Request(Request<'a>),
    /// Asks for another part of the reply that the dialog holds.
    Next {
        /// Which, from 0.
        index: u8,
    },
}

impl<'a> TerminalFrame<'a> {
    /// Reads a frame of a terminal.
    ///
    /// # Errors
    /// [`FrameError`] when it has another form.
    pub fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        match *frame {
            [] => Err(FrameError::Empty),
            [REQUEST, ..] => request(frame).map(Self::Request),
            [NEXT, index] => Ok(Self::Next { index }),
            [NEXT, ..] => Err(FrameError::Length { kind: NEXT, length: frame.len() }),
            [found, ..] => Err(FrameError::Type { found }),
        }
    }

    /// The frame that asks for another part.
    #[must_use]
    pub fn next(index: u8) -> [u8; 2] {
        [NEXT, index]
    }
}

fn request(frame: &[u8]) -> Result<Request<'_>, FrameError> {
    let length = FrameError::Length { kind: REQUEST, length: frame.len() };
    if frame.len() < REQUEST_OVERHEAD_BYTES {
        return Err(length);
    }
    let counter = take(5_usize)
        .map(|bytes: &[u8]| bytes.iter().fold(0, |counter, byte| counter << 8 | u64::from(*byte)));
    let (sealed, (_, key_id, terminal, counter, flags)) =
        (be_u8, be_u8, be_u32, counter, be_u8).parse(frame).map_err(|_: nom::Err<()>| length)?;
    if flags & !FLAG_LAST != 0 {
        return Err(FrameError::Flags { found: flags });
    }
    if counter == 0 {
        return Err(FrameError::Counter);
    }
    let header = Header { key_id, terminal, counter, is_last: flags == FLAG_LAST };
    Ok(Request { header, sealed })
}

/// A frame of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayFrame<'a> {
    /// A part of a reply.
    Part {
        /// Which, from 0.
        index: u8,
        /// The index of the last part.
        last: u8,
        /// Its piece of the sealed reply; not empty.
        chunk: &'a [u8],
    },
    /// The gateway does not answer. It is not authenticated: it counts as no answer.
    Refusal(RefusalCode),
}

impl<'a> GatewayFrame<'a> {
    /// Reads a frame of the gateway.
    ///
    /// # Errors
    /// [`FrameError`] when it has another form.
    pub fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        let length = |kind| FrameError::Length { kind, length: frame.len() };
        match frame {
            [] => Err(FrameError::Empty),
            [PART, _] | [PART] => Err(length(PART)),
            [PART, numbers, chunk @ ..] => {
                let (index, last) = (numbers >> 4, numbers & 0x0F);
                if index > last {
                    return Err(FrameError::Index { index, last });
                }
                Ok(Self::Part { index, last, chunk })
            }
            [REFUSAL, code] => Ok(Self::Refusal(RefusalCode(*code))),
            [REFUSAL, ..] => Err(length(REFUSAL)),
            [found, ..] => Err(FrameError::Type { found: *found }),
        }
    }

    /// The frame that refuses.
    #[must_use]
    pub fn refusal(code: RefusalCode) -> [u8; 2] {
        [REFUSAL, code.0]
    }
}
