//! The connections of one listener: frames in and out, requests in flight, limits of connections,
//! addresses and terminals, deadlines. Sans-I/O: [`ListenerManager::handle`] takes one
//! [`Input`], [`ListenerManager::poll`] is drained to `None` after it,
//! [`ListenerManager::deadline`] says when to come back.
//!
//! ```text
//!          Opened           whole frame              Replied
//!   (door) ──────▶ reading ────────────▶ in flight ───────────▶ reading
//!       │ full        │  ▲                  │ not read            │
//!       ▼             ▼  └── rate, pool ────┘                     ▼
//!     Refuse    Close: malformed, too late, evicted        Close: denied, not reading
//! ```
//!
//! Whatever one connection does, it costs only itself: what waits is not read, so that the peer's own
//! TCP window stops it. One request of a connection is in flight at a time.
//!
//! A shared connection is one of a concentrator, which has many terminals behind it. It has a window
//! of requests in flight, each a *lane*: its name is not the session's, and it has a copy of its
//! message, so that answers go out in the order in which they come. What one terminal does costs only
//! its own requests: they are dropped and counted where another connection would wait or end. Only
//! what is no frame, or does not end, ends a shared connection.

mod admission;
mod event;
mod frame;
mod request;
mod share;
mod slot;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tillgate_store_core::TerminalId;
use zeroize::Zeroize;

pub use self::event::{CloseReason, DropReason, Input, ListenerStats, Output, Trouble};
use self::request::Requests;
use self::share::Shares;
use self::slot::{Buffer, NEVER, Session, Slot};
use super::Listener;
use super::limits::{ListenerLimits, SPARE_BUFFERS_MAX};
use crate::id::SessionId;
use crate::online::PresenceChange;
use crate::rate::Pace;
pub use crate::session::ConnectionRefusal;
use crate::time::{Calendar, Moment};
use crate::timers::Timers;

/// See the module.
pub struct ListenerManager {
    listener: Arc<Listener>,
    limits: ListenerLimits,
    calendar: Calendar,
    /// Part of every session's id.
    reactor: u16,
    slots: Vec<Slot>,
    free: Vec<u32>,
    shares: Shares,
    requests: Requests,
    /// Of denied requests, by shared connection.
    denials: Pace,
    /// Terminals that were answered over shared connections since the start, and where each is online.
    served: FxHashMap<TerminalId, Option<SessionId>>,
    /// Sessions that were not served when they came, oldest first.
    unserved: VecDeque<SessionId>,
    /// Sessions that hold a whole frame back until another was answered.
    waiting: VecDeque<SessionId>,
    timers: Timers,
    queue: VecDeque<Queued>,
    /// What the queued outputs point into; wiped when the queue is empty.
    arena: Vec<u8>,
    spare: Vec<Buffer>,
    changes: Vec<PresenceChange>,
    /// Of the terminal that came last.
    age: u64,
    /// Of the last input.
    now: Moment,
    draining: bool,
    stats: ListenerStats,
    trouble: Option<Trouble>,
}

/// An output whose bytes lie in the arena.
enum Queued {
    Admit {
        connection: u32,
        session: SessionId,
    },
    Refuse {
        connection: u32,
    },
    Send {
        session: SessionId,
        bytes: Range<usize>,
    },
    Pause {
        session: SessionId,
    },
    Resume {
        session: SessionId,
    },
    Close {
        session: SessionId,
        why: CloseReason,
    },
    Request {
        session: SessionId,
        lane: SessionId,
        terminal: TerminalId,
        received: Moment,
        message: Range<usize>,
    },
}

impl ListenerManager {
    /// Without connections. `reactor` becomes part of every session's id.
    #[must_use]
    pub fn new(
        listener: Arc<Listener>,
        limits: ListenerLimits,
        calendar: Calendar,
        reactor: u16,
    ) -> Self {
        Self {
            listener,
            shares: Shares::new(&limits),
            limits,
            calendar,
            reactor,
            slots: Vec::new(),
            free: Vec::new(),
            requests: Requests::default(),
            denials: Pace::new(limits.denied_every, limits.denied_burst),
            served: FxHashMap::default(),
            unserved: VecDeque::new(),
            waiting: VecDeque::new(),
            timers: Timers::default(),
            queue: VecDeque::new(),
            arena: Vec::new(),
            spare: Vec::new(),
            changes: Vec::new(),
            age: 0,
            now: Moment::default(),
            draining: false,
            stats: ListenerStats::default(),
            trouble: None,
        }
    }

    /// Takes one input. Drain [`ListenerManager::poll`] to `None` before the next.
    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        self.changes.clear();
        self.trouble = None;
        self.now = now;
        match input {
            Input::Opened { connection, peer } => self.on_opened(now, connection, peer),
            Input::Received { session, bytes } => self.on_received(now, session, bytes),
            Input::Closed { session } => self.close(session, CloseReason::Peer),
            Input::Overflowed { session } => self.close(session, CloseReason::NotReading),
            Input::Replied { session, body, chip, mac, effect } => {
                self.on_replied(now, session, (body, chip, mac), effect);
            }
            Input::Deadline => self.on_deadline(now),
            Input::Drain => self.on_drain(),
        }
    }

    /// The next thing to do; `None` until the next [`ListenerManager::handle`].
    pub fn poll(&mut self) -> Option<Output<'_>> {
        let Some(queued) = self.queue.pop_front() else {
            // Card data and PINs were in it.
            self.arena.as_mut_slice().zeroize();
            self.arena.clear();
            return None;
        };
        Some(match queued {
            Queued::Admit { connection, session } => Output::Admit { connection, session },
            Queued::Refuse { connection } => Output::Refuse { connection },
            Queued::Send { session, bytes } => Output::Send { session, bytes: &self.arena[bytes] },
            Queued::Pause { session } => Output::Pause { session },
            Queued::Resume { session } => Output::Resume { session },
            Queued::Close { session, why } => Output::Close { session, why },
            Queued::Request { session, lane, terminal, received, message } => {
                let message = &self.arena[message];
                Output::Request { session, lane, terminal, received, message }
            }
        })
    }

    /// Which terminals came and went with the last input, for whoever wants to show it. Since when is for
    /// the shell to say, which has a clock.
    pub fn presence_changes(&mut self) -> impl Iterator<Item = PresenceChange> {
        self.changes.drain(..)
    }

    /// The latest message of the last input that was not answered because of what it was; once.
    pub fn trouble(&mut self) -> Option<Trouble> {
        self.trouble.take()
    }

    /// When to send [`Input::Deadline`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.timers.next()
    }

    /// Counters and gauges.
    #[must_use]
    pub fn stats(&self) -> ListenerStats {
        let sessions = u32::try_from(self.slots.len() - self.free.len()).unwrap_or(u32::MAX);
        let requests = u32::try_from(self.requests.len()).unwrap_or(u32::MAX);
        ListenerStats { sessions, requests, ..self.stats }
    }

    /// No session and nothing in flight.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.slots.len() == self.free.len() && self.requests.len() == 0
    }

    fn on_deadline(&mut self, now: Moment) {
        while let Some((at, slot, generation)) = self.timers.pop(now) {
            let id = SessionId { reactor: self.reactor, slot, generation };
            let limits = self.limits;
            let Some(session) = session_mut(&mut self.slots, id) else { continue };
            if session.armed != at {
                continue;
            }
            session.armed = NEVER;
            if session.slow_until <= now {
                session.slow_until = NEVER;
                self.advance(now, id);
                continue;
            }
            if session.deadline(&limits) > now {
                self.arm(id);
                continue;
            }
            let why = session.overdue(now, &limits);
            self.close(id, why);
        }
    }

    fn on_drain(&mut self) {
        self.draining = true;
        for slot in 0..u32::try_from(self.slots.len()).expect("connections_max is a u32") {
            let place = &self.slots[index(slot)];
            let id = SessionId { reactor: self.reactor, slot, generation: place.generation };
            if place.session.as_ref().is_some_and(|session| session.in_flight == 0) {
                self.close(id, CloseReason::Draining);
            }
        }
    }

    /// Brings the session's timer forward if it must be.
    fn arm(&mut self, id: SessionId) {
        let limits = self.limits;
        let Some(session) = session_mut(&mut self.slots, id) else { return };
        let deadline = session.deadline(&limits);
        if deadline < session.armed {
            session.armed = deadline;
            self.timers.arm(deadline, id.slot, id.generation);
        }
    }

    /// Ends a session that is still there; a stale id changes nothing.
    fn close(&mut self, id: SessionId, why: CloseReason) {
        if self.session(id).is_none() {
            return;
        }
        let place = &mut self.slots[index(id.slot)];
        let mut session = place.session.take().expect("checked above");
        place.generation = place.generation.wrapping_add(1);
        self.free.push(id.slot);
        self.shares.disconnect(self.now, session.peer);
        self.note_left(id, std::mem::take(&mut session.terminals));
        session.buffer.recycle(SPARE_BUFFERS_MAX, &mut self.spare);
        if session.in_flight > 0 {
            self.requests.forget(id, &mut self.spare);
        }
        if why == CloseReason::Malformed {
            self.trouble = Some(Trouble { session: id, terminal: None, why: why.label() });
        }
        let reason = CloseReason::ALL.iter().position(|reason| *reason == why);
        self.stats.closed[reason.expect("ALL lists every reason")] += 1;
        self.queue.push_back(Queued::Close { session: id, why });
    }

    fn session(&self, id: SessionId) -> Option<&Session> {
        let place = self.slots.get(index(id.slot))?;
        place.session.as_ref().filter(|_| place.generation == id.generation)
    }
}

fn session_mut(slots: &mut [Slot], id: SessionId) -> Option<&mut Session> {
    let place = slots.get_mut(index(id.slot))?;
    place.session.as_mut().filter(|_| place.generation == id.generation)
}

/// A slot as an index.
fn index(slot: u32) -> usize {
    usize::try_from(slot).expect("a slot fits the address space")
}
