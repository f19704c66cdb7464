//! Reprints: each time that the PIN of a voucher was sent again, found by its sale.

use std::ops::ControlFlow;

use super::declare::record;
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::error::StoreError;
use crate::ids::Key;
use crate::rows::{Family, ReadRows};

/// One reprint; its row in the audit log is its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reprint {
    /// The sale, and the audit row.
    pub of: (Key, u64),
    /// Unix milliseconds.
    pub at_ms: u64,
}

impl Reprint {
    /// Every reprint of a sale, the first one first: at most
    /// [`REPRINTS_MAX`](crate::limits::REPRINTS_MAX).
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn all_of(rows: &dyn ReadRows, sale: &Key) -> Result<Vec<Self>, StoreError> {
        let from = Self::key_of((*sale, 0));
        let prefix = &from[..1 + Key::BYTES];
        let mut all = Vec::new();
        rows.try_scan(Family::Supply, &from, |key, value| {
            if !key.starts_with(prefix) {
                return Ok::<_, StoreError>(ControlFlow::Break(()));
            }
            all.push(Self::decode(key, value)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

record! { Reprint in Supply, version 1;
    letter b'r', of: (Key, u64);
    body { at_ms }
}
