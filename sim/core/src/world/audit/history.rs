//! Promise 7 over each durable write: what a registry record was before it is kept with it, and nothing else.

use std::collections::BTreeMap;

use tillgate_store_core::{Family, Former, Record, RegistryRecord, StoreError};

use super::rows::Violations;
use crate::world::disk::Change;

/// Every record as it is, without keys, by its row key.
#[derive(Default)]
pub(super) struct Registry(BTreeMap<Vec<u8>, RegistryRecord>);

impl Registry {
    /// Takes a write in, and says what is wrong with it.
    pub(super) fn read(&mut self, write: &[Change], found: &mut Violations) {
        match self.compare(write) {
            Ok(wrong) => found.extend(wrong.map(|key| {
                (7, format!("registry row {key:02x?}: its history is not what it was before"))
            })),
            Err(error) => found.push((11, format!("a record cannot be read: {error}"))),
        }
    }

    /// The key of a record whose history is wrong.
    fn compare(&mut self, write: &[Change]) -> Result<Option<Vec<u8>>, StoreError> {
        let (mut before, mut kept) = (BTreeMap::new(), BTreeMap::new());
        for Change { family, key, value } in write {
            let Some(value) = value else { continue };
            if *family == Family::History {
                let former = Former::decode(key, value)?;
                kept.insert(former.of.to_vec(), former.record);
            } else if *family == Family::Registry {
                let record = RegistryRecord::decode(key, value)?.without_keys();
                let was = self.0.insert(key.clone(), record);
                before.entry(key.clone()).or_insert(was);
            }
        }
        before.retain(|key, was| self.0.get(key) != was.as_ref());
        let differs = |key: &&Vec<u8>| before.get(*key) != kept.get(*key);
        Ok(before.keys().chain(kept.keys()).find(differs).cloned())
    }
}
