//! One known text sealed under each key-encryption key that seals anything in the store.
//!
//! A key that is missing or was exchanged for another of the same number is found at the start,
//! before a voucher is taken that nobody can open. A canary is written before anything else is
//! sealed under its key, and removed once nothing is.

use super::wire::{Flaw, Reader, Stored};
use super::{KeyBytes, Record, key_of};
use crate::rows::Family;
use crate::vault::Sealed;

/// The canary of one key-encryption key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// [`Canary::TEXT`], sealed for [`crate::vault::canary_context`].
    pub sealed: Sealed,
}

impl Canary {
    /// What begins the key of each of them.
    pub const PREFIX: &'static [u8] = b"kek-";
    /// What is sealed.
    pub const TEXT: &'static [u8] = b"tillgate canary";

    /// The row key of the canary of a KEK.
    pub fn key_of(kek_id: u32) -> KeyBytes {
        key_of(&[Self::PREFIX, &kek_id.to_be_bytes()])
    }
}

impl Record for Canary {
    const FAMILY: Family = Family::Meta;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        Self::key_of(self.sealed.kek_id)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.sealed.put(out);
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>) -> Result<Self, Flaw> {
        key.expect(Self::PREFIX, "unknown key")?;
        let (kek_id, sealed): (u32, Sealed) = (key.get()?, body.get()?);
        if sealed.kek_id == kek_id { Ok(Self { sealed }) } else { Err(Flaw("another key's")) }
    }
}
