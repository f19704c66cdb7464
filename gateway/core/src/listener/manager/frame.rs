//! Bytes into frames, frames into requests, and what waits when it is not its turn.

use tillgate_codec::iso8583::Fields;

use super::share::Wait;
use super::slot::{Asked, NEVER, Next, Session};
use super::{CloseReason, ListenerManager, Queued, index, session_mut};
use crate::card::append;
use crate::id::SessionId;
use crate::listener::Profile;
use crate::listener::limits::{RELEASED_MAX, SPARE_BUFFERS_MAX};
use crate::time::Moment;

/// What stopped the reading of a buffer.
enum Stop {
    /// Less than a frame is left.
    Incomplete,
    /// A whole frame is left: its turn comes when another was answered.
    Full,
    /// A whole frame is left, but its rate is used up until then.
    TooFast(Moment),
    Broken(CloseReason),
}

impl ListenerManager {
    pub(super) fn on_received(&mut self, now: Moment, id: SessionId, bytes: &[u8]) {
        let Some(session) = session_mut(&mut self.slots, id) else { return };
        if session.buffer.is_empty() {
            session.partial_since = now;
        }
        if !session.buffer.add(bytes, &mut self.spare) {
            return self.close(id, CloseReason::Malformed);
        }
        self.advance(now, id);
    }

    /// Gives sessions in the queue their turn. Whoever still has to wait goes to its end: somebody is
    /// in flight then, whose answer brings the next turn.
    pub(super) fn release_waiting(&mut self, now: Moment) {
        for _ in 0..self.waiting.len().min(RELEASED_MAX) {
            let Some(id) = self.waiting.pop_front() else { return };
            if let Some(session) = session_mut(&mut self.slots, id) {
                session.waiting = false;
                self.advance(now, id);
            }
        }
    }

    /// Goes on with what a session has received, as far as it may.
    pub(super) fn advance(&mut self, now: Moment, id: SessionId) {
        let stop = self.take_frame(now, id);
        if let Stop::Broken(why) = stop {
            return self.close(id, why);
        }
        let Some(session) = session_mut(&mut self.slots, id) else { return };
        session.held = session.asked.is_some() || !matches!(stop, Stop::Incomplete);
        match stop {
            Stop::TooFast(until) => {
                session.slow_until = until;
                self.stats.slowed += 1;
            }
            Stop::Full if session.asked.is_none() && !session.waiting => {
                session.waiting = true;
                self.waiting.push_back(id);
            }
            _ => {}
        }
        if session.asked.is_none() && session.buffer.is_empty() {
            session.buffer.recycle(SPARE_BUFFERS_MAX, &mut self.spare);
        }
        if session.paused != session.held {
            session.paused = session.held;
            let paused = session.paused;
            let turn =
                if paused { Queued::Pause { session: id } } else { Queued::Resume { session: id } };
            self.queue.push_back(turn);
        }
        self.arm(id);
    }

    /// Takes the next frame of a session's buffer, a request that goes to the pool.
    fn take_frame(&mut self, now: Moment, id: SessionId) -> Stop {
        self.try_frame(now, id).err().unwrap_or(Stop::Full)
    }

    fn try_frame(&mut self, now: Moment, id: SessionId) -> Result<(), Stop> {
        let Some(session) = session_mut(&mut self.slots, id) else { return Err(Stop::Incomplete) };
        if session.asked.is_some() || session.waiting || session.slow_until != NEVER {
            return Err(Stop::Full);
        }
        let next = match session.next.take() {
            Some(next) => next,
            None => read(&self.listener.profile, session, now)?,
        };
        let of = (session.peer, next.terminal);
        let full = index(self.limits.requests_max) <= self.in_flight.len();
        let begun =
            if full { Err(Wait::Answer) } else { self.shares.begin(now, of, &mut session.paced) };
        if let Err(wait) = begun {
            session.next = Some(next);
            return Err(match wait {
                Wait::Answer => Stop::Full,
                Wait::Until(at) => Stop::TooFast(at),
            });
        }
        let Next { place, terminal } = next;
        session.heard = now;
        let from = self.arena.len();
        append(&mut self.arena, &session.buffer.bytes()[place.message.clone()]);
        let message = from..self.arena.len();
        session.asked = Some(place);
        self.in_flight.insert(id, of);
        self.stats.frames += 1;
        self.queue.push_back(Queued::Request { session: id, terminal, received: now, message });
        Ok(())
    }
}

/// The next frame of a session's buffer, if it is a whole request that names a terminal.
fn read(profile: &Profile, session: &mut Session, now: Moment) -> Result<Next, Stop> {
    let malformed = || Stop::Broken(CloseReason::Malformed);
    let framing = profile.dialect().framing();
    let mut idle = 0;
    let frame = loop {
        let rest = session.buffer.bytes().get(idle..).unwrap_or_default();
        let frame = framing.deframe(rest).map_err(|_| malformed())?;
        // A keep-alive is dropped, however many of them come at once.
        match frame.filter(|frame| frame.end > 0) {
            Some(frame) if frame.message.is_empty() => idle += frame.end,
            frame => break frame,
        }
    };
    if idle > 0 {
        session.buffer.drain(idle);
        (session.heard, session.partial_since) = (now, now);
    }
    let frame = frame.ok_or(Stop::Incomplete)?;
    let message = &session.buffer.bytes()[frame.message.clone()];
    let mut fields = Fields::new();
    let view = profile.dialect().view(message, &mut fields).map_err(|_| malformed())?;
    let is_request = view.mti().answer().is_some();
    let terminal = profile.terminal(&view).filter(|_| is_request).ok_or_else(malformed)?;
    Ok(Next { place: Asked { message: frame.message, end: frame.end }, terminal })
}
