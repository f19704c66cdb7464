//! Secrets sealed at rest.

use std::fmt;

use arrayvec::ArrayVec;

use crate::limits::SEALED_BYTES_MAX;

/// A secret under a key-encryption key: ciphertext and tag, never the plain bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key-encryption key opens it.
    pub kek_id: u32,
    /// The AES-GCM nonce, unique per key.
    pub nonce: [u8; 12],
    /// Ciphertext and 16-byte tag.
    pub bytes: ArrayVec<u8, SEALED_BYTES_MAX>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed(kek {})", self.kek_id)
    }
}
