//! Which terminals are online, over which session, as the reactors report it in any order.

use rustc_hash::FxHashMap;
use tillgate_store_core::TerminalId;

use crate::id::{SessionAge, SessionId};

/// Where and since when a terminal is online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Over which session.
    pub session: SessionId,
    /// Its key and handshake counter: the greater is the newer session.
    pub age: SessionAge,
    /// Unix milliseconds.
    pub since_ms: u64,
}

/// A coming or going, from a reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceChange {
    /// The terminal proved itself.
    Online { terminal: TerminalId, presence: Presence },
    /// A session that was online ended.
    Offline {
        terminal: TerminalId,
        /// Which session.
        session: SessionId,
    },
}

/// The terminals that are online.
#[derive(Debug, Default)]
pub struct Online(FxHashMap<TerminalId, Presence>);

impl Online {
    /// Where `terminal` is online, if it is.
    #[must_use]
    pub fn presence(&self, terminal: TerminalId) -> Option<Presence> {
        self.0.get(&terminal).copied()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Notes what a reactor reports.
    pub fn note(&mut self, change: &PresenceChange) {
        match *change {
            PresenceChange::Online { terminal, presence } => {
                let newer = |held: &Presence| held.age < presence.age;
                if self.0.get(&terminal).is_none_or(newer) {
                    self.0.insert(terminal, presence);
                }
            }
            PresenceChange::Offline { terminal, session } => {
                if self.0.get(&terminal).is_some_and(|held| held.session == session) {
                    self.0.remove(&terminal);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: TerminalId = TerminalId(7);

    fn presence(reactor: u16, counter: u64) -> Presence {
        let session = SessionId { reactor, slot: 0, generation: 0 };
        let age = SessionAge { generation: 0, counter };
        Presence { session, age, since_ms: 0 }
    }

    #[test]
    fn a_terminal_that_moved_is_online_whichever_reactor_reports_first() {
        let (old, new) = (presence(0, 5), presence(1, 6));
        let came = |presence| PresenceChange::Online { terminal: WHO, presence };
        let left = PresenceChange::Offline { terminal: WHO, session: old.session };
        for order in [
            [came(old), left, came(new)],
            [came(old), came(new), left],
            [came(new), came(old), left],
        ] {
            let mut online = Online::default();
            order.iter().for_each(|change| online.note(change));
            assert_eq!(online.presence(WHO), Some(new));
        }
    }
}
