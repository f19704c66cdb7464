//! Batches of vouchers, as their issuer numbered and counted them.

use std::ops::ControlFlow;

use super::declare::{record, stored};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::error::StoreError;
use crate::ids::Text;
use crate::limits::{BATCH_NUMBER_BYTES_MAX, SERIAL_BYTES_MAX};
use crate::rows::{Family, ReadRows};
use tillgate_types::{ProductId, ServiceId};

/// The vouchers of one product in a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchOf {
    /// The issuer's number of the batch.
    pub number: Text<BATCH_NUMBER_BYTES_MAX>,
    /// The service that they were loaded for.
    pub service: ServiceId,
    /// Their denomination.
    pub product: ProductId,
}

/// What the control totals of a batch said of one product, and were found to be; never deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoucherBatch {
    /// Which.
    pub of: BatchOf,
    /// The store's batch that loaded them; see [`super::Serial::batch_no`].
    pub batch_no: u64,
    /// How many vouchers.
    pub count: u64,
    /// Face value of each at that time, minor units.
    pub face_minor: u64,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Lowest serial. A shorter one is lower, so that numbers are in their order.
    pub first: Text<SERIAL_BYTES_MAX>,
    /// Highest serial, in the same order.
    pub last: Text<SERIAL_BYTES_MAX>,
}

impl VoucherBatch {
    /// Sum of the face values, minor units.
    #[must_use]
    pub const fn total_minor(&self) -> u64 {
        self.count.saturating_mul(self.face_minor)
    }

    /// Visits every batch by number, service and product until the visitor breaks.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn each(
        rows: &dyn ReadRows,
        visit: impl FnMut(Self) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        Self::each_from(rows, &[Self::LETTER], visit)
    }

    /// As [`VoucherBatch::each`], of one number for one service.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn each_of(
        rows: &dyn ReadRows,
        (number, service): (&Text<BATCH_NUMBER_BYTES_MAX>, ServiceId),
        visit: impl FnMut(Self) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut prefix = KeyBytes::new();
        Self::LETTER.put(&mut prefix);
        number.put(&mut prefix);
        service.put(&mut prefix);
        Self::each_from(rows, &prefix, visit)
    }

    fn each_from(
        rows: &dyn ReadRows,
        prefix: &[u8],
        mut visit: impl FnMut(Self) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        rows.try_scan(Family::Supply, prefix, |key, value| {
            if !key.starts_with(prefix) {
                return Ok(ControlFlow::Break(()));
            }
            Self::decode(key, value).map(&mut visit)
        })
    }
}

record! { VoucherBatch in Supply, version 1;
    letter b'b', of: BatchOf;
    body { batch_no, count, face_minor, currency, first, last }
}

stored! { BatchOf { number, service, product } }
