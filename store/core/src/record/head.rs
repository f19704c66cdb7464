//! The position of the store: the last row of every write.

use ring::digest::{Context, SHA256};

use super::declare::record;
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::ids::StoreId;
use crate::rows::Family;

/// The end of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Last batch written; 0 before the first.
    pub batch_no: u64,
    /// Last transaction number given; 0 before the first.
    pub seq: u64,
    /// Last audit row written; 0 before the first.
    pub audit_no: u64,
    /// Hash of the last batch, or the genesis hash.
    pub hash: [u8; 32],
    /// The store's name.
    pub store_id: StoreId,
}

impl Head {
    /// The only key.
    pub const KEY: &'static [u8] = b"head";

    /// The head of a new store.
    pub fn genesis(store_id: StoreId) -> Self {
        Self { batch_no: 0, seq: 0, audit_no: 0, hash: genesis_hash(store_id), store_id }
    }
}

/// What the first batch has for the hash before it: bound to the store, so that two stores'
/// chains never mix.
fn genesis_hash(store_id: StoreId) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"tillgate store ");
    context.update(&store_id.0);
    super::batch::hash_of(context)
}

record! { Head in Meta, version 1;
    only Self::KEY;
    body { batch_no, seq, audit_no, hash, store_id }
}
