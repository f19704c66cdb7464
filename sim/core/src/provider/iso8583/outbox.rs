//! What leaves later: answers by the moment at which they are due.

use std::collections::BTreeMap;

use super::ConnectionId;
use crate::limits::HOST_ANSWERS_MAX;
use crate::time::Moment;

/// One thing that happens to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Send(Vec<u8>),
    /// Sent, and nothing ever after.
    SendLast(Vec<u8>),
    Close,
}

/// Answers that wait, each for its moment.
#[derive(Default)]
pub(super) struct Outbox {
    /// By moment and by the order in which they were put there.
    due: BTreeMap<(Moment, u64), (ConnectionId, Act)>,
    /// Answers that let the next one of their connection go first.
    held: Vec<(Moment, ConnectionId, Act)>,
    count: u64,
}

impl Outbox {
    /// Puts an act there; `false` if there is no room.
    #[must_use]
    pub(super) fn put(&mut self, at: Moment, connection: ConnectionId, act: Act) -> bool {
        if self.is_full() {
            return false;
        }
        self.count += 1;
        self.due.insert((at, self.count), (connection, act));
        true
    }

    /// Holds an answer back until the connection's next one, at most that long.
    #[must_use]
    pub(super) fn hold(&mut self, until: Moment, connection: ConnectionId, act: Act) -> bool {
        let has_room = !self.is_full();
        if has_room {
            self.held.push((until, connection, act));
        }
        has_room
    }

    fn is_full(&self) -> bool {
        self.due.len() + self.held.len() >= HOST_ANSWERS_MAX
    }

    /// The next act that is due.
    pub(super) fn next(&mut self, now: Moment) -> Option<(ConnectionId, Act)> {
        self.release(|until, _| until <= now, now);
        let first = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let (connection, act) = first.remove();
        if matches!(act, Act::Send(_)) {
            self.release(|_, held| held == connection, now);
        }
        Some((connection, act))
    }

    /// Makes held answers due, in their order.
    fn release(&mut self, is_free: impl Fn(Moment, ConnectionId) -> bool, now: Moment) {
        let mut place = 0;
        while let Some((until, connection, _)) = self.held.get(place) {
            if is_free(*until, *connection) {
                let (_, connection, act) = self.held.remove(place);
                self.count += 1;
                self.due.insert((now, self.count), (connection, act));
            } else {
                place += 1;
            }
        }
    }

    /// When the next act is due.
    pub(super) fn deadline(&self) -> Option<Moment> {
        let due = self.due.keys().next().map(|(at, _)| *at);
        let held = self.held.iter().map(|(until, ..)| *until).min();
        due.into_iter().chain(held).min()
    }

    /// Drops what is left for a connection.
    pub(super) fn forget(&mut self, connection: ConnectionId) {
        self.due.retain(|_, (of, _)| *of != connection);
        self.held.retain(|(_, of, _)| *of != connection);
    }
}

/// Half of some bytes, at least one.
pub(super) fn half(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() / 2).max(1);
    bytes.get(..length).unwrap_or(bytes).to_vec()
}
