//! What a reactor does for its session manager: it carries its outputs to sockets, to the pool, to
//! the other reactors and to the supervisor. Nothing here waits: what does not fit is held and
//! offered again.

use crossbeam_channel::{Sender, TrySendError};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use tillgate_core::id::{SessionAge, SessionId};
use tillgate_core::limits::SessionLimits;
use tillgate_core::online::{Presence, PresenceChange};
use tillgate_core::session::{Output, SessionManager};
use tillgate_core::sockets::Sockets;
use tillgate_core::transaction::Origin;
use tillgate_store_core::TerminalId;

use super::acceptor::refuse;
use crate::serve::batch::{Inbound, InboundItem, Recyclers, ReplyBatch};
use crate::serve::clock::Clock;
use crate::serve::limits::{HELLOS_PER_BATCH_MAX, REQUESTS_PER_BATCH_MAX};
use crate::serve::mailbox::{Mail, Mailbox};
use crate::serve::pool::Job;
use crate::serve::supervisor::Report;

/// The ways from a reactor to everybody else.
#[derive(Clone)]
pub(crate) struct ReactorLinks {
    /// To the pool, for requests.
    pub(crate) jobs: Sender<Job>,
    /// To the pool, for handshakes, which wait behind everything else.
    pub(crate) hellos: Sender<Box<Inbound>>,
    pub(crate) peers: Vec<Mailbox>,
    pub(crate) reports: Sender<Report>,
    pub(crate) recyclers: Recyclers,
}

pub(super) struct ReactorOutput {
    reactor: u16,
    clock: Clock,
    pub(super) sockets: Sockets<TcpStream>,
    ways: ReactorLinks,
    requests: Box<Inbound>,
    hellos: Box<Inbound>,
    changes: Vec<PresenceChange>,
    superseded: Vec<(usize, TerminalId, SessionAge)>,
    accepted: Option<TcpStream>,
    admitted: Option<(SessionId, TcpStream)>,
}

/// The stream that has just arrived; there is never more than one.
const NEW_CONNECTION: u32 = 0;

impl ReactorOutput {
    pub(super) fn new(
        reactor: u16,
        clock: Clock,
        limits: &SessionLimits,
        ways: ReactorLinks,
    ) -> Self {
        let requests = ways.recyclers.inbound.take();
        let hellos = ways.recyclers.inbound.take();
        Self {
            reactor,
            clock,
            sockets: Sockets::new(limits),
            ways,
            requests,
            hellos,
            changes: Vec::new(),
            superseded: Vec::new(),
            accepted: None,
            admitted: None,
        }
    }

    /// Carries out everything the session manager has to say.
    pub(super) fn carry_out(&mut self, sessions: &mut SessionManager) {
        while let Some(output) = sessions.poll() {
            match output {
                Output::Send { session, bytes } => self.sockets.send(session, bytes),
                Output::Request { session, terminal, received, generation, logged_on, body } => {
                    let body = self.requests.bytes.copy(body);
                    let origin = Origin { session, terminal, received, generation, logged_on };
                    let item = InboundItem::Request { origin, body };
                    self.requests.items.push(item);
                    if self.requests.items.len() >= REQUESTS_PER_BATCH_MAX {
                        self.hand_over_requests();
                    }
                }
                Output::Handshake { session, hello } => {
                    let hello = self.hellos.bytes.copy(hello);
                    self.hellos.items.push(InboundItem::Hello { session, hello });
                    if self.hellos.items.len() >= HELLOS_PER_BATCH_MAX {
                        self.hand_over_hellos();
                    }
                }
                Output::Pause { session } => self.sockets.pause(session),
                Output::Resume { session } => self.sockets.resume(session),
                Output::Close { session, .. } => self.sockets.close(session),
                Output::Admit { connection, session } => {
                    self.admitted = Some((session, self.take_accepted(connection)));
                }
                Output::Refuse { connection, bytes } => {
                    refuse(self.take_accepted(connection), bytes)
                }
                Output::Online { session, terminal, age } => {
                    self.on_online(session, terminal, age);
                }
                Output::Offline { session, terminal } => {
                    self.changes.push(PresenceChange::Offline { terminal, session });
                }
            }
        }
    }

    /// Puts a new connection on arrival, under the number for the session manager.
    pub(super) fn hold_accepted(&mut self, stream: TcpStream) -> u32 {
        assert!(self.accepted.is_none(), "one new connection at a time");
        self.accepted = Some(stream);
        NEW_CONNECTION
    }

    /// Registers the new connection that was just admitted, if one was.
    pub(super) fn register(&mut self, registry: &Registry) {
        let Some((session, mut stream)) = self.admitted.take() else { return };
        let interest = Interest::READABLE | Interest::WRITABLE;
        if registry.register(&mut stream, token(session), interest).is_err() {
            self.sockets.fail(session);
        }
        self.sockets.insert(session, stream);
    }

    /// The session that an event belongs to.
    pub(super) fn session(&self, token: Token) -> SessionId {
        session(self.reactor, token)
    }

    pub(super) fn recycle(&self, replies: Box<ReplyBatch>) {
        self.ways.recyclers.replies.give(replies);
    }

    /// Hands everything over that the turn has gathered, as far as there is room.
    pub(super) fn hand_over(&mut self) {
        self.hand_over_requests();
        self.hand_over_hellos();
        self.report_presence();
        let ReactorLinks { peers, .. } = &self.ways;
        self.superseded.retain(|&(peer, terminal, age)| {
            peers[peer].try_post(Mail::Superseded { terminal, age }).is_err()
        });
    }

    /// Whether something did not fit.
    pub(super) fn is_holding(&self) -> bool {
        !(self.requests.items.is_empty()
            && self.hellos.items.is_empty()
            && self.changes.is_empty()
            && self.superseded.is_empty())
    }

    fn on_online(&mut self, session: SessionId, terminal: TerminalId, age: SessionAge) {
        let since_ms = self.clock.wall().0;
        let presence = Presence { session, age, since_ms };
        self.changes.push(PresenceChange::Online { terminal, presence });
        for peer in 0..self.ways.peers.len() {
            self.superseded.push((peer, terminal, age));
        }
    }

    fn take_accepted(&mut self, connection: u32) -> TcpStream {
        assert_eq!(
            connection, NEW_CONNECTION,
            "the session manager answers for the new connection it was shown"
        );
        self.accepted.take().expect("the session manager answers once for each new connection")
    }

    fn hand_over_requests(&mut self) {
        let ReactorLinks { jobs, recyclers, .. } = &self.ways;
        recyclers.inbound.hand_over(&mut self.requests, |batch| {
            match jobs.try_send(Job::Inbound(batch)) {
                Err(TrySendError::Full(Job::Inbound(batch))) => Some(batch),
                _ => None,
            }
        });
    }

    fn hand_over_hellos(&mut self) {
        let ReactorLinks { hellos, recyclers, .. } = &self.ways;
        recyclers.inbound.hand_over(&mut self.hellos, |batch| match hellos.try_send(batch) {
            Err(TrySendError::Full(batch)) => Some(batch),
            _ => None,
        });
    }

    fn report_presence(&mut self) {
        if self.changes.is_empty() {
            return;
        }
        let report = Report::PresenceChanges(std::mem::take(&mut self.changes));
        if let Err(TrySendError::Full(Report::PresenceChanges(changes))) =
            self.ways.reports.try_send(report)
        {
            self.changes = changes;
        }
    }
}

/// The session of a reactor that a token stands for.
pub(crate) fn session(reactor: u16, token: Token) -> SessionId {
    let bits = u64::try_from(token.0).expect("a token has 64 bits");
    SessionId {
        reactor,
        slot: u32::try_from(bits & u64::from(u32::MAX)).expect("masked to 32 bits"),
        generation: u32::try_from(bits >> 32).expect("32 bits are left"),
    }
}

/// A session as a token; [`session`] is the way back.
pub(crate) fn token(session: SessionId) -> Token {
    let bits = (u64::from(session.generation) << 32) | u64::from(session.slot);
    Token(usize::try_from(bits).expect("a token has 64 bits"))
}
