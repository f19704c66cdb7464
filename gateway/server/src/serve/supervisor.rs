//! The supervisor: the process's first thread, once everything runs. It keeps the list of who is
//! online for the admin, waits for signals, and takes the gateway down in order:
//!
//! ```text
//!   signal ─▶ not ready ─▶ reactors: refuse new connections, end sessions as their answers leave
//!          ─▶ writer: nobody waits any more ─▶ last batch durable, store closed ─▶ pool ends
//! ```
//!
//! Every wait has the same deadline. A second signal ends the process at once; the next start then
//! recovers what was in flight.

use std::io;
use std::thread;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tillgate_core::drain::{Drained, Step, WayDown};
use tillgate_core::online::PresenceChange;

use super::gateway::Gateway;
use super::mailbox::Mail;
use super::view::Stage;
use super::writer::WriterMessage;

pub(crate) enum Report {
    /// From a reactor: comings and goings of terminals.
    PresenceChanges(Vec<PresenceChange>),
    /// From a reactor: it has ended.
    ReactorDone,
    /// From outside, a signal for one: go down.
    GoDown,
}

/// Turns the first of SIGTERM and SIGINT into a report, and the second into the end.
///
/// # Errors
/// The system refuses handlers or the thread.
pub(crate) fn watch_signals(reports: Sender<Report>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let watch = move || {
        let mut forever = signals.forever();
        if let Some(signal) = forever.next() {
            tracing::info!(signal, "going down; the same signal again ends at once");
            // The supervisor ends only with the process.
            drop(reports.send(Report::GoDown));
        }
        if let Some(signal) = forever.next() {
            eprintln!("tillgate: second signal, ending at once; the next start recovers");
            signal_hook::low_level::exit(128 + signal);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(watch)?;
    Ok(())
}

impl Gateway {
    pub(crate) fn attend(&self) {
        loop {
            match self.reports.recv() {
                Ok(Report::PresenceChanges(changes)) => self.handle.view.note_presence(&changes),
                Ok(Report::GoDown) | Err(_) => return,
                // It ends the process itself when it fails.
                Ok(Report::ReactorDone) => {}
            }
        }
    }

    /// Goes down, as [`WayDown`] says.
    pub(crate) fn drain(self) -> Drained {
        self.handle.view.enter(Stage::Draining);
        let clock = self.handle.clock;
        let mut way = WayDown::begin(clock.now(), self.answer, self.mailboxes.len());
        self.mailboxes.iter().for_each(|mailbox| mailbox.post(Mail::Drain));
        let (sender, answered) = bounded(1);
        let drained = loop {
            let patience = clock.until(way.deadline());
            match way.step() {
                Step::Reactors => match self.reports.recv_timeout(patience) {
                    Ok(Report::ReactorDone) => way.reactor_done(clock.now()),
                    Ok(Report::PresenceChanges(changes)) => {
                        self.handle.view.note_presence(&changes)
                    }
                    Ok(Report::GoDown) | Err(RecvTimeoutError::Timeout) => {}
                    // Nobody is left to report: nothing is waited for.
                    Err(RecvTimeoutError::Disconnected) => way.look(way.deadline()),
                },
                step @ (Step::StopReactors | Step::DrainWriter) => {
                    if step == Step::StopReactors {
                        self.mailboxes.iter().for_each(|mailbox| mailbox.post(Mail::Stop));
                    }
                    // A writer that is gone has ended the process.
                    drop(self.writer.send(WriterMessage::Drain { drained: sender.clone() }));
                    way.writer_asked(clock.now());
                }
                Step::Writer if answered.recv_timeout(patience).is_ok() => way.writer_done(),
                Step::Writer => {}
                Step::Stop(drained) => break drained,
            }
            way.look(clock.now());
        };
        drop(self.writer.send(WriterMessage::Stop));
        let Gateway { threads, writer, mailboxes, reports, handle, scrub, .. } = self;
        // Senders and readers go first: the pool ends when nobody can bring it work, the store
        // closes when nobody can read it.
        drop((writer, mailboxes, reports, handle, scrub));
        threads.join();
        drained
    }
}
