//! Reading the database beside its writer, or without one.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use rocksdb::checkpoint::Checkpoint;
use rocksdb::{DB, ErrorKind, Snapshot};
use tillgate_store_core::error::Result;
use tillgate_store_core::{Family, ReadRows, StoreError, Visit};

use crate::mark::{Mark, MarkFile};
use crate::open;
use crate::open_error::OpenError;
use crate::options::{self, Options};
use crate::tables;

/// Table files opened at a time to see where a fresh copy ends.
const COPY_OPEN_FILES_MAX: i32 = 32;

/// Rows as they are now, from any thread, while the writer goes on.
///
/// Two reads may see two different batches; where rows must agree with each other, read through
/// a [`RocksReader::snapshot`].
#[derive(Clone)]
pub struct RocksReader {
    db: Arc<DB>,
}

impl RocksReader {
    pub(crate) fn new(db: Arc<DB>) -> Self {
        Self { db }
    }

    /// Opens the store in `dir` for reading only: it takes no lock and changes nothing, so that
    /// a backup can be verified where it lies. A log is replayed in memory. The mark is checked
    /// as in [`crate::RocksEngine::open`].
    ///
    /// # Errors
    /// [`OpenError`], as for writing.
    pub fn open(dir: &Path, options: &Options) -> Result<Self, OpenError> {
        let db = open::for_reading(dir, options).map_err(OpenError::of(dir))?;
        Ok(Self::new(Arc::new(db)))
    }

    /// All rows as of one instant. It holds old rows in the database while it lives: drop it soon.
    #[must_use]
    pub fn snapshot(&self) -> RocksSnapshot<'_> {
        RocksSnapshot { db: &self.db, at: self.db.snapshot() }
    }

    /// As [`RocksReader::open`], but the mark is not looked at: to see whether a store is sound
    /// before its end is accepted.
    ///
    /// # Errors
    /// [`OpenError`] if there is no database, or it does not open.
    pub fn open_unmarked(dir: &Path, options: &Options) -> Result<Self, OpenError> {
        let db = open::for_reading_unmarked(dir, options).map_err(OpenError::of(dir))?;
        Ok(Self::new(Arc::new(db)))
    }

    /// Reads every family to its end, only to see that it can be read: also what lies beneath
    /// rows that were replaced, which no query reads. Asks `between` after every
    /// `chunk_bytes` or so whether to go on, and gives its last word. No iterator lives longer
    /// than a chunk: it would keep tables that were replaced.
    ///
    /// It begins at `progress`, leaves it before the chunk that could not be read, and at the
    /// beginning once everything was.
    ///
    /// # Errors
    /// [`Unreadable`]: whether the store is damaged, or only could not be read now.
    pub fn read_all(
        &self,
        progress: &mut Progress,
        chunk_bytes: usize,
        between: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Unreadable> {
        while let Some(family) = Family::ALL.get(progress.families) {
            match self.read_some(*family, &progress.key, chunk_bytes)? {
                Some(next) => progress.key = next,
                None => *progress = Progress { families: progress.families + 1, key: Vec::new() },
            }
            if between().is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        *progress = Progress::default();
        Ok(ControlFlow::Continue(()))
    }

    /// Rows of a family from the key `from` on, at least `bytes` of keys and values if there are
    /// this many; the key to go on from, if there are more.
    fn read_some(
        &self,
        family: Family,
        from: &[u8],
        bytes: usize,
    ) -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(handle) = tables::handle(&self.db, family) else { return Ok(None) };
        let mut rows = self.db.raw_iterator_cf_opt(handle, options::range_reads());
        let mut read = 0;
        rows.seek(from);
        while let Some((key, value)) = rows.item() {
            if read >= bytes {
                return Ok(Some(key.to_vec()));
            }
            read += key.len() + value.len();
            rows.next();
        }
        rows.status().map(|()| None).map_err(|error| Unreadable::of(family, &error))
    }

    /// Writes a complete, consistent copy of the store to `to` (tables are hard links where the
    /// file system allows, so that it takes no time) and returns where it ends. The copy has its
    /// own mark and can be opened, verified or carried away as it is.
    ///
    /// # Errors
    /// [`StoreError::Engine`] if `to` exists already or cannot be written.
    pub fn checkpoint(&self, to: &Path) -> Result<Mark> {
        let failed = |what: &dyn std::fmt::Display| {
            StoreError::Engine(format!("backup to {}: {what}", to.display()))
        };
        if to.exists() {
            return Err(failed(&"it exists already; name a new directory"));
        }
        open::create_dir(to).map_err(|error| failed(&error))?;
        let rows = open::rows_dir(to);
        Checkpoint::new(&self.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(&rows))
            .map_err(|error| failed(&error))?;
        let few = Options { open_files_max: COPY_OPEN_FILES_MAX, ..Options::serving() };
        let copy = open::read_only_alone(to, &few);
        let copy = copy.map_err(|cause| failed(&OpenError::of(to)(cause)))?;
        let mark = open::head_mark(&copy)?;
        MarkFile::create(&open::mark_path(to, &Options::serving()), mark)
            .map_err(|error| failed(&error))?;
        Ok(mark)
    }
}

/// How far a reading of everything has come; by default, not begun.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Progress {
    /// Families that were read to their end.
    families: usize,
    /// Where to go on in the next one.
    key: Vec<u8>,
}

/// Rows that could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// What is stored is not what was written; RocksDB's words.
    #[error("{0}")]
    Damaged(String),
    /// The system refused, perhaps only now: an input/output error, a file that is gone; its words.
    #[error("{0}")]
    Failed(String),
    /// The process has no descriptor or memory left, which says nothing about the store.
    #[error("{0}")]
    Starved(String),
}

impl Unreadable {
    fn of(family: Family, error: &rocksdb::Error) -> Self {
        let text = format!("reading on in {}: {error}", family.name());
        Self::of_kind(error.kind(), text)
    }

    fn of_kind(kind: ErrorKind, text: String) -> Self {
        // EMFILE, ENFILE and ENOMEM: RocksDB has no kind of its own for them, only their words.
        let starving = ["Too many open files", "Cannot allocate memory"];
        match kind {
            ErrorKind::Corruption => Self::Damaged(text),
            _ if starving.iter().any(|words| text.contains(words)) => Self::Starved(text),
            _ => Self::Failed(text),
        }
    }
}

impl ReadRows for RocksReader {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        tables::get(&self.db, &options::point_reads(), family, key, out)
    }

    fn scan(&self, family: Family, from: &[u8], visit: Visit<'_>) -> Result<()> {
        tables::scan(&self.db, options::range_reads(), family, from, visit)
    }

    fn last_before(&self, family: Family, key: &[u8], out_key: &mut Vec<u8>) -> Result<bool> {
        tables::last_before(&self.db, options::point_reads(), family, key, out_key)
    }
}

/// All rows of a [`RocksReader`] as of one instant.
pub struct RocksSnapshot<'a> {
    db: &'a DB,
    at: Snapshot<'a>,
}

impl ReadRows for RocksSnapshot<'_> {
    fn get(&self, family: Family, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        let mut read = options::point_reads();
        read.set_snapshot(&self.at);
        tables::get(self.db, &read, family, key, out)
    }

    fn scan(&self, family: Family, from: &[u8], visit: Visit<'_>) -> Result<()> {
        let mut read = options::range_reads();
        read.set_snapshot(&self.at);
        tables::scan(self.db, read, family, from, visit)
    }

    fn last_before(&self, family: Family, key: &[u8], out_key: &mut Vec<u8>) -> Result<bool> {
        let mut read = options::point_reads();
        read.set_snapshot(&self.at);
        tables::last_before(self.db, read, family, key, out_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_descriptors_or_memory_is_not_taken_for_a_disk_that_cannot_be_read() {
        let open = "IO error: While open a file for random read: 000012.sst: ";
        let of = |kind, why: &str| Unreadable::of_kind(kind, format!("{open}{why}"));
        for why in ["Too many open files", "Too many open files in system"] {
            assert!(matches!(of(ErrorKind::IOError, why), Unreadable::Starved(_)), "{why}");
        }
        let memory = of(ErrorKind::IOError, "Cannot allocate memory");
        assert!(matches!(memory, Unreadable::Starved(_)));
        for why in ["Input/output error", "No such file or directory", "Structure needs cleaning"] {
            assert!(matches!(of(ErrorKind::IOError, why), Unreadable::Failed(_)), "{why}");
        }
        assert!(matches!(of(ErrorKind::Corruption, "mismatch"), Unreadable::Damaged(_)));
    }
}
