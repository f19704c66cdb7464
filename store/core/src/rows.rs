//! What an engine provides: ordered rows in families, and one durable write at a time.

use std::ops::ControlFlow;

use crate::error::{Result, StoreError};
use crate::record::declare::coded;
use crate::write_set::WriteSet;

coded! {
    /// A family of rows with one kind of key; a column family in RocksDB.
    #[derive(PartialOrd, Ord)]
    Family, "family":
    /// `b` bridge, `d` distributor, `s` seller, `t` terminal, `u` handset, `v` service, and the id.
    Registry = 0 "registry",
    /// Date, terminal, STAN: every transaction.
    Journal = 1 "journal",
    /// Keys of the transactions that are open; the values are empty.
    Open = 2 "open",
    /// Service, product, expiry, serial: vouchers for sale.
    Stock = 3 "stock",
    /// Service, product, serial: every voucher ever loaded.
    Serials = 4 "serials",
    /// Kind, owner, currency: balances.
    Accounts = 5 "accounts",
    /// Reference: float loads.
    Funding = 6 "funding",
    /// Terminal: handshake counter high-water.
    Counters = 7 "counters",
    /// Batch number: the hash chain.
    Batches = 8 "batches",
    /// Audit number: who changed what.
    Audit = 9 "audit",
    /// `head`: the position of the store.
    Meta = 10 "meta",
    /// Registry key, audit number: former versions of registry records.
    History = 11 "history",
    /// `b` batch number, service, product: control totals of what was loaded. `c` serial, service:
    /// every serial ever loaded. `l` service, product, expiry: counts of stock. `r` sale, audit
    /// number: PINs sent again. `w` service, product, serial: vouchers taken out of sale.
    Supply = 12 "supply",
    /// Number of a handset: what is remembered of wrong PINs.
    Handsets = 13 "handsets",
}

impl Family {
    /// Position in [`Family::ALL`]; also part of every row's checksum, so never renumbered.
    pub fn index(self) -> usize {
        self.code().into()
    }

    /// Its name: the column family's.
    pub const fn name(self) -> &'static str {
        self.label()
    }
}

/// Sees keys and values in turn, until it breaks.
pub type Visit<'a> = &'a mut (dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a);

/// Reading rows, in the order of their key bytes.
pub trait ReadRows {
    /// Clears `out` and fills it with the value; whether there is one.
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool>;

    /// Visits `(key, value)` upwards from `from` (inclusive) until the visitor breaks.
    fn scan(&self, family: Family, from: &[u8], visit: Visit<'_>) -> Result<()>;

    /// Clears `out_key` and fills it with the greatest key below `key`; whether there is one.
    fn last_before(&self, family: Family, key: &[u8], out_key: &mut Vec<u8>) -> Result<bool>;
}

impl dyn ReadRows + '_ {
    /// As [`ReadRows::scan`], until the visitor breaks or fails.
    ///
    /// # Errors
    /// The visitor's own, or that rows cannot be read.
    pub fn try_scan<E: From<StoreError>>(
        &self,
        family: Family,
        from: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let mut failed = Ok(());
        self.scan(family, from, &mut |key, value| {
            visit(key, value).unwrap_or_else(|error| {
                failed = Err(error);
                ControlFlow::Break(())
            })
        })?;
        failed
    }
}

/// Rows that can be written: whole sets, durable when the call returns.
pub trait Engine: ReadRows {
    /// Writes all of `set` or nothing of it, in the order of its operations, and makes it
    /// durable. The last two operations are the batch's own row and the new head; batch 0, the
    /// first write of a new store, has no row of its own. After an error the caller stops for good
    /// and never repeats the write.
    fn write(&mut self, set: &WriteSet, batch_no: u64) -> Result<()>;
}
