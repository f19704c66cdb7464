//! The position of the store: the last row of every write.

use ring::digest::{Context, SHA256};

use super::wire::{Flaw, Reader, put_u64};
use super::{KeyBytes, Record, key_of};
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

impl Record for Head {
    const FAMILY: Family = Family::Meta;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        key_of(&[Self::KEY])
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, self.batch_no);
        put_u64(out, self.seq);
        put_u64(out, self.audit_no);
        out.extend_from_slice(&self.hash);
        out.extend_from_slice(&self.store_id.0);
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        if key.rest() != Self::KEY {
            return Err(Flaw("unknown key"));
        }
        Ok(Self {
            batch_no: body.u64()?,
            seq: body.u64()?,
            audit_no: body.u64()?,
            hash: body.array()?,
            store_id: StoreId(body.array()?),
        })
    }
}
