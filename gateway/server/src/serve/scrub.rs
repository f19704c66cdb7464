//! The scrubber: reads the whole store again and again, slowly, so that damage is found where
//! nobody happens to look.
//!
//! RocksDB checks a block when it is read, and a restart reads few of them: a bit that flipped in
//! last month's sales would stay unseen until a retry, a report or a compaction reads them, and by
//! then the backups may have it too. A pass begins right after the start. What is damaged, or
//! cannot be read again and again, ends the process, with a note in the store's directory: the next
//! start refuses, and says what to do.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use tillgate_edge::guard;
use tillgate_store_rocks::{Note, Progress, RocksReader, Unreadable};

use super::fail::{Stop, fail_stop};
use super::limits::{SCRUB_AGAIN, SCRUB_CHUNK_BYTES, SCRUB_EVERY, SCRUB_FAILURES_MAX, SCRUB_PAUSE};
use super::metrics::{EdgeMetrics, ScrubMetrics};

/// What the scrubber is made of.
pub(super) struct Scrubber {
    /// The rows.
    pub(super) reader: RocksReader,
    /// The store's directory, for the note.
    pub(super) dir: PathBuf,
    /// Its counters.
    pub(super) metrics: Arc<ScrubMetrics>,
    /// Of panics.
    pub(super) panics: Arc<EdgeMetrics>,
    /// Disconnected when the gateway shuts down.
    pub(super) until: Receiver<()>,
}

impl Scrubber {
    /// Reads until the gateway shuts down. A defect in here must not end sales: it begins again.
    pub(super) fn run(self) {
        while let Err(panicked) = guard::call(|| self.read()) {
            self.panics.scrub_panics.add(1);
            tracing::error!(%panicked, "the scrubber {panicked}; it begins again");
            if self.rest(SCRUB_AGAIN).is_break() {
                return;
            }
        }
    }

    fn read(&self) {
        let (mut progress, mut failures) = (Progress::default(), Failures::default());
        loop {
            let next = match self.pass(&mut progress) {
                Ok(next) => {
                    failures = Failures::default();
                    next
                }
                Err(Unreadable::Damaged(what)) => self.damaged(&what),
                Err(Unreadable::Failed(what)) => {
                    if failures.count(&progress) == SCRUB_FAILURES_MAX {
                        let times = format!("{SCRUB_FAILURES_MAX} times at the same place");
                        self.damaged(&format!("{what} ({times}; what do dmesg and SMART say?)"));
                    }
                    tracing::error!(what, "the store could not be read; it is tried again");
                    self.rest(SCRUB_AGAIN)
                }
                Err(Unreadable::Starved(what)) => {
                    tracing::error!(what, "the store could not be read; it is tried again");
                    self.rest(SCRUB_AGAIN)
                }
            };
            if next.is_break() {
                return;
            }
        }
    }

    /// Reads what is left of the rows, then rests.
    fn pass(&self, progress: &mut Progress) -> Result<ControlFlow<()>, Unreadable> {
        let read = self.reader.read_all(progress, SCRUB_CHUNK_BYTES, &mut || {
            self.metrics.chunks.add(1);
            self.rest(SCRUB_PAUSE)
        })?;
        if read.is_break() {
            return Ok(read);
        }
        self.metrics.passes.add(1);
        Ok(self.rest(SCRUB_EVERY))
    }

    /// Breaks when the gateway shuts down.
    fn rest(&self, time: Duration) -> ControlFlow<()> {
        match self.until.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => ControlFlow::Continue(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => ControlFlow::Break(()),
        }
    }

    fn damaged(&self, what: &str) -> ! {
        if let Err(error) = Note::Damaged.write(&self.dir, what) {
            tracing::error!(%error, "the damage could not be noted in the directory");
        }
        fail_stop(Stop::Damage, &what)
    }
}

/// Failures in a row to read one place.
#[derive(Default)]
struct Failures {
    at: Progress,
    count: u32,
}

impl Failures {
    /// One more; how many that makes at this place.
    fn count(&mut self, at: &Progress) -> u32 {
        if self.at != *at {
            *self = Self { at: at.clone(), count: 0 };
        }
        self.count += 1;
        self.count
    }
}

#[cfg(test)]
mod tests {
    use tillgate_store_core::LedgerStore;
    use tillgate_store_rocks::{Options, RocksEngine};

    use super::*;

    #[test]
    fn failures_count_only_at_one_and_the_same_place() {
        let dir = tempfile::tempdir().unwrap();
        let backend = RocksEngine::open(dir.path(), &Options::creating()).unwrap();
        let book = LedgerStore::open(backend, [1; 8]).unwrap();
        let reader = book.backend().reader();
        let mut further = Progress::default();
        let read = reader.read_all(&mut further, 1, &mut || ControlFlow::Break(()));
        assert_eq!(read, Ok(ControlFlow::Break(())));
        let (start, mut failures) = (Progress::default(), Failures::default());
        let counts =
            [&start, &start, &further, &start, &start, &start].map(|at| failures.count(at));
        assert_eq!(counts, [1, 2, 1, 1, 2, SCRUB_FAILURES_MAX]);
    }
}
