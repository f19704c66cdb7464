//! The thread of one ISO 8583 listener: its sockets, nothing shared. It moves bytes and decides
//! nothing: what to admit, read, answer and close is said by its [`ListenerManager`].
//!
//! ```text
//!   mail, sockets, time ──▶ ListenerManager::handle ──▶ ListenerManager::poll ──▶ sockets, pool
//! ```

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError};
use mio::Interest;
use mio::net::TcpStream;
use rustc_hash::FxHashMap;
use rustls::ServerConfig;
use tillgate_core::id::{Peer, SessionId};
use tillgate_core::listener::limits::ListenerLimits;
use tillgate_core::listener::{Input, Listener, ListenerManager, Output, Trouble};
use tillgate_core::online::{Presence, PresenceChange};
use tillgate_core::session;
use tillgate_core::sockets::{Readiness, Sockets, Taken};
use tillgate_core::time::{Calendar, Moment};
use tillgate_core::transaction::Origin;
use tillgate_store_core::ChipAnswer;
use tillgate_types::Subnet;
use zeroize::Zeroize;

use super::acceptor::Acceptor;
use super::output::{session, token};
use super::tls::PortStream;
use super::{ACCEPTOR, Events, LoopControl, WAKER, readiness};
use crate::serve::batch::{Inbound, InboundItem, Recyclers, ReplyBatch, ReplyItem};
use crate::serve::clock::Clock;
use crate::serve::limits::{
    COMPLAINT_EVERY, MAIL_PER_TURN_MAX, READ_BYTES_PER_TURN_MAX, RETRY_AFTER,
    TLS_READS_PER_TURN_MAX,
};
use crate::serve::mailbox::Mail;
use crate::serve::metrics::ListenerMetrics;
use crate::serve::pool::Job;
use crate::serve::supervisor::{Report, Unanswered};

pub(crate) struct ListenerSetup {
    /// Among the reactors: replies find their way by it.
    pub(crate) reactor: u16,
    /// Among the listeners of the configuration.
    pub(crate) index: u16,
    pub(crate) listener: Arc<Listener>,
    pub(crate) limits: ListenerLimits,
    pub(crate) calendar: Calendar,
    pub(crate) socket: TcpListener,
    pub(crate) networks: Vec<Subnet>,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<ListenerMetrics>,
    /// To the pool.
    pub(crate) jobs: Sender<Job>,
    pub(crate) recyclers: Recyclers,
    /// To the supervisor.
    pub(crate) reports: Sender<Report>,
}

pub(crate) struct ListenerThread {
    reactor: u16,
    index: u16,
    clock: Clock,
    events: Events,
    manager: ListenerManager,
    acceptor: Acceptor,
    newcomers: Vec<(TcpStream, Peer)>,
    /// The stream that has just arrived; there is never more than one.
    accepted: Option<PortStream>,
    sockets: Sockets<PortStream>,
    tls: Option<Arc<ServerConfig>>,
    requests: Box<Inbound>,
    jobs: Sender<Job>,
    recyclers: Recyclers,
    buffer: Box<[u8]>,
    metrics: Arc<ListenerMetrics>,
    reports: Sender<Report>,
    /// Who came and went.
    changes: Vec<PresenceChange>,
    /// What was not answered is in the log once in a while; the counters have all of it.
    silent_until: FxHashMap<&'static str, Moment>,
    draining: bool,
    stopped: bool,
}

impl ListenerThread {
    /// Registers the listening socket.
    ///
    /// # Errors
    /// No descriptor for the reserve.
    pub(crate) fn new(setup: ListenerSetup, events: Events) -> io::Result<Self> {
        let ListenerSetup { reactor, index, listener, limits, calendar, clock, .. } = setup;
        let mut acceptor = Acceptor::new(setup.socket)?.only_from(setup.networks);
        events.poll.registry().register(acceptor.source(), ACCEPTOR, Interest::READABLE)?;
        Ok(Self {
            reactor,
            index,
            clock,
            events,
            manager: ListenerManager::new(listener, limits, calendar, reactor),
            acceptor,
            newcomers: Vec::new(),
            accepted: None,
            tls: setup.tls,
            sockets: Sockets::in_clear(limits.unsent_bytes_max, limits.write_stall),
            requests: setup.recyclers.inbound.take(),
            jobs: setup.jobs,
            recyclers: setup.recyclers,
            buffer: vec![0; READ_BYTES_PER_TURN_MAX].into_boxed_slice(),
            metrics: setup.metrics,
            reports: setup.reports,
            changes: Vec::new(),
            silent_until: FxHashMap::default(),
            draining: false,
            stopped: false,
        })
    }

    /// Turns until it is ordered to stop, or to drain and nothing is left.
    ///
    /// # Errors
    /// The poll failed: the process cannot go on.
    pub(crate) fn run(mut self) -> io::Result<()> {
        while self.turn()? == LoopControl::Continue {}
        Ok(())
    }

    /// One turn, in the order of a reactor's.
    fn turn(&mut self) -> io::Result<LoopControl> {
        let patience = self.patience();
        self.events.wait(patience)?;
        let now = self.clock.now();
        self.take_mail(now);
        self.take_events();
        self.read_sockets(now);
        if self.manager.deadline().is_some_and(|at| at <= now) {
            self.feed(now, Input::Deadline);
        }
        self.admit_newcomers(now);
        self.flush(now);
        self.hand_over();
        let turned_away = (self.acceptor.foreign(), self.acceptor.shed());
        self.metrics.publish(&self.manager.stats(), turned_away);
        let drained = self.draining && self.manager.is_drained() && self.requests.items.is_empty();
        Ok(if self.stopped || drained { LoopControl::Stop } else { LoopControl::Continue })
    }

    /// How long to sleep; `None` for ever.
    fn patience(&self) -> Option<Duration> {
        let sockets = &self.sockets;
        if sockets.ready() > 0 || sockets.is_dirty() || self.acceptor.is_readable() {
            return Some(Duration::ZERO);
        }
        let deadlines = [self.manager.deadline(), self.acceptor.deadline(), sockets.deadline()];
        let next = deadlines.into_iter().flatten().min().map(|at| self.clock.until(at));
        if self.requests.items.is_empty() && self.changes.is_empty() {
            return next;
        }
        Some(next.unwrap_or(RETRY_AFTER).min(RETRY_AFTER))
    }

    fn feed(&mut self, now: Moment, input: Input<'_>) {
        self.manager.handle(now, input);
        let clock = self.clock;
        self.changes.extend(self.manager.presence_changes().map(|change| match change {
            PresenceChange::Online { terminal, presence } => {
                let since_ms = clock.wall().0;
                PresenceChange::Online { terminal, presence: Presence { since_ms, ..presence } }
            }
            left => left,
        }));
        if let Some(trouble) = self.manager.trouble() {
            self.note_trouble(now, trouble);
        }
        while let Some(output) = self.manager.poll() {
            match output {
                Output::Admit { session, .. } => {
                    let mut stream = self.accepted.take().expect("one new connection at a time");
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    let registry = self.events.poll.registry();
                    if registry.register(&mut stream, token(session), interest).is_err() {
                        self.sockets.fail(session);
                    }
                    self.sockets.insert(session, stream);
                }
                Output::Refuse { .. } => drop(self.accepted.take()),
                Output::Send { session, bytes } => self.sockets.send(session, bytes),
                Output::Pause { session } => self.sockets.pause(session),
                Output::Resume { session } => self.sockets.resume(session),
                Output::Close { session, .. } => self.sockets.close(session),
                Output::Request { lane: session, terminal, received, message, .. } => {
                    let (generation, logged_on) = (0, false);
                    let origin = Origin { session, terminal, received, generation, logged_on };
                    let message = self.requests.bytes.copy(message);
                    let item = InboundItem::Frame { origin, listener: self.index, message };
                    self.requests.items.push(item);
                }
            }
        }
    }

    /// Says to the supervisor what was not answered, before its connection is closed.
    fn note_trouble(&mut self, now: Moment, trouble: Trouble) {
        // Of each reason one: junk, or a probe of the port, must not hide who is denied.
        if self.silent_until.get(trouble.why).is_some_and(|until| now < *until) {
            return;
        }
        let address = self.sockets.stream(trouble.session).and_then(PortStream::peer);
        let (listener, Trouble { terminal, why, .. }) = (self.index, trouble);
        let report = Report::Unanswered(Unanswered { listener, address, terminal, why });
        if self.reports.try_send(report).is_ok() {
            self.silent_until.insert(why, now.after(COMPLAINT_EVERY));
        }
    }

    fn take_mail(&mut self, now: Moment) {
        for _ in 0..MAIL_PER_TURN_MAX {
            match self.events.inbox.take() {
                None => return,
                Some(Mail::ReplyBatch(replies)) => self.take_replies(now, replies),
                Some(Mail::Superseded { .. } | Mail::Opened(_) | Mail::Asked(_)) => {}
                Some(Mail::Drain) => {
                    self.draining = true;
                    self.feed(now, Input::Drain);
                }
                Some(Mail::Stop) => self.stopped = true,
            }
        }
    }

    /// Answers; what is for terminals of the sealed link (keys, commands) is for reactors.
    fn take_replies(&mut self, now: Moment, mut replies: Box<ReplyBatch>) {
        let ReplyBatch { items, bytes } = &mut *replies;
        for item in items.drain(..) {
            if let ReplyItem::Replied { session, body, mac, chip, effect } = item {
                let (body, mac) = (bytes.at(&body), mac.as_deref());
                let chip = chip.as_ref().map_or(&[][..], ChipAnswer::as_bytes);
                self.feed(now, Input::Replied { session, body, chip, mac, effect });
            }
        }
        self.recyclers.replies.give(replies);
    }

    /// Only notes what the events say; reading follows for all of them alike.
    fn take_events(&mut self) {
        for event in &self.events.ready {
            match event.token() {
                ACCEPTOR => self.acceptor.readable(),
                WAKER => {}
                token => {
                    let mut readiness = readiness(event);
                    // What TLS has left to write, it writes when it is read.
                    readiness.readable |= self.tls.is_some() && readiness.writable;
                    self.sockets.notice(session(self.reactor, token), readiness);
                }
            }
        }
        self.events.ready.clear();
    }

    /// Each ready session is read once; whoever has more waits for the next turn.
    fn read_sockets(&mut self, now: Moment) {
        let mut buffer = std::mem::take(&mut self.buffer);
        // What TLS costs is bounded by turn, so that answers go out in between.
        let most = if self.tls.is_some() { TLS_READS_PER_TURN_MAX } else { usize::MAX };
        for _ in 0..self.sockets.ready().min(most) {
            let Some(session) = self.sockets.next_ready() else { break };
            match self.sockets.read(session, &mut buffer) {
                Taken::Bytes(length) => {
                    let bytes = &mut buffer[..length];
                    self.feed(now, Input::Received { session, bytes });
                    if self.tls.is_some() {
                        // A short read is not the end of what there is.
                        let readiness = Readiness { readable: true, ..Readiness::default() };
                        self.sockets.notice(session, readiness);
                    }
                    // Card data may have been in it.
                    bytes.zeroize();
                }
                Taken::Nothing => {}
                Taken::End => {
                    let stream = self.sockets.stream(session);
                    if stream.is_some_and(PortStream::shakes_hands) {
                        let (terminal, why) = (None, "no TLS");
                        self.note_trouble(now, Trouble { session, terminal, why });
                    }
                    self.feed(now, Input::Closed { session });
                }
            }
        }
        self.buffer = buffer;
    }

    fn admit_newcomers(&mut self, now: Moment) {
        let mut newcomers = std::mem::take(&mut self.newcomers);
        self.acceptor.accept(now, &mut newcomers);
        for (stream, peer) in newcomers.drain(..) {
            self.accepted = PortStream::new(stream, self.tls.as_ref());
            if self.accepted.is_none() {
                continue;
            }
            self.feed(now, Input::Opened { connection: 0, peer });
        }
        self.newcomers = newcomers;
    }

    /// Sends what the turn has gathered, and gives up who does not take it.
    fn flush(&mut self, now: Moment) {
        self.sockets.flush(now);
        while let Some(lost) = self.sockets.next_lost(now) {
            let (session, is_full) = match lost {
                session::Input::Overflowed { session } => (session, true),
                session::Input::Closed { session } => (session, false),
                _ => continue,
            };
            self.feed(now, lost_input(session, is_full));
        }
    }

    fn hand_over(&mut self) {
        if !self.changes.is_empty() {
            let report = Report::PresenceChanges(std::mem::take(&mut self.changes));
            if let Err(TrySendError::Full(Report::PresenceChanges(changes))) =
                self.reports.try_send(report)
            {
                self.changes = changes;
            }
        }
        // A batch that does not fit is added to: it is bounded by the requests in flight.
        let jobs = &self.jobs;
        self.recyclers.inbound.hand_over(&mut self.requests, |batch| {
            match jobs.try_send(Job::Inbound(batch)) {
                Err(TrySendError::Full(Job::Inbound(batch))) => Some(batch),
                _ => None,
            }
        });
    }
}

fn lost_input(session: SessionId, is_full: bool) -> Input<'static> {
    if is_full { Input::Overflowed { session } } else { Input::Closed { session } }
}
