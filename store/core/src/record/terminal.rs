//! Terminals.

use super::registry::expect_letter;
use super::wire::{Flaw, Reader, put_sealed, put_string, put_u16, put_u32};
use super::{KeyBytes, Record, Status, key_of};
use crate::ids::{SellerId, ServiceId, TerminalId};
use crate::rows::Family;
use crate::vault::Sealed;

/// A terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its id.
    pub id: TerminalId,
    /// Whose it is.
    pub seller: SellerId,
    /// Blocked: it does not sell.
    pub status: Status,
    /// Why it is blocked, as its screen shows it.
    pub reason: String,
    /// Which of its keys is in force.
    pub key_id: u8,
    /// Its key, sealed.
    pub key: Sealed,
    /// What it may sell.
    pub services: Services,
}

/// What a terminal may sell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Services {
    /// Everything.
    All,
    /// These.
    Only(Vec<ServiceId>),
}

impl Services {
    /// Whether `service` is among them.
    pub fn allow(&self, service: ServiceId) -> bool {
        match self {
            Self::All => true,
            Self::Only(services) => services.contains(&service),
        }
    }
}

impl Terminal {
    pub(super) const LETTER: u8 = b't';

    /// The row key of an id.
    pub fn key_of(id: TerminalId) -> KeyBytes {
        key_of(&[&[Self::LETTER], &id.0.to_be_bytes()])
    }
}

impl Record for Terminal {
    const FAMILY: Family = Family::Registry;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        Self::key_of(self.id)
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_u32(out, self.seller.0);
        out.push(self.status.code());
        put_string(out, &self.reason);
        out.push(self.key_id);
        put_sealed(out, &self.key);
        match &self.services {
            Services::All => out.push(0),
            Services::Only(services) => {
                out.push(1);
                put_u16(out, u16::try_from(services.len()).expect("bounded by SERVICES_MAX"));
                services.iter().for_each(|service| put_u16(out, service.0));
            }
        }
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        expect_letter(key, Self::LETTER)?;
        Ok(Self {
            id: TerminalId(key.u32()?),
            seller: SellerId(body.u32()?),
            status: Status::read(body)?,
            reason: body.string()?,
            key_id: body.u8()?,
            key: body.sealed()?,
            services: if body.flag()? {
                let count = body.u16()?;
                let services = (0..count).map(|_| body.u16().map(ServiceId));
                Services::Only(services.collect::<Result<_, _>>()?)
            } else {
                Services::All
            },
        })
    }
}
