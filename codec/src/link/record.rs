//! Outer records: what a TCP stream of the link is cut into.
//!
//! ```text
//!  0        1        2                 4
//! +--------+--------+-----------------+------------------ - -
//! | type   | version| length (u16 BE) | payload (length bytes)
//! +--------+--------+-----------------+------------------ - -
//! ```
//!
//! [`deframe`] looks only at the header and says where the payload lies in the caller's buffer; it
//! neither copies nor keeps anything, so any split of the stream gives the same records.

use std::fmt;
use std::ops::Range;

use nom::number::streaming::{be_u8, be_u16};
use nom::{IResult, Parser};

use crate::limits::PAYLOAD_BYTES_MAX;

/// Bytes of a record before its payload.
pub const HEADER_BYTES: usize = 4;

/// The version of the record layer, the handshake and the sealing spoken here.
pub const VERSION: u8 = 1;

/// What a record carries. Unknown types stay visible, in [`RecordError::UnknownType`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordType(pub u8);

impl RecordType {
    /// Terminal to gateway, first record of a connection: opens the handshake.
    pub const HELLO: Self = Self(1);
    /// Gateway to terminal: completes the handshake.
    pub const HELLO_REPLY: Self = Self(2);
    /// Both ways after the handshake: one sealed message body.
    pub const SEALED: Self = Self(3);
    /// Gateway to terminal, in clear, instead of a [`Self::HELLO_REPLY`]: see [`Refusal`].
    pub const REFUSAL: Self = Self(4);

    fn is_known(self) -> bool {
        matches!(self, Self::HELLO | Self::HELLO_REPLY | Self::SEALED | Self::REFUSAL)
    }
}

/// One complete record at the start of the caller's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it carries; always one of the known types.
    pub kind: RecordType,
    /// Where the payload lies in the caller's buffer.
    pub range: Range<usize>,
    /// Where the next record starts in the caller's buffer.
    pub end: usize,
}

/// Why the stream is not of this protocol. The link closes; nothing after it can be trusted.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("record type {} at offset 0 is unknown", .0.0)]
    UnknownType(RecordType),
    /// The second byte is not [`VERSION`]; a gateway answers [`RefusalCode::VERSION`].
    #[error("record version {found} at offset 1, only {VERSION} is spoken")]
    Version { found: u8 },
    #[error("record length {declared} at offset 2 is over {PAYLOAD_BYTES_MAX} bytes")]
    TooLong { declared: u16 },
}

/// Finds the record at the start of `bytes`.
///
/// `Ok(None)` means that it is not complete yet: call again with the same start once more bytes
/// have come. A wrong header is reported as soon as the wrong byte is there.
///
/// # Errors
/// [`RecordError`] when the stream is not of this protocol: the link closes.
pub fn deframe(bytes: &[u8]) -> Result<Option<Record>, RecordError> {
    let Some((rest, kind)) = complete(be_u8.parse(bytes)) else {
        return Ok(None);
    };
    let kind = RecordType(kind);
    if !kind.is_known() {
        return Err(RecordError::UnknownType(kind));
    }
    let Some((rest, version)) = complete(be_u8.parse(rest)) else {
        return Ok(None);
    };
    if version != VERSION {
        return Err(RecordError::Version { found: version });
    }
    let Some((rest, declared)) = complete(be_u16.parse(rest)) else {
        return Ok(None);
    };
    let length = usize::from(declared);
    if length > PAYLOAD_BYTES_MAX {
        return Err(RecordError::TooLong { declared });
    }
    if rest.len() < length {
        return Ok(None);
    }
    let end = HEADER_BYTES + length;
    Ok(Some(Record { kind, range: HEADER_BYTES..end, end }))
}

/// `None` while bytes are missing; number parsers know no other failure.
fn complete<T>(result: IResult<&[u8], T, ()>) -> Option<(&[u8], T)> {
    result.ok()
}

/// Writes the header of a record of `length` payload bytes.
pub(crate) fn header(kind: RecordType, length: usize) -> [u8; HEADER_BYTES] {
    assert!(length <= PAYLOAD_BYTES_MAX, "a record of ours is longer than its bound");
    let length = u16::try_from(length).expect("PAYLOAD_BYTES_MAX fits 16 bits");
    let [high, low] = length.to_be_bytes();
    [kind.0, VERSION, high, low]
}

/// Why a gateway refuses a connection before a channel exists. Unknown codes stay visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefusalCode(pub u8);

impl RefusalCode {
    /// The gateway sheds load; come again after the given time.
    pub const BUSY: Self = Self(1);
    /// The record version or the suite is not spoken here.
    pub const VERSION: Self = Self(2);
    /// The hello could not be read.
    pub const MALFORMED: Self = Self(3);
    /// The hello was not accepted. Unknown terminal, wrong key and replay look alike on purpose.
    pub const DENIED: Self = Self(4);
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BUSY => f.write_str("busy"),
            Self::VERSION => f.write_str("version"),
            Self::MALFORMED => f.write_str("malformed"),
            Self::DENIED => f.write_str("denied"),
            Self(code) => write!(f, "unknown refusal {code}"),
        }
    }
}

/// Payload of a [`RecordType::REFUSAL`] record, in clear: code (1 byte), retry after (u16 BE).
///
/// It is not authenticated: a terminal may use it to wait longer, never to give anything up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// Seconds to wait before the next attempt; 0 when the gateway does not say.
    pub retry_after_s: u16,
}

/// Bytes of a refusal's payload.
const REFUSAL_BYTES: usize = 3;

/// A refusal's payload was not exactly 3 bytes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a refusal has {REFUSAL_BYTES} bytes, not {length}")]
pub struct RefusalError {
    /// The length found, in bytes.
    pub length: usize,
}

impl Refusal {
    /// Appends the whole record, header included, to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let [high, low] = self.retry_after_s.to_be_bytes();
        out.extend_from_slice(&header(RecordType::REFUSAL, REFUSAL_BYTES));
        out.extend_from_slice(&[self.code.0, high, low]);
    }

    /// Reads the payload of a refusal record.
    ///
    /// # Errors
    /// [`RefusalError`] when the payload has another length.
    pub fn decode(payload: &[u8]) -> Result<Self, RefusalError> {
        match *payload {
            [code, high, low] => {
                Ok(Self { code: RefusalCode(code), retry_after_s: u16::from_be_bytes([high, low]) })
            }
            _ => Err(RefusalError { length: payload.len() }),
        }
    }
}
