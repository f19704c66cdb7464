//! The task that owns a bridge's connections to an ISO 8583 host, and a task for each socket.
//!
//! [`Host`] decides everything; here are sockets, time and the log. All that is to be written to a
//! connection after one turn goes out in one write.

use std::io;

use tillgate_core::provider::Exchange;
use tillgate_core::provider::iso8583::{Action, Connection, Host, Note, Now};
use tillgate_core::time::Moment;
use tillgate_edge::guard;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zeroize::{Zeroize as _, Zeroizing};

use super::queue::{BridgeQueue, WriterGone};
use super::tls::{self, TlsClient};
use crate::config::Address;
use crate::serve::limits::{COMPLAINT_EVERY, HOST_EVENTS_MAX, HOST_READ_BYTES};

/// A host as it is configured.
pub(super) struct HostSetup {
    pub(super) host: Host,
    /// Connections are spread over them.
    pub(super) addresses: Vec<Address>,
    pub(super) tls: Option<TlsClient>,
}

pub(super) struct HostTask {
    setup: HostSetup,
    queue: BridgeQueue,
    /// By the connection's index.
    wires: Vec<Option<Wire>>,
    events: mpsc::Receiver<(Connection, Happened)>,
    report: mpsc::Sender<(Connection, Happened)>,
    /// What the system said of the connection that was lost last.
    cause: Option<(Connection, io::Error)>,
    /// Until when no other request without a form is in the log: terminals decide how many there are.
    silent_until: Moment,
}

/// An open socket, or one that is being opened; its task ends with it.
struct Wire {
    connection: Connection,
    task: JoinHandle<()>,
    writes: mpsc::Sender<Zeroizing<Vec<u8>>>,
    /// Bytes on their way; what comes meanwhile is written at once after them.
    is_writing: bool,
    spare: Zeroizing<Vec<u8>>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What has happened on a socket.
enum Happened {
    Connected,
    /// What a host answers may have card data as well.
    Received(Zeroizing<Vec<u8>>),
    /// The bytes have been written; their buffer.
    Written(Zeroizing<Vec<u8>>),
    Lost(io::Result<()>),
}

/// What a turn begins with.
enum Wake {
    Socket(Connection, Happened),
    Request(Exchange),
    NoMoreRequests,
    Deadline,
}

impl HostTask {
    pub(super) fn new(setup: HostSetup, queue: BridgeQueue) -> Self {
        let (report, events) = mpsc::channel(HOST_EVENTS_MAX);
        Self {
            setup,
            queue,
            wires: Vec::new(),
            events,
            report,
            cause: None,
            silent_until: Moment::default(),
        }
    }

    /// Works until the queue is closed, every request has its result and the host is signed off.
    pub(super) async fn run(mut self) {
        let mut is_open = true;
        self.turn(Wake::Deadline);
        while self.act().is_ok() && !self.setup.host.is_drained() {
            self.flush();
            let wake = self.wake(is_open).await;
            is_open &= !matches!(wake, Wake::NoMoreRequests);
            self.turn(wake);
            // Whatever else is ready belongs to the same turn.
            for _ in 0..HOST_EVENTS_MAX {
                let Ok((connection, happened)) = self.events.try_recv() else { break };
                self.turn(Wake::Socket(connection, happened));
            }
            while is_open && self.setup.host.wants_request() {
                let Some(exchange) = self.queue.next_if() else { break };
                self.turn(Wake::Request(exchange));
            }
        }
    }

    async fn wake(&mut self, is_open: bool) -> Wake {
        let due = self.setup.host.deadline().map(|at| self.queue.clock.until(at));
        let wants = is_open && self.setup.host.wants_request();
        tokio::select! {
            Some((connection, happened)) = self.events.recv() => Wake::Socket(connection, happened),
            exchange = self.queue.next(), if wants => {
                exchange.map_or(Wake::NoMoreRequests, Wake::Request)
            }
            () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => Wake::Deadline,
        }
    }

    /// A panic over what a host sent costs every connection of this bridge; what was in flight is
    /// unknown.
    fn turn(&mut self, wake: Wake) {
        let now = Now { at: self.queue.clock.now(), wall_ms: self.queue.clock.wall().0 };
        if let Err(panicked) = guard::call(|| self.take(now, wake)) {
            self.queue.panicked(&panicked);
            if let Err(again) = guard::call(|| self.setup.host.abandon(now)) {
                self.queue.panicked(&again);
            }
        }
    }

    fn take(&mut self, now: Now, wake: Wake) {
        let host = &mut self.setup.host;
        match wake {
            Wake::Request(exchange) => host.request(now, exchange),
            Wake::NoMoreRequests => host.drain(now),
            Wake::Deadline => host.tick(now),
            Wake::Socket(connection, Happened::Connected) => host.connected(now, connection),
            Wake::Socket(connection, Happened::Received(bytes)) => {
                host.received(now, connection, &bytes);
            }
            Wake::Socket(connection, Happened::Lost(ended)) => {
                self.cause = ended.err().map(|cause| (connection, cause));
                host.lost(now, connection);
            }
            Wake::Socket(connection, Happened::Written(mut buffer)) => {
                // Card data may have been in it.
                buffer.zeroize();
                if let Some(wire) = wire(&mut self.wires, connection) {
                    (wire.is_writing, wire.spare) = (false, buffer);
                }
            }
        }
    }

    fn act(&mut self) -> Result<(), WriterGone> {
        while let Some(action) = self.setup.host.next_action() {
            match action {
                Action::Connect(connection) => self.open(connection),
                Action::Close(connection) => {
                    if wire(&mut self.wires, connection).is_some() {
                        self.wires[connection.index] = None;
                    }
                }
                Action::Done(exchange, result) => self.queue.report(&exchange, result)?,
                Action::Late(request, result) => self.queue.late(&request, result)?,
                Action::Note(note) => self.note(&note),
            }
        }
        self.queue.metrics.connections_up.set(self.setup.host.connections_up());
        self.queue.reached(self.setup.host.is_within_reach(self.queue.clock.now()));
        Ok(())
    }

    /// One write for each connection that has something to write and is not writing.
    fn flush(&mut self) {
        let ready: Vec<Connection> = self.setup.host.with_output().collect();
        for connection in ready {
            let Some(wire) = wire(&mut self.wires, connection) else { continue };
            if wire.is_writing {
                continue;
            }
            let mut bytes = std::mem::take(&mut wire.spare);
            self.setup.host.take_output(connection, &mut bytes);
            // There is room: one write at a time. A socket that has ended reports it.
            wire.is_writing = wire.writes.try_send(bytes).is_ok();
        }
    }

    fn open(&mut self, connection: Connection) {
        let (writes, to_write) = mpsc::channel(1);
        let address = self.address(connection).clone();
        let (tls, report) = (self.setup.tls.clone(), self.report.clone());
        let task = tokio::task::spawn_local(async move {
            let session = session(connection, address, tls, report.clone(), to_write);
            // Its end is reported, also by a panic. Nobody listens any more on the way down.
            let ended = guard::future(session).await.unwrap_or(Ok(()));
            drop(report.send((connection, Happened::Lost(ended))).await);
        });
        if self.wires.len() <= connection.index {
            self.wires.resize_with(connection.index + 1, || None);
        }
        let spare = Zeroizing::default();
        self.wires[connection.index] =
            Some(Wire { connection, task, writes, is_writing: false, spare });
    }

    /// Where a connection goes.
    fn address(&self, connection: Connection) -> &Address {
        let addresses = &self.setup.addresses;
        &addresses[connection.index % addresses.len()]
    }

    fn note(&mut self, note: &Note) {
        if matches!(note, Note::Unsendable(_)) {
            let now = self.queue.clock.now();
            if now < self.silent_until {
                return;
            }
            self.silent_until = now.after(COMPLAINT_EVERY);
        }
        let (metrics, bridge) = (&self.queue.metrics, &self.queue.metrics.name);
        match note {
            Note::Up(connection) => {
                tracing::info!(bridge, connection = connection.index, "a host takes requests");
            }
            Note::Down(connection, why) => {
                let Address { host, port } = self.address(*connection);
                let cause = self.cause.as_ref().filter(|(lost, _)| lost == connection);
                let cause = cause.map(|(_, cause)| tracing::field::display(cause));
                let connection = connection.index;
                tracing::warn!(
                    bridge,
                    connection,
                    host,
                    port,
                    why,
                    cause,
                    "no connection to a host"
                );
            }
            Note::Unmatched(_, what) => {
                metrics.unmatched.add(1);
                tracing::warn!(bridge, what, "an answer that belongs to no request");
            }
            Note::Unreadable(_, what) => {
                metrics.unmatched.add(1);
                tracing::warn!(bridge, what, "a message that the dialect does not have");
            }
            Note::Unauthentic(_) => {
                metrics.unmatched.add(1);
                tracing::warn!(
                    bridge,
                    "a message with a wrong authentication code, or without one"
                );
            }
            Note::EchoMissed(_) => metrics.echo_missed.add(1),
            Note::Duplicate => metrics.duplicates.add(1),
            Note::Unsendable(what) => {
                tracing::error!(bridge, what, "a request does not fit the host's messages");
            }
            Note::KeyChanged(connection) => {
                let connection = connection.index;
                tracing::info!(bridge, connection, "a host has sent a new key of codes");
            }
            Note::KeyRefused(connection, what) => {
                let connection = connection.index;
                tracing::error!(bridge, connection, what, "no new key of codes from a host");
            }
            Note::ChipWithheld(_, why) => {
                tracing::warn!(
                    bridge,
                    why,
                    "what a host answered for a card's chip is not passed on"
                );
            }
            Note::Refused(_, what) => {
                tracing::warn!(bridge, what, "a host's own request was refused");
            }
        }
    }
}

/// The wire of a connection, unless it belongs to another attempt.
fn wire(wires: &mut [Option<Wire>], connection: Connection) -> Option<&mut Wire> {
    let wire = wires.get_mut(connection.index)?.as_mut()?;
    (wire.connection == connection).then_some(wire)
}

/// A socket from its opening to its end.
///
/// # Errors
/// What the system says of it, where it was not the host that closed.
async fn session(
    connection: Connection,
    address: Address,
    tls: Option<TlsClient>,
    report: mpsc::Sender<(Connection, Happened)>,
    writes: mpsc::Receiver<Zeroizing<Vec<u8>>>,
) -> io::Result<()> {
    let stream = tls::open(&address, tls.as_ref()).await?;
    if report.send((connection, Happened::Connected)).await.is_err() {
        return Ok(());
    }
    let (mut reader, mut writer) = tokio::io::split(stream);
    let read = async {
        let mut buffer = Zeroizing::new(vec![0; HOST_READ_BYTES]);
        loop {
            let count = reader.read(&mut buffer).await?;
            let bytes = Zeroizing::new(buffer.get(..count).unwrap_or(&[]).to_vec());
            let is_over = bytes.is_empty();
            if is_over || report.send((connection, Happened::Received(bytes))).await.is_err() {
                return Ok(());
            }
        }
    };
    let write = async {
        let mut writes = writes;
        while let Some(bytes) = writes.recv().await {
            writer.write_all(&bytes).await?;
            writer.flush().await?;
            if report.send((connection, Happened::Written(bytes))).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    // Both at once: a host that does not read must not keep its answers from being read.
    tokio::select! {
        ended = read => ended,
        ended = write => ended,
    }
}
