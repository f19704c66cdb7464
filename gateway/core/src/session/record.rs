//! Bytes into records, records into handshakes and requests, and what waits when there is no
//! room for them.
//!
//! A read gives a slice; whole records in it are opened where they lie. Only what is left over,
//! or held back, is copied into the session's `partial`.

use tillgate_codec::link::channel::{Hello, HelloError, Versions};
use tillgate_codec::link::record::{RecordError, RecordType, RefusalCode, deframe};

use super::slot::{NEVER, Phase, Session};
use super::{CloseReason, Queued, Request, SessionManager, index};
use crate::id::SessionId;
use crate::time::Moment;

/// Seconds that whoever speaks another protocol, or another version, is asked to stay away: it
/// needs another firmware, not another attempt.
const RETRY_OTHERWISE_S: u16 = 300;

/// What stopped the consumption of a buffer.
enum Stop {
    /// Less than a record is left.
    Incomplete,
    /// A whole record is left, but the session may not have more in flight.
    SessionFull,
    /// A whole record is left, but the pool has enough to do.
    PoolFull,
    /// A whole record is left, but its terminal has used up its rate until then.
    TooFast(Moment),
    /// The session is over.
    Broken(CloseReason),
    /// The first record is no hello that can be answered: its sender is answered so, in clear.
    Unanswerable(RefusalCode),
}

impl SessionManager {
    pub(super) fn on_received(&mut self, now: Moment, id: SessionId, bytes: &mut [u8]) {
        let Some(session) = self.session_mut(id) else { return };
        if !session.partial.is_empty() {
            session.partial.extend_from_slice(bytes);
            self.advance(now, id);
        } else if let Some(consumed) = self.consume(now, id, bytes) {
            let rest = &bytes[consumed..];
            if !rest.is_empty() {
                let mut buffer = self.spare.pop().unwrap_or_default();
                buffer.extend_from_slice(rest);
                self.keep(id, buffer, now);
            }
            self.settle(id);
        }
    }

    /// Consumes what the session has kept, after more came or something made room.
    pub(super) fn advance(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.session_mut(id) else { return };
        let mut bytes = std::mem::take(&mut session.partial);
        let since = session.partial_since;
        let Some(consumed) = self.consume(now, id, &mut bytes) else {
            self.recycle(bytes);
            return;
        };
        // A record keeps the moment of its first byte, however slowly the others dribble in.
        let since = if consumed == 0 { since } else { now };
        bytes.drain(..consumed);
        if bytes.is_empty() {
            self.recycle(bytes);
        } else {
            self.keep(id, bytes, since);
        }
        self.settle(id);
    }

    /// Gives the sessions in the queue their turn while there is room.
    pub(super) fn release_waiting(&mut self, now: Moment) {
        // Bound: each session stands in the queue once, and every turn takes one off.
        for _ in 0..self.waiting.len() {
            if self.requests >= self.limits.requests_max
                || self.handshakes >= self.limits.handshakes_max
            {
                return;
            }
            let Some(id) = self.waiting.pop_front() else { return };
            if let Some(session) = self.session_mut(id) {
                session.waiting = false;
                self.advance(now, id);
            }
        }
    }

    pub(super) fn on_deadline(&mut self, now: Moment) {
        while let Some((at, slot, generation)) = self.timers.pop(now) {
            let id = SessionId { reactor: self.reactor, slot, generation };
            let limits = self.limits;
            let Some(session) = self.session_mut(id) else { continue };
            if session.armed != at {
                continue;
            }
            if session.slow_until <= now {
                session.slow_until = NEVER;
                session.armed = NEVER;
                self.advance(now, id);
                continue;
            }
            let deadline = session.deadline(&limits);
            if deadline > now {
                session.armed = deadline;
                self.timers.arm(deadline, slot, generation);
            } else {
                let why = match session.online {
                    false => CloseReason::HandshakeTimeout,
                    true if session.heard.after(limits.idle) <= now => CloseReason::Idle,
                    true => CloseReason::RecordTimeout,
                };
                self.close(id, why);
            }
        }
    }

    /// Consumes whole records while there is room; says how many bytes, or `None` when the
    /// session ended over them.
    fn consume(&mut self, now: Moment, id: SessionId, bytes: &mut [u8]) -> Option<usize> {
        let mut consumed = 0;
        let stop = loop {
            match self.take_record(now, id, &mut bytes[consumed..]) {
                Ok(length) => consumed += length,
                Err(stop) => break stop,
            }
        };
        match stop {
            Stop::Broken(why) => {
                self.close(id, why);
                return None;
            }
            Stop::Unanswerable(code) => {
                self.refuse(id, code, RETRY_OTHERWISE_S);
                let is_version = code == RefusalCode::VERSION;
                let why = if is_version { CloseReason::Version } else { CloseReason::Malformed };
                self.close(id, why);
                return None;
            }
            Stop::Incomplete | Stop::SessionFull | Stop::PoolFull | Stop::TooFast(_) => {}
        }
        let session = self.session_mut(id)?;
        session.held = !matches!(stop, Stop::Incomplete);
        if let Stop::TooFast(until) = stop {
            session.slow_until = until;
            self.stats.slowed += 1;
            return Some(consumed);
        }
        if matches!(stop, Stop::PoolFull) && !session.waiting {
            session.waiting = true;
            self.waiting.push_back(id);
        }
        Some(consumed)
    }

    /// Takes one record off the session manager of `bytes` and says how long it was.
    fn take_record(&mut self, now: Moment, id: SessionId, bytes: &mut [u8]) -> Result<usize, Stop> {
        let record = match deframe(bytes) {
            Ok(Some(record)) => record,
            Ok(None) => return Err(Stop::Incomplete),
            Err(error) => return Err(self.not_a_record(id, error)),
        };
        let requests_full = self.requests >= self.limits.requests_max;
        let handshakes_full = self.handshakes >= self.limits.handshakes_max;
        let per_session_max = self.limits.requests_per_session_max;
        let pace = self.pace;
        let Some(session) = self.slots[index(id.slot)].session.as_mut() else {
            return Err(Stop::Incomplete);
        };
        match &mut session.phase {
            Phase::Greeting if record.kind != RecordType::HELLO => {
                return Err(Stop::Unanswerable(RefusalCode::MALFORMED));
            }
            Phase::Greeting if handshakes_full => return Err(Stop::PoolFull),
            Phase::Greeting => {
                answerable(&bytes[record.range.clone()]).map_err(Stop::Unanswerable)?;
                session.phase = Phase::Shaking;
                self.handshakes += 1;
                let from = self.arena.len();
                self.arena.extend_from_slice(&bytes[record.range.clone()]);
                let hello = from..self.arena.len();
                self.queue.push_back(Queued::Handshake { session: id, hello });
            }
            Phase::Shaking => return Err(Stop::SessionFull),
            Phase::Open(_) if record.kind != RecordType::SEALED => {
                return Err(Stop::Broken(CloseReason::Malformed));
            }
            Phase::Open(_) if session.in_flight >= per_session_max => {
                return Err(Stop::SessionFull);
            }
            Phase::Open(_) if requests_full => return Err(Stop::PoolFull),
            Phase::Open(channel) => {
                let mut paced = session.paced;
                pace.take(now, &mut paced).map_err(Stop::TooFast)?;
                let Ok(body) = channel.open(&mut bytes[..record.end]) else {
                    return Err(Stop::Broken(CloseReason::Unsealed));
                };
                // Only now is it known that the terminal sent it.
                session.paced = paced;
                session.heard = now;
                let (terminal, age, online) = (session.terminal, session.age, session.online);
                let logged_on = session.logged_on;
                let from = self.arena.len();
                self.arena.extend_from_slice(body);
                let body = from..self.arena.len();
                if !online && !self.come_online(id, age, terminal) {
                    return Err(Stop::Broken(CloseReason::Superseded));
                }
                self.requests += 1;
                self.stats.records += 1;
                self.queue.push_back(Queued::Request(Request {
                    session: id,
                    terminal,
                    received: now,
                    generation: age.generation,
                    logged_on,
                    body,
                }));
                self.session_mut(id).expect("it has just spoken").in_flight += 1;
            }
        }
        Ok(record.end)
    }

    /// Bytes that are no record: before the handshake the peer is answered which protocol this is.
    fn not_a_record(&mut self, id: SessionId, error: RecordError) -> Stop {
        let greeting = |session: &mut Session| matches!(session.phase, Phase::Greeting);
        match error {
            _ if !self.session_mut(id).is_some_and(greeting) => {
                Stop::Broken(CloseReason::Malformed)
            }
            RecordError::Version { .. } => Stop::Unanswerable(RefusalCode::VERSION),
            RecordError::UnknownType(_) | RecordError::TooLong { .. } => {
                Stop::Unanswerable(RefusalCode::MALFORMED)
            }
        }
    }

    /// Keeps what was not consumed.
    fn keep(&mut self, id: SessionId, rest: Vec<u8>, since: Moment) {
        let session = self.session_mut(id).expect("a broken session keeps nothing");
        assert!(session.partial.is_empty(), "taken before it was consumed");
        session.partial = rest;
        session.partial_since = since;
    }

    /// Tells the shell whether to read, and brings the session's timer forward if it must be.
    fn settle(&mut self, id: SessionId) {
        let limits = self.limits;
        let Some(session) = self.session_mut(id) else { return };
        let turned = session.paused != session.held;
        session.paused = session.held;
        let paused = session.paused;
        let deadline = session.deadline(&limits);
        if deadline < session.armed {
            session.armed = deadline;
            self.timers.arm(deadline, id.slot, id.generation);
        }
        if turned {
            self.queue.push_back(if paused {
                Queued::Pause { session: id }
            } else {
                Queued::Resume { session: id }
            });
        }
    }
}

/// Whether a hello is one that the pool can answer; what its sender is answered otherwise.
fn answerable(hello: &[u8]) -> Result<(), RefusalCode> {
    match Hello::decode(hello) {
        Ok(hello) if hello.version(Versions::SPOKEN).is_some() => Ok(()),
        Ok(_) | Err(HelloError::Suite { .. }) => Err(RefusalCode::VERSION),
        Err(HelloError::Length { .. } | HelloError::Versions { .. }) => Err(RefusalCode::MALFORMED),
    }
}
