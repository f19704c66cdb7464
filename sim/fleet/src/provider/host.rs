//! The sockets and the clock of a simulated ISO 8583 host, its log and its book.
//!
//! ```text
//! accept ─▶ reader ─▶ IsoHost ─▶ pump ─▶ log, then writer of the connection
//! ```

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use hyper::{Method, Request, Response, StatusCode};
use tillsim_core::provider::iso8583::{ConnectionId, IsoHost, Output};
use tillsim_core::provider::script::{Reach, Script};
use tillsim_core::time::Moment;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, spawn_local};

use super::accept::{IDLE, Scripted, until};
use super::script::HostPlan;
use super::{problem, text};
use crate::exit::{About, Refusal};

/// Answers that wait for a peer that does not read; beyond it the connection ends.
const UNREAD_MAX: usize = 1_024;
/// How long a peer may take nothing of an answer.
const UNREAD_FOR: std::time::Duration = std::time::Duration::from_secs(30);
/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;

/// A host that listens.
pub(crate) struct Host {
    host: RefCell<IsoHost>,
    connections: RefCell<BTreeMap<ConnectionId, Wires>>,
    /// Something was received or has ended.
    changed: Notify,
    log: RefCell<Option<File>>,
    begun: Instant,
    /// Connections so far.
    count: Cell<ConnectionId>,
}

/// The two tasks of a connection.
struct Wires {
    answers: mpsc::Sender<Vec<u8>>,
    reader: JoinHandle<()>,
}

impl Host {
    /// A host with an empty book and an empty log.
    ///
    /// # Errors
    /// [`Refusal`] when the log cannot be opened or has deals already, or the settings cannot be.
    pub(crate) fn new(plan: &HostPlan, script: Script) -> Result<Rc<Self>, Refusal> {
        let host = IsoHost::new(plan.settings.clone(), script, Moment(0)).map_err(Refusal)?;
        let log = plan.log.as_deref().map(open_log).transpose()?;
        Ok(Rc::new(Self {
            host: RefCell::new(host),
            connections: RefCell::default(),
            changed: Notify::new(),
            log: RefCell::new(log),
            begun: Instant::now(),
            count: Cell::new(0),
        }))
    }

    fn connect(self: &Rc<Self>, stream: TcpStream) {
        let connection = self.count.get() + 1;
        self.count.set(connection);
        let (incoming, outgoing) = stream.into_split();
        let (answers, waiting) = mpsc::channel(UNREAD_MAX);
        let reader = spawn_local(Rc::clone(self).read(connection, incoming));
        spawn_local(write(outgoing, waiting));
        self.connections.borrow_mut().insert(connection, Wires { answers, reader });
        self.host.borrow_mut().connected(self.now(), connection);
        self.changed.notify_one();
    }

    async fn read(self: Rc<Self>, connection: ConnectionId, mut incoming: OwnedReadHalf) {
        let mut bytes = vec![0; READ_BYTES];
        while let Ok(length @ 1..) = incoming.read(&mut bytes).await {
            let arrived = bytes.get(..length).unwrap_or(&[]);
            self.host.borrow_mut().receive(self.now(), connection, arrived);
            self.changed.notify_one();
        }
        self.host.borrow_mut().disconnected(connection);
        self.connections.borrow_mut().remove(&connection);
    }

    /// Does what the host says, when it is due.
    ///
    /// # Errors
    /// When the log cannot be written: without it nothing can be reconciled.
    pub(crate) async fn pump(self: Rc<Self>) -> io::Result<Infallible> {
        loop {
            self.drain()?;
            let deadline = self.host.borrow().deadline(self.now());
            let wait = deadline.map_or(IDLE, |at| until(self.now(), at));
            // Either way it is asked again.
            drop(tokio::time::timeout(wait, self.changed.notified()).await);
        }
    }

    fn drain(&self) -> io::Result<()> {
        loop {
            let output = self.host.borrow_mut().poll(self.now());
            match output {
                None => return Ok(()),
                Some(Output::Log(mut line)) => {
                    line.push('\n');
                    let mut log = self.log.borrow_mut();
                    log.as_mut().map_or(Ok(()), |log| log.write_all(line.as_bytes()))?;
                }
                Some(Output::Send { connection, bytes }) => {
                    let sent = self
                        .connections
                        .borrow()
                        .get(&connection)
                        .map(|wires| wires.answers.try_send(bytes).is_ok());
                    if sent == Some(false) {
                        self.end(connection);
                        self.host.borrow_mut().disconnected(connection);
                    }
                }
                Some(Output::Close { connection }) => self.end(connection),
                Some(Output::Note(note)) => note_line(&note),
            }
        }
    }

    /// Ends a connection once what was sent on it has left.
    fn end(&self, connection: ConnectionId) {
        if let Some(wires) = self.connections.borrow_mut().remove(&connection) {
            wires.reader.abort();
        }
    }

    /// `GET /book`: every deal, one a line; a deal that was done twice has two lines.
    pub(super) fn book<B>(&self, request: &Request<B>) -> Response<Vec<u8>> {
        if request.method() == Method::GET && request.uri().path() == "/book" {
            let lines = self.host.borrow().book().lines(self.now());
            return text(StatusCode::OK, "application/x-ndjson", lines);
        }
        problem(StatusCode::NOT_FOUND, "this is the book of an ISO 8583 host: GET /book")
    }
}

impl Scripted for Host {
    fn now(&self) -> Moment {
        Moment(u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn outage(&self, now: Moment) -> Option<(Reach, Moment)> {
        self.host.borrow().director().outage(now)
    }

    fn next_outage(&self, now: Moment) -> Option<Moment> {
        self.host.borrow().director().next_outage(now, Reach::Refuse)
    }

    fn accepted(self: &Rc<Self>, stream: TcpStream) {
        self.connect(stream);
    }

    /// The host itself ends them.
    fn cut(&self) {}
}

/// A log to append to. The deals of an earlier run are not known any more: a repeat of one would be
/// carried out again, and the log would not show it twice.
fn open_log(path: &Path) -> Result<File, Refusal> {
    let file = OpenOptions::new().create(true).append(true).open(path).about(path.display())?;
    match file.metadata().about(path.display())?.len() {
        0 => Ok(file),
        _ => Err(Refusal::about(
            path.display(),
            "the log has the deals of an earlier run, which the host does not know: move it away",
        )),
    }
}

async fn write(mut outgoing: OwnedWriteHalf, mut waiting: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = waiting.recv().await {
        // Whoever does not read does not keep a socket for ever.
        let written = tokio::time::timeout(UNREAD_FOR, outgoing.write_all(&bytes)).await;
        if !matches!(written, Ok(Ok(()))) {
            return;
        }
    }
    // The peer may have gone already.
    drop(outgoing.shutdown().await);
}

#[expect(clippy::print_stderr, reason = "for the person who watches")]
fn note_line(note: &str) {
    eprintln!("{note}");
}
