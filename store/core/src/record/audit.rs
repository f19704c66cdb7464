//! The audit log: one row per change, each holding the hash of the one before.

use ring::digest::{Context, SHA256};

use super::wire::{Flaw, Reader, put_string, put_u64};
use super::{KeyBytes, Record, key_of};
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

impl Record for Audit {
    const FAMILY: Family = Family::Audit;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        key_of(&[&self.no.to_be_bytes()])
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, self.at_ms);
        put_string(out, &self.actor);
        put_string(out, &self.note);
        out.extend_from_slice(&self.prev_hash);
        out.extend_from_slice(&self.hash);
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        Ok(Self {
            no: key.u64()?,
            at_ms: body.u64()?,
            actor: body.string()?,
            note: body.string()?,
            prev_hash: body.array()?,
            hash: body.array()?,
        })
    }
}
