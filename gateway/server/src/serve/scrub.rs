//! The scrubber: reads the whole store again and again, slowly, so that damage is found where
//! nobody happens to look.
//!
//! RocksDB checks a block when it is read, and a restart reads few of them: a bit that flipped in
//! last month's sales would stay unseen until a retry, a report or a compaction comes by, and by
//! then the backups may have it too. A pass begins right after the start. What it cannot read ends
//! the process, with a note in the store's directory: the next start refuses, and says what to do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use tillgate_store_core::Family;
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

/// Whether to go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Goes,
    Ends,
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
            if next == Next::Ends {
                return;
            }
        }
    }

    /// Reads every row once, then rests.
    fn pass(&self) -> Result<Next, Unreadable> {
        for family in Family::ALL {
            let mut from = Some(Vec::new());
            while let Some(first) = from.take() {
                // No iterator lives longer than a chunk: it would keep tables that were replaced.
                from = self.reader.read_through(family, &first, SCRUB_CHUNK_BYTES)?;
                self.metrics.chunks.add(1);
                if from.is_some() && self.rest(SCRUB_PAUSE) == Next::Ends {
                    return Ok(Next::Ends);
                }
            }
        }
        self.metrics.passes.add(1);
        Ok(self.rest(SCRUB_EVERY))
    }

    fn rest(&self, time: Duration) -> Next {
        match self.until.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => Next::Goes,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Next::Ends,
        }
    }

    fn damaged(&self, what: &str) -> ! {
        if let Err(error) = Note::Damaged.write(&self.dir, what) {
            tracing::error!(%error, "the damage could not be noted in the directory");
        }
        fail_stop(Stop::Damage, &what)
    }
}
