//! The model engine: sorted maps. What it does is what every engine must do.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::error::Result;
use crate::rows::{Engine, Family, ReadRows, Visit};
use crate::write_set::{Op, WriteSet};

/// Rows in memory, one sorted map per family. Cloning it is a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    families: [BTreeMap<Vec<u8>, Vec<u8>>; Family::ALL.len()],
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn family(&self, family: Family) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.families[family.index()]
    }
}

impl ReadRows for Memory {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        out.clear();
        let value = self.family(family).get(key);
        if let Some(value) = value {
            out.extend_from_slice(value);
        }
        Ok(value.is_some())
    }

    fn scan(&self, family: Family, from: &[u8], visit: Visit<'_>) -> Result<()> {
        let range = (Bound::Included(from), Bound::Unbounded);
        for (key, value) in self.family(family).range::<[u8], _>(range) {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn last_before(&self, family: Family, key: &[u8], out_key: &mut Vec<u8>) -> Result<bool> {
        out_key.clear();
        let range = (Bound::Unbounded, Bound::Excluded(key));
        let last = self.family(family).range::<[u8], _>(range).next_back();
        if let Some((key, _)) = last {
            out_key.extend_from_slice(key);
        }
        Ok(last.is_some())
    }
}

impl Engine for Memory {
    fn write(&mut self, set: &WriteSet, _batch_no: u64) -> Result<()> {
        for op in set.ops() {
            match op {
                Op::Put { family, key, value } => {
                    self.families[family.index()].insert(key.to_vec(), value.to_vec());
                }
                Op::Delete { family, key } => {
                    self.families[family.index()].remove(key);
                }
            }
        }
        Ok(())
    }
}
