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
use std::net::SocketAddr;
use std::thread;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tillgate_core::drain::{Drained, Step, WayDown};
use tillgate_core::online::PresenceChange;
use tillgate_core::ussd::dialogs::DialogRecord;
use tillgate_store_core::TerminalId;

use super::gateway::Gateway;
use super::mailbox::Mail;
use super::view::Stage;
use super::writer::WriterMessage;

pub(crate) enum Report {
    /// From a reactor: comings and goings of terminals.
    PresenceChanges(Vec<PresenceChange>),
    /// From a listener: for the log.
    Unanswered(Unanswered),
    /// From the thread of USSD links: a link is up or down, and why it was closed last.
    LinkState { link: u16, state: &'static str, down: String },
    /// From there: a connection could not be opened.
    LinkFault { link: u16, text: String },
    /// From there: for the log.
    DialogsOver(Vec<DialogRecord>),
    /// From a reactor: it has ended.
    ReactorDone,
    /// From outside, a signal for one: go down.
    GoDown,
}

/// What a listener has not answered: one of many, perhaps.
pub(crate) struct Unanswered {
    /// Among the listeners of the configuration.
    pub(crate) listener: u16,
    /// Where it came from.
    pub(crate) address: Option<SocketAddr>,
    /// Which terminal it said that it was from.
    pub(crate) terminal: Option<TerminalId>,
    /// As in the metrics.
    pub(crate) why: &'static str,
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
                Ok(Report::Unanswered(unanswered)) => self.note_unanswered(&unanswered),
                Ok(Report::LinkState { link, state, down }) => {
                    self.note_link(link, state, &down);
                }
                Ok(Report::LinkFault { link, text }) => {
                    let link = self.link_name(link);
                    tracing::warn!(link, error = text, "a USSD centre cannot be connected to");
                }
                Ok(Report::DialogsOver(records)) => self.note_dialogs(&records),
                Ok(Report::GoDown) | Err(_) => return,
                // It ends the process itself when it fails.
                Ok(Report::ReactorDone) => {}
            }
        }
    }

    fn link_name(&self, link: u16) -> &str {
        self.links.get(usize::from(link)).map_or("", |name| name.as_str())
    }

    fn note_link(&self, link: u16, state: &'static str, down: &str) {
        self.handle.view.note_link(usize::from(link), state, down);
        let link = self.link_name(link);
        if down.is_empty() || state == "bound" {
            tracing::info!(link, state, "a USSD link");
        } else {
            tracing::warn!(link, state, why = down, "a USSD link");
        }
    }

    /// The record of each dialog, for bills and complaints.
    fn note_dialogs(&self, records: &[DialogRecord]) {
        for record in records {
            tracing::info!(
                target: "tillgate::dialog",
                link = self.link_name(record.link),
                msisdn = record.msisdn.number(),
                code = record.service_code.as_str(),
                terminal = record.terminal.map(|terminal| terminal.to_string()),
                took_ms = record.took.0 / 1_000_000,
                screens = record.screens,
                sale = record.sale.map(|(date, stan)| format!("{date}/{stan}")),
                end = record.why.label(),
                "a dialog is over"
            );
        }
    }

    /// Why a terminal of another maker gets no answer is what its operator has to know.
    fn note_unanswered(&self, unanswered: &Unanswered) {
        let Unanswered { listener, address, terminal, why } = unanswered;
        let listener = self.names.get(usize::from(*listener)).map_or("", |name| name.as_str());
        let directory = self.handle.directory.read();
        let cause = match terminal.map(|id| (id, directory.registry.terminal(id))) {
            Some((_, held)) if *why == "denied" => Some(match held {
                None => "there is no such terminal",
                Some(held) if held.listener.is_empty() => "it uses the sealed link",
                Some(held) if held.listener != listener => "it is enabled for another listener",
                Some(_) => "its authentication code is wrong or missing",
            }),
            _ => None,
        };
        drop(directory);
        let from = address.map_or_else(String::new, |address| address.to_string());
        let terminal = terminal.map(|id| id.to_string());
        tracing::warn!(
            listener,
            from,
            terminal,
            why,
            cause,
            "a message to a listener got no answer"
        );
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
                    Ok(Report::DialogsOver(records)) => self.note_dialogs(&records),
                    Ok(
                        Report::GoDown
                        | Report::Unanswered(_)
                        | Report::LinkState { .. }
                        | Report::LinkFault { .. },
                    )
                    | Err(RecvTimeoutError::Timeout) => {}
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
