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
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use tillgate_core::limits::SCRUB_AGAIN;
use tillgate_core::scrub::{Next, Pass, Scrub};
use tillgate_edge::guard;
use tillgate_store_rocks::{Note, Progress, Unreadable};

use super::fail::{Stop, fail_stop};
use super::handle::ServeHandle;
use super::limits::{SCRUB_CHUNK_BYTES, SCRUB_PAUSE};

pub(super) struct Scrubber {
    handle: ServeHandle,
    /// The store's directory, for the note.
    dir: PathBuf,
    /// Disconnected when the gateway shuts down.
    until: Receiver<()>,
}

impl Scrubber {
    pub(super) fn new(handle: ServeHandle, dir: PathBuf, until: Receiver<()>) -> Self {
        Self { handle, dir, until }
    }

    /// Reads until the gateway shuts down. A defect in here must not end sales: it begins again.
    pub(super) fn run(self) {
        while let Err(panicked) = guard::call(|| self.read()) {
            self.handle.metrics.edge.scrub_panics.add(1);
            tracing::error!(%panicked, "the scrubber {panicked}; it begins again");
            if self.rest(Duration::from_nanos(SCRUB_AGAIN.0)).is_break() {
                return;
            }
        }
    }

    fn read(&self) {
        let (mut progress, mut scrub) = (Progress::default(), Scrub::default());
        while let Some(pass) = self.pass(&mut progress) {
            let rest = match scrub.after(pass) {
                Next::Rest(rest) => rest,
                Next::Retry(rest, what) => {
                    tracing::error!(what, "the store could not be read; it is tried again");
                    rest
                }
                Next::Stop(what) => self.damaged(&what),
            };
            if self.rest(Duration::from_nanos(rest.0)).is_break() {
                return;
            }
        }
    }

    /// Reads what is left of the rows; `None` when the gateway shuts down.
    fn pass(&self, progress: &mut Progress) -> Option<Pass<Progress>> {
        let read = self.handle.reader.read_all(progress, SCRUB_CHUNK_BYTES, &mut || {
            self.handle.metrics.scrub.chunks.add(1);
            self.rest(SCRUB_PAUSE)
        });
        Some(match read {
            Ok(ControlFlow::Break(())) => return None,
            Ok(ControlFlow::Continue(())) => {
                self.handle.metrics.scrub.passes.add(1);
                Pass::Whole
            }
            Err(Unreadable::Damaged(what)) => Pass::Damaged(what),
            Err(Unreadable::Failed(what)) => Pass::Failed(progress.clone(), what),
            Err(Unreadable::Starved(what)) => Pass::Starved(what),
        })
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
