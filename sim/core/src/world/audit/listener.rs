//! Terminals of another maker: what their messages ask for, read here from `docs/iso8583.md`, goes to
//! the same auditors as what terminals of the sealed link ask. Beside that: whatever is served or
//! answered has the code of the terminal's key (promise 7), the answer that crosses the wire says
//! what the gateway decided and repeats what was asked (1), and nobody's card number (10), and what
//! was decided is sent (8). Advices and batches, which have no row, are in `asides`.

mod answers;
mod asides;
mod carried;
mod frames;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use tillgate_codec::iso8583::{Fields, View};
use tillgate_codec::link::message::{AnswerKind, GatewayMessage, Totals};
use tillgate_core::id::SessionId;
use tillgate_core::listener::limits::ListenerLimits;
use tillgate_core::listener::{CloseReason, ListenerStats};
use tillgate_core::transaction::Origin;
use tillgate_store_core::{BusinessDate, Key, TerminalId};

use self::asides::Aside;
use self::carried::Carried;
use super::Checker;
use crate::time::Moment;
use crate::world::catalogue::nac;
use crate::world::config::Config;
use crate::world::network::TERMINAL_FIRST;

/// What is added to the number of a reversal, and of a request of a closed date at least.
const REVERSAL: u32 = 1_000_000;
const LATE: u32 = 2_000_000;

pub(super) struct Listener {
    seed: u64,
    cutoff_min: u16,
    /// Requests of one connection in flight, and whether it is a concentrator's.
    window: usize,
    shared: bool,
    /// Who is enabled.
    terminals: FxHashSet<TerminalId>,
    /// What is in flight, by what its answer is given back for.
    asked: FxHashMap<SessionId, AskedFrame>,
    /// Sales that were asked to be taken back, and for how much.
    reversals: FxHashMap<Key, u64>,
    /// What was settled: number, date and totals.
    settlements: FxHashMap<TerminalId, Vec<(u32, BusinessDate, Totals)>>,
    /// Sales that were refused for their date, of which the journal has nothing.
    undated: FxHashSet<Key>,
    /// Card numbers, tracks, PIN blocks and what chips said: nothing of it is kept.
    cards: BTreeSet<Vec<u8>>,
    /// What of a card a sale had, by its amount.
    carried: BTreeMap<(Key, u64), Carried>,
    /// Sales that were confirmed by an advice, and for how much.
    advices: BTreeSet<(Key, u64)>,
    /// Records of batches, by how the audit log begins about one that differs.
    uploads: BTreeMap<String, (Key, u64)>,
    /// Those that the audit log says to differ.
    differences: BTreeSet<(Key, u64)>,
    /// Answers with something for the chip of a card.
    chips: u64,
}

/// A message that the listener gave to the pool.
struct AskedFrame {
    /// The session that it came over.
    over: SessionId,
    message: Vec<u8>,
    /// Whose code it has; `None`: it proves nothing.
    key_id: Option<u8>,
    /// The same for the sealed link; empty if it asks for nothing that has a number.
    body: Vec<u8>,
    /// What the gateway decided, as the sealed link would have it.
    said: Vec<u8>,
    /// Whether that session has ended: nobody is answered.
    has_ended: bool,
    /// Which sale it is about, if it has no row of its own.
    aside: Option<Aside>,
    /// What the chip of its card receives.
    chip: Option<Vec<u8>>,
}

impl Listener {
    pub(super) fn new(config: &Config) -> Self {
        let places = (0..config.terminals).filter(|place| config.is_iso(*place));
        Self {
            seed: config.seed,
            cutoff_min: config.days.cutoff_min,
            window: usize::try_from(config.listener.window).unwrap_or(usize::MAX),
            shared: config.listener.shared,
            terminals: places.map(|place| TerminalId(TERMINAL_FIRST + u32::from(place))).collect(),
            asked: FxHashMap::default(),
            reversals: FxHashMap::default(),
            settlements: FxHashMap::default(),
            undated: FxHashSet::default(),
            cards: BTreeSet::new(),
            carried: BTreeMap::new(),
            advices: BTreeSet::new(),
            uploads: BTreeMap::new(),
            differences: BTreeSet::new(),
            chips: 0,
        }
    }

    pub(super) fn crashed(&mut self) {
        self.asked.clear();
    }

    /// What is in flight of a session, or was when it ended, in the order in which it came.
    fn over(&self, session: SessionId) -> Vec<SessionId> {
        let over = self.asked.iter().filter(|(_, asked)| asked.over == session);
        let mut over: Vec<SessionId> = over.map(|(lane, _)| *lane).collect();
        over.sort_unstable_by_key(|lane| (lane.generation, lane.slot));
        over
    }
}

impl Checker {
    /// The listener has given a message to the pool; gives the registry's state that the operator
    /// knows of.
    pub(in super::super) fn entered_frame(
        &mut self,
        now: Moment,
        (origin, over): (Origin, SessionId),
        message: &[u8],
    ) -> usize {
        let Origin { session, terminal, .. } = origin;
        let (today, _) = self.calendar.now(self.clock.walls(now).0);
        let mut fields = Fields::new();
        let (mut key_id, mut body, mut aside) = (None, Vec::new(), None);
        if let Ok(view) = nac().view(message, &mut fields)
            && self.listener.terminals.contains(&terminal)
        {
            key_id = self.listener.proved(terminal, &view);
            if key_id.is_some() {
                body = self.listener.read(terminal, &view, today).unwrap_or_default();
                aside = self.read_aside(terminal, &view, today);
            }
            if matches!(view.mti().as_str(), "0400" | "0401" | "0420" | "0421") && key_id.is_some()
            {
                self.names_reversal(terminal, &view, today);
            }
        }
        let acknowledged = self.entered(now, origin, &body);
        let (message, said, has_ended, chip) = (message.to_vec(), Vec::new(), false, None);
        let asked = AskedFrame { over, message, key_id, body, said, has_ended, aside, chip };
        let before = self.listener.asked.insert(session, asked);
        // What the gateway has decided makes room before its bytes are seen here.
        let undecided = |lane: &SessionId| {
            self.listener.asked.get(lane).is_some_and(|asked| asked.said.is_empty())
        };
        let undecided = self.listener.over(over).into_iter().filter(undecided).count();
        if before.is_some() || undecided > self.listener.window {
            let text = format!("{terminal}: a request more before one was answered");
            self.violate(now, 9, text);
        }
        acknowledged
    }

    /// A sale is asked to be taken back; its reversal has a number of its own in the journal.
    fn names_reversal(&mut self, terminal: TerminalId, view: &View<'_>, today: u16) {
        let stan = view.number(11).and_then(|stan| u32::try_from(stan).ok());
        if let (Some(date), Some(stan)) = (self.listener.date(view, today), stan) {
            let original = Key { date, terminal, stan };
            let own = Key { stan: stan + REVERSAL, ..original };
            self.requests.reversals.entry(original).or_insert(own);
        }
    }

    /// A pool thread has just verified a message.
    pub(in super::super) fn verified_frame(
        &mut self,
        now: Moment,
        origin: Origin,
        acknowledged: usize,
    ) {
        let Some(asked) = self.listener.asked.get(&origin.session) else { return };
        let body = asked.body.clone();
        self.verified(now, origin, &body, acknowledged);
    }

    /// A message was handed to the writer: its code is of a key of the terminal that is in force.
    pub(in super::super) fn served_frame(&mut self, now: Moment, origin: Origin) {
        let Origin { session, terminal, generation, .. } = origin;
        let key_id = self.listener.asked.get(&session).and_then(|asked| asked.key_id);
        let Some(key_id) = key_id else {
            let text = format!("{terminal}: served without the code of a key of the listener's");
            return self.violate(now, 7, text);
        };
        if self.versions.generation(terminal, key_id).is_some_and(|of| of != generation) {
            let text = format!("{terminal}: key {key_id} is taken for {generation}");
            self.violate(now, 7, text);
        }
        self.served(now, origin);
    }

    /// What the gateway decided, on its way to the listener.
    pub(in super::super) fn left_frame(&mut self, now: Moment, origin: Origin, body: &[u8]) {
        if let Some((promise, text)) = self.aside_otherwise(origin, body) {
            self.violate(now, promise, text);
        }
        let chip = self.chip_due(origin.terminal, body);
        let Some(asked) = self.listener.asked.get_mut(&origin.session) else { return };
        body.clone_into(&mut asked.said);
        asked.chip = chip;
        if let Ok(GatewayMessage::Answer(answer)) = GatewayMessage::decode(body)
            && (answer.kind, answer.code.0) == (AnswerKind::Sale, *b"B1")
        {
            let (date, terminal, stan) = (answer.date, origin.terminal, answer.stan);
            self.listener.undated.insert(Key { date, terminal, stan });
        }
        // Denied, or its terminal waits on another connection.
        if body.is_empty() || asked.has_ended {
            self.listener.asked.remove(&origin.session);
        }
    }

    /// The listener answers.
    pub(in super::super) fn answered_frame(
        &mut self,
        now: Moment,
        session: SessionId,
        bytes: &[u8],
    ) {
        // On a shared connection it may be the answer to any request that an answer was given for.
        let mut wrong = Some((2, "answered, and nothing was asked".to_owned()));
        for lane in self.listener.over(session) {
            let Some(asked) = self.listener.asked.get(&lane) else { continue };
            let otherwise = self.frame_otherwise(asked, bytes);
            if otherwise.is_none() || !self.listener.shared {
                self.listener.chips += u64::from(asked.chip.is_some());
                self.listener.asked.remove(&lane);
            }
            wrong = otherwise;
            if wrong.is_none() {
                break;
            }
        }
        if let Some((promise, text)) = wrong {
            self.violate(now, promise, format!("{session:?}: {text}"));
        }
    }

    /// The listener ends a session.
    pub(in super::super) fn listener_ended(
        &mut self,
        now: Moment,
        session: SessionId,
        why: CloseReason,
    ) {
        if self.listener.shared && matches!(why, CloseReason::Denied | CloseReason::Unanswerable) {
            let text = format!("{session:?}: {why:?} ends the connection of others");
            self.violate(now, 9, text);
        }
        for lane in self.listener.over(session) {
            let Some(asked) = self.listener.asked.get_mut(&lane) else { continue };
            let waits = asked.said.is_empty() && asked.key_id.is_some();
            asked.has_ended = true;
            if why == CloseReason::Draining && waits {
                self.violate(now, 8, "a request of the listener is dropped by a drain".to_owned());
            }
        }
    }

    /// The listener has had what the gateway decided: it has answered, or the key to answer with is
    /// gone, and it has ended the session or, if that is shared, dropped the request.
    pub(in super::super) fn answer_turn_ends(&mut self, now: Moment, origin: Origin) {
        let Origin { session, terminal, generation, .. } = origin;
        // What is there now may be the next request.
        let Some(asked) = self.listener.asked.get(&session).filter(|asked| !asked.said.is_empty())
        else {
            return;
        };
        let can_answer = asked.key_id.is_some() && self.versions.has_key(terminal, generation);
        let is_dropped = can_answer || !(asked.has_ended || self.listener.shared);
        self.listener.asked.remove(&session);
        if is_dropped {
            let text = format!("{terminal}: what was decided is not sent by the listener");
            self.violate(now, 8, text);
        }
    }

    /// What the listener says of itself after each input.
    pub(in super::super) fn listener_stats(
        &mut self,
        at: Moment,
        stats: &ListenerStats,
        limits: &ListenerLimits,
    ) {
        let bounds = [
            ("connections", stats.sessions, limits.connections_max),
            ("requests", stats.requests, limits.requests_max),
        ];
        for (what, count, most) in bounds {
            if count > most {
                self.violate(at, 9, format!("{count} {what} at the listener, of {most}"));
            }
        }
    }
}
