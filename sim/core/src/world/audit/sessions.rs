//! Promises 8 and 9 at the fronts: a terminal has one connection that is heard, the newest; and
//! who waits for an answer is not sent away by a drain.

use rustc_hash::FxHashMap;
use tillgate_core::desk::Origin;
use tillgate_core::front::CloseReason;
use tillgate_core::id::SessionId;
use tillgate_store_core::TerminalId;

use super::Witness;
use crate::time::Moment;

/// See the module.
#[derive(Default)]
pub(super) struct Sessions {
    counters: FxHashMap<SessionId, u64>,
    /// The newest session of each terminal that a record was opened of.
    newest: FxHashMap<TerminalId, (u64, SessionId)>,
    /// Requests that are not answered yet.
    waiting: FxHashMap<SessionId, u32>,
}

impl Sessions {
    pub(super) fn crashed(&mut self) {
        *self = Self::default();
    }

    /// A hello was answered.
    pub(super) fn shaken(&mut self, session: SessionId, counter: u64) {
        self.counters.insert(session, counter);
    }

    pub(super) fn answered(&mut self, session: SessionId) {
        if let Some(waiting) = self.waiting.get_mut(&session) {
            *waiting = waiting.saturating_sub(1);
        }
    }
}

impl Witness {
    /// A front has opened a record of a session; `is_open` says which sessions still are.
    pub(in super::super) fn spoke(
        &mut self,
        now: Moment,
        origin: Origin,
        is_open: impl Fn(SessionId) -> bool,
    ) {
        let Origin { session, terminal, .. } = origin;
        *self.sessions.waiting.entry(session).or_default() += 1;
        let counter = self.sessions.counters.get(&session).copied().unwrap_or_default();
        let before = self.sessions.newest.get(&terminal).copied();
        let text = match before {
            Some((newest, other)) if counter < newest && other.reactor != session.reactor => return,
            Some((newest, other)) if counter < newest && is_open(other) => {
                format!("{terminal}: heard over an older connection, {counter} after {newest}")
            }
            Some((_, older)) if older != session && is_open(older) => {
                format!("{terminal}: an older connection stays beside a newer one")
            }
            _ => {
                self.sessions.newest.insert(terminal, (counter, session));
                return;
            }
        };
        self.violate(now, 9, text);
    }

    /// A front ends a session.
    pub(in super::super) fn ended(&mut self, now: Moment, session: SessionId, why: CloseReason) {
        let waiting = self.sessions.waiting.remove(&session).unwrap_or_default();
        if why == CloseReason::Draining && waiting > 0 {
            let text = format!("{waiting} requests of a session are dropped by a drain");
            self.violate(now, 8, text);
        }
    }

    /// The process has ended in good order: nobody may be left waiting.
    pub(in super::super) fn drained(&mut self, now: Moment) {
        let waiting: u32 = self.requests.waiting();
        if waiting > 0 {
            self.violate(now, 8, format!("drained, and {waiting} requests wait for an answer"));
        }
    }
}
