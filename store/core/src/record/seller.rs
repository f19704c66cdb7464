//! Sellers.

use super::declare::record;
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record, Status};
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
    /// Its float account.
    pub fn float(&self) -> AccountId {
        AccountId::float(self.id, self.currency)
    }
}

record! { Seller in Registry, version 1;
    letter b's', id: SellerId;
    body { distributor, name, status, currency, credit_limit_minor }
}
