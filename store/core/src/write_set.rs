//! One durable write: puts and deletes in one arena that is reused from batch to batch.

use std::ops::Range;

use crate::record::Record;
use crate::rows::Family;

/// One operation of a [`WriteSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// Write `value` at `key`, whatever is there.
    Put {
        /// Where.
        family: Family,
        /// Row key.
        key: &'a [u8],
        /// Row value.
        value: &'a [u8],
    },
    /// Remove `key`.
    Delete {
        /// Where.
        family: Family,
        /// Row key.
        key: &'a [u8],
    },
}

/// Keys and values end to end; `Entry` says where each lies.
///
/// ```text
/// arena: | key 0 | value 0 | key 1 | key 2 | value 2 | ...
///                            delete
/// ```
#[derive(Debug, Default)]
pub struct WriteSet {
    arena: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    family: Family,
    key: Range<usize>,
    /// `None` for a delete.
    value: Option<Range<usize>>,
}

impl WriteSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a row whose value `write` appends to the buffer it is given.
    pub fn put(&mut self, family: Family, key: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.arena.len();
        self.arena.extend_from_slice(key);
        let middle = self.arena.len();
        write(&mut self.arena);
        let value = middle..self.arena.len();
        self.entries.push(Entry { family, key: start..middle, value: Some(value) });
    }

    /// Puts a record at its own key.
    pub fn put_record<R: Record>(&mut self, record: &R) {
        self.put(R::FAMILY, &record.key(), |out| record.encode(out));
    }

    /// Removes a row.
    pub fn delete(&mut self, family: Family, key: &[u8]) {
        let start = self.arena.len();
        self.arena.extend_from_slice(key);
        self.entries.push(Entry { family, key: start..self.arena.len(), value: None });
    }

    /// The operations in the order they were added; a later one on the same key wins.
    pub fn ops(&self) -> impl Iterator<Item = Op<'_>> {
        self.entries.iter().map(|entry| {
            let (family, key) = (entry.family, &self.arena[entry.key.clone()]);
            match &entry.value {
                Some(value) => Op::Put { family, key, value: &self.arena[value.clone()] },
                None => Op::Delete { family, key },
            }
        })
    }

    /// The record that this set would leave at `key`, if it puts one there.
    pub(crate) fn last_record<R: Record>(&self, key: &[u8]) -> Option<R> {
        let at_key = |op: &Op<'_>| match op {
            Op::Put { family, key: at, .. } | Op::Delete { family, key: at } => {
                *family == R::FAMILY && *at == key
            }
        };
        match self.ops().filter(at_key).last()? {
            Op::Put { value, .. } => R::decode(key, value).ok(),
            Op::Delete { .. } => None,
        }
    }

    /// Forgets the operations and keeps the memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.entries.clear();
    }

    /// Operations in it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Checksum over everything that is to be written, in order.
    pub fn checksum(&self) -> u32 {
        self.entries.iter().fold(crc32c::crc32c(&self.arena), |sum, entry| {
            let family = u8::try_from(entry.family.index()).unwrap_or(u8::MAX);
            crc32c::crc32c_append(sum, &[family, u8::from(entry.value.is_some())])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Op, WriteSet};

    #[test]
    fn operations_come_back_as_they_went_in_and_the_memory_is_reused() {
        let mut set = WriteSet::new();
        set.put(Family::Open, b"key", |_| {});
        set.put(Family::Meta, b"k", |out| out.extend_from_slice(b"value"));
        set.delete(Family::Stock, b"gone");
        let ops: Vec<_> = set.ops().collect();
        assert_eq!(
            ops,
            [
                Op::Put { family: Family::Open, key: b"key", value: b"" },
                Op::Put { family: Family::Meta, key: b"k", value: b"value" },
                Op::Delete { family: Family::Stock, key: b"gone" },
            ]
        );
        assert_eq!((set.len(), set.bytes()), (3, 13));
        set.clear();
        assert!(set.is_empty() && set.arena.capacity() >= 13);
    }
}
