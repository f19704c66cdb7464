//! The transactions of the batch at work: new ones, and stored ones that were looked at. Reads
//! go here first, so that a command sees what the earlier ones of its batch did.

use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::ids::Key;
use crate::journal;
use crate::record::Transaction;
use crate::rows::{Family, ReadRows};
use crate::write_set::WriteSet;
use tillgate_types::TerminalId;

#[derive(Debug, Default)]
pub(super) struct Staged {
    rows: Vec<Entry>,
    places: FxHashMap<Key, usize>,
}

#[derive(Debug)]
struct Entry {
    row: Transaction,
    /// Whether the store has it in the open family.
    open: bool,
    changed: bool,
}

impl Staged {
    /// The transaction at a key, as it is now.
    pub(super) fn find(
        &mut self,
        rows: &dyn ReadRows,
        key: &Key,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<&Transaction>> {
        if !self.places.contains_key(key) {
            let stored = journal::record::<Transaction>(rows, &key.to_bytes(), buffer)?;
            let Some(row) = stored else { return Ok(None) };
            let open = row.is_open();
            self.push(Entry { row, open, changed: false });
        }
        Ok(self.peek(key))
    }

    /// The transaction at a key, if this batch has looked at it.
    pub(super) fn peek(&self, key: &Key) -> Option<&Transaction> {
        self.places.get(key).map(|place| &self.rows[*place].row)
    }

    /// The transactions of a terminal that this batch has looked at.
    pub(super) fn of(&self, terminal: TerminalId) -> impl Iterator<Item = &Transaction> {
        self.rows.iter().map(|entry| &entry.row).filter(move |row| row.key.terminal == terminal)
    }

    /// Takes in a new transaction, or a found one that changed.
    pub(super) fn put(&mut self, row: &Transaction) {
        if let Some(place) = self.places.get(&row.key) {
            let entry = &mut self.rows[*place];
            entry.row.clone_from(row);
            entry.changed = true;
        } else {
            self.push(Entry { row: row.clone(), open: false, changed: true });
        }
    }

    fn push(&mut self, entry: Entry) {
        self.places.insert(entry.row.key, self.rows.len());
        self.rows.push(entry);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn write(&self, set: &mut WriteSet) {
        for Entry { row, open, .. } in self.rows.iter().filter(|entry| entry.changed) {
            set.put_record(row);
            match (*open, row.is_open()) {
                (true, false) => set.delete(Family::Open, &row.key.to_bytes()),
                (false, true) => set.put(Family::Open, &row.key.to_bytes(), |_| {}),
                (true, true) | (false, false) => {}
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.places.clear();
    }
}
