//! The sessions of one reactor: records in and out, sealed channels, deadlines, admission,
//! back-pressure. Sans-I/O: [`SessionManager::handle`] takes one [`Input`],
//! [`SessionManager::poll`] is drained to
//! `None` after it, [`SessionManager::deadline`] says when to come back.
//!
//! ```text
//!            Opened            hello              Handshaken          first sealed record
//!   (door) ─────────▶ Greeting ──────▶ Shaking ───────────────▶ Open ─────────────────────▶ online
//!              │ full        └──────────────── unproven ──────────┘                           │
//!              ▼                 too late, refused, displaced, evicted       replayed, flipped, idle,
//!            Refuse                           Close                       superseded, re-keyed: Close
//! ```
//!
//! Whoever has proved nothing holds little: it counts against the time for a handshake, there are
//! bounds for all such sessions and for those of one address, and the oldest makes room. Whoever
//! has proved itself is read at its terminal's rate.
//!
//! Opening and sealing happen here, not in the pool: they cost less than the hand-over would, and
//! sealing last keeps the record counters in the order of the wire by construction.

mod admission;
mod event;
mod presence;
mod record;
mod slot;
mod unproven;

use std::collections::VecDeque;
use std::ops::Range;

use rustc_hash::FxHashMap;
use tillgate_codec::link::record::{Refusal, RefusalCode};
use tillgate_store_core::TerminalId;

pub use self::event::{CloseReason, ConnectionRefusal, Input, Output};
use self::slot::{Phase, Session, Slot};
use self::unproven::Unproven;
use crate::id::{SessionAge, SessionId};
use crate::limits::{DEBTS_MAX, SessionLimits};
use crate::processing::{Effect, Handshaken};
use crate::rate::{Debts, Pace};
use crate::time::Moment;
use crate::timers::Timers;

/// Seconds a refused new connection is asked to stay away.
const RETRY_AFTER_S: u16 = 5;

/// Emptied receive buffers kept for the next partial record.
const SPARE_BUFFERS_MAX: usize = 64;

/// The sessions of one reactor.
pub struct SessionManager {
    limits: SessionLimits,
    reactor: u16,
    slots: Vec<Slot>,
    free: Vec<u32>,
    terminals: FxHashMap<TerminalId, u32>,
    unproven: Unproven,
    pace: Pace,
    debts: Debts<TerminalId>,
    timers: Timers,
    /// As the last input said.
    now: Moment,
    queue: VecDeque<Queued>,
    /// What the queued outputs point into; emptied when the queue is.
    arena: Vec<u8>,
    /// Sessions that hold a whole record back because the pool has enough to do.
    waiting: VecDeque<SessionId>,
    spare: Vec<Vec<u8>>,
    handshakes: u32,
    requests: u32,
    draining: bool,
    stats: SessionStats,
}

/// Plain counters since the start, and the two gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionStats {
    /// Sessions now.
    pub sessions: u32,
    /// Of these, with a terminal that proved itself.
    pub online: u32,
    /// Of these, with one that has not, yet.
    pub unproven: u32,
    /// Requests whose reply is still to come.
    pub requests: u32,
    /// Connections admitted.
    pub admitted: u64,
    /// Connections refused on arrival.
    pub refused: u64,
    /// Of these, by [`ConnectionRefusal::ALL`]'s order.
    pub refused_by: [u64; ConnectionRefusal::ALL.len()],
    /// Times that a session was not read because its terminal had used up its rate.
    pub slowed: u64,
    /// Sealed records opened.
    pub records: u64,
    /// Ends by [`CloseReason::ALL`]'s order.
    pub closed: [u64; CloseReason::ALL.len()],
}

/// An output whose bytes lie in the arena.
enum Queued {
    Admit { connection: u32, session: SessionId },
    Refuse { connection: u32, bytes: Range<usize> },
    Send { session: SessionId, bytes: Range<usize> },
    Pause { session: SessionId },
    Resume { session: SessionId },
    Close { session: SessionId, why: CloseReason },
    Handshake { session: SessionId, hello: Range<usize> },
    Request(Request),
    Online { session: SessionId, terminal: TerminalId, age: SessionAge },
    Offline { session: SessionId, terminal: TerminalId },
}

struct Request {
    session: SessionId,
    terminal: TerminalId,
    received: Moment,
    generation: u32,
    logged_on: bool,
    body: Range<usize>,
}

impl SessionManager {
    /// An empty session manager. `reactor` becomes part of every session's id.
    #[must_use]
    pub fn new(limits: SessionLimits, reactor: u16, now: Moment) -> Self {
        let sessions_max = usize::try_from(limits.sessions_max).unwrap_or(usize::MAX);
        Self {
            limits,
            reactor,
            slots: Vec::with_capacity(sessions_max),
            free: Vec::new(),
            terminals: FxHashMap::default(),
            unproven: Unproven::default(),
            pace: Pace::new(limits.request_every, limits.requests_burst),
            debts: Debts::default(),
            timers: Timers::default(),
            now,
            queue: VecDeque::new(),
            arena: Vec::new(),
            waiting: VecDeque::new(),
            spare: Vec::new(),
            handshakes: 0,
            requests: 0,
            draining: false,
            stats: SessionStats::default(),
        }
    }

    /// Takes one input. Drain [`SessionManager::poll`] to `None` before the next.
    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        self.now = now;
        match input {
            Input::Opened { connection, peer } => self.on_opened(now, connection, peer),
            Input::Received { session, bytes } => self.on_received(now, session, bytes),
            Input::Closed { session } => self.close(session, CloseReason::Peer),
            Input::Overflowed { session } => self.close(session, CloseReason::NotReading),
            Input::Handshaken { session, result } => self.on_handshaken(now, session, result),
            Input::Replied { session, body, effect } => {
                self.on_replied(now, session, body, effect);
            }
            Input::Push { terminal, body } => self.on_push(terminal, body),
            Input::Superseded { terminal, age } => self.on_superseded(terminal, age),
            Input::Displaced { session } => self.on_displaced(session),
            Input::Rekeyed { terminal, generations } => self.on_rekeyed(terminal, generations),
            Input::Deadline => self.on_deadline(now),
            Input::Drain => self.on_drain(),
        }
    }

    /// The next thing to do; `None` until the next [`SessionManager::handle`].
    pub fn poll(&mut self) -> Option<Output<'_>> {
        let Some(queued) = self.queue.pop_front() else {
            self.arena.clear();
            return None;
        };
        Some(match queued {
            Queued::Admit { connection, session } => Output::Admit { connection, session },
            Queued::Refuse { connection, bytes } => {
                Output::Refuse { connection, bytes: &self.arena[bytes] }
            }
            Queued::Send { session, bytes } => Output::Send { session, bytes: &self.arena[bytes] },
            Queued::Pause { session } => Output::Pause { session },
            Queued::Resume { session } => Output::Resume { session },
            Queued::Close { session, why } => Output::Close { session, why },
            Queued::Handshake { session, hello } => {
                Output::Handshake { session, hello: &self.arena[hello] }
            }
            Queued::Request(Request {
                session,
                terminal,
                received,
                generation,
                logged_on,
                body,
            }) => {
                let body = &self.arena[body];
                Output::Request { session, terminal, received, generation, logged_on, body }
            }
            Queued::Online { session, terminal, age } => Output::Online { session, terminal, age },
            Queued::Offline { session, terminal } => Output::Offline { session, terminal },
        })
    }

    /// When to send [`Input::Deadline`]; later than every deadline already handled.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.timers.next()
    }

    /// Counters and gauges.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        let sessions = u32::try_from(self.slots.len() - self.free.len()).unwrap_or(u32::MAX);
        let online = u32::try_from(self.terminals.len()).unwrap_or(u32::MAX);
        let unproven = self.unproven.count();
        SessionStats { sessions, online, unproven, requests: self.requests, ..self.stats }
    }

    /// No session and nothing in flight.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.slots.len() == self.free.len() && self.requests == 0 && self.handshakes == 0
    }

    fn on_handshaken(&mut self, now: Moment, id: SessionId, result: Option<Handshaken<'_>>) {
        assert!(self.handshakes > 0, "one answer for each handshake");
        self.handshakes -= 1;
        if let Some(session) = self.session_mut(id) {
            assert!(matches!(session.phase, Phase::Shaking), "only a shaking session waits");
            if let Some(handshaken) = result {
                let opened = handshaken.opened;
                session.terminal = opened.terminal;
                session.age = opened.age;
                session.phase = Phase::Open(opened.channel);
                session.heard = now;
                let from = self.arena.len();
                self.arena.extend_from_slice(handshaken.reply);
                self.queue.push_back(Queued::Send { session: id, bytes: from..self.arena.len() });
                self.advance(now, id);
            } else {
                self.refuse(id, RefusalCode::DENIED, RETRY_AFTER_S);
                self.close(id, CloseReason::Denied);
            }
        }
        self.release_waiting(now);
    }

    fn on_replied(&mut self, now: Moment, id: SessionId, body: &[u8], effect: Effect) {
        assert!(self.requests > 0, "one reply for each request");
        self.requests -= 1;
        if let Some(session) = self.session_mut(id) {
            assert!(session.in_flight > 0, "a reply belongs to a request of its session");
            session.in_flight -= 1;
            match effect {
                Effect::None => {}
                Effect::LoggedOn => session.logged_on = true,
                Effect::LoggedOff => session.logged_on = false,
                Effect::End => self.close(id, CloseReason::KeyEnded),
            }
            if !body.is_empty() {
                self.send_sealed(id, body);
            }
            if self.draining && self.session_mut(id).is_some_and(|s| s.in_flight == 0) {
                self.close(id, CloseReason::Draining);
            } else {
                self.advance(now, id);
            }
        }
        self.release_waiting(now);
    }

    fn on_drain(&mut self) {
        self.draining = true;
        for slot in 0..u32::try_from(self.slots.len()).expect("sessions_max is a u32") {
            let place = &self.slots[index(slot)];
            let id = SessionId { reactor: self.reactor, slot, generation: place.generation };
            if place.session.as_ref().is_some_and(|session| session.in_flight == 0) {
                self.close(id, CloseReason::Draining);
            }
        }
    }

    /// Seals `body` for the session's terminal; a session that cannot seal any more is closed.
    fn send_sealed(&mut self, id: SessionId, body: &[u8]) {
        let from = self.arena.len();
        let place = &mut self.slots[index(id.slot)];
        let Some(Session { phase: Phase::Open(channel), .. }) = place.session.as_mut() else {
            return;
        };
        if channel.seal(body, &mut self.arena).is_ok() {
            self.queue.push_back(Queued::Send { session: id, bytes: from..self.arena.len() });
        } else {
            self.arena.truncate(from);
            self.close(id, CloseReason::Unsealed);
        }
    }

    /// Says why, in clear, to a session without a channel.
    fn refuse(&mut self, id: SessionId, code: RefusalCode, retry_after_s: u16) {
        let from = self.arena.len();
        Refusal { code, retry_after_s }.encode(&mut self.arena);
        self.queue.push_back(Queued::Send { session: id, bytes: from..self.arena.len() });
    }

    /// Ends a session that is still there; a stale id changes nothing.
    fn close(&mut self, id: SessionId, why: CloseReason) {
        if self.session_mut(id).is_none() {
            return;
        }
        let place = &mut self.slots[index(id.slot)];
        let session = place.session.take().expect("checked above");
        place.generation = place.generation.wrapping_add(1);
        self.free.push(id.slot);
        if session.online {
            let held = self.terminals.remove(&session.terminal);
            assert_eq!(held, Some(id.slot), "an online session is its terminal's session");
            self.queue.push_back(Queued::Offline { session: id, terminal: session.terminal });
            self.debts.keep(self.now, DEBTS_MAX, session.terminal, session.paced);
        } else {
            self.unproven.remove(session.peer);
        }
        self.recycle(session.partial);
        let reason = CloseReason::ALL.iter().position(|reason| *reason == why);
        self.stats.closed[reason.expect("ALL lists every reason")] += 1;
        self.queue.push_back(Queued::Close { session: id, why });
    }

    fn recycle(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() > 0 && self.spare.len() < SPARE_BUFFERS_MAX {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    fn session_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        let place = self.slots.get_mut(index(id.slot))?;
        if place.generation == id.generation && id.reactor == self.reactor {
            place.session.as_mut()
        } else {
            None
        }
    }
}

/// A slot as an index.
fn index(slot: u32) -> usize {
    usize::try_from(slot).expect("a slot fits the address space")
}
