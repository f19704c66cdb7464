//! Promise 8, and what terminals asked for: every request that a session manager took in.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tillgate_codec::link::message::{Sale, TerminalMessage};
use tillgate_core::transaction::Origin;
use tillgate_store_core::{Key, TerminalId};

use super::rules::Ruled;
use super::{ANSWER_SLACK, Checker};
use crate::time::{Moment, Span};

/// The requests so far.
pub(super) struct Requests {
    /// When those came that are not answered yet, and how many at that moment.
    waiting: BTreeMap<Moment, u32>,
    /// Within which a terminal receives something, and the longest that may take from socket to
    /// socket.
    pub(super) answer: Span,
    patience: Span,
    pub(super) sales: FxHashMap<Key, Vec<Asked>>,
    /// Which sales were asked to be taken back.
    pub(super) reversals: FxHashMap<Key, Key>,
}

/// One content that a key was asked for with.
pub(super) struct Asked {
    pub(super) body: Vec<u8>,
    /// In which dialog of a handset; over a link its terminal asks.
    pub(super) dialog: Option<u64>,
    /// Every ruling that the registry of some moment gives.
    pub(super) rulings: Vec<Ruled>,
    /// When it was first verified in this life of the gateway, and which life that is.
    pub(super) since: Moment,
    life: u32,
    /// Whether it was ever verified when its date took no new sales.
    pub(super) outside: bool,
}

impl Requests {
    pub(super) fn new(answer: Span) -> Self {
        Self {
            waiting: BTreeMap::new(),
            answer,
            patience: Span(answer.0 + ANSWER_SLACK.0),
            sales: FxHashMap::default(),
            reversals: FxHashMap::default(),
        }
    }

    /// Nobody waits any more.
    pub(super) fn forget(&mut self) {
        self.waiting.clear();
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting.values().sum()
    }

    /// How long the oldest has waited, if that is too long.
    pub(super) fn overdue(&self, now: Moment) -> Option<Span> {
        let (oldest, _) = self.waiting.first_key_value()?;
        let waited = now.since(*oldest);
        (waited > self.patience).then_some(waited)
    }

    pub(super) fn is_too_long(&self, waited: Span) -> bool {
        waited > self.patience
    }

    fn answered(&mut self, received: Moment) {
        if let Some(count) = self.waiting.get_mut(&received) {
            *count -= 1;
            if *count == 0 {
                self.waiting.remove(&received);
            }
        }
    }
}

impl Checker {
    /// How long the oldest request has waited, if that is too long.
    pub(super) fn overdue(&self, now: Moment) -> Option<Span> {
        let handsets = self.handsets.waited(now);
        let handsets = handsets.filter(|waited| self.requests.is_too_long(*waited));
        self.requests.overdue(now).max(handsets)
    }

    /// A session manager has opened a request; gives the registry's state that the operator knows
    /// of.
    pub(in super::super) fn entered(&mut self, now: Moment, origin: Origin, body: &[u8]) -> usize {
        *self.requests.waiting.entry(now).or_default() += 1;
        self.take_request(now, origin, (body, None));
        self.asks(now, origin);
        self.versions.acknowledged()
    }

    /// What a request asks is noted.
    pub(super) fn take_request(
        &mut self,
        now: Moment,
        origin: Origin,
        (body, dialog): (&[u8], Option<u64>),
    ) {
        self.reads.entered(origin, body, self.versions.acknowledged());
        match TerminalMessage::decode(body) {
            Ok(TerminalMessage::Sale(sale)) => {
                let asked = self.requests.sales.entry(key_of(origin.terminal, &sale)).or_default();
                if asked.iter().all(|asked| (&asked.body[..], asked.dialog) != (body, dialog)) {
                    let (body, rulings, life) = (body.to_vec(), Vec::new(), self.room.life);
                    let outside = false;
                    asked.push(Asked { body, dialog, rulings, since: now, life, outside });
                }
            }
            Ok(TerminalMessage::Reversal(reversal)) => {
                let terminal = origin.terminal;
                let date = reversal.date;
                let key = Key { date, terminal, stan: reversal.stan };
                let date = reversal.original_date;
                let original = Key { date, terminal, stan: reversal.original_stan };
                self.requests.reversals.insert(original, key);
            }
            Ok(TerminalMessage::Lookup(lookup)) => self.lookups.entered(origin, &lookup),
            _ => {}
        }
    }

    /// A pool thread has just verified a request: the registry of any moment between the last one
    /// acknowledged when it came and now may have ruled, by the wall clock as it is and as late as
    /// it has ever been.
    pub(in super::super) fn verified(
        &mut self,
        now: Moment,
        origin: Origin,
        body: &[u8],
        acknowledged: usize,
    ) {
        self.verify_request(now, origin, (body, None), acknowledged);
    }

    pub(super) fn verify_request(
        &mut self,
        now: Moment,
        origin: Origin,
        (body, dialog): (&[u8], Option<u64>),
        acknowledged: usize,
    ) {
        let walls = self.clock.walls(now);
        self.dated(origin, body, walls);
        let terminal = origin.terminal;
        let message = TerminalMessage::decode(body);
        let dates = self.calendar.takes(walls);
        let clock = (dates.clone(), self.calendar.now(walls.0).1);
        if let Ok(TerminalMessage::Lookup(lookup)) = message {
            return self.verified_lookup(origin, &lookup, acknowledged, clock);
        }
        let Ok(TerminalMessage::Sale(sale)) = message else { return };
        let rulings = self.versions.rulings(acknowledged, terminal, &sale, &clock);
        let asked = self.requests.sales.entry(key_of(terminal, &sale)).or_default();
        let is_it = |asked: &&mut Asked| (&asked.body[..], asked.dialog) == (body, dialog);
        let Some(asked) = asked.iter_mut().find(is_it) else { return };
        if asked.life != self.room.life {
            (asked.since, asked.life) = (now, self.room.life);
        }
        // A day that had begun goes on, and the one before is over; or it is followed back.
        let set_back = self.calendar.now(walls.1).0 > self.calendar.now(walls.0).0;
        asked.outside |= set_back || !dates.contains(&sale.date.0);
        for ruling in rulings {
            if !asked.rulings.contains(&ruling) {
                asked.rulings.push(ruling);
            }
        }
    }

    /// An answer is leaving.
    pub(super) fn answered(&mut self, origin: Origin) {
        let over_ussd = self.is_of_handset(origin.session) || self.is_datagram(origin.session);
        if !over_ussd {
            self.requests.answered(origin.received);
            self.sessions.answered(origin.session);
        }
    }
}

pub(super) fn key_of(terminal: TerminalId, sale: &Sale<'_>) -> Key {
    Key { date: sale.date, terminal, stan: sale.stan }
}
