//! Sealed records: one message body under ChaCha20-Poly1305 (RFC 8439), both ways.
//!
//! ```text
//!  0                4                          4 + n               4 + n + 16
//! +----------------+--------------------------+-------------------+
//! | record header  | encrypted body (n bytes) | tag (16)          |
//! +----------------+--------------------------+-------------------+
//! '-- AAD ---------'
//!
//! nonce = 4 zero bytes | counter (u64 little-endian), from 0, one per record and direction
//! ```
//!
//! The nonce never travels: TCP keeps the order, so a record that was lost, doubled or moved fails.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::limits::BODY_BYTES_MAX;
use crate::link::record::{HEADER_BYTES, RecordType, deframe, header};

/// Bytes of the authentication tag.
pub const TAG_BYTES: usize = 16;
/// What sealing adds to a body, in bytes: the record's header and the tag.
pub const SEAL_OVERHEAD_BYTES: usize = HEADER_BYTES + TAG_BYTES;

/// One end of an established channel: two keys and two counters, wiped on drop.
///
/// Any error closes the connection. Per idle terminal this is all that is kept, so the cipher's key
/// schedule is built at each use instead of being stored.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Channel {
    sending: Half,
    receiving: Half,
    version: u8,
}

const _: () = assert!(size_of::<Channel>() <= 96, "kept for every idle terminal");

/// One direction: its key and the number of records so far.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Half {
    key: [u8; 32],
    counter: u64,
}

/// Why a record could not be sealed or opened. The connection closes.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    #[error("a body of {length} bytes is over {BODY_BYTES_MAX}")]
    TooLong { length: usize },
    #[error("not exactly one sealed record")]
    NotSealed,
    /// The tag does not fit: changed bytes, another session, or a record out of its order.
    #[error("the record's tag is wrong")]
    Tag,
    /// 2^64 - 1 records have gone this way; the counter never wraps (Noise, section 5.1).
    #[error("the record counter is exhausted")]
    Exhausted,
}

impl Channel {
    pub(super) fn new(sending: &[u8; 32], receiving: &[u8; 32], version: u8) -> Self {
        Self {
            version,
            sending: Half { key: *sending, counter: 0 },
            receiving: Half { key: *receiving, counter: 0 },
        }
    }

    /// The version of the link that both ends agreed upon.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Seals `body` and appends the whole SEALED record to `out`.
    ///
    /// Does not allocate if `out` has room for `body` and [`SEAL_OVERHEAD_BYTES`].
    ///
    /// # Errors
    /// [`ChannelError::TooLong`] or [`ChannelError::Exhausted`]; channel and `out` are as they
    /// were.
    pub fn seal(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), ChannelError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(ChannelError::TooLong { length: body.len() });
        }
        let (nonce, following) = self.sending.turn()?;
        let head = header(RecordType::SEALED, body.len() + TAG_BYTES);
        out.reserve(body.len() + SEAL_OVERHEAD_BYTES);
        out.extend_from_slice(&head);
        let start = out.len();
        out.extend_from_slice(body);
        let tag = self
            .sending
            .cipher()
            .seal_in_place_separate_tag(nonce, Aad::from(head), &mut out[start..])
            .expect("a body within its bound is far below the cipher's own limit");
        out.extend_from_slice(tag.as_ref());
        self.sending.counter = following;
        Ok(())
    }

    /// Opens one whole SEALED record, header included, in place and gives the body.
    ///
    /// # Errors
    /// Any [`ChannelError`] leaves the channel as it was (the next record in order would still
    /// open), but the record's bytes are spoilt and the caller closes the connection.
    pub fn open<'a>(&mut self, record: &'a mut [u8]) -> Result<&'a [u8], ChannelError> {
        match deframe(record) {
            Ok(Some(found)) if found.kind == RecordType::SEALED && found.end == record.len() => {}
            _ => return Err(ChannelError::NotSealed),
        }
        let (nonce, following) = self.receiving.turn()?;
        let (head, sealed) = record.split_at_mut(HEADER_BYTES);
        let body = self
            .receiving
            .cipher()
            .open_in_place(nonce, Aad::from(head), sealed)
            .map_err(|_| ChannelError::Tag)?;
        self.receiving.counter = following;
        Ok(body)
    }
}

impl Half {
    /// The nonce of this turn, and the counter that follows once the turn has succeeded.
    fn turn(&self) -> Result<(Nonce, u64), ChannelError> {
        let following = self.counter.checked_add(1).ok_or(ChannelError::Exhausted)?;
        let mut bytes = [0; 12];
        bytes[4..].copy_from_slice(&self.counter.to_le_bytes());
        Ok((Nonce::assume_unique_for_key(bytes), following))
    }

    fn cipher(&self) -> LessSafeKey {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.key);
        LessSafeKey::new(key.expect("the cipher's keys have 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, ChannelError};

    #[test]
    fn a_counter_at_its_end_never_wraps() {
        let mut sender = Channel::new(&[1; 32], &[2; 32], 1);
        let mut receiver = Channel::new(&[2; 32], &[1; 32], 1);
        sender.sending.counter = u64::MAX - 1;
        receiver.receiving.counter = u64::MAX - 1;
        let mut record = Vec::new();
        sender.seal(b"last", &mut record).unwrap();
        let mut again = record.clone();
        assert_eq!(receiver.open(&mut record), Ok(&b"last"[..]));
        assert_eq!(receiver.open(&mut again), Err(ChannelError::Exhausted));
        let mut out = Vec::new();
        assert_eq!(sender.seal(b"one more", &mut out), Err(ChannelError::Exhausted));
        assert!(out.is_empty());
    }
}
