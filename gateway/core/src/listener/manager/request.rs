//! Requests in flight, and what their answers do to the connections that they came over.

use rustc_hash::{FxHashMap, FxHashSet};
use tillgate_codec::iso8583::MacKey;
use tillgate_store_core::TerminalId;

use super::slot::Buffer;
use super::{CloseReason, DropReason, ListenerManager, Queued, Trouble, index, session_mut};
use crate::id::{Peer, SessionAge, SessionId};
use crate::listener::limits::{ONLINE_MAX, SERVED_MAX, SPARE_BUFFERS_MAX};
use crate::online::{Presence, PresenceChange};
use crate::processing::Effect;
use crate::time::Moment;

/// Slots of lanes have this bit, those of sessions never: `connections_max` is far below it.
const LANE: u32 = 1 << 31;

/// A request whose answer is owed.
pub(super) struct Request {
    /// Where its answer goes, if that has not ended.
    pub(super) connection: SessionId,
    pub(super) of: (Peer, TerminalId),
    /// What the answer is made of; empty once the connection has ended.
    pub(super) message: Buffer,
}

/// Requests in flight, also of sessions that have ended. Each is named by its session, or on a shared
/// connection by a lane of its own, which is a number that is given once.
#[derive(Default)]
pub(super) struct Requests {
    held: FxHashMap<SessionId, Request>,
    /// How many lanes there have been.
    lanes: u64,
}

impl Requests {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Where the reply will come for.
    pub(super) fn add(&mut self, request: Request, shared: bool) -> SessionId {
        let id = if shared { self.lane(request.connection.reactor) } else { request.connection };
        let before = self.held.insert(id, request);
        assert!(before.is_none(), "a session or lane has one request in flight");
        id
    }

    fn lane(&mut self, reactor: u16) -> SessionId {
        let number = self.lanes;
        self.lanes = self.lanes.wrapping_add(1);
        let slot = u32::try_from(number & u64::from(LANE - 1)).expect("masked to 31 bits");
        let generation = u32::try_from((number >> 31) & u64::from(u32::MAX));
        SessionId { reactor, slot: LANE | slot, generation: generation.expect("masked to 32 bits") }
    }

    /// A connection has ended: nothing that came over it is kept.
    pub(super) fn forget(&mut self, connection: SessionId, spare: &mut Vec<Buffer>) {
        for request in self.held.values_mut().filter(|held| held.connection == connection) {
            request.message.recycle(SPARE_BUFFERS_MAX, spare);
        }
    }
}

impl ListenerManager {
    pub(super) fn on_replied(
        &mut self,
        now: Moment,
        id: SessionId,
        (body, chip, mac): (&[u8], &[u8], Option<&MacKey>),
        effect: Effect,
    ) {
        let was_full = index(self.limits.requests_max) <= self.requests.len();
        let request = self.requests.held.remove(&id).expect("one reply for each request");
        let Request { connection, of, mut message } = request;
        let was_full = was_full || self.shares.is_full(of.0);
        self.shares.end(now, of);
        if let Some(session) = session_mut(&mut self.slots, connection) {
            session.in_flight -= 1;
            let from = self.arena.len();
            let answered = match effect {
                Effect::End => Err(CloseReason::Denied),
                _ if body.is_empty() => Ok(false),
                _ => {
                    let (profile, by) = (&self.listener.profile, (&self.calendar, mac));
                    let said = profile.answer(message.bytes(), (body, chip), by, &mut self.arena);
                    said.map(|()| true).ok_or(CloseReason::Unanswerable)
                }
            };
            match answered {
                Ok(true) => {
                    self.note_served(now, connection, of.1);
                    self.stats.answers += 1;
                    let bytes = from..self.arena.len();
                    self.queue.push_back(Queued::Send { session: connection, bytes });
                }
                Ok(false) => {}
                Err(why) => {
                    let (session, terminal) = (connection, Some(of.1));
                    self.trouble = Some(Trouble { session, terminal, why: why.label() });
                    self.not_answered(now, connection, why);
                }
            }
            self.reply_ends(now, connection, (answered.is_ok(), was_full));
        }
        message.recycle(SPARE_BUFFERS_MAX, &mut self.spare);
        self.release_waiting(now);
    }

    /// A terminal was answered over a connection: it is enabled, and online.
    fn note_served(&mut self, now: Moment, id: SessionId, terminal: TerminalId) {
        let Some(session) = session_mut(&mut self.slots, id) else { return };
        session.served = true;
        if self.limits.shared {
            if self.served.len() >= SERVED_MAX && !self.served.contains_key(&terminal) {
                return;
            }
            let shown = self.served.entry(terminal).or_default();
            if session.terminals.len() >= ONLINE_MAX {
                return;
            }
            let is_new = session.terminals.insert(terminal);
            if !is_new && shown.is_some() {
                return;
            }
            *shown = Some(id);
        } else {
            if session.terminals.contains(&terminal) {
                return;
            }
            let left = session.terminals.drain();
            let left = left.map(|terminal| PresenceChange::Offline { terminal, session: id });
            self.changes.extend(left);
            session.terminals.insert(terminal);
        }
        // The later connection is the newer one: there are no handshakes to count.
        self.age = now.0.max(self.age.saturating_add(1));
        let age = SessionAge { generation: 0, counter: self.age };
        let presence = Presence { session: id, age, since_ms: 0 };
        self.changes.push(PresenceChange::Online { terminal, presence });
    }

    /// The terminals of a connection that has ended go offline, but for those that are online over a
    /// later one.
    pub(super) fn note_left(&mut self, id: SessionId, terminals: FxHashSet<TerminalId>) {
        let is_shown = |terminal: &TerminalId| match self.served.get_mut(terminal) {
            Some(shown) if *shown == Some(id) => shown.take().is_some(),
            shown => shown.is_none(),
        };
        let left = terminals.into_iter().filter(is_shown);
        let left = left.map(|terminal| PresenceChange::Offline { terminal, session: id });
        self.changes.extend(left);
    }

    /// Whoever is denied loses the connection, or on a shared one only the request.
    fn not_answered(&mut self, now: Moment, id: SessionId, why: CloseReason) {
        if !self.limits.shared {
            return self.close(id, why);
        }
        let Some(session) = session_mut(&mut self.slots, id) else { return };
        if why == CloseReason::Denied {
            self.denials.owe(now, &mut session.denied);
            DropReason::Denied.count(&mut self.stats.dropped);
        } else {
            DropReason::Unanswerable.count(&mut self.stats.dropped);
        }
    }

    /// The place of a request is free again: for its own connection, unless others wait for one.
    fn reply_ends(&mut self, now: Moment, id: SessionId, (is_fine, was_full): (bool, bool)) {
        let Some(session) = session_mut(&mut self.slots, id) else { return };
        if is_fine {
            session.heard = now;
        }
        if session.held {
            // What is behind has waited for us until now.
            session.partial_since = now;
        }
        if self.draining && session.in_flight == 0 {
            return self.close(id, CloseReason::Draining);
        }
        let in_turn = self.limits.shared && was_full && session.held && !self.waiting.is_empty();
        if in_turn && !session.waiting {
            session.waiting = true;
            self.waiting.push_back(id);
        } else {
            self.advance(now, id);
        }
    }
}
