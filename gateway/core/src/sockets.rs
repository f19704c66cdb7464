//! The sockets of one reactor's sessions, by slot: which is read and written when, and which is
//! given up. The shell brings the sockets, ready to fail with [`ErrorKind::WouldBlock`], and what
//! the system says of them.
//!
//! A connection is read while it is readable, not paused by the session manager, and holds no
//! unsent bytes that the socket would not take:
//!
//! ```text
//!   readable edge ──▶ ready queue ──▶ one read a turn ──▶ short read: wait for the next edge
//!                         ▲                                full read: back into the queue
//!                         └── resumed, or flushed at last
//! ```
//!
//! Bytes to send are gathered in a buffer lent for the turn, so that a session costs one write a
//! turn; only a session that the socket blocks keeps its buffer. One that holds more than it may,
//! or whose socket has taken nothing for too long, does not read: it ends. An idle connection costs
//! its socket and 16 bytes.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};

use crate::card::append;
use crate::id::SessionId;
use crate::limits::{SPARE_WRITE_BUFFERS_MAX, SPARE_WRITE_BYTES_MAX, SessionLimits};
use crate::session::Input;
use crate::time::{Moment, Span};
use zeroize::Zeroize;

/// The table, and the queues through it.
pub struct Sockets<S> {
    slots: Vec<Option<Connection<S>>>,
    /// Sessions to read from; each at most once.
    ready: VecDeque<SessionId>,
    /// Sessions with bytes that were not offered to the socket yet.
    dirty: Vec<SessionId>,
    /// Since when which session's socket has taken nothing, oldest first.
    stalls: VecDeque<(Moment, SessionId)>,
    /// Sessions whose sockets have failed, or hold too much.
    lost: Vec<(SessionId, Loss)>,
    #[expect(clippy::vec_box, reason = "a box is what a connection holds, most hold none")]
    spare: Vec<Box<Unsent>>,
    unsent_bytes_max: usize,
    write_stall: Span,
    /// Whether what was sent is wiped: it was not sealed.
    wipes: bool,
}

#[derive(Clone, Copy)]
enum Loss {
    Failed,
    NotReading,
}

struct Connection<S> {
    stream: S,
    generation: u32,
    /// An edge came and was not read empty.
    readable: bool,
    /// The peer has sent its last byte: a short read is not the end of what there is to read.
    hung_up: bool,
    /// The session manager wants nothing from it now.
    paused: bool,
    /// Is in the ready queue.
    queued: bool,
    unsent: Option<Box<Unsent>>,
}

// A share of what an idle terminal costs.
const _: () = assert!(size_of::<Option<Connection<u32>>>() <= 24);

#[derive(Default)]
struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
    /// When the socket last took something and then no more; `None` while it was not asked.
    stalled: Option<Moment>,
}

/// What the system says of a socket.
#[derive(Clone, Copy, Debug, Default)]
pub struct Readiness {
    /// There may be something to read.
    pub readable: bool,
    /// It takes bytes again.
    pub writable: bool,
    /// The peer has sent its last byte.
    pub read_closed: bool,
    /// It has failed, or the peer takes nothing any more.
    pub broken: bool,
}

/// What one read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// This many bytes.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// The peer is gone.
    End,
}

impl<S: Read + Write> Sockets<S> {
    /// Without any.
    #[must_use]
    pub fn new(limits: &SessionLimits) -> Self {
        Self {
            slots: Vec::new(),
            ready: VecDeque::new(),
            dirty: Vec::new(),
            stalls: VecDeque::new(),
            lost: Vec::new(),
            spare: Vec::new(),
            unsent_bytes_max: usize::try_from(limits.unsent_bytes_max).unwrap_or(usize::MAX),
            write_stall: limits.write_stall,
            wipes: false,
        }
    }

    /// Without any, for bytes that go out in clear: what was sent is wiped.
    #[must_use]
    pub fn in_clear(unsent_bytes_max: u32, write_stall: Span) -> Self {
        let limits = SessionLimits { unsent_bytes_max, write_stall, ..SessionLimits::default() };
        Self { wipes: true, ..Self::new(&limits) }
    }

    /// Puts a connection into its session's slot.
    ///
    /// # Panics
    /// If the slot is in use: the session manager closes a slot before it uses it again.
    pub fn insert(&mut self, session: SessionId, stream: S) {
        let index = index(session);
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        assert!(self.slots[index].is_none(), "a slot is closed before it is used again");
        self.slots[index] = Some(Connection {
            stream,
            generation: session.generation,
            readable: false,
            hung_up: false,
            paused: false,
            queued: false,
            unsent: None,
        });
    }

    /// The stream of a session that is there.
    #[must_use]
    pub fn stream(&self, session: SessionId) -> Option<&S> {
        let held = self.slots.get(index(session))?.as_ref()?;
        (held.generation == session.generation).then_some(&held.stream)
    }

    /// Offers what is unsent to the socket once, and closes.
    pub fn close(&mut self, session: SessionId) {
        let Some(place) = self.slots.get_mut(index(session)) else { return };
        let Some(mut connection) = place.take_if(|held| held.generation == session.generation)
        else {
            return;
        };
        if let Some(mut unsent) = connection.unsent.take() {
            // Whatever the socket does not take now is lost with the session.
            drop(connection.stream.write(&unsent.bytes[unsent.sent..]));
            unsent.sent = unsent.bytes.len();
            self.keep(unsent);
        }
    }

    /// Only notes what the system says; reading follows for all sessions alike.
    pub fn notice(&mut self, session: SessionId, readiness: Readiness) {
        let Readiness { readable, writable, read_closed, broken } = readiness;
        let Self { slots, dirty, .. } = self;
        let Some(connection) = lookup(slots, session) else { return };
        let unsent = connection.unsent.as_mut().filter(|_| writable);
        if unsent.is_some_and(|unsent| unsent.stalled.take().is_some()) {
            dirty.push(session);
        }
        let hung_up = read_closed || broken;
        if broken && connection.paused {
            // It is not read, so nothing else would notice.
            self.fail(session);
        } else if readable || hung_up {
            connection.readable = true;
            connection.hung_up |= hung_up;
            self.enqueue(session);
        }
    }

    /// A socket has failed: [`Self::next_lost`] says so of its session.
    pub fn fail(&mut self, session: SessionId) {
        self.lost.push((session, Loss::Failed));
    }

    /// Does not read the session until [`Self::resume`].
    pub fn pause(&mut self, session: SessionId) {
        if let Some(connection) = self.connection(session) {
            connection.paused = true;
        }
    }

    /// Reads the session again, also what came meanwhile.
    pub fn resume(&mut self, session: SessionId) {
        if let Some(connection) = self.connection(session) {
            connection.paused = false;
            self.enqueue(session);
        }
    }

    /// How many sessions are in the ready queue: one turn reads from that many.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// The next session to read from; stale and paused ones are left out.
    pub fn next_ready(&mut self) -> Option<SessionId> {
        while let Some(session) = self.ready.pop_front() {
            if let Some(connection) = self.connection(session) {
                connection.queued = false;
                if connection.wants_read() {
                    return Some(session);
                }
            }
        }
        None
    }

    /// Reads once; the session goes back into the queue while more may be there.
    pub fn read(&mut self, session: SessionId, buffer: &mut [u8]) -> Taken {
        let Some(connection) = self.connection(session) else { return Taken::Nothing };
        match connection.stream.read(buffer) {
            Ok(0) => Taken::End,
            Ok(length) => {
                connection.readable = length == buffer.len() || connection.hung_up;
                self.enqueue(session);
                Taken::Bytes(length)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                connection.readable = false;
                Taken::Nothing
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                self.enqueue(session);
                Taken::Nothing
            }
            Err(_) => Taken::End,
        }
    }

    /// Adds bytes to what the session is sent at the end of the turn.
    pub fn send(&mut self, session: SessionId, bytes: &[u8]) {
        let Self { slots, spare, dirty, wipes, .. } = self;
        let Some(connection) = lookup(slots, session) else { return };
        let unsent = connection.unsent.get_or_insert_with(|| {
            dirty.push(session);
            let mut unsent: Box<Unsent> = spare.pop().unwrap_or_default();
            if *wipes {
                // So that it seldom grows, which wipes what it leaves.
                unsent.bytes.reserve(SPARE_WRITE_BYTES_MAX);
            }
            unsent
        });
        if *wipes {
            append(&mut unsent.bytes, bytes);
        } else {
            unsent.bytes.extend_from_slice(bytes);
        }
        if unsent.bytes.len() - unsent.sent > self.unsent_bytes_max {
            self.lost.push((session, Loss::NotReading));
        }
    }

    /// Whether there are bytes that were not offered to their sockets.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Offers everything to the sockets.
    pub fn flush(&mut self, now: Moment) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for session in dirty.drain(..) {
            self.flush_one(now, session);
        }
        self.dirty = dirty;
    }

    fn flush_one(&mut self, now: Moment, session: SessionId) {
        let Some(connection) = lookup(&mut self.slots, session) else { return };
        let Some(unsent) = connection.unsent.as_mut() else { return };
        match connection.stream.write(&unsent.bytes[unsent.sent..]) {
            Ok(length) if unsent.sent + length == unsent.bytes.len() => {
                unsent.sent += length;
                if let Some(unsent) = connection.unsent.take() {
                    self.keep(unsent);
                }
                self.enqueue(session);
            }
            Ok(length) if length > 0 => {
                unsent.bytes.drain(..unsent.sent + length);
                unsent.sent = 0;
                self.stall(now, session);
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                self.stall(now, session);
            }
            Ok(_) | Err(_) => self.fail(session),
        }
    }

    /// The socket takes no more: until it does, the session is not read either.
    fn stall(&mut self, now: Moment, session: SessionId) {
        if let Some(unsent) = self.connection(session).and_then(|held| held.unsent.as_mut()) {
            unsent.stalled = Some(now);
            self.stalls.push_back((now, session));
        }
    }

    /// When to ask [`Self::next_lost`] again at the latest; the stall may be over by then.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.stalls.front().map(|(since, _)| since.after(self.write_stall))
    }

    /// The next input for the session manager about a session whose socket has failed, holds too
    /// much, or has taken nothing for too long.
    pub fn next_lost(&mut self, now: Moment) -> Option<Input<'static>> {
        if let Some((session, loss)) = self.lost.pop() {
            return Some(match loss {
                Loss::Failed => Input::Closed { session },
                Loss::NotReading => Input::Overflowed { session },
            });
        }
        while self.deadline().is_some_and(|at| at <= now) {
            let (since, session) = self.stalls.pop_front()?;
            let unsent = self.connection(session).and_then(|held| held.unsent.as_ref());
            if unsent.is_some_and(|unsent| unsent.stalled == Some(since)) {
                return Some(Input::Overflowed { session });
            }
        }
        None
    }

    fn enqueue(&mut self, session: SessionId) {
        if let Some(connection) = self.connection(session)
            && connection.wants_read()
            && !std::mem::replace(&mut connection.queued, true)
        {
            self.ready.push_back(session);
        }
    }

    fn keep(&mut self, mut unsent: Box<Unsent>) {
        assert_eq!(unsent.sent, unsent.bytes.len(), "only what is sent is forgotten");
        if self.wipes {
            unsent.bytes.zeroize();
        }
        if self.spare.len() < SPARE_WRITE_BUFFERS_MAX
            && unsent.bytes.capacity() <= SPARE_WRITE_BYTES_MAX
        {
            unsent.bytes.clear();
            unsent.sent = 0;
            unsent.stalled = None;
            self.spare.push(unsent);
        }
    }

    fn connection(&mut self, session: SessionId) -> Option<&mut Connection<S>> {
        lookup(&mut self.slots, session)
    }
}

impl<S> Connection<S> {
    fn wants_read(&self) -> bool {
        let stalled = self.unsent.as_ref().is_some_and(|unsent| unsent.stalled.is_some());
        self.readable && !self.paused && !stalled
    }
}

/// The session's connection, unless the slot is another's by now.
fn lookup<S>(
    slots: &mut [Option<Connection<S>>],
    session: SessionId,
) -> Option<&mut Connection<S>> {
    let place = slots.get_mut(index(session))?;
    place.as_mut().filter(|held| held.generation == session.generation)
}

fn index(session: SessionId) -> usize {
    usize::try_from(session.slot).expect("a slot fits the address space")
}

#[cfg(test)]
mod tests;
