//! Promises 1, 2, 7 and 8 where terminals send sealed frames: each is opened once in a life of the gateway, with
//! a key in force, by whatever way it comes; what is replied is the answer to what was asked, and in time; and
//! nothing is refused as a copy that is none.

mod said;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use tillgate_codec::link::datagram::{Exchange, Keys, Request, TerminalFrame};
use tillgate_core::id::SessionId;
use tillgate_core::processing::DatagramRefusal;
use tillgate_core::transaction::Origin;
use tillgate_store_core::TerminalId;

use super::Checker;
use crate::time::{Moment, Span};
use crate::world::config::Config;
use crate::world::network::{KEY_FIRST, Network};

/// Counters behind the highest that are still taken.
const WINDOW: u64 = 64;

/// A deadline is no later than that.
const SLACK: Span = Span::ms(1);

/// Two requests of a terminal that come within it may wait at the same time.
const BESIDE: Span = Span::s(40);

/// A terminal's key: its generation.
type Of = (TerminalId, u32);

pub(super) struct Datagrams {
    seed: u64,
    /// Within which a frame is answered.
    answer: Span,
    /// The counters that this life of the gateway has taken.
    taken: BTreeMap<Of, BTreeSet<u64>>,
    asked: FxHashMap<SessionId, Asked>,
    /// The last request in each subscriber's dialog.
    last: BTreeMap<u64, SessionId>,
    /// Who waits, and since when.
    waiting: BTreeMap<u64, Moment>,
    /// The last request of each terminal over either bearer, and when it came.
    latest: BTreeMap<TerminalId, (Moment, SessionId)>,
    /// Requests beside which another one of the terminal may have waited.
    rivals: BTreeSet<(u32, u32)>,
}

/// A frame that came.
struct Asked {
    terminal: TerminalId,
    counter: u64,
    origin: Origin,
    /// What the terminal has sealed, if it was that.
    sealed: Option<(Vec<u8>, Exchange)>,
    is_opened: bool,
    /// The answer of the pool.
    answer: Option<Vec<u8>>,
    /// The parts of the reply, as they were said.
    parts: BTreeMap<u8, Vec<u8>>,
    is_replied: bool,
    /// Its first part was said at the deadline, before there was an answer.
    is_late: bool,
}

impl Datagrams {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            seed: config.seed,
            answer: config.handsets.answer,
            taken: BTreeMap::new(),
            asked: FxHashMap::default(),
            last: BTreeMap::new(),
            waiting: BTreeMap::new(),
            latest: BTreeMap::new(),
            rivals: BTreeSet::new(),
        }
    }

    pub(super) fn crashed(&mut self) {
        self.taken.clear();
        self.asked.clear();
        self.last.clear();
        self.waiting.clear();
        self.latest.clear();
        self.rivals.clear();
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How long one has waited, if that is too long.
    pub(super) fn overdue(&self, now: Moment) -> Option<Span> {
        let waited = self.waiting.values().map(|since| now.since(*since)).max()?;
        (waited > Span(self.answer.0 + SLACK.0)).then_some(waited)
    }

    /// What a terminal has sealed, and what opens the reply.
    fn open(&self, request: &Request<'_>) -> Option<(Vec<u8>, Exchange)> {
        let (terminal, key_id) = (request.header.terminal, request.header.key_id.max(KEY_FIRST));
        let keys = Keys::new(&Network::psk(self.seed, terminal, key_id));
        let mut body = Vec::new();
        let exchange = keys.open(request, &mut body).ok()?;
        Some((body, exchange))
    }

    /// Whether a counter of a key is new; it is taken then.
    fn take(&mut self, of: Of, counter: u64) -> Result<(), &'static str> {
        let taken = self.taken.entry(of).or_default();
        if taken.last().is_some_and(|high| counter + WINDOW <= *high) {
            return Err("behind the window");
        }
        if taken.insert(counter) { Ok(()) } else { Err("for the second time") }
    }

    fn is_taken(&self, of: Of, counter: u64) -> bool {
        let is_old = |taken: &BTreeSet<u64>| {
            taken.contains(&counter) || taken.last().is_some_and(|high| counter + WINDOW <= *high)
        };
        self.taken.get(&of).is_some_and(is_old)
    }
}

impl Checker {
    /// Whether a session is one request in a frame.
    pub(in crate::world) fn is_datagram(&self, session: SessionId) -> bool {
        self.datagrams.asked.contains_key(&session)
    }

    /// Whether the same terminal has asked something else about the time of a datagram: of two that wait for the
    /// same answer one is sent away.
    pub(super) fn has_rival(&self, SessionId { slot, generation, .. }: SessionId) -> bool {
        self.datagrams.rivals.contains(&(slot, generation))
    }

    /// A terminal asks something, over either bearer.
    pub(super) fn asks(&mut self, now: Moment, origin: Origin) {
        let Datagrams { latest, rivals, .. } = &mut self.datagrams;
        let before = latest.insert(origin.terminal, (now, origin.session));
        let Some((since, before)) = before else { return };
        if now.since(since) < BESIDE {
            let both = [before, origin.session].map(|session| (session.slot, session.generation));
            rivals.extend(both);
        }
    }

    /// A frame is on its way to the pool; gives the registry's state that the operator knows of.
    pub(in crate::world) fn datagram_entered(
        &mut self,
        now: Moment,
        (session, received): (SessionId, Moment),
        subscriber: u64,
        frame: &[u8],
    ) -> usize {
        self.datagrams.waiting.insert(subscriber, now);
        self.datagrams.last.insert(subscriber, session);
        let Ok(TerminalFrame::Request(request)) = TerminalFrame::decode(frame) else {
            self.violate(now, 2, "what is no request is opened".to_owned());
            return self.versions.acknowledged();
        };
        let (terminal, key_id) = (TerminalId(request.header.terminal), request.header.key_id);
        let counter = request.header.counter;
        let generation = self.versions.generation(terminal, key_id).unwrap_or_default();
        let origin = Origin { session, terminal, received, generation, logged_on: true };
        let sealed = self.datagrams.open(&request);
        let body = sealed.as_ref().map(|(body, _)| body.clone());
        let (is_opened, answer, parts) = (false, None, BTreeMap::new());
        let asked = Asked {
            terminal,
            counter,
            origin,
            sealed,
            is_opened,
            answer,
            parts,
            is_replied: false,
            is_late: false,
        };
        self.datagrams.asked.insert(session, asked);
        if let Some(body) = body {
            self.take_request(now, origin, (&body, None));
            self.asks(now, origin);
        }
        self.versions.acknowledged()
    }

    /// A pool thread has opened a frame, or refused it.
    pub(in crate::world) fn datagram_opened(
        &mut self,
        now: Moment,
        session: SessionId,
        (generation, acknowledged): (Option<u32>, usize),
        outcome: Result<(), DatagramRefusal>,
    ) {
        let Some(asked) = self.datagrams.asked.get_mut(&session) else { return };
        let (terminal, counter) = (asked.terminal, asked.counter);
        let body = asked.sealed.as_ref().map(|(body, _)| body.clone());
        let mut origin = asked.origin;
        origin.generation = generation.unwrap_or(origin.generation);
        asked.is_opened = outcome.is_ok();
        let of = (terminal, origin.generation);
        let wrong = match (outcome, &body) {
            (Ok(()), None) => Some((2, "opened without its key")),
            (Ok(()), Some(_)) if !self.is_in_force(terminal, origin.generation) => {
                Some((7, "opened under a key that has ended"))
            }
            (Ok(()), Some(_)) => self.datagrams.take(of, counter).err().map(|why| (2, why)),
            (Err(DatagramRefusal::Replayed), _) if !self.datagrams.is_taken(of, counter) => {
                Some((2, "refused as a copy, and it is the first"))
            }
            (Err(DatagramRefusal::WrongTag), Some(_)) => Some((2, "refused, and its tag is right")),
            (Err(_), _) => None,
        };
        if let Some((promise, text)) = wrong {
            self.violate(now, promise, format!("{terminal}: datagram {counter} {text}"));
        }
        if let (Ok(()), Some(body)) = (outcome, body) {
            self.verify_request(now, origin, (&body, None), acknowledged);
        }
    }

    /// An answer is on its way to a dialog.
    pub(in crate::world) fn datagram_answered(&mut self, session: SessionId, body: &[u8]) {
        if let Some(asked) = self.datagrams.asked.get_mut(&session) {
            asked.answer = Some(body.to_vec());
        }
    }

    /// A dialog with frames is over: nobody waits.
    pub(in crate::world) fn frames_are_over(&mut self, subscriber: u64) {
        self.datagrams.waiting.remove(&subscriber);
        self.datagrams.last.remove(&subscriber);
    }
}
