//! The sockets of one reactor's sessions, by slot.
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
//! turn; only a session that the socket blocks keeps its buffer. An idle connection costs
//! `size_of::<Option<Connection>>()`.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;
use tillgate_core::id::SessionId;
use tillgate_core::time::{Moment, Span};

use crate::serve::limits::{SPARE_WRITE_BUFFERS_MAX, SPARE_WRITE_BYTES_MAX};

/// The table, and the queues through it.
pub(super) struct Connections {
    slots: Vec<Option<Connection>>,
    /// Sessions to read from; each at most once.
    ready: VecDeque<SessionId>,
    /// Sessions with bytes that were not offered to the socket yet.
    dirty: Vec<SessionId>,
    /// Since when which session's socket has taken nothing, oldest first.
    stalls: VecDeque<(Moment, SessionId)>,
    #[expect(clippy::vec_box, reason = "a box is what a connection holds, most hold none")]
    spare: Vec<Box<Unsent>>,
    unsent_bytes_max: usize,
}

struct Connection {
    stream: TcpStream,
    generation: u32,
    /// An edge came and was not read empty.
    readable: bool,
    /// The peer has sent its last byte: a short read is not the end of what there is to read.
    hung_up: bool,
    /// The session manager wants nothing from it now.
    paused: bool,
    queued: bool,
    unsent: Option<Box<Unsent>>,
}

// The shell's share of an idle terminal.
const _: () = assert!(size_of::<Option<Connection>>() <= 32);

#[derive(Default)]
struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
    /// When the socket last took something and then no more; `None` while it was not asked.
    stalled: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Kept for the end of the turn, or until the socket is writable.
    Kept,
    /// More unsent bytes than the limit.
    Overflow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// The peer is gone.
    End,
}

impl Connections {
    pub(super) fn new(unsent_bytes_max: u32) -> Self {
        Self {
            slots: Vec::new(),
            ready: VecDeque::new(),
            dirty: Vec::new(),
            stalls: VecDeque::new(),
            spare: Vec::new(),
            unsent_bytes_max: usize::try_from(unsent_bytes_max).unwrap_or(usize::MAX),
        }
    }

    /// Puts a connection into its session's slot.
    pub(super) fn insert(&mut self, session: SessionId, stream: TcpStream) {
        let index = index(session);
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        assert!(
            self.slots[index].is_none(),
            "the session manager closes a slot before it uses it again"
        );
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

    /// Offers what is unsent to the socket once, and closes.
    pub(super) fn close(&mut self, session: SessionId) {
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

    /// An event says that there may be something to read, perhaps the end.
    pub(super) fn on_readable(&mut self, session: SessionId, hung_up: bool) {
        if let Some(connection) = self.connection(session) {
            connection.readable = true;
            connection.hung_up |= hung_up;
            self.enqueue(session);
        }
    }

    /// An event says that the socket takes bytes again.
    pub(super) fn on_writable(&mut self, session: SessionId) {
        let Some(connection) = self.connection(session) else { return };
        if connection.unsent.as_mut().is_some_and(|unsent| unsent.stalled.take().is_some()) {
            self.dirty.push(session);
        }
    }

    pub(super) fn pause(&mut self, session: SessionId) {
        if let Some(connection) = self.connection(session) {
            connection.paused = true;
        }
    }

    pub(super) fn resume(&mut self, session: SessionId) {
        if let Some(connection) = self.connection(session) {
            connection.paused = false;
            self.enqueue(session);
        }
    }

    pub(super) fn is_paused(&mut self, session: SessionId) -> bool {
        self.connection(session).is_some_and(|connection| connection.paused)
    }

    /// How many sessions are in the ready queue: one turn reads from that many.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// The next session to read from; stale and paused ones are left out.
    pub(super) fn next_ready(&mut self) -> Option<SessionId> {
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
    pub(super) fn read(&mut self, session: SessionId, buffer: &mut [u8]) -> Taken {
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
    pub(super) fn send(&mut self, session: SessionId, bytes: &[u8]) -> Sent {
        let unsent_bytes_max = self.unsent_bytes_max;
        let Self { slots, spare, dirty, .. } = self;
        let Some(connection) = lookup(slots, session) else { return Sent::Kept };
        let unsent = connection.unsent.get_or_insert_with(|| {
            dirty.push(session);
            spare.pop().unwrap_or_default()
        });
        unsent.bytes.extend_from_slice(bytes);
        if unsent.bytes.len() - unsent.sent > unsent_bytes_max {
            Sent::Overflow
        } else {
            Sent::Kept
        }
    }

    /// Whether there are bytes that were not offered to their sockets.
    pub(super) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Offers everything to the sockets; sessions whose sockets failed are added to `failed`.
    pub(super) fn flush(&mut self, now: Moment, failed: &mut Vec<SessionId>) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for session in dirty.drain(..) {
            self.flush_one(now, session, failed);
        }
        self.dirty = dirty;
    }

    fn flush_one(&mut self, now: Moment, session: SessionId, failed: &mut Vec<SessionId>) {
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
            Ok(_) | Err(_) => failed.push(session),
        }
    }

    /// The socket takes no more: until it does, the session is not read either.
    fn stall(&mut self, now: Moment, session: SessionId) {
        if let Some(unsent) = self.connection(session).and_then(|held| held.unsent.as_mut()) {
            unsent.stalled = Some(now);
            self.stalls.push_back((now, session));
        }
    }

    /// When the oldest stall will have lasted `patience`; it may be over by then.
    pub(super) fn stall_deadline(&self, patience: Span) -> Option<Moment> {
        self.stalls.front().map(|(since, _)| since.after(patience))
    }

    /// A session whose socket has taken nothing for `patience`.
    pub(super) fn next_stalled(&mut self, now: Moment, patience: Span) -> Option<SessionId> {
        while self.stall_deadline(patience).is_some_and(|at| at <= now) {
            let (since, session) = self.stalls.pop_front()?;
            let unsent = self.connection(session).and_then(|held| held.unsent.as_ref());
            if unsent.is_some_and(|unsent| unsent.stalled == Some(since)) {
                return Some(session);
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
        if self.spare.len() < SPARE_WRITE_BUFFERS_MAX
            && unsent.bytes.capacity() <= SPARE_WRITE_BYTES_MAX
        {
            unsent.bytes.clear();
            unsent.sent = 0;
            unsent.stalled = None;
            self.spare.push(unsent);
        }
    }

    fn connection(&mut self, session: SessionId) -> Option<&mut Connection> {
        lookup(&mut self.slots, session)
    }
}

impl Connection {
    fn wants_read(&self) -> bool {
        let stalled = self.unsent.as_ref().is_some_and(|unsent| unsent.stalled.is_some());
        self.readable && !self.paused && !stalled
    }
}

/// The session's connection, unless the slot is another's by now.
fn lookup(slots: &mut [Option<Connection>], session: SessionId) -> Option<&mut Connection> {
    let place = slots.get_mut(index(session))?;
    place.as_mut().filter(|held| held.generation == session.generation)
}

fn index(session: SessionId) -> usize {
    usize::try_from(session.slot).expect("a slot fits the address space")
}

#[cfg(test)]
mod tests;
