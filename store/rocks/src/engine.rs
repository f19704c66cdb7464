//! The one writer's side of the database.

use std::path::Path;
use std::sync::Arc;

use rocksdb::{ColumnFamily, DB, ReadOptions, WriteBatch, WriteOptions};
use tillgate_store_core::error::Result;
use tillgate_store_core::{
    Engine, Family, Head, Op, ReadRows, Record, StoreError, Visit, WriteSet,
};

use crate::mark::{Mark, MarkFile};
use crate::open;
use crate::open_error::OpenError;
use crate::options::{self, Options};
use crate::reader::RocksReader;
use crate::tables;

/// RocksDB's own bytes per operation in a batch: tag, family and two lengths.
const OP_BYTES: usize = 16;
/// RocksDB's own bytes per batch.
const BATCH_BYTES: usize = 64;

/// An open store directory: the only one that writes to it.
///
/// Every [`Engine::write`] is one RocksDB write batch, synced, followed by the high-water mark.
/// After any error it answers [`StoreError::Stopped`] for ever: a failed sync must not be
/// repeated, and RocksDB cannot resume after a full disk. The process exits and is restarted.
pub struct RocksEngine {
    db: Arc<DB>,
    mark: MarkFile,
    write: WriteOptions,
    read: ReadOptions,
    stopped: bool,
}

impl RocksEngine {
    /// Opens the store in `dir`, takes its lock, replays its log and checks it against its mark.
    ///
    /// # Errors
    /// [`OpenError`]: what is wrong, where, and what to do. Nothing was changed then, except
    /// that RocksDB may have written a complete log into tables.
    pub fn open(dir: &Path, options: &Options) -> Result<Self, OpenError> {
        let (db, mark) = open::for_writing(dir, options).map_err(OpenError::of(dir))?;
        Ok(Self::of(db, mark, options))
    }

    fn of(db: DB, mark: MarkFile, options: &Options) -> Self {
        Self {
            db: Arc::new(db),
            mark,
            write: options::writes(options.durability),
            read: options::point_reads(),
            stopped: false,
        }
    }

    /// Opens the store in `dir` and sets its mark to what its database holds, which comes with it.
    ///
    /// This is how an operator accepts that a store ends where it ends, after
    /// [`RocksEngine::open`] refused with a lost tail or a missing mark. The store must not be
    /// open anywhere, and was verified ([`RocksReader::open_unmarked`]). A [note](crate::note)
    /// stays, to be cleared once the acceptance is in the audit log.
    ///
    /// # Errors
    /// [`OpenError`] if the database itself does not open.
    pub fn accept(dir: &Path, options: &Options) -> Result<(Self, Mark), OpenError> {
        let (db, file, mark) = open::accept(dir, options).map_err(OpenError::of(dir))?;
        Ok((Self::of(db, file, options), mark))
    }

    /// A reader of the same database, for other threads.
    #[must_use]
    pub fn reader(&self) -> RocksReader {
        RocksReader::new(Arc::clone(&self.db))
    }

    /// Brings the high-water mark to the disk; called about once a second, beside the commits.
    ///
    /// # Errors
    /// [`StoreError::Engine`] if the mark cannot be synced; the caller stops, as after a write.
    pub fn tick(&mut self) -> Result<()> {
        let synced = self.mark.sync();
        synced.map_err(|error| self.stop(format!("syncing the high-water mark: {error}")))
    }

    fn stop(&mut self, what: String) -> StoreError {
        self.stopped = true;
        StoreError::Engine(what)
    }
}

impl ReadRows for RocksEngine {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        tables::get(&self.db, &self.read, family, key, out)
    }

    fn scan(&self, family: Family, from: &[u8], visit: Visit<'_>) -> Result<()> {
        tables::scan(&self.db, options::point_reads(), family, from, visit)
    }

    fn last_before(&self, family: Family, key: &[u8], out_key: &mut Vec<u8>) -> Result<bool> {
        tables::last_before(&self.db, options::point_reads(), family, key, out_key)
    }
}

impl Engine for RocksEngine {
    fn write(&mut self, set: &WriteSet, batch_no: u64) -> Result<()> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        let (batch, head) = collect(&self.db, set);
        let head = head.map(|value| Head::decode(Head::KEY, value)).transpose()?;
        let head = head.expect("every set ends with the new head");
        assert_eq!(head.batch_no, batch_no, "the head is that of this batch");
        if let Err(error) = self.db.write_opt(batch, &self.write) {
            return Err(self.stop(format!("writing batch {batch_no}: {error}")));
        }
        let mark = Mark { batch_no, hash: head.hash };
        let marked = self.mark.write(mark);
        marked.map_err(|error| self.stop(format!("marking batch {batch_no}: {error}")))
    }
}

/// The set as RocksDB's batch, in one allocation of RocksDB's, and the value of the head in it.
fn collect<'a>(db: &DB, set: &'a WriteSet) -> (WriteBatch, Option<&'a [u8]>) {
    // Looked up by name once per batch, not once per row.
    let handles: [&ColumnFamily; Family::ALL.len()] = Family::ALL
        .map(|family| tables::handle(db, family).expect("the writer opens every family"));
    let bytes = BATCH_BYTES + set.bytes() + set.len() * OP_BYTES;
    let mut batch = WriteBatch::with_capacity_bytes(bytes);
    let mut head = None;
    for op in set.ops() {
        match op {
            Op::Put { family, key, value } => {
                batch.put_cf(handles[family.index()], key, value);
                if family == Family::Meta && key == Head::KEY {
                    head = Some(value);
                }
            }
            Op::Delete { family, key } => batch.delete_cf(handles[family.index()], key),
        }
    }
    (batch, head)
}
