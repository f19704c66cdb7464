//! New connections: who is let in, and who makes room for them.

use super::slot::{Session, Slot};
use super::{CloseReason, ConnectionRefusal, ListenerManager, Queued, index};
use crate::id::{Peer, SessionId};
use crate::listener::limits::SPARE_BUFFERS_MAX;
use crate::time::Moment;

impl ListenerManager {
    pub(super) fn on_opened(&mut self, now: Moment, connection: u32, peer: Peer) {
        if let Err(refusal) = self.make_room(now, peer) {
            let reason = ConnectionRefusal::ALL.iter().position(|reason| *reason == refusal);
            self.stats.refused_by[reason.expect("ALL lists every reason")] += 1;
            self.queue.push_back(Queued::Refuse { connection });
            return;
        }
        self.stats.admitted += 1;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("connections_max is a u32")
        });
        let place = &mut self.slots[index(slot)];
        assert!(place.session.is_none(), "a free slot holds no session");
        let session = Session::new(peer, now, &self.limits);
        self.timers.arm(session.armed, slot, place.generation);
        place.session = Some(session);
        let session = SessionId { reactor: self.reactor, slot, generation: place.generation };
        if self.unserved.len() > 2 * self.slots.len() + SPARE_BUFFERS_MAX {
            let mut unserved = std::mem::take(&mut self.unserved);
            unserved.retain(|id| self.is_unserved(*id));
            self.unserved = unserved;
        }
        self.unserved.push_back(session);
        self.queue.push_back(Queued::Admit { connection, session });
    }

    /// Room for a connection, which is counted then. Where all are taken, the oldest that was never served makes room.
    fn make_room(&mut self, now: Moment, peer: Peer) -> Result<(), ConnectionRefusal> {
        if self.draining {
            return Err(ConnectionRefusal::Draining);
        }
        if self.shares.connections(peer) >= self.limits.connections_per_address_max {
            return Err(ConnectionRefusal::Address);
        }
        if !self.shares.connect(now, peer) {
            return Err(ConnectionRefusal::Address);
        }
        let live = u32::try_from(self.slots.len() - self.free.len()).unwrap_or(u32::MAX);
        if live < self.limits.connections_max {
            // Those that were served or ended are at its front sooner or later.
            while self.unserved.front().is_some_and(|id| !self.is_unserved(*id)) {
                self.unserved.pop_front();
            }
            return Ok(());
        }
        while let Some(oldest) = self.unserved.pop_front() {
            if self.is_unserved(oldest) {
                self.close(oldest, CloseReason::Evicted);
                return Ok(());
            }
        }
        self.shares.disconnect(now, peer);
        Err(ConnectionRefusal::Full)
    }

    fn is_unserved(&self, id: SessionId) -> bool {
        let session = self.session(id);
        session.is_some_and(|session| !session.served && session.in_flight == 0)
    }
}
