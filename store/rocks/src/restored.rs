//! The note that a store was restored from a backup.
//!
//! A backup is older than the store it was made of: what terminals were told in between is not in
//! it. Nothing in the copy shows that, so the restore leaves this note, and a store with a note is
//! only read, never written to, until an operator accepts where it ends
//! ([`crate::RocksBackend::accept`]). The note is written before the first row is, so that a
//! restore that broke off is not taken for a store either.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::mark;

/// Longest note that is read back, in bytes.
const NOTE_BYTES_MAX: usize = 512;

fn path(dir: &Path) -> PathBuf {
    dir.join("restored")
}

/// Leaves a note in the store's directory `dir`, durably: from which backup it is, in words that
/// go on from "was restored from".
///
/// # Errors
/// What the system says.
pub fn write(dir: &Path, note: &str) -> io::Result<()> {
    let path = path(dir);
    let mut file = File::create(&path)?;
    file.write_all(note.as_bytes())?;
    file.sync_all()?;
    mark::sync_parent(&path)
}

/// The note in `dir`, if there is one.
///
/// # Errors
/// What the system says.
pub fn peek(dir: &Path) -> io::Result<Option<String>> {
    match fs::read(path(dir)) {
        Ok(mut bytes) => {
            bytes.truncate(NOTE_BYTES_MAX);
            Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes the note away, durably; does nothing where there is none.
pub(crate) fn remove(dir: &Path) -> io::Result<()> {
    let path = path(dir);
    match fs::remove_file(&path) {
        Ok(()) => mark::sync_parent(&path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
