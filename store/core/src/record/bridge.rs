//! What the operator has ordered about a bridge. A bridge without a record is in service.

use super::declare::{coded, record};
use super::route::{BridgeName, is_bridge_name, name_fault};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::limits::REASON_BYTES_MAX;
use crate::rows::Family;

coded! {
    /// What a bridge may do.
    BridgeStatus, "status of a bridge":
    /// Everything.
    Active = 0 "active",
    /// It gets no new sales and lookups; what is under way goes on.
    Draining = 1 "draining",
    /// Nothing leaves for it. What is under way waits, and what it reports still counts.
    Suspended = 2 "suspended",
}

/// The order that is in force for a bridge of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeOrder {
    /// Its name in the configuration.
    pub bridge: BridgeName,
    /// What it may do.
    pub status: BridgeStatus,
    /// Why, for people; never a secret.
    pub reason: String,
}

impl BridgeOrder {
    /// What is wrong with it, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        if !is_bridge_name(&self.bridge) {
            return Some(name_fault("bridge", &self.bridge));
        }
        let length = self.reason.len();
        (length > REASON_BYTES_MAX)
            .then(|| format!("a reason of {length} bytes, and {REASON_BYTES_MAX} is the most"))
    }
}

record! { BridgeOrder in Registry, version 1;
    letter b'b', bridge: BridgeName;
    body { status, reason }
}
