//! Over which session a terminal is online, and what ends it.

use tillgate_store_core::{Generations, TerminalId};

use super::slot::Session;
use super::{CloseReason, Queued, SessionManager, index};
use crate::id::{SessionAge, SessionId};

impl SessionManager {
    /// The first record that opened proves that the hello was not a replay: only now does the
    /// session take the place of an older one. One that is older than it goes nowhere.
    pub(super) fn come_online(
        &mut self,
        id: SessionId,
        age: SessionAge,
        terminal: TerminalId,
    ) -> bool {
        if let Some((other, session)) = self.session_of(terminal) {
            if session.age > age {
                return false;
            }
            self.close(other, CloseReason::Superseded);
        }
        let debt = self.debts.take(terminal).unwrap_or_default();
        let session = self.session_mut(id).expect("it has just spoken");
        session.online = true;
        session.paced = session.paced.max(debt);
        let peer = session.peer;
        self.unproven.remove(peer);
        self.terminals.insert(terminal, id.slot);
        self.queue.push_back(Queued::Online { session: id, terminal, age });
        true
    }

    pub(super) fn on_push(&mut self, terminal: TerminalId, body: &[u8]) {
        if let Some((id, _)) = self.session_of(terminal) {
            self.send_sealed(id, body);
        }
    }

    pub(super) fn on_superseded(&mut self, terminal: TerminalId, age: SessionAge) {
        if let Some((id, session)) = self.session_of(terminal)
            && session.age < age
        {
            self.close(id, CloseReason::Superseded);
        }
    }

    pub(super) fn on_displaced(&mut self, id: SessionId) {
        if self.session_mut(id).is_some_and(|session| !session.online) {
            self.close(id, CloseReason::Superseded);
        }
    }

    pub(super) fn on_rekeyed(&mut self, terminal: TerminalId, generations: &Generations) {
        if let Some((id, session)) = self.session_of(terminal)
            && !generations.contains(&session.age.generation)
        {
            self.close(id, CloseReason::KeyEnded);
        }
    }

    /// The session over which a terminal is online here.
    fn session_of(&self, terminal: TerminalId) -> Option<(SessionId, &Session)> {
        let slot = *self.terminals.get(&terminal)?;
        let place = &self.slots[index(slot)];
        let id = SessionId { reactor: self.reactor, slot, generation: place.generation };
        place.session.as_ref().map(|session| (id, session))
    }
}
