//! What an engine provides: ordered rows in families, and one durable write at a time.

use std::ops::ControlFlow;

use crate::error::StoreError;
use crate::write_set::WriteSet;

/// A family of rows with one kind of key; a column family in RocksDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `d` distributor, `s` seller, `t` terminal, `v` service, and the id.
    Registry,
    /// Date, terminal, STAN: every transaction.
    Journal,
    /// Keys of the transactions that are open; the values are empty.
    Open,
    /// Service, product, expiry, serial: vouchers for sale.
    Stock,
    /// Service, product, serial: every voucher ever loaded.
    Serials,
    /// Kind, owner, currency: balances.
    Accounts,
    /// Reference: float loads.
    Funding,
    /// Terminal: handshake counter high-water.
    Counters,
    /// Batch number: the hash chain.
    Batches,
    /// Audit number: who changed what.
    Audit,
    /// `head`: the position of the store.
    Meta,
    /// Registry key, audit number: former versions of registry records.
    History,
}

impl Family {
    /// Every family, in the order of their indexes.
    pub const ALL: [Self; 12] = [
        Self::Registry,
        Self::Journal,
        Self::Open,
        Self::Stock,
        Self::Serials,
        Self::Accounts,
        Self::Funding,
        Self::Counters,
        Self::Batches,
        Self::Audit,
        Self::Meta,
        Self::History,
    ];

    /// Position in [`Family::ALL`]; also part of every row's checksum, so never renumbered.
    pub const fn index(self) -> usize {
        match self {
            Self::Registry => 0,
            Self::Journal => 1,
            Self::Open => 2,
            Self::Stock => 3,
            Self::Serials => 4,
            Self::Accounts => 5,
            Self::Funding => 6,
            Self::Counters => 7,
            Self::Batches => 8,
            Self::Audit => 9,
            Self::Meta => 10,
            Self::History => 11,
        }
    }

    /// Its name: the column family's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Journal => "journal",
            Self::Open => "open",
            Self::Stock => "stock",
            Self::Serials => "serials",
            Self::Accounts => "accounts",
            Self::Funding => "funding",
            Self::Counters => "counters",
            Self::Batches => "batches",
            Self::Audit => "audit",
            Self::Meta => "meta",
            Self::History => "history",
        }
    }
}

/// Reading rows, in the order of their key bytes.
pub trait ReadRows {
    /// Clears `out` and fills it with the value; whether there is one.
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError>;

    /// Visits `(key, value)` upwards from `from` (inclusive) until the visitor breaks.
    #[expect(clippy::type_complexity, reason = "a visitor, spelt out where it is used once")]
    fn scan(
        &self,
        family: Family,
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// Clears `out_key` and fills it with the greatest key below `key`; whether there is one.
    fn last_before(
        &self,
        family: Family,
        key: &[u8],
        out_key: &mut Vec<u8>,
    ) -> Result<bool, StoreError>;
}

/// Rows that can be written: whole sets, durable when the call returns.
pub trait Engine: ReadRows {
    /// Writes all of `set` or nothing of it, in the order of its operations, and makes it
    /// durable. The last two operations are the batch's own row and the new head; batch 0, the
    /// first write of a new store, has no row of its own. After an error the caller stops for good
    /// and never repeats the write.
    fn write(&mut self, set: &WriteSet, batch_no: u64) -> Result<(), StoreError>;
}
