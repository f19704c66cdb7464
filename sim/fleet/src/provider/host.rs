//! The sockets and the clock of a simulated ISO 8583 host, its log and its book.
//!
//! ```text
//! accept ─▶ reader ─▶ IsoHost ─▶ pump ─▶ log, then writer of the connection
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::{Method, Request, StatusCode};
use tillsim_core::provider::iso8583::{ConnectionId, IsoHost, Output};
use tillsim_core::provider::script::{Reach, Script};
use tillsim_core::time::Moment;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, spawn_local};

use super::script::HostPlan;
use super::{ACCEPT_PAUSE, Reply, problem, text};
use crate::exit::{About, Refusal};

/// Answers that wait for a peer that does not read; beyond it the connection ends.
const UNREAD_MAX: usize = 1_024;
/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;
/// How long the pump sleeps when nothing is due.
const IDLE: Duration = Duration::from_secs(3_600);

/// A host that listens.
pub(crate) struct Host {
    host: RefCell<IsoHost>,
    connections: RefCell<BTreeMap<ConnectionId, Wires>>,
    /// Something was received or has ended.
    changed: Notify,
    log: RefCell<Option<File>>,
    begun: Instant,
}

/// The two tasks of a connection.
struct Wires {
    answers: mpsc::Sender<Vec<u8>>,
    reader: JoinHandle<()>,
}

impl Host {
    /// A host with an empty book; its log is appended to.
    ///
    /// # Errors
    /// [`Refusal`] when the log cannot be opened or the settings cannot be.
    pub(crate) fn new(plan: &HostPlan, script: Script) -> Result<Rc<Self>, Refusal> {
        let host = IsoHost::new(plan.settings.clone(), script, Moment(0)).map_err(Refusal)?;
        let log = plan.log.as_ref().map(|path| {
            OpenOptions::new().create(true).append(true).open(path).about(path.display())
        });
        Ok(Rc::new(Self {
            host: RefCell::new(host),
            connections: RefCell::default(),
            changed: Notify::new(),
            log: RefCell::new(log.transpose()?),
            begun: Instant::now(),
        }))
    }

    fn now(&self) -> Moment {
        Moment(u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn until(&self, at: Moment) -> Duration {
        Duration::from_nanos(at.since(self.now()).0)
    }

    /// Accepts connections; out of reach it does not even listen.
    ///
    /// # Errors
    /// When the address cannot be listened on, also after an outage.
    pub(crate) async fn accept(self: Rc<Self>, listener: TcpListener) -> io::Result<Infallible> {
        let address = listener.local_addr()?;
        let mut listener = Some(listener);
        let mut count = 0;
        loop {
            let now = self.now();
            let outage = self.host.borrow().director().outage(now);
            if let Some((Reach::Refuse, until)) = outage {
                drop(listener.take());
                tokio::time::sleep(self.until(until)).await;
                continue;
            }
            let listening = match listener.take() {
                Some(listening) => listening,
                None => TcpListener::bind(address).await?,
            };
            let next = self.host.borrow().director().next_outage(now, Reach::Refuse);
            let calm = next.map_or(IDLE, |at| self.until(at));
            let accepted = tokio::time::timeout(calm, listening.accept()).await;
            listener = Some(listening);
            match accepted {
                Ok(Ok((stream, _))) => {
                    count += 1;
                    self.connect(count, stream);
                }
                Ok(Err(_)) => tokio::time::sleep(ACCEPT_PAUSE).await,
                Err(_) => {}
            }
        }
    }

    fn connect(self: &Rc<Self>, connection: ConnectionId, stream: TcpStream) {
        // Small answers must not wait for more of them.
        drop(stream.set_nodelay(true));
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
            let wait = deadline.map_or(IDLE, |at| self.until(at));
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
    pub(super) fn book<B>(&self, request: &Request<B>) -> Reply {
        if request.method() == Method::GET && request.uri().path() == "/book" {
            let lines = self.host.borrow().book().lines(self.now());
            return text(StatusCode::OK, "application/x-ndjson", lines);
        }
        problem(StatusCode::NOT_FOUND, "this is the book of an ISO 8583 host: GET /book")
    }
}

async fn write(mut outgoing: OwnedWriteHalf, mut waiting: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = waiting.recv().await {
        if outgoing.write_all(&bytes).await.is_err() {
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

/// Where something listens, for who started it.
pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Refusal> {
    let what = || format!("cannot listen on {address}");
    let listener = TcpListener::bind(address).await.about(what())?;
    let bound = listener.local_addr().about(what())?;
    Ok((listener, bound))
}
