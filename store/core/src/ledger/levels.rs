//! How many vouchers there are, by product and expiry: in memory, and written once per batch.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::record::{Shelf, StockLevel};
use crate::rows::ReadRows;
use crate::write_set::WriteSet;
use tillgate_types::{BusinessDate, ProductId, ServiceId};

#[derive(Debug, Default)]
pub(super) struct Levels {
    slots: FxHashMap<Shelf, Slot>,
    /// Shelves that the batch changed, each once.
    changed: Vec<Shelf>,
}

#[derive(Debug, Default)]
struct Slot {
    level: StockLevel,
    changed: bool,
}

impl Levels {
    pub(super) fn load(rows: &dyn ReadRows) -> Result<Self> {
        let mut levels = Self::default();
        StockLevel::each(rows, |level| {
            levels.slots.insert(level.of, Slot { level, changed: false });
            ControlFlow::Continue(())
        })?;
        Ok(levels)
    }

    pub(super) fn load_one(
        &mut self,
        (service, product): (ServiceId, ProductId),
        expiry: BusinessDate,
    ) {
        self.touch(Shelf { service, product, expiry }).loaded += 1;
    }

    pub(super) fn sell(
        &mut self,
        (service, product): (ServiceId, ProductId),
        expiry: BusinessDate,
    ) {
        self.touch(Shelf { service, product, expiry }).sold += 1;
    }

    pub(super) fn withdraw(
        &mut self,
        (service, product): (ServiceId, ProductId),
        expiry: BusinessDate,
    ) {
        self.touch(Shelf { service, product, expiry }).withdrawn += 1;
    }

    /// Begins to count anew.
    pub(super) fn restart(&mut self) {
        let mut known: Vec<Shelf> = self.slots.keys().copied().collect();
        known.sort_unstable();
        for of in known {
            *self.touch(of) = StockLevel { of, ..StockLevel::default() };
        }
    }

    /// What was loaded and sold before there were counts.
    pub(super) fn count_former(&mut self, of: (ServiceId, ProductId), sold: u64) {
        let (service, product) = of;
        let level = self.touch(Shelf { service, product, expiry: Shelf::BEFORE_COUNTS });
        (level.loaded, level.sold) = (sold, sold);
    }

    pub(super) fn write(&mut self, set: &mut WriteSet) {
        for of in self.changed.drain(..) {
            if let Some(slot) = self.slots.get_mut(&of) {
                slot.changed = false;
                set.put_record(&slot.level);
            }
        }
    }

    fn touch(&mut self, of: Shelf) -> &mut StockLevel {
        let slot = self.slots.entry(of).or_default();
        slot.level.of = of;
        if !slot.changed {
            slot.changed = true;
            self.changed.push(of);
        }
        &mut slot.level
    }
}
