//! What the store remembers of its stock as a whole: an index of serials, and counts.
//!
//! These two kinds of rows, behind one letter each, follow from the other rows; they are here so
//! that neither a duplicate nor a count takes work in proportion to the stock.

use std::ops::ControlFlow;

use super::declare::{record, stored};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::error::StoreError;
use crate::ids::Text;
use crate::limits::SERIAL_BYTES_MAX;
use crate::rows::{Family, ReadRows};
use tillgate_types::{BusinessDate, ProductId, ServiceId};

/// A serial that was ever loaded, found by itself: never deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its serial, and the service that it was loaded for.
    pub of: (Text<SERIAL_BYTES_MAX>, ServiceId),
    /// The product that it was loaded as.
    pub product: ProductId,
}

/// Vouchers of one product that are sold until the same day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shelf {
    /// The service.
    pub service: ServiceId,
    /// The product.
    pub product: ProductId,
    /// Their last day; [`Shelf::BEFORE_COUNTS`] of those that were sold before there were counts.
    pub expiry: BusinessDate,
}

impl Shelf {
    /// The expiry of what was sold before the store counted.
    pub const BEFORE_COUNTS: BusinessDate = BusinessDate(0);
}

/// How many vouchers of a shelf there were, and how many are left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockLevel {
    /// Which.
    pub of: Shelf,
    /// Ever loaded.
    pub loaded: u64,
    /// Sold.
    pub sold: u64,
    /// Taken out of sale.
    pub withdrawn: u64,
}

impl StockLevel {
    /// How many are in stock, expired ones included.
    #[must_use]
    pub const fn in_stock(&self) -> u64 {
        self.loaded.saturating_sub(self.sold).saturating_sub(self.withdrawn)
    }

    /// Visits every count by service, product and expiry until the visitor breaks.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn each(
        rows: &dyn ReadRows,
        visit: impl FnMut(Self) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        Self::each_from(rows, Shelf::default(), visit)
    }

    /// As [`StockLevel::each`], from a shelf on.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn each_from(
        rows: &dyn ReadRows,
        from: Shelf,
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

record! { Card in Supply, version 1;
    letter b'c', of: (Text<SERIAL_BYTES_MAX>, ServiceId);
    body { product }
}

record! { StockLevel in Supply, version 2;
    letter b'l', of: Shelf;
    body { loaded, sold }
    since 2 { withdrawn = 0 }
}

stored! { Shelf { service, product, expiry } }
