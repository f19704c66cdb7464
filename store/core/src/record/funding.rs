//! Float loads.

use super::declare::record;
use super::wire::{self, Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Legs, Record};
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

record! { Funding in Funding, version 1;
    key ..reference;
    body { seller, amount_minor, at_ms, legs }
}
