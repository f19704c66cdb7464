//! Notes in a store's directory that keep it from being served.
//!
//! - [`Note::Restored`]: it was restored from a backup. A backup is older than the store it was
//!   made of: what terminals received in between is not in it, and nothing in the copy shows that.
//!   The note is written before the first row is, so that a restore that broke off is not taken for
//!   a store either.
//! - [`Note::Damaged`]: a gateway that served from it read a damaged row. Whoever starts it again
//!   must not serve until somebody reads the same row.
//!
//! A store with a note is only read, never written to, until an operator has accepted it as it is:
//! a verification, [`crate::RocksEngine::accept`], a row in the audit log, and [`clear`].

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::mark;

/// Longest note that is read back, in bytes.
const NOTE_BYTES_MAX: u64 = 1_024;

/// Why a store must not be served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Note {
    /// It was restored; its text says from which backup, and goes on from "was restored from".
    Restored,
    /// It is damaged; its text says where.
    Damaged,
}

impl Note {
    pub(crate) const ALL: [Self; 2] = [Self::Damaged, Self::Restored];

    fn path(self, dir: &Path) -> PathBuf {
        dir.join(match self {
            Self::Restored => "restored",
            Self::Damaged => "damaged",
        })
    }

    /// Leaves the note in the store's directory `dir`, durably.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(self, dir: &Path, text: &str) -> io::Result<()> {
        let path = self.path(dir);
        let mut file = File::create(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        mark::sync_parent(&path)
    }

    /// The note's text, if there is one in `dir`.
    ///
    /// # Errors
    /// What the system says.
    pub fn peek(self, dir: &Path) -> io::Result<Option<String>> {
        let file = match File::open(self.path(dir)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(NOTE_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned()))
    }
}

/// Takes every note away, durably.
///
/// # Errors
/// What the system says.
pub fn clear(dir: &Path) -> io::Result<()> {
    for note in Note::ALL {
        let path = note.path(dir);
        match fs::remove_file(&path) {
            Ok(()) => mark::sync_parent(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
