//! Why a store does not open: what is wrong, where, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use tillgate_store_core::StoreError;

use crate::note::Note;

/// A store directory that was not opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenError {
    /// The directory.
    pub dir: PathBuf,
    /// What is wrong with it.
    pub cause: Cause,
}

/// What is wrong with a store directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// There is no store in it.
    NoStore,
    /// Another process, or another part of this one, has it open.
    Locked,
    /// RocksDB found damage in the log or in a table; its words.
    Damaged(String),
    /// It opens, but its first rows cannot be understood.
    Unsound(StoreError),
    /// The system refused; its words.
    Io(String),
    /// It was written by a newer version, which knows more records, families or formats;
    /// our words or RocksDB's.
    Newer(String),
    /// It carries a note that keeps it from being served; its text.
    Noted(Note, String),
    /// The database and its high-water mark do not agree.
    Mark {
        /// Path of the mark.
        path: PathBuf,
        /// How they differ.
        trouble: MarkTrouble,
    },
}

/// How a database and its high-water mark differ.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MarkTrouble {
    /// The file is not there, and the database has committed something.
    #[error(
        "the mark is missing, so that nobody can tell whether batch {head} really was the \
                 last. Bring the file back; or, if the store is a copy known to be complete, run \
                 `tillgate restore --accept`"
    )]
    Missing {
        /// Last batch in the database.
        head: u64,
    },
    /// The file holds no readable mark.
    #[error(
        "the mark is unreadable. Check the disk; if `tillgate verify` finds the store \
                 complete, run `tillgate restore --accept`"
    )]
    Damaged,
    /// The system refused to read or write the file; its words.
    #[error(
        "the mark cannot be used: {0}. Check that its disk is mounted, has free space, \
                 and that the file belongs to the gateway's user"
    )]
    Io(String),
    /// The mark remembers commits, but there is no database.
    #[error(
        "the mark remembers batch {marked}, but there is no database. Check that the disk \
                 is mounted; if it is lost, restore the last backup"
    )]
    DatabaseGone {
        /// Last batch that the mark remembers.
        marked: u64,
    },
    /// The database ends before the mark: acknowledged batches are lost.
    #[error(
        "the end is lost: the database stops at batch {head}, but batch {marked} was \
                 acknowledged. Copy the directory, look for lost log files on the disk, or \
                 restore a backup; book the missing sales from the terminals' and the providers' \
                 records; then run `tillgate restore --accept`"
    )]
    TailLost {
        /// Last batch that the mark remembers.
        marked: u64,
        /// Last batch in the database.
        head: u64,
    },
    /// The database has a batch of the mark's number, but not the mark's batch.
    #[error(
        "they do not belong together: batch {batch_no} differs. Somebody went on from a \
                 backup, or mixed two directories. Find the right directory; if this is it, run \
                 `tillgate restore --accept`"
    )]
    AnotherHistory {
        /// The number of the batch.
        batch_no: u64,
    },
}

impl OpenError {
    /// That of a directory.
    pub(crate) fn of(dir: &Path) -> impl Fn(Cause) -> Self {
        move |cause| Self { dir: dir.to_path_buf(), cause }
    }
}

impl From<StoreError> for Cause {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Newer(what) => Self::Newer(what),
            error => Self::Unsound(error),
        }
    }
}

impl From<rocksdb::Error> for Cause {
    /// What RocksDB's error means; it gives its reasons as text.
    fn from(error: rocksdb::Error) -> Self {
        use rocksdb::ErrorKind;
        let text = error.to_string();
        match error.kind() {
            ErrorKind::IOError if text.contains("/LOCK: Resource temporarily") => Self::Locked,
            ErrorKind::IOError if text.contains("lock hold by current process") => Self::Locked,
            ErrorKind::Corruption => Self::Damaged(text),
            ErrorKind::InvalidArgument | ErrorKind::NotSupported => Self::Newer(text),
            _ => Self::Io(text),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = self.dir.display();
        match &self.cause {
            Cause::NoStore => write!(
                f,
                "there is no store in {dir}: check the path; a new one is made by `tillgate init`"
            ),
            Cause::Locked => write!(
                f,
                "the store in {dir} is in use by another process: only one gateway may open it; \
                 find it with `fuser {dir}/rows/LOCK`, stop it, and start again"
            ),
            Cause::Damaged(what) => write!(
                f,
                "the store in {dir} is damaged: {what}. Nothing was changed. Copy the directory \
                 before anything else, restore the last backup into an empty one, and compare \
                 the two with `tillgate verify` and `tillgate export`"
            ),
            Cause::Unsound(error) => write!(
                f,
                "the store in {dir} opens, but its rows do not hold together: {error}. Copy the \
                 directory, then restore the last backup"
            ),
            Cause::Io(what) => write!(
                f,
                "the store in {dir} cannot be opened: {what}. Check that the disk is mounted, has \
                 free space, and that the directory belongs to the gateway's user"
            ),
            Cause::Newer(what) => write!(
                f,
                "the store in {dir} was written by another version of the gateway: {what}. Start \
                 the version that wrote it last, or a newer one"
            ),
            Cause::Noted(Note::Damaged, what) => write!(
                f,
                "the store in {dir} is damaged: {what}. It was found while serving, and nothing is \
                 served from it any more. Copy the directory before anything else, check the disk \
                 and the memory, restore the last backup into an empty directory, and compare the \
                 two with `tillgate verify` and `tillgate journal export`. If `tillgate verify` \
                 finds this one sound, `tillgate restore --accept` lets it serve again"
            ),
            Cause::Noted(Note::Restored, which) => write!(
                f,
                "the store in {dir} was restored from {which}. What terminals received after that \
                 backup is not in it: book the missing sales from the terminals' and the \
                 providers' records, then accept that it ends there with `tillgate restore \
                 --accept`, and start again. `tillgate verify` and `tillgate journal \
                 export` read it as it is"
            ),
            Cause::Mark { path, trouble } => {
                write!(f, "the store in {dir} and its high-water mark {}: ", path.display())?;
                trouble.fmt(f)
            }
        }
    }
}

impl std::error::Error for OpenError {}
