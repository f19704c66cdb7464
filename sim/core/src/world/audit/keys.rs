//! Promise 7: a key that was replaced, retired or outlived by a newer one ends: nothing that comes
//! under it is served, and the sessions that it opened end with it.

use tillgate_core::id::SessionId;
use tillgate_core::transaction::Origin;
use tillgate_store_core::TerminalId;

use super::Checker;
use crate::time::Moment;

impl Checker {
    /// Whether a key serves, by what is durable.
    pub(super) fn is_in_force(&self, terminal: TerminalId, generation: u32) -> bool {
        let outlived = self.hellos.is_outlived(terminal, generation);
        self.versions.has_key(terminal, generation) && !outlived
    }

    /// A request was handed to the writer.
    pub(in super::super) fn served(&mut self, now: Moment, origin: Origin) {
        let Origin { terminal, generation, .. } = origin;
        if !self.is_in_force(terminal, generation) {
            let text = format!("{terminal}: served under key {generation}, which has ended");
            self.violate(now, 7, text);
        }
    }

    /// After whatever may have changed keys: which sessions are still open.
    pub(in super::super) fn end_keys(&mut self, now: Moment, is_open: impl Fn(SessionId) -> bool) {
        if !std::mem::take(&mut self.sessions.keys_changed) {
            return;
        }
        let mut stay = self.sessions.newest().filter(|(terminal, age, session)| {
            let held = is_open(*session) && self.sessions.was_keyed(*session);
            held && !self.is_in_force(*terminal, age.generation)
        });
        if let Some((terminal, age, _)) = stay.next() {
            let text = format!("{terminal}: its key has ended, and the session of {age:?} has not");
            drop(stay);
            self.violate(now, 7, text);
        }
    }
}
