//! Copying files with their checksums, at a bounded rate.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Take, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use ring::digest::{Context, SHA256};

use super::limits::CHUNK_BYTES;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Spreads work over time, so that a copy leaves the disk to the gateway.
pub(crate) struct Pace {
    bytes_s: u64,
    begun: Instant,
    done: u64,
}

impl Pace {
    /// At most this many MiB a second.
    pub(crate) fn mib_s(rate: u32) -> Self {
        Self { bytes_s: u64::from(rate.max(1)) << 20, begun: Instant::now(), done: 0 }
    }

    fn spend(&mut self, bytes: usize) {
        self.done = self.done.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let due_ms = self.done.saturating_mul(1_000) / self.bytes_s;
        let wait = Duration::from_millis(due_ms).saturating_sub(self.begun.elapsed());
        if !wait.is_zero() {
            sleep(wait);
        }
    }
}

/// Copies what is left of an open file, at most this many bytes, to a new one, durably.
pub(super) fn copy(mut source: Take<File>, to: &Path, pace: &mut Pace) -> io::Result<Copied> {
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let (mut sum, mut bytes) = (Context::new(&SHA256), 0_u64);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = source.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        let read = &chunk[..length];
        sum.update(read);
        target.write_all(read)?;
        bytes += u64::try_from(length).unwrap_or(u64::MAX);
        pace.spend(length);
    }
    target.sync_all()?;
    // The page cache is the gateway's. Where the file system cannot be told, nothing is lost.
    for file in [source.get_ref().as_fd(), target.as_fd()] {
        posix_fadvise(file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED).unwrap_or_default();
    }
    Ok(Copied { bytes, sha256: hex::encode(sum.finish().as_ref()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_bytes_and_the_checksum_that_everybody_computes() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        std::fs::write(&from, b"abc").unwrap();
        let copy = |to| copy(File::open(&from).unwrap().take(9), to, &mut Pace::mib_s(1));
        let copied = copy(&to).unwrap();
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(copied, Copied { bytes: 3, sha256: sum.to_owned() });
        assert_eq!(std::fs::read(&to).unwrap(), b"abc");
        assert!(copy(&to).is_err(), "never over another file");
    }

    #[test]
    fn a_pace_holds_back_what_comes_too_early() {
        let mut pace = Pace::mib_s(10);
        pace.spend(CHUNK_BYTES);
        pace.spend(CHUNK_BYTES);
        assert!(pace.begun.elapsed() >= Duration::from_millis(195));
    }
}
