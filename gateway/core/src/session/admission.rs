//! New connections: who is let in, and who makes room for them.

use tillgate_codec::link::record::Refusal;

use super::slot::{Session, Slot};
use super::{CloseReason, ConnectionRefusal, Queued, RETRY_AFTER_S, SessionManager, index};
use crate::id::{Peer, SessionId};
use crate::time::Moment;

impl SessionManager {
    pub(super) fn on_opened(&mut self, now: Moment, connection: u32, peer: Peer) {
        if let Err(refusal) = self.make_room(peer) {
            self.stats.refused += 1;
            let reason = ConnectionRefusal::ALL.iter().position(|reason| *reason == refusal);
            self.stats.refused_by[reason.expect("ALL lists every reason")] += 1;
            let from = self.arena.len();
            Refusal { code: refusal.code(), retry_after_s: RETRY_AFTER_S }.encode(&mut self.arena);
            self.queue.push_back(Queued::Refuse { connection, bytes: from..self.arena.len() });
            return;
        }
        self.stats.admitted += 1;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("sessions_max is a u32")
        });
        let deadline = now.after(self.limits.handshake);
        let place = &mut self.slots[index(slot)];
        assert!(place.session.is_none(), "a free slot holds no session");
        place.session = Some(Session::new(peer, deadline));
        let session = SessionId { reactor: self.reactor, slot, generation: place.generation };
        self.unproven.add(&self.slots, peer, (slot, session.generation));
        self.queue.push_back(Queued::Admit { connection, session });
        self.timers.arm(deadline, slot, session.generation);
    }

    /// Frees a session for a new connection. Whoever has proved nothing makes room:
    /// first those of the newcomer's own address, if it has its share, then whoever is oldest.
    fn make_room(&mut self, peer: Peer) -> Result<(), ConnectionRefusal> {
        if self.draining {
            return Err(ConnectionRefusal::Draining);
        }
        if self.unproven.count_of(peer) >= self.limits.unproven_per_peer_max {
            let oldest = self.unproven.oldest_of(&self.slots, peer);
            return self.evict(oldest).ok_or(ConnectionRefusal::Address);
        }
        let live = self.slots.len() - self.free.len();
        let room = u32::try_from(live).is_ok_and(|live| live < self.limits.sessions_max);
        if room && self.unproven.count() < self.limits.unproven_max {
            return Ok(());
        }
        let oldest = self.unproven.oldest(&self.slots);
        self.evict(oldest).ok_or(ConnectionRefusal::Full)
    }

    fn evict(&mut self, place: Option<(u32, u32)>) -> Option<()> {
        let (slot, generation) = place?;
        let session = SessionId { reactor: self.reactor, slot, generation };
        self.close(session, CloseReason::Evicted);
        Some(())
    }
}
