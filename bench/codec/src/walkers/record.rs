//! Sealed records: header, ChaCha20-Poly1305, a counter.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

const HEADER_BYTES: usize = 4;
const TAG_BYTES: usize = 16;
const SEALED: u8 = 3;
const VERSION: u8 = 1;
const PAYLOAD_BYTES_MAX: usize = 2_048;

/// The receiving half of a channel. As in the codec the cipher is set up for each record: a
/// gateway cannot keep one for every idle terminal.
pub struct Opener {
    key: [u8; 32],
    counter: u64,
}

/// The sending half.
pub struct Sealer {
    key: [u8; 32],
    counter: u64,
}

fn cipher(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, key).ok().map(LessSafeKey::new)
}

fn nonce(counter: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&counter.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

impl Opener {
    /// A half whose first record is the next.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, counter: 0 }
    }

    /// The body of one whole record, decrypted in place.
    #[must_use]
    pub fn open<'a>(&mut self, record: &'a mut [u8]) -> Option<&'a [u8]> {
        let (head, sealed) = record.split_at_mut_checked(HEADER_BYTES)?;
        let &mut [SEALED, VERSION, high, low] = head else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > PAYLOAD_BYTES_MAX || length != sealed.len() {
            return None;
        }
        let head = [SEALED, VERSION, high, low];
        let body =
            cipher(&self.key)?.open_in_place(nonce(self.counter), Aad::from(head), sealed).ok()?;
        self.counter += 1;
        Some(body)
    }
}

impl Sealer {
    /// A half whose first record is the next.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, counter: 0 }
    }

    /// Appends one whole record.
    #[must_use]
    pub fn seal(&mut self, body: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let [high, low] = u16::try_from(body.len() + TAG_BYTES).ok()?.to_be_bytes();
        let head = [SEALED, VERSION, high, low];
        out.extend_from_slice(&head);
        let start = out.len();
        out.extend_from_slice(body);
        let tag = cipher(&self.key)?
            .seal_in_place_separate_tag(nonce(self.counter), Aad::from(head), &mut out[start..])
            .ok()?;
        out.extend_from_slice(tag.as_ref());
        self.counter += 1;
        Some(())
    }
}
