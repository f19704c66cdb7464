//! Terminals of another maker: what their messages ask for, read here from `docs/iso8583.md`, goes to
//! the same auditors as what terminals of the sealed link ask. Beside that: whatever is served or
//! answered has the code of the terminal's key (promise 7), the answer that crosses the wire says
//! what the gateway decided and repeats what was asked (1), and nobody's card number (10).

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use tillgate_codec::iso8583::{Fields, MacKey, MacPadding, MacVerdict, View};
use tillgate_codec::link::message::{Answer, AnswerKind, GatewayMessage};
use tillgate_codec::link::message::{Logon, Ping, Sale, TerminalMessage, Totals};
use tillgate_core::id::SessionId;
use tillgate_core::listener::limits::ListenerLimits;
use tillgate_core::listener::{CloseReason, ListenerStats};
use tillgate_core::transaction::Origin;
use tillgate_store_core::{BusinessDate, Key, Kind, TerminalId, Transaction};

use super::Checker;
use super::rows::Violations;
use crate::time::Moment;
use crate::world::catalogue::nac;
use crate::world::config::Config;
use crate::world::disk::Change;
use crate::world::network::{KEY_FIRST, Network, TERMINAL_FIRST};

/// The highest number that a key may have here.
const KEYS_MAX: u8 = 40;
/// What is added to the number of a reversal, and of a request of a closed date at least.
const REVERSAL: u32 = 1_000_000;
const LATE: u32 = 2_000_000;

/// Fields that answers repeat.
const BASE: [u8; 4] = [3, 11, 24, 41];
const SALE: [u8; 10] = [3, 4, 11, 12, 13, 24, 25, 41, 42, 49];
const CLOSE: [u8; 8] = [3, 11, 12, 13, 24, 41, 42, 49];

pub(super) struct Listener {
    seed: u64,
    cutoff_min: u16,
    /// Who is enabled.
    terminals: FxHashSet<TerminalId>,
    /// What is in flight, by its session.
    asked: FxHashMap<SessionId, AskedFrame>,
    /// Sales that were asked to be taken back, and for how much.
    reversals: FxHashMap<Key, u64>,
    /// What was settled: number, date and totals.
    settlements: FxHashMap<TerminalId, Vec<(u32, BusinessDate, Totals)>>,
    /// Sales that were refused for their date, of which the journal has nothing.
    undated: FxHashSet<Key>,
    /// Card numbers, tracks, PIN blocks and what chips said: nothing of it is kept.
    cards: BTreeSet<Vec<u8>>,
}

/// A message that the listener gave to the pool.
struct AskedFrame {
    message: Vec<u8>,
    /// Whose code it has; `None`: it proves nothing.
    key_id: Option<u8>,
    /// The same for the sealed link; empty if it asks for nothing that has a number.
    body: Vec<u8>,
    /// What the gateway decided, as the sealed link would have it.
    said: Vec<u8>,
    /// Whether its session has ended: nobody is answered.
    has_ended: bool,
}

impl Listener {
    pub(super) fn new(config: &Config) -> Self {
        let places = (0..config.terminals).filter(|place| config.is_iso(*place));
        Self {
            seed: config.seed,
            cutoff_min: config.days.cutoff_min,
            terminals: places.map(|place| TerminalId(TERMINAL_FIRST + u32::from(place))).collect(),
            asked: FxHashMap::default(),
            reversals: FxHashMap::default(),
            settlements: FxHashMap::default(),
            undated: FxHashSet::default(),
            cards: BTreeSet::new(),
        }
    }

    pub(super) fn crashed(&mut self) {
        self.asked.clear();
    }

    fn key(&self, terminal: TerminalId, key_id: u8) -> MacKey {
        let psk = Network::psk(self.seed, terminal.0, key_id);
        let (key, _) = psk.bytes().split_first_chunk().expect("a key has 32 bytes");
        MacKey::retail(key, MacPadding::Zeros)
    }

    /// The number of the key that a message's code is of; `None` if of none of this terminal.
    fn proved(&self, terminal: TerminalId, view: &View<'_>) -> Option<u8> {
        let mut keys = KEY_FIRST..KEYS_MAX;
        keys.find(|id| view.verify_mac(&self.key(terminal, *id)) == MacVerdict::Valid)
    }

    /// The business date that a message bears: its local date, or the day before until the cut-off.
    fn date(&self, view: &View<'_>, today: u16) -> Option<BusinessDate> {
        let (date, time) = (view.text(13)?, view.text(12)?);
        let (month, day) = (date.get(..2)?.parse().ok()?, date.get(2..)?.parse().ok()?);
        let (year, _, _) = BusinessDate(today).ymd();
        let of = |year| BusinessDate::from_ymd(year, month, day);
        let days = [year - 1, year, year + 1].into_iter().filter_map(of);
        let day = days.min_by_key(|day| day.0.abs_diff(today))?;
        let part = |at: usize| time.get(at..at + 2)?.parse::<u16>().ok();
        let before = part(0)? * 60 + part(2)? < self.cutoff_min;
        Some(BusinessDate(day.0 - u16::from(before)))
    }

    /// Reads a proved message; gives what a terminal of the sealed link would send, if there is such a
    /// thing, and keeps what there is not.
    fn read(&mut self, terminal: TerminalId, view: &View<'_>, today: u16) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        let number = |field| view.number(field);
        let stan = u32::try_from(number(11)?).ok()?;
        match (view.mti().as_str(), view.text(3)?.as_str()) {
            ("0800", "920000") => {
                let logon = Logon { firmware: "", catalogue: 0, versions: 1 };
                TerminalMessage::Logon(logon).encode(&mut body);
            }
            ("0800", _) => TerminalMessage::Ping(Ping { nonce: stan }).encode(&mut body),
            ("0200" | "0201", processing) => {
                let date = self.date(view, today)?;
                let (service, product) = processing.strip_prefix("50")?.split_at(2);
                let track =
                    view.text(35).and_then(|track| Some(track.split_once('=')?.0.to_owned()));
                let card = view.text(2).or(track);
                self.cards.extend(card.clone().map(String::into_bytes));
                self.cards.extend([35, 52, 55].into_iter().filter_map(|field| view.value(field)));
                let sale = Sale {
                    stan,
                    date,
                    service: service.parse().ok()?,
                    product: product.parse().ok()?,
                    amount_minor: number(4)?,
                    currency: view.text(49)?.parse().ok()?,
                    subscriber: &view.text(102).or(card).unwrap_or_default(),
                    token: 0,
                    fee_minor: 0,
                };
                TerminalMessage::Sale(sale).encode(&mut body);
            }
            ("0400" | "0401" | "0420" | "0421", _) => {
                let date = self.date(view, today)?;
                self.reversals.insert(Key { date, terminal, stan }, number(4)?);
            }
            _ => {
                let (date, text) = (self.date(view, today)?, view.text(63)?);
                let digits = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
                let count = |from, to| digits(from, to).and_then(|count| count.try_into().ok());
                let totals = Totals {
                    sales_count: count(0, 4)?,
                    sales_minor: digits(4, 16)?,
                    reversals_count: count(16, 20)?,
                    reversals_minor: digits(20, 32)?,
                };
                self.settlements.entry(terminal).or_default().push((stan, date, totals));
            }
        }
        Some(body)
    }
}

impl Checker {
    /// The listener has given a message to the pool; gives the registry's state that the operator
    /// knows of.
    pub(in super::super) fn entered_frame(
        &mut self,
        now: Moment,
        origin: Origin,
        message: &[u8],
    ) -> usize {
        let Origin { session, terminal, .. } = origin;
        let (today, _) = self.calendar.now(self.clock.walls(now).0);
        let mut fields = Fields::new();
        let (mut key_id, mut body) = (None, Vec::new());
        if let Ok(view) = nac().view(message, &mut fields)
            && self.listener.terminals.contains(&terminal)
        {
            key_id = self.listener.proved(terminal, &view);
            if key_id.is_some() {
                body = self.listener.read(terminal, &view, today).unwrap_or_default();
            }
            if matches!(view.mti().as_str(), "0400" | "0401" | "0420" | "0421") && key_id.is_some()
            {
                self.names_reversal(terminal, &view, today);
            }
        }
        let acknowledged = self.entered(now, origin, &body);
        let (message, said) = (message.to_vec(), Vec::new());
        let asked = AskedFrame { message, key_id, body, said, has_ended: false };
        if self.listener.asked.insert(session, asked).is_some() {
            let text = format!("{terminal}: a second request before the first was answered");
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
    pub(in super::super) fn left_frame(&mut self, origin: Origin, body: &[u8]) {
        let Some(asked) = self.listener.asked.get_mut(&origin.session) else { return };
        body.clone_into(&mut asked.said);
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
        let wrong = match self.listener.asked.remove(&session) {
            None => Some((2, "answered, and nothing was asked".to_owned())),
            Some(asked) => self.frame_otherwise(&asked, bytes),
        };
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
        let Some(asked) = self.listener.asked.get_mut(&session) else { return };
        let waits = asked.said.is_empty() && asked.key_id.is_some();
        asked.has_ended = true;
        if why == CloseReason::Draining && waits {
            self.violate(now, 8, "a request of the listener is dropped by a drain".to_owned());
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

    fn frame_otherwise(&self, asked: &AskedFrame, bytes: &[u8]) -> Option<(u8, String)> {
        let (dialect, mut fields, mut of) = (nac(), Fields::new(), Fields::new());
        let request = dialect.view(&asked.message, &mut of).ok()?;
        let whole = dialect.framing().deframe(bytes).ok().flatten();
        let message = whole.filter(|frame| frame.end == bytes.len()).map(|frame| frame.message);
        let answer = message.and_then(|message| dialect.view(&bytes[message], &mut fields).ok());
        let Some(answer) = answer else {
            return Some((1, "the answer is no message".to_owned()));
        };
        let terminal = request.text(41).and_then(|text| text.parse().ok());
        let terminal = TerminalId(terminal.unwrap_or_default());
        let Some(key_id) = asked.key_id else {
            return Some((7, format!("{terminal} is answered, and has not proved who it is")));
        };
        if answer.verify_mac(&self.listener.key(terminal, key_id)) != MacVerdict::Valid {
            return Some((7, format!("{terminal}: its answer has no code of key {key_id}")));
        }
        let header = (request.mti().answer(), request.tpdu().map(|tpdu| tpdu.swapped()));
        if header != (Some(answer.mti()), answer.tpdu()) {
            return Some((1, format!("{terminal}: answered to somebody, or something, else")));
        }
        if [2, 14, 35, 52, 102].into_iter().any(|field| answer.has(field)) {
            return Some((10, format!("{terminal}: its customer's account is sent back")));
        }
        let mut says = self.says(&request, asked);
        says.insert(if answer.has(128) { 128 } else { 64 }, None);
        let numbers: Vec<u8> = answer.numbers().collect();
        if !numbers.iter().copied().eq(says.keys().copied()) {
            let wanted: Vec<u8> = says.keys().copied().collect();
            return Some((1, format!("{terminal}: answered with {numbers:?}, not {wanted:?}")));
        }
        let other = says.into_iter().find(|(field, text)| {
            text.as_ref().is_some_and(|text| answer.text(*field).as_ref() != Some(text))
        });
        other.map(|(field, text)| {
            let told = answer.text(field);
            (1, format!("{terminal}: field {field} is {told:?} and not {text:?}"))
        })
    }

    /// The fields of an answer: what it repeats of the request, and what the gateway decided.
    fn says(&self, request: &View<'_>, asked: &AskedFrame) -> BTreeMap<u8, Option<String>> {
        let (mut repeated, mut own, mut code) = (&SALE[..], Vec::new(), *b"12");
        match GatewayMessage::decode(&asked.said) {
            Ok(GatewayMessage::Answer(answer)) => {
                code = answer.code.0;
                match answer.kind {
                    AnswerKind::Sale => own = slip(&answer),
                    // A reversal is acknowledged, however old the sale is.
                    _ if code == *b"B1" => code = *b"00",
                    _ => {}
                }
            }
            Ok(GatewayMessage::Welcome(welcome)) => {
                (repeated, code) = (&BASE, welcome.code.0);
                own = self.calendar.shows(welcome.time_s).to_vec();
            }
            Ok(GatewayMessage::Pong(_)) => (repeated, code) = (&BASE, *b"00"),
            Ok(GatewayMessage::Settled(settled)) => {
                (repeated, code) = (&CLOSE, settled.code.0);
                let Totals { sales_count, sales_minor, reversals_count, reversals_minor } =
                    settled.totals;
                let totals = format!(
                    "{sales_count:04}{sales_minor:012}{reversals_count:04}{reversals_minor:012}"
                );
                own = vec![(37, settled.rrn.to_owned()), (63, totals)];
            }
            _ => repeated = &[11, 41],
        }
        let repeated = repeated.iter().filter(|field| request.has(**field));
        let repeated = repeated.map(|field| (*field, request.text(*field)));
        let own = own.into_iter().filter(|(_, text)| !text.is_empty());
        let own = own.map(|(field, text)| (field, Some(text)));
        repeated.chain(own).chain([(39, Some(shown(code)))]).collect()
    }

    /// A row that came just now of a terminal of the listener: somebody asked for it so.
    pub(super) fn read_frame_row(&mut self, new: &Transaction, found: &mut Violations) {
        let key = new.key;
        if !self.listener.terminals.contains(&key.terminal) {
            return;
        }
        let is_its =
            |stan: u32| key.stan == stan || (key.stan >= LATE && key.stan % REVERSAL == stan);
        if let Some(original) = new.original.filter(|_| new.kind == Kind::Reversal) {
            let amount = self.listener.reversals.get(&original);
            let own = original.stan + REVERSAL;
            let right = match key.date == original.date {
                true => key.stan == own,
                false => key.stan >= LATE && key.stan % REVERSAL == original.stan,
            };
            if amount != Some(&new.amount_minor) || !right {
                found.push((1, format!("{key}: no terminal took {original} back so")));
            }
            self.requests.reversals.insert(original, key);
        }
        if let Some(settlement) = &new.settlement {
            let of = self.listener.settlements.get(&key.terminal);
            let asked = of.into_iter().flatten().any(|(stan, date, totals)| {
                let claimed = &settlement.claimed;
                let same = (totals.sales_count, totals.sales_minor)
                    == (claimed.sales_count, claimed.sales_minor)
                    && (totals.reversals_count, totals.reversals_minor)
                        == (claimed.reversals_count, claimed.reversals_minor);
                same && *date == settlement.date && is_its(*stan)
            });
            if !asked {
                found.push((1, format!("{key}: no terminal settled {} so", settlement.date)));
            }
        }
    }

    /// Whether a sale at the listener was refused for its date. Whoever recorded it can send it once
    /// more when that date is in force.
    pub(super) fn was_undated(&self, key: &Key) -> bool {
        self.listener.undated.contains(key)
    }

    /// Whether a terminal of the listener has a reversal that is not booked on the day of its sale: it
    /// does not know, so that its totals of either day are others. Or a sale that was refused for its date
    /// and sent again, by somebody who recorded it, once that date was in force.
    pub(super) fn has_booked_late(&self, new: &Transaction) -> bool {
        let date = new.settlement.as_ref().map(|settlement| settlement.date);
        let of = |row: &&Transaction| {
            let days = [Some(row.key.date), row.original.map(|original| original.date)];
            row.key.terminal == new.key.terminal && row.key.stan >= LATE && days.contains(&date)
        };
        let again = |row: &Transaction| {
            self.listener.undated.contains(&row.key) && Some(row.key.date) == date
        };
        self.listener.terminals.contains(&new.key.terminal)
            && self.journal.values().any(|row| of(&row) || again(row))
    }

    /// What was written has nothing of a card that may not be kept.
    pub(super) fn read_cards(&self, write: &[Change], found: &mut Violations) {
        for Change { family, value, .. } in write {
            let Some(value) = value else { continue };
            let has = |card: &Vec<u8>| value.windows(card.len()).any(|at| at == card);
            if self.listener.cards.iter().any(has) {
                found.push((10, format!("a card's data lie in {}", family.name())));
            }
        }
    }
}

/// What the answer to a sale has of its own.
fn slip(answer: &Answer<'_>) -> Vec<(u8, String)> {
    let (serial, pin) = answer.voucher.as_ref().map_or(("", ""), |slip| (slip.serial, slip.pin));
    let own =
        [(37, answer.rrn), (48, answer.reference), (60, serial), (61, pin), (63, answer.lines)];
    own.map(|(field, text)| (field, text.to_owned())).to_vec()
}

/// A response code as these terminals know it.
fn shown(code: [u8; 2]) -> String {
    let shown = match &code {
        b"D1" => b"03",
        b"H1" | b"L1" => b"58",
        b"S1" => b"51",
        b"C1" => b"14",
        b"L2" | b"B1" | b"R1" => b"12",
        other => other,
    };
    String::from_utf8_lossy(shown).into_owned()
}
