//! Float loads.

use super::account::{put_legs, read_legs};
use super::wire::{self, Flaw, Reader, put_i64, put_u32, put_u64};
use super::{KeyBytes, Legs, Record, key_of};
use crate::ids::Text;
use crate::limits::REFERENCE_BYTES_MAX;
use crate::rows::Family;
use tillgate_types::SellerId;

/// Money a seller paid in, or took back; kept by its reference, so that loading it twice is
/// loading it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funding {
    /// The deposit's reference.
    pub reference: Text<REFERENCE_BYTES_MAX>,
    /// Whose float.
    pub seller: SellerId,
    /// Minor units; negative takes back.
    pub amount_minor: i64,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// What was posted.
    pub legs: Legs,
}

impl Record for Funding {
    const FAMILY: Family = Family::Funding;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        key_of(&[self.reference.as_bytes()])
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_u32(out, self.seller.0);
        put_i64(out, self.amount_minor);
        put_u64(out, self.at_ms);
        put_legs(out, &self.legs);
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        Ok(Self {
            reference: wire::text(key.rest())?,
            seller: SellerId(body.u32()?),
            amount_minor: body.i64()?,
            at_ms: body.u64()?,
            legs: read_legs(body)?,
        })
    }
}
