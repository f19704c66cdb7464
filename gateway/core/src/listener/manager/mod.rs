//! The connections of one listener: frames in and out, one request in flight on each, limits of
//! connections, addresses and terminals, deadlines. Sans-I/O: [`ListenerManager::handle`] takes one
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
//! TCP window stops it.

mod admission;
mod event;
mod frame;
mod share;
mod slot;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tillgate_codec::iso8583::MacKey;
use tillgate_store_core::TerminalId;
use zeroize::Zeroize;

pub use self::event::{CloseReason, Input, Output};
use self::share::Shares;
use self::slot::{Buffer, NEVER, Session, Slot};
use super::Listener;
use super::limits::{ListenerLimits, SPARE_BUFFERS_MAX};
use crate::id::{Peer, SessionAge, SessionId};
use crate::online::{Presence, PresenceChange};
use crate::processing::Effect;
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
    /// Requests whose answer is owed, also of sessions that have ended.
    in_flight: FxHashMap<SessionId, (Peer, TerminalId)>,
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
    /// Of the last input.
    now: Moment,
    draining: bool,
    stats: ListenerStats,
}

/// Plain counters since the start, and the two gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerStats {
    /// Sessions now.
    pub sessions: u32,
    /// Requests whose reply is still to come.
    pub requests: u32,
    /// Connections admitted.
    pub admitted: u64,
    /// Frames that went to the pool.
    pub frames: u64,
    /// Answers sent.
    pub answers: u64,
    /// Times that a connection was not read because its rate was used up.
    pub slowed: u64,
    /// Connections refused on arrival, by [`ConnectionRefusal::ALL`]'s order.
    pub refused_by: [u64; ConnectionRefusal::ALL.len()],
    /// Ends by [`CloseReason::ALL`]'s order.
    pub closed: [u64; CloseReason::ALL.len()],
}

/// An output whose bytes lie in the arena.
enum Queued {
    Admit { connection: u32, session: SessionId },
    Refuse { connection: u32 },
    Send { session: SessionId, bytes: Range<usize> },
    Pause { session: SessionId },
    Resume { session: SessionId },
    Close { session: SessionId, why: CloseReason },
    Request { session: SessionId, terminal: TerminalId, received: Moment, message: Range<usize> },
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
            in_flight: FxHashMap::default(),
            unserved: VecDeque::new(),
            waiting: VecDeque::new(),
            timers: Timers::default(),
            queue: VecDeque::new(),
            arena: Vec::new(),
            spare: Vec::new(),
            changes: Vec::new(),
            now: Moment::default(),
            draining: false,
            stats: ListenerStats::default(),
        }
    }

    /// Takes one input. Drain [`ListenerManager::poll`] to `None` before the next.
    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        self.changes.clear();
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
            Queued::Request { session, terminal, received, message } => {
                Output::Request { session, terminal, received, message: &self.arena[message] }
            }
        })
    }

    /// Which terminals came and went with the last input, for whoever wants to show it. Since when is for
    /// the shell to say, which has a clock.
    pub fn presence_changes(&mut self) -> impl Iterator<Item = PresenceChange> {
        self.changes.drain(..)
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
        let requests = u32::try_from(self.in_flight.len()).unwrap_or(u32::MAX);
        ListenerStats { sessions, requests, ..self.stats }
    }

    /// No session and nothing in flight.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.slots.len() == self.free.len() && self.in_flight.is_empty()
    }

    fn on_replied(
        &mut self,
        now: Moment,
        id: SessionId,
        (body, chip, mac): (&[u8], &[u8], Option<&MacKey>),
        effect: Effect,
    ) {
        let of = self.in_flight.remove(&id).expect("one reply for each request");
        self.shares.end(now, of);
        if let Some(session) = session_mut(&mut self.slots, id) {
            let asked = session.asked.take().expect("a reply belongs to the request in flight");
            let from = self.arena.len();
            let answered = match effect {
                Effect::End => Err(CloseReason::Denied),
                _ if body.is_empty() => Ok(false),
                _ => {
                    let message = &session.buffer.bytes()[asked.message];
                    let (profile, by) = (&self.listener.profile, (&self.calendar, mac));
                    let said = profile.answer(message, (body, chip), by, &mut self.arena);
                    said.map(|()| true).ok_or(CloseReason::Unanswerable)
                }
            };
            session.buffer.drain(asked.end);
            session.served |= answered == Ok(true);
            if answered == Ok(true) && session.terminal != Some(of.1) {
                let left = session.terminal.replace(of.1);
                let left = left.map(|terminal| PresenceChange::Offline { terminal, session: id });
                self.changes.extend(left);
                // The later connection is the newer one: there are no handshakes to count.
                let age = SessionAge { generation: 0, counter: now.0 };
                let presence = Presence { session: id, age, since_ms: 0 };
                self.changes.push(PresenceChange::Online { terminal: of.1, presence });
            }
            (session.heard, session.partial_since) = (now, now);
            match answered {
                Ok(true) => {
                    self.stats.answers += 1;
                    let bytes = from..self.arena.len();
                    self.queue.push_back(Queued::Send { session: id, bytes });
                }
                Ok(false) => {}
                Err(why) => self.close(id, why),
            }
            if self.draining {
                self.close(id, CloseReason::Draining);
            }
            self.advance(now, id);
        }
        self.release_waiting(now);
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
            let is_partial = !session.buffer.is_empty();
            let why = match session.served {
                _ if is_partial && session.partial_since.after(limits.frame) <= now => {
                    CloseReason::FrameTimeout
                }
                false => CloseReason::FirstTimeout,
                true => CloseReason::Idle,
            };
            self.close(id, why);
        }
    }

    fn on_drain(&mut self) {
        self.draining = true;
        for slot in 0..u32::try_from(self.slots.len()).expect("connections_max is a u32") {
            let place = &self.slots[index(slot)];
            let id = SessionId { reactor: self.reactor, slot, generation: place.generation };
            if place.session.as_ref().is_some_and(|session| session.asked.is_none()) {
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
        let left = session.terminal.take();
        let left = left.map(|terminal| PresenceChange::Offline { terminal, session: id });
        self.changes.extend(left);
        session.buffer.recycle(SPARE_BUFFERS_MAX, &mut self.spare);
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
