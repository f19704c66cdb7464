//! Distributors.

use super::registry::expect_letter;
use super::wire::{Flaw, Reader, put_string, put_u32};
use super::{KeyBytes, Record, Status, key_of};
use crate::rows::Family;
use tillgate_types::DistributorId;

/// A node of the tree above the sellers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distributor {
    /// Its id.
    pub id: DistributorId,
    /// The node above; `None` at the top.
    pub parent: Option<DistributorId>,
    /// Its name.
    pub name: String,
    /// Blocked: nobody below sells.
    pub status: Status,
}

impl Distributor {
    pub(super) const LETTER: u8 = b'd';

    /// The row key of an id.
    pub fn key_of(id: DistributorId) -> KeyBytes {
        key_of(&[&[Self::LETTER], &id.0.to_be_bytes()])
    }
}

impl Record for Distributor {
    const FAMILY: Family = Family::Registry;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        Self::key_of(self.id)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.parent.is_some()));
        if let Some(parent) = self.parent {
            put_u32(out, parent.0);
        }
        put_string(out, &self.name);
        out.push(self.status.code());
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        expect_letter(key, Self::LETTER)?;
        Ok(Self {
            id: DistributorId(key.u32()?),
            parent: if body.flag()? { Some(DistributorId(body.u32()?)) } else { None },
            name: body.string()?,
            status: Status::read(body)?,
        })
    }
}
