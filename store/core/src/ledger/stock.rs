//! Vouchers read ahead, oldest expiry first, and claimed one by one.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::limits::STOCK_AHEAD;
use crate::record::{KeyBytes, Record, Voucher};
use crate::rows::{Family, ReadRows};
use crate::write_set::WriteSet;
use tillgate_types::{BusinessDate, ProductId, ServiceId};

/// The outcome of a wish for a voucher.
pub(super) enum Claim {
    /// Here it is.
    Taken(Voucher),
    /// There is none.
    OutOfStock,
    /// The next one is sealed under a key that is not configured; it stays.
    Unopenable,
}

#[derive(Debug, Default)]
pub(super) struct Stock {
    shelves: FxHashMap<(ServiceId, ProductId), Shelf>,
    /// Row keys that this batch claimed: still in the engine, no longer for sale.
    taken: Vec<KeyBytes>,
}

/// Every unsold voucher of one product between two row keys, in their order.
///
/// ```text
/// stock rows:  | expired | sold | on the shelf | not read yet |
///                        ^ from                ^ cursor
/// ```
#[derive(Debug, Default)]
struct Shelf {
    from: BusinessDate,
    /// Row key of the last voucher read; empty: none yet.
    cursor: KeyBytes,
    vouchers: VecDeque<Voucher>,
    /// Nothing beyond the cursor.
    complete: bool,
}

impl Stock {
    /// Takes the voucher with the oldest expiry that is not before `date`. It leaves the stock
    /// with this batch.
    pub(super) fn claim(
        &mut self,
        rows: &dyn ReadRows,
        set: &mut WriteSet,
        product: (ServiceId, ProductId),
        date: BusinessDate,
        keks: Option<&[u32]>,
    ) -> Result<Claim> {
        let shelf = self.shelves.entry(product).or_default();
        if date < shelf.from {
            *shelf = Shelf { from: date, ..Shelf::default() };
        }
        let mut claimed = shelf.take(date, keks);
        if matches!(claimed, Claim::OutOfStock) && !shelf.complete {
            shelf.refill(rows, &self.taken, product, date)?;
            claimed = shelf.take(date, keks);
        }
        if let Claim::Taken(voucher) = &claimed {
            let key = voucher.key();
            set.delete(Family::Stock, &key);
            self.taken.push(key);
        }
        Ok(claimed)
    }

    /// New vouchers of a product were loaded: what was read ahead is no longer all there is.
    pub(super) fn forget(&mut self, product: (ServiceId, ProductId)) {
        self.shelves.remove(&product);
    }

    /// The batch is durable: what it claimed is gone from the engine.
    pub(super) fn clear_taken(&mut self) {
        self.taken.clear();
    }
}

impl Shelf {
    fn take(&mut self, date: BusinessDate, keks: Option<&[u32]>) -> Claim {
        let next = self.vouchers.iter().position(|voucher| voucher.expiry >= date);
        let Some(place) = next else { return Claim::OutOfStock };
        let opens = |voucher: &Voucher| keks.is_none_or(|ids| ids.contains(&voucher.pin.kek_id));
        if !opens(&self.vouchers[place]) {
            return Claim::Unopenable;
        }
        self.vouchers.remove(place).map_or(Claim::OutOfStock, Claim::Taken)
    }

    /// Reads on; only called when everything on the shelf has expired by `date`.
    fn refill(
        &mut self,
        rows: &dyn ReadRows,
        taken: &[KeyBytes],
        (service, product): (ServiceId, ProductId),
        date: BusinessDate,
    ) -> Result<()> {
        self.vouchers.clear();
        self.vouchers.reserve(STOCK_AHEAD);
        self.from = date;
        let from = Voucher::key_from(service, product, date);
        let prefix = &from[..4];
        // The voucher at the cursor itself was claimed, in this batch or an earlier one.
        let start = self.cursor.clone().max(from.clone());
        let mut more = false;
        let read = rows.try_scan(Family::Stock, &start, |key, value| {
            if !key.starts_with(prefix) {
                return Ok(ControlFlow::Break(()));
            }
            if taken.iter().any(|taken| &taken[..] == key) {
                return Ok(ControlFlow::Continue(()));
            }
            if self.vouchers.len() == STOCK_AHEAD {
                more = true;
                return Ok(ControlFlow::Break(()));
            }
            let voucher = Voucher::decode(key, value)?;
            self.cursor = voucher.key();
            self.vouchers.push_back(voucher);
            Ok(ControlFlow::Continue(()))
        });
        self.complete = read.is_ok() && !more;
        read
    }
}
