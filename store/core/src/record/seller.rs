//! Sellers.

use super::registry::expect_letter;
use super::wire::{Flaw, Reader, put_i64, put_string, put_u16, put_u32};
use super::{KeyBytes, Record, Status, key_of};
use crate::ids::AccountId;
use crate::rows::Family;
use tillgate_types::{DistributorId, SellerId};

/// An owner of terminals and float.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seller {
    /// Its id.
    pub id: SellerId,
    /// Whom it hangs below.
    pub distributor: DistributorId,
    /// Its name.
    pub name: String,
    /// Blocked: it does not sell.
    pub status: Status,
    /// ISO 4217 numeric; never changes.
    pub currency: u16,
    /// How far below zero its float may go, minor units; 0 or more.
    pub credit_limit_minor: i64,
}

impl Seller {
    pub(super) const LETTER: u8 = b's';

    /// The row key of an id.
    pub fn key_of(id: SellerId) -> KeyBytes {
        key_of(&[&[Self::LETTER], &id.0.to_be_bytes()])
    }

    /// Its float account.
    pub fn float(&self) -> AccountId {
        AccountId::float(self.id, self.currency)
    }
}

impl Record for Seller {
    const FAMILY: Family = Family::Registry;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        Self::key_of(self.id)
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_u32(out, self.distributor.0);
        put_string(out, &self.name);
        out.push(self.status.code());
        put_u16(out, self.currency);
        put_i64(out, self.credit_limit_minor);
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        expect_letter(key, Self::LETTER)?;
        Ok(Self {
            id: SellerId(key.u32()?),
            distributor: DistributorId(body.u32()?),
            name: body.string()?,
            status: Status::read(body)?,
            currency: body.u16()?,
            credit_limit_minor: body.i64()?,
        })
    }
}
