//! Distributors.

use super::declare::record;
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record, Status};
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

record! { Distributor in Registry, version 1;
    letter b'd', id: DistributorId;
    body { parent, name, status }
}
