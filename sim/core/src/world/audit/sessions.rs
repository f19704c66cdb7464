//! Promises 8 and 9 at the session managers: a terminal has one connection that is served, the
//! newest, and no faster than its rate; and who waits for an answer is not sent away by a drain.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use tillgate_core::id::{SessionAge, SessionId};
use tillgate_core::session::CloseReason;
use tillgate_core::transaction::Origin;
use tillgate_store_core::TerminalId;

use super::Checker;
use super::rates::{Bucket, Rate};
use crate::time::Moment;
use crate::world::config::Config;

pub(super) struct Sessions {
    rate: Rate,
    ages: FxHashMap<SessionId, SessionAge>,
    /// The newest session of each terminal that a record was opened of.
    newest: BTreeMap<TerminalId, (SessionAge, SessionId)>,
    /// The sessions that first sent a record while their key was in force.
    keyed: FxHashSet<SessionId>,
    /// What a terminal may still ask of a reactor.
    buckets: FxHashMap<(TerminalId, u16), Bucket>,
    /// Requests that are not answered yet.
    waiting: FxHashMap<SessionId, u32>,
    /// Whether some key may have ended since that was looked at.
    pub(super) keys_changed: bool,
}

impl Sessions {
    pub(super) fn new(config: &Config) -> Self {
        Self::of_rate(Rate::new(config.sessions.request_every, config.sessions.requests_burst))
    }

    fn of_rate(rate: Rate) -> Self {
        Self {
            rate,
            ages: FxHashMap::default(),
            newest: BTreeMap::new(),
            keyed: FxHashSet::default(),
            buckets: FxHashMap::default(),
            waiting: FxHashMap::default(),
            keys_changed: false,
        }
    }

    pub(super) fn crashed(&mut self) {
        *self = Self::of_rate(self.rate);
    }

    /// Whether a session first sent a record while its key was in force.
    pub(super) fn was_keyed(&self, session: SessionId) -> bool {
        self.keyed.contains(&session)
    }

    /// The newest session of each terminal, and what opened it.
    pub(super) fn newest(&self) -> impl Iterator<Item = (TerminalId, SessionAge, SessionId)> {
        self.newest.iter().map(|(terminal, (age, session))| (*terminal, *age, *session))
    }

    /// Whether a request comes no faster than its terminal may go on. The first of a session says
    /// who is there: it is taken in any case.
    fn keeps_pace(&mut self, now: Moment, origin: &Origin) -> bool {
        let Origin { session, terminal, .. } = *origin;
        let bucket = self.buckets.entry((terminal, session.reactor));
        let bucket = bucket.or_insert_with(|| self.rate.full(now));
        if self.newest.get(&terminal).is_some_and(|(_, newest)| *newest == session) {
            return self.rate.take(now, bucket);
        }
        self.rate.come_back(now, bucket);
        true
    }

    pub(super) fn answered(&mut self, session: SessionId) {
        if let Some(waiting) = self.waiting.get_mut(&session) {
            *waiting = waiting.saturating_sub(1);
        }
    }
}

impl Checker {
    /// A session manager has opened a record of a session; `is_open` says which sessions still are.
    pub(in super::super) fn spoke(
        &mut self,
        now: Moment,
        origin: Origin,
        is_open: impl Fn(SessionId) -> bool,
    ) {
        let Origin { session, terminal, .. } = origin;
        *self.sessions.waiting.entry(session).or_default() += 1;
        let Some(age) = self.sessions.ages.get(&session).copied() else {
            return self.violate(now, 2, format!("{terminal}: served without a handshake"));
        };
        if !self.sessions.keeps_pace(now, &origin) {
            self.violate(now, 9, format!("{terminal}: served more often than its rate allows"));
        }
        let text = match self.sessions.newest.get(&terminal).copied() {
            Some((newest, other)) if age < newest && is_open(other) => {
                format!("{terminal}: served over an older connection, {age:?} after {newest:?}")
            }
            Some((_, older)) if older != session && is_open(older) => {
                format!("{terminal}: an older connection stays beside a newer one")
            }
            _ => {
                self.sessions.newest.insert(terminal, (age, session));
                // What speaks only now under a key that has ended is not served: it ends then.
                let late = !self.is_in_force(terminal, age.generation);
                self.sessions.keyed.extend((!late).then_some(session));
                return;
            }
        };
        self.violate(now, 9, text);
    }

    /// A hello was answered.
    pub(in super::super) fn shaken(&mut self, session: SessionId, age: SessionAge) {
        self.sessions.ages.insert(session, age);
    }

    /// A session manager leaves a session unread because its terminal has asked too often.
    pub(in super::super) fn slowed(&mut self, now: Moment, session: SessionId) {
        let whose = self.sessions.newest().find(|(_, _, newest)| *newest == session);
        let Some((terminal, ..)) = whose else { return };
        let bucket = self.sessions.buckets.get(&(terminal, session.reactor));
        if bucket.is_none_or(|bucket| self.sessions.rate.has_one(now, bucket)) {
            self.violate(now, 9, format!("{terminal}: slowed down within its rate"));
        }
    }

    /// A session manager ends a session.
    pub(in super::super) fn ended(&mut self, now: Moment, session: SessionId, why: CloseReason) {
        let waiting = self.sessions.waiting.remove(&session).unwrap_or_default();
        if why == CloseReason::Draining && waiting > 0 {
            let text = format!("{waiting} requests of a session are dropped by a drain");
            self.violate(now, 8, text);
        }
    }

    /// The transaction manager is ordered to end.
    pub(in super::super) fn drains(&mut self) {
        self.is_draining = true;
    }

    /// The process has ended in good order: nobody may be left waiting.
    pub(in super::super) fn drained(&mut self, now: Moment) {
        let handsets = self.handsets.waiting();
        if handsets > 0 {
            let text = format!("drained, and {handsets} handsets wait for an answer");
            self.violate(now, 8, text);
        }
        let terminals = self.datagrams.waiting();
        if terminals > 0 {
            let text = format!("drained, and {terminals} datagrams wait for an answer");
            self.violate(now, 8, text);
        }
        let waiting: u32 = self.requests.waiting();
        if waiting > 0 {
            self.violate(now, 8, format!("drained, and {waiting} requests wait for an answer"));
        }
    }
}
