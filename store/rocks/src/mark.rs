//! The high-water mark: a small file beside the database that remembers the last commit.
//!
//! RocksDB cannot tell a log whose end was lost from one that simply ended there. The mark can:
//! it is written after each commit, before anybody is answered, so a database that knows less than
//! its mark has lost acknowledged sales.
//!
//! ```text
//! offset 0    slot of the even batches      0  "TGMARK01"
//!       512   slot of the odd batches       8  batch number, u64 little-endian
//!      1024   end                          16  chain hash of that batch, 32 bytes
//!                                          48  CRC-32C of the 48 bytes before, little-endian
//! ```
//!
//! Each slot lies in a sector of its own: a write cut short by a power failure damages one slot
//! and leaves the batch before it in the other.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const MAGIC: &[u8; 8] = b"TGMARK01";
const SLOT_BYTES: usize = 52;
const SLOT_STRIDE: usize = 512;
const FILE_BYTES: usize = 2 * SLOT_STRIDE;

/// The last commit: the number of its batch and the hash that chains it to all before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Number of the batch; 0 before the first.
    pub batch_no: u64,
    /// Chain hash of the batch.
    pub hash: [u8; 32],
}

impl Mark {
    /// The mark in the file at `path`; `None` if there is no file, or no intact mark in it.
    ///
    /// # Errors
    /// What the system says.
    pub fn peek(path: &Path) -> io::Result<Option<Self>> {
        match peek(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read,
        }
    }
}

/// The open file of a [`Mark`].
pub(crate) struct MarkFile {
    file: File,
    unsynced: bool,
}

impl MarkFile {
    /// Creates or replaces the file, durably, with `mark` in it.
    pub(crate) fn create(path: &Path, mark: Mark) -> io::Result<Self> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        file.write_all_at(&[0; FILE_BYTES], 0)?;
        let mut marks = Self { file, unsynced: false };
        marks.write(mark)?;
        marks.file.sync_all()?;
        sync_parent(path)?;
        marks.unsynced = false;
        Ok(marks)
    }

    /// Opens the file to write on.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open(path)?;
        Ok(Self { file, unsynced: false })
    }

    /// Writes `mark` to the system (not yet to the disk).
    pub(crate) fn write(&mut self, mark: Mark) -> io::Result<()> {
        self.unsynced = true;
        self.file.write_all_at(&encode(mark), offset(mark.batch_no))
    }

    /// Brings what was written to the disk; does nothing when nothing was.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.file.sync_data()?;
            self.unsynced = false;
        }
        Ok(())
    }
}

/// Reads the mark at `path`; `None` if neither slot is intact.
pub(crate) fn peek(path: &Path) -> io::Result<Option<Mark>> {
    let file = File::open(path)?;
    let mut best: Option<Mark> = None;
    for slot in 0..2 {
        let mut bytes = [0; SLOT_BYTES];
        match file.read_exact_at(&mut bytes, offset(slot)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
            Err(error) => return Err(error),
        }
        let mark = decode(&bytes);
        if mark.map(|m| m.batch_no) > best.map(|m| m.batch_no) {
            best = mark;
        }
    }
    Ok(best)
}

/// Makes the entry of `path` in its directory durable.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

const fn offset(batch_no: u64) -> u64 {
    if batch_no.is_multiple_of(2) { 0 } else { 512 }
}

fn encode(mark: Mark) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..8].copy_from_slice(MAGIC);
    slot[8..16].copy_from_slice(&mark.batch_no.to_le_bytes());
    slot[16..48].copy_from_slice(&mark.hash);
    let sum = crc32c::crc32c(&slot[..48]);
    slot[48..].copy_from_slice(&sum.to_le_bytes());
    slot
}

fn decode(slot: &[u8; SLOT_BYTES]) -> Option<Mark> {
    let (body, sum) = slot.split_last_chunk::<4>()?;
    let (magic, body) = body.split_first_chunk::<8>()?;
    let (batch_no, hash) = body.split_first_chunk::<8>()?;
    let intact = magic == MAGIC && crc32c::crc32c(&slot[..48]) == u32::from_le_bytes(*sum);
    intact.then_some(())?;
    Some(Mark { batch_no: u64::from_le_bytes(*batch_no), hash: hash.try_into().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(batch_no: u64) -> Mark {
        Mark { batch_no, hash: [u8::try_from(batch_no % 251).unwrap(); 32] }
    }

    #[test]
    fn the_last_mark_written_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        let mut file = MarkFile::create(&path, mark(0)).unwrap();
        for batch_no in 1..=9 {
            file.write(mark(batch_no)).unwrap();
            assert_eq!(peek(&path).unwrap(), Some(mark(batch_no)));
        }
        file.sync().unwrap();
        MarkFile::open(&path).unwrap().write(mark(10)).unwrap();
        assert_eq!(peek(&path).unwrap(), Some(mark(10)));
    }

    #[test]
    fn a_torn_slot_falls_back_to_the_batch_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        let mut file = MarkFile::create(&path, mark(6)).unwrap();
        file.write(mark(7)).unwrap();
        for byte in 0..u64::try_from(SLOT_BYTES).unwrap() {
            let mut old = [0];
            file.file.read_exact_at(&mut old, offset(7) + byte).unwrap();
            file.file.write_all_at(&[old[0] ^ 0x40], offset(7) + byte).unwrap();
            assert_eq!(peek(&path).unwrap(), Some(mark(6)), "byte {byte}");
            file.file.write_all_at(&old, offset(7) + byte).unwrap();
        }
        assert_eq!(peek(&path).unwrap(), Some(mark(7)));
    }

    #[test]
    fn a_file_without_an_intact_slot_has_no_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        for content in [&[][..], &[0; 1024], &[0xFF; 700]] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(peek(&path).unwrap(), None);
        }
    }
}
