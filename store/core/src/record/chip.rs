//! What the chip of a payment card receives from its issuer.

use super::wire::{Flaw, Reader, Sink, Stored};
use crate::limits::CHIP_BYTES_MAX;

/// Issuer authentication data and scripts, as the host sent them: BER-TLV (EMV 4.3, book 3). No card
/// number is in it, and nobody here reads it. 1 to [`CHIP_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct ChipAnswer(Box<[u8]>);

impl ChipAnswer {
    /// `None` if there are none, or too many.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (1..=CHIP_BYTES_MAX).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    /// As the host sent it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Only how long it is.
impl std::fmt::Debug for ChipAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChipAnswer({} bytes)", self.0.len())
    }
}

/// Behind its length.
impl Stored for ChipAnswer {
    fn put(&self, out: &mut impl Sink) {
        u8::try_from(self.0.len()).expect("bounded by CHIP_BYTES_MAX").put(out);
        out.bytes(&self.0);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        let length: u8 = from.get()?;
        Self::new(from.bytes(length.into())?).ok_or(Flaw("an empty answer for a chip"))
    }
}
