//! One reactor: a thread with its sessions, its listening socket and nothing shared.
//!
//! It moves bytes and decides nothing: what to admit, read, send and close is said by its
//! [`SessionManager`]. It never touches a disk, a lock or public-key arithmetic.
//!
//! ```text
//!   mail, sockets, time ──▶ SessionManager::handle ──▶ SessionManager::poll ──▶ ReactorOutput ──▶ sockets, pool, peers
//! ```

mod acceptor;
mod listener;
mod output;
mod tls;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Poll, Token};
use tillgate_core::directory::Rekeyed;
use tillgate_core::id::Peer;
use tillgate_core::limits::SessionLimits;
use tillgate_core::processing::Handshaken;
use tillgate_core::session::{Input, SessionManager};
use tillgate_core::sockets::{Readiness, Taken};
use tillgate_core::time::Moment;

use self::acceptor::Acceptor;
pub(crate) use self::acceptor::listen;
use self::output::ReactorOutput;
use super::batch::{ReplyBatch, ReplyItem};
use super::clock::Clock;
use super::limits::{EVENTS_PER_TURN_MAX, MAIL_PER_TURN_MAX, READ_BYTES_PER_TURN_MAX, RETRY_AFTER};
use super::mailbox::{Inbox, Mail, Mailbox, Sleep, mailbox};
use super::metrics::ReactorMetrics;

pub(crate) use self::listener::{ListenerSetup, ListenerThread};
pub(crate) use self::output::{ReactorLinks, session as session_of, token as token_of};
pub(crate) use self::tls::PortStream;

pub(crate) struct Setup {
    pub(crate) index: u16,
    pub(crate) clock: Clock,
    /// The share of this reactor.
    pub(crate) limits: SessionLimits,
    pub(crate) listener: TcpListener,
    pub(crate) metrics: Arc<ReactorMetrics>,
}

/// What a reactor waits for: events of its sockets, and mail.
pub(crate) struct Events {
    pub(crate) poll: Poll,
    pub(crate) ready: mio::Events,
    pub(crate) inbox: Inbox,
}

impl Events {
    /// Nothing yet; the mailbox is for everybody who has something to say to the reactor.
    ///
    /// # Errors
    /// No descriptors for the poll or the waker.
    pub(crate) fn new() -> io::Result<(Self, Mailbox)> {
        let poll = Poll::new()?;
        let (mailbox, inbox) = mailbox(mio::Waker::new(poll.registry(), WAKER)?);
        Ok((Self { poll, ready: mio::Events::with_capacity(EVENTS_PER_TURN_MAX), inbox }, mailbox))
    }

    /// Sleeps until there is an event or mail, or for this long; `None` for ever.
    ///
    /// # Errors
    /// The poll failed.
    pub(crate) fn wait(&mut self, patience: Option<Duration>) -> io::Result<()> {
        let is_busy = self.inbox.prepare_to_sleep() == Sleep::Busy;
        let timeout = if is_busy { Some(Duration::ZERO) } else { patience };
        let polled = self.poll.poll(&mut self.ready, timeout);
        self.inbox.wake();
        match polled {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.ready.clear();
                Ok(())
            }
            other => other,
        }
    }
}

pub(crate) struct Reactor {
    clock: Clock,
    events: Events,
    sessions: SessionManager,
    acceptor: Acceptor,
    newcomers: Vec<(TcpStream, Peer)>,
    output: ReactorOutput,
    buffer: Box<[u8]>,
    metrics: Arc<ReactorMetrics>,
    draining: bool,
    stopped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LoopControl {
    Continue,
    Stop,
}

const ACCEPTOR: Token = Token(usize::MAX);
pub(crate) const WAKER: Token = Token(usize::MAX - 1);

impl Reactor {
    /// Registers the listening socket.
    ///
    /// # Errors
    /// No descriptor for the reserve.
    pub(crate) fn new(setup: Setup, events: Events, ways: ReactorLinks) -> io::Result<Self> {
        let Setup { index, clock, limits, listener, metrics } = setup;
        let mut acceptor = Acceptor::new(listener)?;
        events.poll.registry().register(acceptor.source(), ACCEPTOR, Interest::READABLE)?;
        Ok(Self {
            clock,
            events,
            sessions: SessionManager::new(limits, index, clock.now()),
            acceptor,
            newcomers: Vec::new(),
            output: ReactorOutput::new(index, clock, &limits, ways),
            buffer: vec![0; READ_BYTES_PER_TURN_MAX].into_boxed_slice(),
            metrics,
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

    /// One turn. The order is the design: finished work first, then the network, then time, then
    /// new connections (so that a new socket never meets an old event), then the wire.
    fn turn(&mut self) -> io::Result<LoopControl> {
        let patience = self.patience();
        self.events.wait(patience)?;
        let now = self.clock.now();
        self.take_mail(now);
        self.take_events();
        self.read_sockets(now);
        self.take_deadlines(now);
        self.admit_newcomers(now);
        self.flush(now);
        self.output.hand_over();
        self.metrics.publish(&self.sessions.stats(), self.acceptor.shed(), self.events.inbox.len());
        Ok(self.control())
    }

    /// How long to sleep; `None` for ever.
    fn patience(&self) -> Option<Duration> {
        let sockets = &self.output.sockets;
        if sockets.ready() > 0 || sockets.is_dirty() || self.acceptor.is_readable() {
            return Some(Duration::ZERO);
        }
        let deadlines = [self.sessions.deadline(), self.acceptor.deadline(), sockets.deadline()];
        let next = deadlines.into_iter().flatten().min().map(|at| self.clock.until(at));
        if self.output.is_holding() {
            return Some(next.unwrap_or(RETRY_AFTER).min(RETRY_AFTER));
        }
        next
    }

    fn feed(&mut self, now: Moment, input: Input<'_>) {
        self.sessions.handle(now, input);
        self.output.carry_out(&mut self.sessions);
    }

    fn take_mail(&mut self, now: Moment) {
        for _ in 0..MAIL_PER_TURN_MAX {
            match self.events.inbox.take() {
                None => return,
                Some(Mail::ReplyBatch(replies)) => self.take_replies(now, replies),
                Some(Mail::Opened(_) | Mail::Asked(_)) => {}
                Some(Mail::Superseded { terminal, age }) => {
                    self.feed(now, Input::Superseded { terminal, age });
                }
                Some(Mail::Drain) => {
                    self.draining = true;
                    self.feed(now, Input::Drain);
                }
                Some(Mail::Stop) => self.stopped = true,
            }
        }
    }

    fn take_replies(&mut self, now: Moment, mut replies: Box<ReplyBatch>) {
        let ReplyBatch { items, bytes } = &mut *replies;
        for item in items.drain(..) {
            let input = match item {
                ReplyItem::Replied { session, body, effect, .. } => {
                    Input::Replied { session, body: bytes.at(&body), effect }
                }
                ReplyItem::Displaced { session } => Input::Displaced { session },
                ReplyItem::Rekeyed(rekeyed) => {
                    let Rekeyed { terminal, generations } = &rekeyed;
                    self.feed(now, Input::Rekeyed { terminal: *terminal, generations });
                    continue;
                }
                ReplyItem::Handshaken { session, opened, reply } => {
                    let reply = bytes.at(&reply);
                    let result = opened.map(|opened| Handshaken { opened, reply });
                    Input::Handshaken { session, result }
                }
                ReplyItem::Push { terminal, body } => {
                    Input::Push { terminal, body: bytes.at(&body) }
                }
                // For the thread of USSD links.
                ReplyItem::Unsealed { .. } => continue,
            };
            self.sessions.handle(now, input);
            self.output.carry_out(&mut self.sessions);
        }
        self.output.recycle(replies);
    }

    /// Only notes what the events say; reading follows for all of them alike.
    fn take_events(&mut self) {
        for event in &self.events.ready {
            match event.token() {
                ACCEPTOR => self.acceptor.readable(),
                WAKER => {}
                token => {
                    let session = self.output.session(token);
                    self.output.sockets.notice(session, readiness(event));
                }
            }
        }
        self.events.ready.clear();
    }

    /// Each ready session is read once; whoever has more waits for the next turn.
    fn read_sockets(&mut self, now: Moment) {
        for _ in 0..self.output.sockets.ready() {
            let Some(session) = self.output.sockets.next_ready() else { break };
            match self.output.sockets.read(session, &mut self.buffer) {
                Taken::Bytes(length) => {
                    let bytes = &mut self.buffer[..length];
                    self.sessions.handle(now, Input::Received { session, bytes });
                    self.output.carry_out(&mut self.sessions);
                }
                Taken::Nothing => {}
                Taken::End => self.feed(now, Input::Closed { session }),
            }
        }
    }

    fn take_deadlines(&mut self, now: Moment) {
        if self.sessions.deadline().is_some_and(|at| at <= now) {
            self.feed(now, Input::Deadline);
        }
    }

    fn admit_newcomers(&mut self, now: Moment) {
        let mut newcomers = std::mem::take(&mut self.newcomers);
        self.acceptor.accept(now, &mut newcomers);
        for (stream, peer) in newcomers.drain(..) {
            let connection = self.output.hold_accepted(stream);
            self.feed(now, Input::Opened { connection, peer });
            self.output.register(self.events.poll.registry());
        }
        self.newcomers = newcomers;
    }

    /// Sends what the turn has gathered. What the session manager says about broken sockets may
    /// gather more; that goes out in the next turn, which comes at once.
    fn flush(&mut self, now: Moment) {
        self.output.sockets.flush(now);
        while let Some(input) = self.output.sockets.next_lost(now) {
            self.feed(now, input);
        }
    }

    fn control(&self) -> LoopControl {
        let drained = self.draining && self.sessions.is_drained() && !self.output.is_holding();
        if self.stopped || drained { LoopControl::Stop } else { LoopControl::Continue }
    }
}

pub(crate) fn readiness(event: &Event) -> Readiness {
    Readiness {
        readable: event.is_readable(),
        writable: event.is_writable(),
        read_closed: event.is_read_closed(),
        broken: event.is_error() || event.is_write_closed(),
    }
}
