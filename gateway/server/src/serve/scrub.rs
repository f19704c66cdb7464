//! The scrubber: reads the whole store again and again, slowly, so that damage is found where
//! nobody happens to look.
//!
//! RocksDB checks a block when it is read, and a restart reads few of them: a bit that flipped in
//! last month's sales would stay unseen until a retry, a report or a compaction comes by, and by
//! then the backups may have it too. A pass begins right after the start. What it cannot read ends
//! the process, with a note in the store's directory: the next start refuses, and says what to do.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use tillgate_store_rocks::{Note, RocksReader, Unreadable};

use super::fail::{Stop, fail_stop};
use super::limits::{SCRUB_AGAIN, SCRUB_CHUNK_BYTES, SCRUB_EVERY, SCRUB_PAUSE};
use super::metrics::ScrubMetrics;

/// What the scrubber is made of.
pub(super) struct Scrubber {
    /// The rows.
    pub(super) reader: RocksReader,
    /// The store's directory, for the note.
    pub(super) dir: PathBuf,
    /// Its counters.
    pub(super) metrics: Arc<ScrubMetrics>,
    /// Disconnected when the gateway goes down.
    pub(super) until: Receiver<()>,
}

impl Scrubber {
    /// Reads until the gateway goes down.
    pub(super) fn run(self) {
        loop {
            let next = match self.pass() {
                Ok(next) => next,
                Err(Unreadable::Damaged(what)) => self.damaged(&what),
                Err(Unreadable::Failed(what)) => {
                    tracing::error!(what, "the store could not be read; it is tried again");
                    self.rest(SCRUB_AGAIN)
                }
            };
            if next.is_break() {
                return;
            }
        }
    }

    /// Reads every row once, then rests.
    fn pass(&self) -> Result<ControlFlow<()>, Unreadable> {
        let read = self.reader.read_all(SCRUB_CHUNK_BYTES, &mut || {
            self.metrics.chunks.add(1);
            self.rest(SCRUB_PAUSE)
        })?;
        if read.is_break() {
            return Ok(read);
        }
        self.metrics.passes.add(1);
        Ok(self.rest(SCRUB_EVERY))
    }

    /// Breaks when the gateway goes down.
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
