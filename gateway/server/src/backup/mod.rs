//! Backups: taken beside a serving gateway, carried anywhere, put back with a decision.
//!
//! ```text
//!  gateway (or a stopped store)          tillgate backup              tillgate restore
//!  audit row, then RocksDB checkpoint    copies it, slowly,           checks every byte,
//!  of hard links in DATA/checkpoint  ──▶ with a checksum a file  ──▶  leaves a note, verifies
//! ```
//!
//! The gateway only makes hard links, in one of its admin's threads; all reading and writing is
//! done by the command, in a process of its own, at a bounded rate and past the page cache.
//!
//! ```text
//! BACKUP/backup.json          what it is: the Manifest
//! BACKUP/backup.json.sha256   its checksum, for `sha256sum -c` too
//! BACKUP/backup.json.hmac     its HMAC-SHA-256 under a key that is derived from the store's key
//! BACKUP/data/rows/...        a store, complete in itself
//! BACKUP/data/high-water      its mark
//! ```
//!
//! Terminal keys and voucher PINs are in it as they are in the store: sealed. The key that opens
//! them is not in it.

mod copy;
pub(crate) mod limits;
mod manifest;
mod put_back;
mod take;

use std::path::{Path, PathBuf};

pub(crate) use copy::Pace;
pub(crate) use put_back::put_back;
pub(crate) use take::{checkpoint, claim, discard, take};

use tillgate_core::backup::MANIFEST;

/// The store inside the backup at `backup`.
pub(crate) fn data_dir(backup: &Path) -> PathBuf {
    backup.join("data")
}

pub(crate) fn is_backup(dir: &Path) -> bool {
    dir.join(MANIFEST).exists()
}
