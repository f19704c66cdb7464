//! The disk under the store: sorted rows, of which the last writes are not durable yet.
//!
//! ```text
//!   LedgerStore::commit ──▶ write, write ──▶ (waiting) ──synced──▶ durable
//!                                        │ crash: a prefix of them survives, whole or not at all
//!                                        ▼
//!                                      gone
//! ```
//!
//! A write is one record of a log with a checksum, so a torn one is as good as none. What the
//! store reads are all writes; what survives is only what was synced, or what luck kept.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use tillgate_store_core::{Engine, Family, Memory, Op, ReadRows, StoreError, WriteSet};

use crate::rng::Rng;

/// One operation of a write, kept.
pub(super) struct Change {
    pub(super) family: Family,
    pub(super) key: Vec<u8>,
    /// `None`: the row is gone.
    pub(super) value: Option<Vec<u8>>,
}

/// A write that is not durable yet.
struct Waiting {
    changes: Vec<Change>,
    undo: WriteSet,
}

#[derive(Default)]
pub(super) struct Disk {
    rows: Memory,
    waiting: VecDeque<Waiting>,
    /// The next write fails; how much of it reaches the disk is luck.
    pub(super) failing: bool,
    /// Decides whether a crash loses what was not synced; otherwise luck does.
    pub(super) keeps: Option<bool>,
}

impl Disk {
    /// The writes so far are durable; they are given out, oldest first.
    pub(super) fn synced(&mut self) -> Vec<Vec<Change>> {
        self.waiting.drain(..).map(|write| write.changes).collect()
    }

    /// The process is gone; of what was not synced a prefix survives and is given out.
    pub(super) fn crashed(&mut self, rng: &mut Rng) -> Vec<Vec<Change>> {
        let waiting = u64::try_from(self.waiting.len()).unwrap_or(0);
        let kept = match self.keeps {
            Some(true) => waiting,
            Some(false) => 0,
            None => rng.below(waiting + 1),
        };
        let kept = usize::try_from(kept).unwrap_or(0);
        while self.waiting.len() > kept {
            if let Some(lost) = self.waiting.pop_back() {
                self.rows.write(&lost.undo, 0).expect("memory takes every write");
            }
        }
        self.failing = false;
        self.synced()
    }

    /// Whether nothing waits for the disk.
    pub(super) fn is_synced(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn rows(&self) -> &Memory {
        &self.rows
    }

    /// A copy with one bit of one row flipped; says which row.
    pub(super) fn flipped(&self, rng: &mut Rng) -> Option<(Memory, String)> {
        let mut places = Vec::new();
        for family in Family::ALL {
            self.rows
                .scan(family, &[], &mut |key, value| {
                    places.push((family, key.to_vec(), value.to_vec()));
                    ControlFlow::Continue(())
                })
                .expect("memory can be read");
        }
        let most = u64::try_from(places.len()).unwrap_or(0);
        let place = usize::try_from(rng.below(most)).unwrap_or(0);
        let (family, key, value) = places.into_iter().nth(place)?;
        let bits = u64::try_from((key.len() + value.len()) * 8).unwrap_or(0);
        let bit = usize::try_from(rng.below(bits)).unwrap_or(0);
        let (mut new_key, mut new_value) = (key.clone(), value);
        match new_key.get_mut(bit / 8) {
            Some(byte) => *byte ^= 1 << (bit % 8),
            None => new_value[bit / 8 - key.len()] ^= 1 << (bit % 8),
        }
        let mut set = WriteSet::new();
        set.delete(family, &key);
        set.put(family, &new_key, |out| out.extend_from_slice(&new_value));
        let mut copy = self.rows.clone();
        copy.write(&set, 0).expect("memory takes every write");
        Some((copy, format!("bit {bit} of {} {key:02x?}", family.name())))
    }
}

impl ReadRows for Disk {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool, StoreError> {
        self.rows.get(family, key, out)
    }

    fn scan(
        &self,
        family: Family,
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.rows.scan(family, from, visit)
    }

    fn last_before(
        &self,
        family: Family,
        key: &[u8],
        out_key: &mut Vec<u8>,
    ) -> Result<bool, StoreError> {
        self.rows.last_before(family, key, out_key)
    }
}

impl Engine for Disk {
    fn write(&mut self, set: &WriteSet, batch_no: u64) -> Result<(), StoreError> {
        let mut undo = WriteSet::new();
        let mut changes = Vec::with_capacity(set.len());
        let mut old = Vec::new();
        // The first write of a key is undone last, so the oldest value wins.
        let mut olds = Vec::with_capacity(set.len());
        for op in set.ops() {
            let (family, key, value) = match op {
                Op::Put { family, key, value } => (family, key, Some(value.to_vec())),
                Op::Delete { family, key } => (family, key, None),
            };
            let there = self.rows.get(family, key, &mut old)?;
            olds.push((family, key.to_vec(), there.then(|| old.clone())));
            changes.push(Change { family, key: key.to_vec(), value });
        }
        for (family, key, old) in olds.into_iter().rev() {
            match old {
                Some(value) => undo.put(family, &key, |out| out.extend_from_slice(&value)),
                None => undo.delete(family, &key),
            }
        }
        self.rows.write(set, batch_no)?;
        self.waiting.push_back(Waiting { changes, undo });
        if self.failing {
            return Err(StoreError::Engine("no space left on the simulated disk".to_owned()));
        }
        Ok(())
    }
}
