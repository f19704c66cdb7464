//! The listener's thread: its manager, its connections, and the way to the pool and back.

use std::sync::Arc;

use tillgate_core::id::{Peer, SessionId};
use tillgate_core::listener::{CloseReason, Input, Listener, ListenerManager, Output};
use tillgate_core::session;
use tillgate_core::sockets::{Readiness, Sockets, Taken};
use tillgate_core::time::Moment;
use tillgate_core::transaction::Origin;

use super::super::World;
use super::super::catalogue::profile;
use super::super::config::Config;
use super::super::event::Event;
use super::super::network::LISTENER;
use super::super::socket::Socket;
use super::super::wire::Way;
use super::pool::Job;

/// Bytes that one read takes.
const READ_BYTES: usize = 256;

/// The listener of a process.
pub(super) struct Port {
    pub(super) listener: Arc<Listener>,
    pub(super) manager: ListenerManager,
    sockets: Sockets<Socket>,
    armed: Option<Moment>,
}

/// What the manager wants done, taken out of its hands.
enum Action {
    Admit { connection: u32, session: SessionId },
    Refuse { connection: u32 },
    Send { session: SessionId, bytes: Vec<u8> },
    Pause { session: SessionId, paused: bool },
    Close { session: SessionId, why: CloseReason },
    Job(Box<Job>),
}

/// The listener of a world, if it has one.
pub(in super::super) fn listener(config: &Config) -> Option<Arc<Listener>> {
    let listener = || Listener { name: LISTENER.to_owned(), profile: profile(config) };
    (config.iso_permille > 0).then(|| Arc::new(listener()))
}

impl Port {
    /// Where the world has terminals of another maker.
    pub(super) fn new(config: &Config, listener: Option<&Arc<Listener>>) -> Option<Self> {
        let (listener, limits) = (Arc::clone(listener?), config.listener);
        let calendar = config.calendar.clone();
        Some(Self {
            manager: ListenerManager::new(Arc::clone(&listener), limits, calendar, config.port()),
            sockets: Sockets::in_clear(limits.unsent_bytes_max, limits.write_stall),
            listener,
            armed: None,
        })
    }
}

impl World {
    /// Gives the listener an input; a turn of its thread follows.
    pub(in super::super) fn tell_port(&mut self, input: Input<'_>) {
        self.feed_port(input);
        self.turn_port();
        self.arm_port();
    }

    /// A connection arrives at the listener.
    pub(super) fn arrive_at_port(&mut self, connection: u32, peer: Peer) {
        self.tell_port(Input::Opened { connection, peer });
    }

    fn port(&mut self) -> Option<&mut Port> {
        self.process.as_mut()?.port.as_mut()
    }

    fn feed_port(&mut self, input: Input<'_>) {
        let (now, mut actions) = (self.now, Vec::new());
        let Some(port) = self.port() else { return };
        port.manager.handle(now, input);
        while let Some(output) = port.manager.poll() {
            actions.push(action(output));
        }
        let stats = port.manager.stats();
        self.witness.listener_stats(now, &stats, &self.config.listener);
        for action in actions {
            self.do_for_port(action);
        }
    }

    fn turn_port(&mut self) {
        let (now, mut buffer) = (self.now, [0; READ_BYTES]);
        while let Some(port) = self.port() {
            if let Some(session) = port.sockets.next_ready() {
                match port.sockets.read(session, &mut buffer) {
                    Taken::Bytes(length) => {
                        self.check_paused(session);
                        self.feed_port(Input::Received { session, bytes: &buffer[..length] });
                    }
                    Taken::Nothing => {}
                    Taken::End => self.feed_port(Input::Closed { session }),
                }
                continue;
            }
            port.sockets.flush(now);
            let lost = port.sockets.next_lost(now);
            self.wire.send_written(&mut self.queue, now);
            match lost {
                Some(session::Input::Overflowed { session }) => {
                    self.feed_port(Input::Overflowed { session });
                }
                Some(session::Input::Closed { session }) => {
                    self.feed_port(Input::Closed { session });
                }
                _ => return,
            }
        }
    }

    /// The system tells the listener something about a socket.
    pub(super) fn notice_port(&mut self, session: SessionId, readiness: Readiness) {
        if let Some(port) = self.port() {
            port.sockets.notice(session, readiness);
            self.turn_port();
            self.arm_port();
        }
    }

    /// The listener's deadline, or what is left of one that was put off.
    pub(in super::super) fn port_due(&mut self) {
        let now = self.now;
        let Some(port) = self.port() else { return };
        if port.armed != Some(now) {
            return;
        }
        port.armed = None;
        if port.manager.deadline().is_some_and(|at| at <= now) {
            self.feed_port(Input::Deadline);
            let next = self.port().and_then(|port| port.manager.deadline());
            if next.is_some_and(|at| at <= now) {
                let text = "a listener's deadline does not advance".to_owned();
                self.witness.violate(now, 8, text);
            }
        }
        self.turn_port();
        self.arm_port();
    }

    fn arm_port(&mut self) {
        let (now, life) = (self.now, self.life);
        let Some(port) = self.port() else { return };
        let deadlines = [port.manager.deadline(), port.sockets.deadline()];
        let Some(at) = deadlines.into_iter().flatten().min() else { return };
        if port.armed.is_none_or(|armed| at < armed) {
            let at = at.max(now);
            port.armed = Some(at);
            self.queue.push(at, Event::Listener { life });
        }
    }

    fn do_for_port(&mut self, action: Action) {
        let now = self.now;
        match action {
            Action::Admit { connection, session } => {
                let socket = self.wire.admit(conn_of(connection), session);
                if let Some(port) = self.port() {
                    port.sockets.insert(session, socket);
                }
            }
            Action::Refuse { connection } => {
                let conn = conn_of(connection);
                self.wire.end(&mut self.queue, now, conn, Way::Down);
                self.unserve(conn);
            }
            Action::Send { session, bytes } => {
                let Some(&conn) = self.wire.sessions.get(&session) else { return };
                self.trace.note(now, b'g', &bytes);
                self.witness.answered_frame(now, session, &bytes);
                self.wire.writes(conn);
                if let Some(port) = self.port() {
                    port.sockets.send(session, &bytes);
                }
            }
            Action::Pause { session, paused } => {
                self.pause(session, paused);
                match self.port() {
                    Some(port) if paused => port.sockets.pause(session),
                    Some(port) => port.sockets.resume(session),
                    None => {}
                }
            }
            Action::Close { session, why } => {
                self.say(|| format!("the listener ends {session:?}: {why:?}"));
                self.witness.listener_ended(now, session, why);
                if let Some(port) = self.port() {
                    port.sockets.close(session);
                }
                self.wire.send_written(&mut self.queue, now);
                if let Some(&conn) = self.wire.sessions.get(&session) {
                    self.wire.end(&mut self.queue, now, conn, Way::Down);
                    self.unserve(conn);
                }
            }
            Action::Job(job) => self.post(*job),
        }
    }
}

fn action(output: Output<'_>) -> Action {
    match output {
        Output::Admit { connection, session } => Action::Admit { connection, session },
        Output::Refuse { connection } => Action::Refuse { connection },
        Output::Send { session, bytes } => Action::Send { session, bytes: bytes.to_vec() },
        Output::Pause { session } => Action::Pause { session, paused: true },
        Output::Resume { session } => Action::Pause { session, paused: false },
        Output::Close { session, why } => Action::Close { session, why },
        Output::Request { session, lane, terminal, received, message } => {
            let (generation, logged_on) = (0, false);
            let origin = Origin { session: lane, terminal, received, generation, logged_on };
            let message = message.to_vec();
            Action::Job(Box::new(Job::Frame { over: session, origin, message, acknowledged: 0 }))
        }
    }
}

fn conn_of(connection: u32) -> usize {
    usize::try_from(connection).expect("a connection's number")
}
