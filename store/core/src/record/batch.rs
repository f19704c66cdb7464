//! The chain of batches: each row holds the hash of the one before, so that a lost one shows.

use ring::digest::{Context, SHA256};

use super::declare::record;
use super::wire::{Flaw, Reader, Stored};
use super::{KeyBytes, Record};
use crate::rows::Family;

/// One durable write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// 1, 2, 3 without a gap.
    pub no: u64,
    /// The last transaction number when it was written.
    pub seq_to: u64,
    /// Latest time in any command so far, Unix milliseconds.
    pub at_ms: u64,
    /// Checksum of everything written with it; see [`crate::WriteSet::checksum`].
    pub content: u32,
    /// Hash of the batch before; of the first, the store's genesis hash.
    pub prev_hash: [u8; 32],
    /// Hash of this batch.
    pub hash: [u8; 32],
}

impl Batch {
    /// The next batch of the chain.
    pub fn link(no: u64, seq_to: u64, at_ms: u64, content: u32, prev_hash: [u8; 32]) -> Self {
        let mut row = Self { no, seq_to, at_ms, content, prev_hash, hash: [0; 32] };
        row.hash = row.expected_hash();
        row
    }

    /// What [`Batch::hash`] must be: SHA-256 of everything else.
    pub fn expected_hash(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        context.update(&self.prev_hash);
        context.update(&self.no.to_be_bytes());
        context.update(&self.seq_to.to_be_bytes());
        context.update(&self.at_ms.to_be_bytes());
        context.update(&self.content.to_be_bytes());
        hash_of(context)
    }
}

pub(super) fn hash_of(context: Context) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

record! { Batch in Batches, version 1;
    key no;
    body { seq_to, at_ms, content, prev_hash, hash }
}
