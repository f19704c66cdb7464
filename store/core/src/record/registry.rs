//! What the registry family holds: eight kinds of records behind one letter each.

use super::declare::coded;
use super::{
    BridgeOrder, Distributor, Handset, KeyBytes, ReceiptTemplate, Record, Route, Seller, Service,
    Terminal,
};
use crate::error::{Result, StoreError};
use crate::rows::Family;

coded! {
    /// Whether something may take part in sales.
    Status, "status":
    /// It may.
    Active = 0 "active",
    /// The operator blocked it.
    Blocked = 1 "blocked",
}

/// One record of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryRecord {
    /// A node of the tree above the sellers.
    Distributor(Distributor),
    /// An owner of terminals and float.
    Seller(Seller),
    /// A terminal.
    Terminal(Terminal),
    /// What is sold.
    Service(Service),
    /// How a receipt is printed.
    Receipt(ReceiptTemplate),
    /// Which bridges a service's sales may take.
    Route(Route),
    /// What a bridge may do.
    Bridge(BridgeOrder),
    /// A number that sells for a terminal.
    Handset(Handset),
}

impl RegistryRecord {
    /// Its row key: the letter and the id.
    pub fn key(&self) -> KeyBytes {
        match self {
            Self::Distributor(record) => record.key(),
            Self::Seller(record) => record.key(),
            Self::Terminal(record) => record.key(),
            Self::Service(record) => record.key(),
            Self::Receipt(record) => record.key(),
            Self::Route(record) => record.key(),
            Self::Bridge(record) => record.key(),
            Self::Handset(record) => record.key(),
        }
    }

    /// Appends the value.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Distributor(record) => record.encode(out),
            Self::Seller(record) => record.encode(out),
            Self::Terminal(record) => record.encode(out),
            Self::Service(record) => record.encode(out),
            Self::Receipt(record) => record.encode(out),
            Self::Route(record) => record.encode(out),
            Self::Bridge(record) => record.encode(out),
            Self::Handset(record) => record.encode(out),
        }
    }

    /// The record of a row of the family.
    pub fn decode(key: &[u8], value: &[u8]) -> Result<Self> {
        match Self::decode_keyless(key, value)? {
            Self::Terminal(terminal) if terminal.keys().is_empty() => {
                Err(StoreError::damaged(Family::Registry, key, "a terminal without a key"))
            }
            record => Ok(record),
        }
    }

    /// The same without its secrets, a terminal's keys and a handset's PIN: as the history keeps it.
    #[must_use]
    pub fn without_keys(mut self) -> Self {
        match &mut self {
            Self::Terminal(terminal) => terminal.forget_keys(),
            Self::Handset(handset) => handset.pin = None,
            _ => {}
        }
        self
    }

    /// As [`Self::decode`]; a terminal may have no key.
    pub(super) fn decode_keyless(key: &[u8], value: &[u8]) -> Result<Self> {
        match key.first() {
            Some(&Distributor::LETTER) => Distributor::decode(key, value).map(Self::Distributor),
            Some(&Seller::LETTER) => Seller::decode(key, value).map(Self::Seller),
            Some(&Terminal::LETTER) => Terminal::decode(key, value).map(Self::Terminal),
            Some(&Service::LETTER) => Service::decode(key, value).map(Self::Service),
            Some(&ReceiptTemplate::LETTER) => {
                ReceiptTemplate::decode(key, value).map(Self::Receipt)
            }
            Some(&Route::LETTER) => Route::decode(key, value).map(Self::Route),
            Some(&Handset::LETTER) => Handset::decode(key, value).map(Self::Handset),
            Some(&BridgeOrder::LETTER) => BridgeOrder::decode(key, value).map(Self::Bridge),
            _ => Err(StoreError::damaged(Family::Registry, key, "unknown kind of record")),
        }
    }
}
