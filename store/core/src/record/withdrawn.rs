//! Vouchers that were taken out of sale before anybody bought them.

use std::ops::ControlFlow;

use super::declare::{record, stored};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::error::StoreError;
use crate::ids::Text;
use crate::limits::SERIAL_BYTES_MAX;
use crate::rows::{Family, ReadRows};
use tillgate_types::{BusinessDate, ProductId, ServiceId};

/// One voucher of a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoucherOf {
    /// The service.
    pub service: ServiceId,
    /// The product.
    pub product: ProductId,
    /// The serial.
    pub serial: Text<SERIAL_BYTES_MAX>,
}

/// A voucher that was withdrawn: it is never sold, and its PIN is gone. Never deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// Which.
    pub of: VoucherOf,
    /// Last business date on which it would have been sold.
    pub expiry: BusinessDate,
    /// The audit row that says who withdrew it, and why.
    pub audit_no: u64,
}

impl Withdrawn {
    /// Visits every withdrawn voucher by service, product and serial, from `from` (inclusive; of
    /// [`VoucherOf::default`]: from the first), until the visitor breaks.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn each(
        rows: &dyn ReadRows,
        from: VoucherOf,
        mut visit: impl FnMut(Self) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        rows.try_scan(Family::Supply, &Self::key_of(from), |key, value| {
            if key.first() != Some(&Self::LETTER) {
                return Ok(ControlFlow::Break(()));
            }
            Self::decode(key, value).map(&mut visit)
        })
    }
}

record! { Withdrawn in Supply, version 1;
    letter b'w', of: VoucherOf;
    body { expiry, audit_no }
}

stored! { VoucherOf { service, product, serial } }
