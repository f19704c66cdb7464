//! The reactor's part: bytes in and out, sessions and their connections.

use tillgate_core::id::{Peer, SessionAge, SessionId};
use tillgate_core::session::{CloseReason, Input, Output};
use tillgate_core::sockets::{Readiness, Sockets, Taken};
use tillgate_core::time::Moment;
use tillgate_core::transaction::Origin;
use tillgate_store_core::TerminalId;

use super::super::World;
use super::super::event::Event;
use super::super::socket::Socket;
use super::super::wire::{Conn, Item, Way};
use super::pool::Job;

/// Bytes that one read takes; what was held back is often more.
const READ_BYTES: usize = 256;

/// What a session manager wants done, taken out of its hands.
enum Action {
    Admit { connection: u32, session: SessionId },
    Refuse { connection: u32, bytes: Vec<u8> },
    Send { session: SessionId, bytes: Vec<u8> },
    Pause { session: SessionId },
    Resume { session: SessionId },
    Close { session: SessionId, why: CloseReason },
    Job(Box<Job>),
    Online { terminal: TerminalId, age: SessionAge },
}

impl World {
    /// Gives a session manager an input; a turn of its reactor follows.
    pub(in super::super) fn tell_sessions(&mut self, reactor: u16, input: Input<'_>) {
        self.feed(reactor, input);
        self.turn(reactor);
        self.arm_sessions(reactor);
    }

    /// Gives a session manager an input and does what it wants.
    fn feed(&mut self, reactor: u16, input: Input<'_>) {
        let now = self.now;
        let Some(process) = &mut self.process else { return };
        let sessions = &mut process.sessions[usize::from(reactor)];
        let (slowed, read) = (sessions.stats().slowed, session_read(&input));
        sessions.handle(now, input);
        let mut actions = Vec::new();
        while let Some(output) = sessions.poll() {
            actions.extend(action(output));
        }
        let stats = sessions.stats();
        self.witness.sessions(now, &stats, &self.config.sessions);
        for action in actions {
            self.do_for_sessions(reactor, action);
        }
        if let Some(session) = read.filter(|_| stats.slowed > slowed) {
            self.witness.slowed(now, session);
        }
    }

    /// Reads what is ready, writes what was said, and tells of the sockets that are given up.
    fn turn(&mut self, reactor: u16) {
        let (now, place) = (self.now, usize::from(reactor));
        let mut buffer = [0; READ_BYTES];
        while let Some(process) = &mut self.process {
            let sockets = &mut process.sockets[place];
            if let Some(session) = sockets.next_ready() {
                match sockets.read(session, &mut buffer) {
                    Taken::Bytes(length) => {
                        self.check_paused(session);
                        let bytes = &mut buffer[..length];
                        self.feed(reactor, Input::Received { session, bytes });
                    }
                    Taken::Nothing => {}
                    Taken::End => self.feed(reactor, Input::Closed { session }),
                }
                continue;
            }
            sockets.flush(now);
            let lost = sockets.next_lost(now);
            self.wire.send_written(&mut self.queue, now);
            match lost {
                Some(input) => self.feed(reactor, input),
                None => return,
            }
        }
    }

    /// A connection arrives; nobody is there while the gateway is down.
    pub(in super::super) fn arrive(&mut self, conn: usize) {
        if self.process.is_none() {
            self.wire.end(&mut self.queue, self.now, conn, Way::Down);
            return;
        }
        let place = &mut self.wire.conns[conn];
        place.served = true;
        let reactor = place.reactor;
        let back = self.now.after(self.wire.latency());
        self.queue.push(back, Event::Connected { conn });
        let connection = u32::try_from(conn).expect("a world has few connections");
        // Half of the network is behind one address.
        let peer = Peer(u64::from(connection) % 2);
        if reactor == self.config.port() {
            return self.arrive_at_port(connection, peer);
        }
        self.tell_sessions(reactor, Input::Opened { connection, peer });
    }

    /// Something arrives at the gateway over a connection it may have closed.
    pub(in super::super) fn gateway_receives(&mut self, conn: usize, item: Item) {
        let readiness = Readiness {
            readable: true,
            read_closed: !matches!(item, Item::Bytes(_)),
            broken: matches!(item, Item::Reset),
            ..Readiness::default()
        };
        self.wire.conns[conn].socket.arrives(item);
        self.notice(conn, readiness);
    }

    /// The system tells the gateway something about a socket that it may have closed.
    pub(in super::super) fn notice(&mut self, conn: usize, readiness: Readiness) {
        let Conn { session, reactor, .. } = self.wire.conns[conn];
        if let Some(session) = session
            && reactor == self.config.port()
        {
            self.wire.writes(conn);
            return self.notice_port(session, readiness);
        }
        if let (Some(session), Some(process)) = (session, &mut self.process) {
            process.sockets[usize::from(reactor)].notice(session, readiness);
            self.wire.writes(conn);
            self.turn(reactor);
            self.arm_sessions(reactor);
        }
    }

    /// A session manager's deadline, or what is left of one that was put off.
    pub(in super::super) fn sessions_due(&mut self, reactor: u16) {
        let now = self.now;
        let Some(process) = &mut self.process else { return };
        let place = usize::from(reactor);
        if process.sessions_armed[place] != Some(now) {
            return;
        }
        process.sessions_armed[place] = None;
        if process.sessions[place].deadline().is_some_and(|at| at <= now) {
            self.feed(reactor, Input::Deadline);
            self.check_deadline(reactor);
        }
        self.turn(reactor);
        self.arm_sessions(reactor);
    }

    /// The process is gone: its sockets break, or, with the whole machine, fall silent.
    pub(super) fn drop_connections(&mut self) {
        let silent = self.disk_rng.chance(300);
        for conn in 0..self.wire.conns.len() {
            if !self.wire.conns[conn].served {
                continue;
            }
            if !silent {
                self.wire.end(&mut self.queue, self.now, conn, Way::Down);
            }
            self.unserve(conn);
        }
    }

    fn do_for_sessions(&mut self, reactor: u16, action: Action) {
        let now = self.now;
        match action {
            Action::Admit { connection, session } => {
                let conn = conn_of(connection);
                let socket = self.wire.admit(conn, session);
                if let Some(sockets) = self.sockets(reactor) {
                    sockets.insert(session, socket);
                }
            }
            Action::Refuse { connection, bytes } => {
                let conn = conn_of(connection);
                self.wire.send(&mut self.queue, now, (conn, Way::Down), &bytes);
                self.wire.end(&mut self.queue, now, conn, Way::Down);
                self.unserve(conn);
            }
            Action::Send { session, bytes } => self.write(session, &bytes),
            Action::Pause { session } => {
                self.pause(session, true);
                if let Some(sockets) = self.sockets(reactor) {
                    sockets.pause(session);
                }
            }
            Action::Resume { session } => {
                self.pause(session, false);
                if let Some(sockets) = self.sockets(reactor) {
                    sockets.resume(session);
                }
            }
            Action::Close { session, why } => {
                self.witness.ended(now, session, why);
                if let Some(sockets) = self.sockets(reactor) {
                    sockets.close(session);
                }
                self.wire.send_written(&mut self.queue, now);
                if let Some(&conn) = self.wire.sessions.get(&session) {
                    self.wire.end(&mut self.queue, now, conn, Way::Down);
                    self.unserve(conn);
                }
            }
            Action::Job(job) => self.post(*job),
            Action::Online { terminal, age } => {
                for peer in (0..self.config.reactors).filter(|peer| *peer != reactor) {
                    self.tell_sessions(peer, Input::Superseded { terminal, age });
                }
            }
        }
    }

    fn write(&mut self, session: SessionId, bytes: &[u8]) {
        let Some(&conn) = self.wire.sessions.get(&session) else { return };
        self.trace.note(self.now, b'g', bytes);
        self.witness.frame(self.now, bytes);
        self.wire.writes(conn);
        if let Some(sockets) = self.sockets(session.reactor) {
            sockets.send(session, bytes);
        }
    }

    pub(super) fn pause(&mut self, session: SessionId, paused: bool) {
        if let Some(&conn) = self.wire.sessions.get(&session) {
            self.wire.conns[conn].paused = paused;
        }
    }

    /// Bytes of a session that its manager has paused wait in the socket.
    pub(super) fn check_paused(&mut self, session: SessionId) {
        let conn = self.wire.sessions.get(&session);
        if conn.is_some_and(|conn| self.wire.conns[*conn].paused) {
            let text = "a session that is paused is read".to_owned();
            self.witness.violate(self.now, 9, text);
        }
    }

    fn sockets(&mut self, reactor: u16) -> Option<&mut Sockets<Socket>> {
        self.process.as_mut().map(|process| &mut process.sockets[usize::from(reactor)])
    }

    pub(super) fn unserve(&mut self, conn: usize) {
        let place = &mut self.wire.conns[conn];
        place.served = false;
        if let Some(session) = place.session.take() {
            self.wire.sessions.remove(&session);
        }
    }

    fn arm_sessions(&mut self, reactor: u16) {
        let life = self.life;
        let Some(process) = &mut self.process else { return };
        let place = usize::from(reactor);
        let deadlines = [process.sessions[place].deadline(), process.sockets[place].deadline()];
        let Some(at) = deadlines.into_iter().flatten().min() else { return };
        if process.sessions_armed[place].is_none_or(|armed| at < armed) {
            let at = at.max(self.now);
            process.sessions_armed[place] = Some(at);
            self.queue.push(at, Event::SessionManager { life, reactor });
        }
    }

    /// A deadline that was handled lies behind.
    fn check_deadline(&mut self, reactor: u16) {
        let Some(process) = &self.process else { return };
        let next = process.sessions[usize::from(reactor)].deadline();
        if next.is_some_and(|at: Moment| at <= self.now) {
            self.witness.violate(
                self.now,
                8,
                "a session manager's deadline does not advance".to_owned(),
            );
        }
    }
}

fn action(output: Output<'_>) -> Option<Action> {
    Some(match output {
        Output::Admit { connection, session } => Action::Admit { connection, session },
        Output::Refuse { connection, bytes } => {
            Action::Refuse { connection, bytes: bytes.to_vec() }
        }
        Output::Send { session, bytes } => Action::Send { session, bytes: bytes.to_vec() },
        Output::Pause { session } => Action::Pause { session },
        Output::Resume { session } => Action::Resume { session },
        Output::Close { session, why } => Action::Close { session, why },
        Output::Handshake { session, hello } => {
            Action::Job(Box::new(Job::Hello { session, hello: hello.to_vec() }))
        }
        Output::Request { session, terminal, received, generation, logged_on, body } => {
            let origin = Origin { session, terminal, received, generation, logged_on };
            Action::Job(Box::new(Job::request(origin, body)))
        }
        Output::Online { terminal, age, .. } => Action::Online { terminal, age },
        Output::Offline { .. } => return None,
    })
}

/// Whose bytes an input brings.
fn session_read(input: &Input<'_>) -> Option<SessionId> {
    match input {
        Input::Received { session, .. } => Some(*session),
        _ => None,
    }
}

fn conn_of(connection: u32) -> usize {
    usize::try_from(connection).expect("an acceptor is a connection's number")
}
