//! Voucher stock, and the serials that were ever loaded.

use super::declare::record;
use super::wire::{self, Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record, key_of};
use crate::ids::Text;
use crate::limits::SERIAL_BYTES_MAX;
use crate::rows::Family;
use crate::vault::Sealed;
use tillgate_types::{BusinessDate, ProductId, ServiceId};

/// A voucher for sale. Its row is gone once it is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// The service it belongs to.
    pub service: ServiceId,
    /// Its denomination.
    pub product: ProductId,
    /// Its serial, in clear; unique within service and product.
    pub serial: Text<SERIAL_BYTES_MAX>,
    /// Last business date on which it is sold.
    pub expiry: BusinessDate,
    /// Its PIN.
    pub pin: Sealed,
}

/// That a voucher was loaded, and with which batch; never deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serial {
    /// The service it belongs to.
    pub service: ServiceId,
    /// Its denomination.
    pub product: ProductId,
    /// Its serial.
    pub serial: Text<SERIAL_BYTES_MAX>,
    /// The batch that loaded it.
    pub batch_no: u64,
}

impl Voucher {
    /// The row key of a voucher.
    #[must_use]
    pub fn key_at(
        service: ServiceId,
        product: ProductId,
        expiry: BusinessDate,
        serial: &Text<SERIAL_BYTES_MAX>,
    ) -> KeyBytes {
        let mut key = Self::key_from(service, product, expiry);
        key.bytes(serial.as_bytes());
        key
    }

    /// The first key a voucher of this product and expiry could have: stock sorts by expiry.
    pub fn key_from(service: ServiceId, product: ProductId, expiry: BusinessDate) -> KeyBytes {
        let [service, product, expiry] = [service.0, product.0, expiry.0].map(u16::to_be_bytes);
        key_of(&[&service, &product, &expiry])
    }
}

record! { Voucher in Stock, version 1;
    key service, product, expiry ..serial;
    body { pin }
}

record! { Serial in Serials, version 1;
    key service, product ..serial;
    body { batch_no }
}
