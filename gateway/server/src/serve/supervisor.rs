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
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::gateway::Gateway;
use super::limits::DRAIN_GRACE;
use super::mailbox::Mail;
use super::view::Stage;
use super::writer::WriterMessage;
use tillgate_core::online::PresenceChange;
use tillgate_core::time::{Moment, Span};

/// What the supervisor receives.
pub(crate) enum Report {
    /// From a reactor: comings and goings of terminals.
    PresenceChanges(Vec<PresenceChange>),
    /// From a reactor: it has ended.
    ReactorDone,
    /// From outside, a signal for one: go down.
    GoDown,
}

/// How the gateway went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drained {
    /// Every answer left.
    Fully,
    /// The deadline came first; what was in flight is recovered at the next start.
    Partly,
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
    /// Serves until it is ordered to stop.
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

    /// Goes down. Answers that are due are waited for, and a few seconds more.
    pub(crate) fn drain(self) -> Drained {
        self.handle.view.enter(Stage::Draining);
        let clock = self.handle.clock;
        let grace = Span::s(DRAIN_GRACE.as_secs());
        let deadline = clock.now().after(self.answer).after(grace);
        for mailbox in &self.mailboxes {
            mailbox.post(Mail::Drain);
        }
        let mut drained = self.wait_for_reactors(deadline);
        if drained == Drained::Partly {
            for mailbox in &self.mailboxes {
                mailbox.post(Mail::Stop);
            }
        }
        let (sender, answered) = bounded(1);
        // A writer that is gone has ended the process.
        drop(self.writer.send(WriterMessage::Drain { drained: sender }));
        let patience = clock.until(deadline).max(Duration::from_secs(1));
        if answered.recv_timeout(patience).is_err() {
            drained = Drained::Partly;
        }
        drop(self.writer.send(WriterMessage::Stop));
        let Gateway { threads, writer, mailboxes, reports, handle, scrub, .. } = self;
        // Senders and readers go first: the pool ends when nobody can bring it work, the store
        // closes when nobody can read it.
        drop((writer, mailboxes, reports, handle, scrub));
        threads.join();
        drained
    }

    fn wait_for_reactors(&self, deadline: Moment) -> Drained {
        let mut running = self.mailboxes.len();
        while running > 0 {
            match self.reports.recv_timeout(self.handle.clock.until(deadline)) {
                Ok(Report::ReactorDone) => running -= 1,
                Ok(Report::PresenceChanges(changes)) => self.handle.view.note_presence(&changes),
                Ok(Report::GoDown) => {}
                Err(_) => return Drained::Partly,
            }
        }
        Drained::Fully
    }
}

/// The two ends of the supervisor's mail.
pub(super) fn reports() -> (Sender<Report>, Receiver<Report>) {
    bounded(super::limits::PRESENCE_MAX)
}
