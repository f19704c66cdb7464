//! The index of serials and the counts of stock, for a store that an older program wrote.
//!
//! A store that has them says so in its note of record versions. Until it does they are made anew
//! from the other families: in bounded batches, of which the last holds counts and note together.
//! A crash in between costs only the time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::Ledger;
use crate::error::Result;
use crate::limits::INDEXED_MAX;
use crate::record::{Card, Record, Serial, Versions, Voucher};
use crate::rows::{Family, ReadRows};

impl Ledger {
    /// Brings the next piece of the index into the batch, behind the serial whose key `read` is
    /// (empty: from the first). Whether it was the last one.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn index_supply(&mut self, rows: &dyn ReadRows, read: &mut Vec<u8>) -> Result<bool> {
        if Versions::check(rows)?.is_some_and(|stored| stored.has("card")) {
            return Ok(true);
        }
        let mut from = read.clone();
        if !from.is_empty() {
            from.push(0);
        }
        let (mut left, set) = (INDEXED_MAX, &mut self.set);
        rows.try_scan(Family::Serials, &from, |key, value| {
            let Serial { service, product, serial, .. } = Serial::decode(key, value)?;
            set.put_record(&Card { of: (serial, service), product });
            read.clear();
            read.extend_from_slice(key);
            left -= 1;
            Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        if left == 0 {
            return Ok(false);
        }
        self.count_supply(rows)?;
        Ok(true)
    }

    /// Counts what is in stock by its expiry, and what was sold by what is missing there.
    fn count_supply(&mut self, rows: &dyn ReadRows) -> Result<()> {
        self.levels.restart();
        let mut gone = BTreeMap::<_, u64>::new();
        rows.try_scan(Family::Serials, &[], |key, value| {
            let row = Serial::decode(key, value)?;
            *gone.entry((row.service, row.product)).or_default() += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        rows.try_scan(Family::Stock, &[], |key, value| {
            let row = Voucher::decode(key, value)?;
            self.levels.load_one((row.service, row.product), row.expiry);
            if let Some(count) = gone.get_mut(&(row.service, row.product)) {
                *count = count.saturating_sub(1);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        gone.into_iter().filter(|(_, count)| *count > 0).for_each(|(of, count)| {
            self.levels.count_former(of, count);
        });
        Ok(())
    }
}
