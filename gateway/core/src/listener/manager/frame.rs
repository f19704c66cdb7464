//! Bytes into frames, frames into requests, and what waits when it is not its turn.

use tillgate_codec::iso8583::Fields;
use tillgate_store_core::TerminalId;

use super::request::Request;
use super::share::Wait;
use super::slot::{Buffer, NEVER, Next, Session};
use super::{CloseReason, DropReason, ListenerManager, Queued, Trouble, index, session_mut};
use crate::card::append;
use crate::id::SessionId;
use crate::listener::Profile;
use crate::listener::limits::{LEFT_OUT_MAX, RELEASED_MAX, SLOW_ANSWER, SPARE_BUFFERS_MAX};
use crate::time::Moment;

/// What stopped the reading of a buffer.
enum Stop {
    /// Less than a frame is left.
    Incomplete,
    /// A whole frame may be left: its turn comes when another of its own connection was answered.
    Full,
    /// A whole frame is left: there is no room for it among the requests of all, or of its address or
    /// terminal.
    NoRoom,
    /// A whole frame is left, but its rate is used up until then.
    TooFast(Moment),
    Broken(CloseReason),
}

/// A request that may not go on now.
enum Held {
    Waits(Stop),
    Dropped(DropReason),
}

/// On a shared connection no terminal waits for another: it repeats what is dropped.
fn held(wait: &Wait, shared: bool) -> Held {
    match *wait {
        Wait::Terminal if shared => Held::Dropped(DropReason::Busy),
        Wait::Until(_) if shared => Held::Dropped(DropReason::TooFast),
        Wait::Until(at) => Held::Waits(Stop::TooFast(at)),
        Wait::Answer | Wait::Terminal => Held::Waits(Stop::NoRoom),
    }
}

impl ListenerManager {
    pub(super) fn on_received(&mut self, now: Moment, id: SessionId, bytes: &[u8]) {
        let Some(session) = session_mut(&mut self.slots, id) else { return };
        if session.is_between_frames() {
            session.partial_since = now;
        }
        let left_out = bytes.len().min(session.left_out);
        session.left_out -= left_out;
        let bytes = bytes.get(left_out..).unwrap_or_default();
        if left_out > 0 && session.left_out == 0 {
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
        for tried in 0..self.waiting.len() {
            if tried >= RELEASED_MAX && self.requests.len() > 0 {
                return;
            }
            let Some(id) = self.waiting.pop_front() else { return };
            if let Some(session) = session_mut(&mut self.slots, id) {
                session.waiting = false;
                self.advance(now, id);
            }
        }
    }

    /// Goes on with what a session has received, as far as it may.
    pub(super) fn advance(&mut self, now: Moment, id: SessionId) {
        let stop = loop {
            if let Err(stop) = self.take_frame(now, id) {
                break stop;
            }
        };
        if let Stop::Broken(why) = stop {
            return self.close(id, why);
        }
        let Some(session) = session_mut(&mut self.slots, id) else { return };
        session.held = !matches!(stop, Stop::Incomplete);
        match stop {
            Stop::TooFast(until) => {
                session.slow_until = until;
                self.stats.slowed += 1;
            }
            Stop::NoRoom if !session.waiting => {
                session.waiting = true;
                self.waiting.push_back(id);
            }
            _ => {}
        }
        if session.buffer.is_empty() {
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

    /// Takes the next frame of a session's buffer: a request that goes to the pool, or is dropped.
    fn take_frame(&mut self, now: Moment, id: SessionId) -> Result<(), Stop> {
        let Some(session) = session_mut(&mut self.slots, id) else { return Err(Stop::Incomplete) };
        let is_busy = session.in_flight >= self.limits.window || self.draining;
        if is_busy || session.waiting || session.slow_until != NEVER {
            return Err(Stop::Full);
        }
        // Requests that are all denied, without an end, do not put off the end of their connection.
        if self.limits.shared && session.patience(&self.limits) <= now {
            if session.in_flight == 0 {
                return Err(Stop::Broken(session.overdue(now, &self.limits)));
            }
            // What a slow provider holds up is not held against the others of the connection.
            if session.patience(&self.limits).after(SLOW_ANSWER) <= now {
                return Err(Stop::Full);
            }
        }
        let next = match session.next.take() {
            Some(next) => next,
            None => {
                let (dropped, trouble) = (&mut self.stats.dropped, &mut self.trouble);
                let drop = |why: DropReason| {
                    why.count(dropped);
                    *trouble = Some(Trouble { session: id, terminal: None, why: why.label() });
                };
                let drop = self.limits.shared.then_some(drop);
                read(&self.listener.profile, session, now, drop)?
            }
        };
        let of = (session.peer, next.terminal);
        let is_full = index(self.limits.requests_max) <= self.requests.len();
        let is_stranger = self.limits.shared && !self.served.contains_key(&next.terminal);
        let paced = (!self.limits.shared).then_some(&mut session.paced);
        let begun = if is_stranger && self.denials.is_used_up(now, session.denied) {
            Err(Held::Dropped(DropReason::Stranger))
        } else if is_full {
            Err(Held::Waits(Stop::NoRoom))
        } else {
            let begun = self.shares.begin(now, of, paced);
            begun.map_err(|wait| held(&wait, self.limits.shared))
        };
        match begun {
            Ok(()) => self.ask(now, id, next),
            Err(Held::Dropped(why)) => {
                session.skip(now, next.end);
                why.count(&mut self.stats.dropped);
            }
            Err(Held::Waits(stop)) => {
                session.next = Some(next);
                return Err(stop);
            }
        }
        Ok(())
    }

    /// Gives a request to the pool; what its answer is made of is kept.
    fn ask(&mut self, now: Moment, connection: SessionId, next: Next) {
        let Some(session) = session_mut(&mut self.slots, connection) else { return };
        let Next { message, end, terminal } = next;
        let bytes = &session.buffer.bytes()[message];
        let from = self.arena.len();
        append(&mut self.arena, bytes);
        let mut kept = Buffer::default();
        assert!(kept.add(bytes, &mut self.spare), "a message is shorter than a buffer");
        session.skip(now, end);
        session.in_flight += 1;
        let of = (session.peer, terminal);
        let request = Request { connection, of, message: kept };
        let lane = self.requests.add(request, self.limits.shared);
        self.stats.frames += 1;
        let message = from..self.arena.len();
        let (session, received) = (connection, now);
        self.queue.push_back(Queued::Request { session, lane, terminal, received, message });
    }
}

impl Session {
    /// Leaves bytes behind; what is behind them has come, or has waited, until now.
    fn skip(&mut self, now: Moment, count: usize) {
        self.buffer.drain(count);
        self.partial_since = now;
    }
}

/// The next frame of a session's buffer that is a request which names a terminal. Other messages break
/// a connection, unless they are dropped and counted: the frames are in step.
fn read(
    profile: &Profile,
    session: &mut Session,
    now: Moment,
    mut drop: Option<impl FnMut(DropReason)>,
) -> Result<Next, Stop> {
    let malformed = |_| Stop::Broken(CloseReason::Malformed);
    let framing = profile.dialect().framing();
    let mut skipped = 0;
    let next = loop {
        let rest = session.buffer.bytes().get(skipped..).unwrap_or_default();
        // Only who was served is known to be in step.
        if session.served
            && let Some(drop) = &mut drop
            && let Some(end) = framing.oversized(rest).filter(|end| *end <= LEFT_OUT_MAX)
        {
            drop(DropReason::TooLong);
            session.left_out = end.saturating_sub(rest.len());
            skipped += end.min(rest.len());
            continue;
        }
        let frame = framing.deframe(rest).map_err(malformed)?;
        let Some(frame) = frame.filter(|frame| frame.end > 0) else {
            break Err(Stop::Incomplete);
        };
        // A keep-alive is dropped, however many of them come at once.
        if frame.message.is_empty() {
            session.heard = now;
        } else {
            match named(profile, &rest[frame.message.clone()]) {
                Ok(terminal) => {
                    break Ok(Next { message: frame.message, end: frame.end, terminal });
                }
                Err(why) => match &mut drop {
                    Some(drop) => drop(why),
                    None => return Err(Stop::Broken(CloseReason::Malformed)),
                },
            }
        }
        skipped += frame.end;
    };
    if skipped > 0 {
        session.skip(now, skipped);
    }
    next
}

/// Which terminal a message is from, if it is a request.
fn named(profile: &Profile, message: &[u8]) -> Result<TerminalId, DropReason> {
    let mut fields = Fields::new();
    let view = profile.dialect().view(message, &mut fields).map_err(|_| DropReason::Unreadable)?;
    let is_request = view.mti().answer().is_some();
    profile.terminal(&view).filter(|_| is_request).ok_or(DropReason::NoRequest)
}
