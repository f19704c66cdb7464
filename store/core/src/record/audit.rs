//! The audit log: one row per change, each holding the hash of the one before.

use ring::digest::{Context, SHA256};

use super::declare::record;
use super::wire::{Flaw, Reader, Stored};
use super::{KeyBytes, Record};
use crate::rows::Family;

/// Who changed what, chained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// 1, 2, 3 without a gap.
    pub no: u64,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Who.
    pub actor: String,
    /// What and why.
    pub note: String,
    /// Hash of the row before; zeros for the first.
    pub prev_hash: [u8; 32],
    /// Hash of this row.
    pub hash: [u8; 32],
}

impl Audit {
    /// The next row of the chain.
    pub fn link(no: u64, at_ms: u64, actor: String, note: String, prev_hash: [u8; 32]) -> Self {
        let mut row = Self { no, at_ms, actor, note, prev_hash, hash: [0; 32] };
        row.hash = row.expected_hash();
        row
    }

    /// What [`Audit::hash`] must be: SHA-256 of everything else, texts behind their lengths.
    pub fn expected_hash(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        context.update(&self.prev_hash);
        context.update(&self.no.to_be_bytes());
        context.update(&self.at_ms.to_be_bytes());
        for text in [&self.actor, &self.note] {
            context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(text.as_bytes());
        }
        super::batch::hash_of(context)
    }
}

record! { Audit in Audit, version 1;
    key no;
    body { at_ms, actor, note, prev_hash, hash }
}
