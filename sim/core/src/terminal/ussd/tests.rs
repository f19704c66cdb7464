//! Terminals over USSD against a small gateway that opens their frames and answers them.

use std::collections::{BTreeMap, BTreeSet};

use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::datagram::{GatewayFrame, Keys, Parts, Request, TerminalFrame};
use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, GatewayMessage, ResponseCode, TerminalMessage, VoucherSlip,
    Welcome,
};
use tillgate_codec::link::record::RefusalCode;
use tillgate_codec::ussd::armour::{self, Form};

use super::*;
use crate::firmware::{Delay, Habits, LoadModel, Reconnect};
use crate::sales_log::State;

const DATE: BusinessDate = BusinessDate(9_800);
const TERMINAL: u32 = 71;

/// The key of all terminals.
pub(crate) fn key() -> Psk {
    Psk::new([9; 32])
}

/// A gateway: a window of counters, and a row for each sale.
pub(crate) struct Gateway {
    keys: Keys,
    seen: BTreeSet<u64>,
    /// Sales by STAN, with the code of each.
    rows: BTreeMap<u32, ResponseCode>,
    reversed: BTreeSet<u32>,
    confirmed: BTreeSet<u32>,
    /// What the dialog holds of the last reply, and whether its last part ends it.
    parts: Option<(Parts, bool)>,
    frame_bytes: usize,
    logons: u32,
    refused: u32,
    salt: u64,
    /// How many sales are answered "in progress" first.
    slow: u32,
    /// How many sales are of a date that is over.
    over: u32,
    /// How many dialogs are refused at first.
    busy: u32,
    /// Whether it forgets which counters it has seen, as one that is started again.
    forgets: bool,
}

impl Gateway {
    pub(crate) fn new() -> Self {
        Self {
            keys: Keys::new(&key()),
            seen: BTreeSet::new(),
            rows: BTreeMap::new(),
            reversed: BTreeSet::new(),
            confirmed: BTreeSet::new(),
            parts: None,
            frame_bytes: 40,
            logons: 0,
            refused: 0,
            salt: 0,
            slow: 0,
            over: 0,
            busy: 0,
            forgets: false,
        }
    }

    /// The answer to a text, and whether it ends the dialog.
    pub(crate) fn read(&mut self, text: &str) -> (String, bool) {
        let mut frame = Vec::new();
        if armour::decode(text.as_bytes(), &mut frame).is_err() {
            return self.refuse(RefusalCode::MALFORMED);
        }
        match TerminalFrame::decode(&frame) {
            Ok(TerminalFrame::Next { index }) => self.part(index),
            Ok(TerminalFrame::Request(request)) => self.request(&request),
            Err(error) => self.refuse(error.refusal()),
        }
    }

    fn request(&mut self, request: &Request<'_>) -> (String, bool) {
        let mut body = Vec::new();
        let Ok(exchange) = self.keys.open(request, &mut body) else {
            return self.refuse(RefusalCode::DENIED);
        };
        if !self.seen.insert(request.header.counter) && !self.forgets {
            return self.refuse(RefusalCode::DENIED);
        }
        let mut reply = Vec::new();
        self.answer(&TerminalMessage::decode(&body).unwrap(), &mut reply);
        self.salt += 1;
        let mut sealed = Vec::new();
        exchange.seal(self.salt.to_be_bytes(), &reply, &mut sealed).unwrap();
        let parts = Parts::new(sealed, self.frame_bytes).unwrap();
        self.parts = Some((parts, request.header.is_last));
        self.part(0)
    }

    fn part(&mut self, index: u8) -> (String, bool) {
        let (parts, is_last) = self.parts.as_ref().unwrap();
        let mut frame = Vec::new();
        assert!(parts.frame(index, &mut frame), "part {index}");
        (armoured(&frame), *is_last && index == parts.last())
    }

    fn refuse(&mut self, code: RefusalCode) -> (String, bool) {
        self.refused += 1;
        (armoured(&GatewayFrame::refusal(code)), true)
    }

    fn answer(&mut self, message: &TerminalMessage<'_>, out: &mut Vec<u8>) {
        let row = |gateway: &Self, stan: u32| {
            gateway.rows.get(&stan).copied().unwrap_or(ResponseCode::UNABLE_TO_LOCATE)
        };
        let (kind, stan, code) = match message {
            TerminalMessage::Logon(_) => {
                self.logons += 1;
                let stan_last = self.rows.keys().last().copied().unwrap_or(0);
                let (code, date) = (ResponseCode::APPROVED, DATE);
                let (time_s, idle_s, answer_s) = (0, 240, 25);
                let welcome =
                    Welcome { code, date, time_s, catalogue: 0, idle_s, answer_s, stan_last };
                return GatewayMessage::Welcome(welcome).encode(out);
            }
            TerminalMessage::Sale(sale) if self.over > 0 => {
                self.over -= 1;
                (AnswerKind::Sale, sale.stan, ResponseCode::WRONG_DATE)
            }
            TerminalMessage::Sale(sale) => {
                self.rows.entry(sale.stan).or_insert(ResponseCode::APPROVED);
                let is_slow = self.slow > 0;
                self.slow = self.slow.saturating_sub(1);
                let code = if is_slow { ResponseCode::IN_PROGRESS } else { row(self, sale.stan) };
                (AnswerKind::Sale, sale.stan, code)
            }
            TerminalMessage::Repeat(repeat) => {
                (AnswerKind::Sale, repeat.stan, row(self, repeat.stan))
            }
            TerminalMessage::Confirm(confirm) => {
                self.confirmed.insert(confirm.stan);
                (AnswerKind::Confirm, confirm.stan, ResponseCode::APPROVED)
            }
            TerminalMessage::Reversal(reversal) => {
                self.reversed.insert(reversal.original_stan);
                self.rows.insert(reversal.original_stan, ResponseCode(*b"05"));
                (AnswerKind::Reversal, reversal.stan, ResponseCode::APPROVED)
            }
            other => panic!("{other:?}"),
        };
        let is_sold = kind == AnswerKind::Sale && code == ResponseCode::APPROVED;
        let slip =
            VoucherSlip { serial: "S1", pin: "1234-5678-9012", expiry: BusinessDate(11_000) };
        let answer = Answer {
            kind,
            stan,
            date: DATE,
            code,
            rrn: "632700000001",
            reference: "",
            amount_minor: 500,
            fee_minor: 0,
            tax_minor: 0,
            balance_minor: None,
            voucher: is_sold.then_some(slip),
            time_s: 1,
            lines: "",
        };
        GatewayMessage::Answer(answer).encode(out);
    }
}

fn armoured(frame: &[u8]) -> String {
    let mut text = Vec::new();
    armour::encode(Form::Text, frame, &mut text).unwrap();
    assert!(text.len() <= 160);
    String::from_utf8(text).unwrap()
}

pub(crate) fn bearer() -> UssdBearer {
    UssdBearer {
        code: "*124".to_owned(),
        symbols: 160,
        linger: Span::s(5),
        last_permille: 0,
        drop_permille: 0,
        lose_permille: 0,
        replay_permille: 0,
    }
}

pub(crate) fn firmware() -> Firmware {
    let custom = LoadModel::Think(Delay::Exponential(Span::s(20)));
    Firmware {
        confirm_permille: 500,
        retry_permille: 100,
        reconnect: Reconnect::FullJitter { base: Span::s(1), cap: Span::s(8) },
        logon: Span::s(15),
        ..crate::terminal::tests::firmware(custom)
    }
}

/// One terminal, and the network between it and its gateway.
struct Pair {
    terminal: UssdTerminal,
    gateway: Gateway,
    now: Moment,
    notes: Vec<UssdNote>,
    is_open: bool,
    dials: Vec<String>,
    entries: Vec<String>,
    /// What the gateway has said and the terminal has not read yet.
    coming: Option<(Moment, String, bool)>,
}

impl Pair {
    fn new(firmware: Firmware, bearer: UssdBearer, seed: u64) -> Self {
        let identity = UssdIdentity { terminal: TERMINAL, key_id: 1, psk: key(), counter: 100 };
        let terminal = UssdTerminal::new(&identity, Arc::new(firmware), Arc::new(bearer), seed);
        Self {
            terminal,
            gateway: Gateway::new(),
            now: Moment(1),
            notes: Vec::new(),
            is_open: false,
            dials: Vec::new(),
            entries: Vec::new(),
            coming: None,
        }
    }

    fn give(&mut self, input: UssdInput<'_>) {
        self.terminal.handle(self.now, input);
        let mut inputs = Vec::new();
        while let Some(output) = self.terminal.poll() {
            let arrives = self.now.after(Span::ms(200));
            match output {
                UssdOutput::Dial(text) => {
                    assert!(!self.is_open, "one dialog at a time");
                    assert!(text.len() <= 160 && text.ends_with('#'), "{text}");
                    self.is_open = true;
                    self.coming = Some(match text.strip_prefix("*124*") {
                        _ if self.gateway.busy > 0 => {
                            self.gateway.busy -= 1;
                            let (text, ends) = self.gateway.refuse(RefusalCode::BUSY);
                            (arrives, text, ends)
                        }
                        Some(frame) => self.answer(arrives, frame.trim_end_matches('#')),
                        None => (arrives, "OK".to_owned(), false),
                    });
                    self.dials.push(text);
                }
                UssdOutput::Enter(text) => {
                    assert!(self.is_open && text.len() <= 160, "{text}");
                    self.coming = Some(self.answer(arrives, &text));
                    self.entries.push(text);
                }
                UssdOutput::HangUp | UssdOutput::Drop => {
                    if std::mem::take(&mut self.is_open) {
                        self.coming = None;
                        inputs.push(UssdInput::Over);
                    }
                }
                UssdOutput::Note(note) => self.notes.push(note),
            }
        }
        inputs.into_iter().for_each(|input| self.give(input));
    }

    fn answer(&mut self, arrives: Moment, frame: &str) -> (Moment, String, bool) {
        let (text, ends) = self.gateway.read(frame);
        (arrives, text, ends)
    }

    fn run(&mut self, seconds: u64) {
        let end = self.now.after(Span::s(seconds));
        loop {
            let coming = self.coming.as_ref().map(|(at, ..)| *at);
            let Some(at) = self.terminal.deadline().into_iter().chain(coming).min() else { return };
            if at > end {
                self.now = end;
                return;
            }
            // A customer may have come while something else was on its way.
            let at = at.max(self.now);
            self.now = at;
            match self.coming.take_if(|(due, ..)| *due <= at) {
                Some((_, text, ends)) => {
                    self.give(UssdInput::Text { text: &text, ends });
                    if ends && std::mem::take(&mut self.is_open) {
                        self.give(UssdInput::Over);
                    }
                }
                None => self.give(UssdInput::Deadline),
            }
        }
    }

    fn live(firmware: Firmware, bearer: UssdBearer, seed: u64) -> Self {
        let mut pair = Self::new(firmware, bearer, seed);
        pair.give(UssdInput::Begin);
        pair.run(3_600);
        pair.give(UssdInput::Stop);
        pair.run(600);
        assert!(pair.terminal.is_gone(), "{seed}: everything is resolved");
        pair
    }

    fn count(&self, wanted: impl Fn(&UssdNote) -> bool) -> usize {
        self.notes.iter().filter(|note| wanted(note)).count()
    }

    fn troubles(&self) -> Vec<UssdNote> {
        let is = |note: &&UssdNote| matches!(note, UssdNote::Till(Note::Trouble(_)));
        self.notes.iter().filter(is).copied().collect()
    }

    fn check(&self) {
        self.gateway.check(self.terminal.book());
    }
}

impl Gateway {
    /// Book and rows agree: what was seen approved is, and nothing more than was asked for.
    pub(crate) fn check(&self, book: &SalesLog) {
        let entries = book.entries();
        assert!(self.rows.len() <= entries.len());
        for entry in entries {
            let row = self.rows.get(&entry.asked.stan);
            let is_approved = row == Some(&ResponseCode::APPROVED);
            match entry.state {
                State::Approved => assert!(is_approved, "{entry:?}"),
                State::InDoubt => panic!("{entry:?}"),
                _ => assert!(!is_approved, "{entry:?}"),
            }
        }
    }
}

#[test]
fn a_calm_terminal_logs_on_once_sells_and_confirms_with_a_counter_for_each_frame() {
    let pair = Pair::live(firmware(), bearer(), 1);
    pair.check();
    assert_eq!((pair.troubles(), pair.gateway.logons, pair.gateway.refused), (vec![], 1, 0));
    let sold = pair.terminal.book().entries().len();
    assert!(sold > 100, "{sold}");
    assert!(pair.gateway.confirmed.len() > sold / 3);
    let requested = pair.count(|note| *note == UssdNote::Requested);
    assert_eq!(pair.gateway.seen.len(), requested);
    assert_eq!(pair.gateway.seen.first(), Some(&101));
    assert_eq!(pair.gateway.seen.last(), Some(&pair.terminal.counter()));
    // In digits behind the code, and, where it was dialled alone, as text and digits.
    let alone = pair.dials.iter().filter(|text| *text == "*124#").count();
    assert!(alone > 3 && alone * 3 < pair.dials.len(), "{alone} of {}", pair.dials.len());
    let starts = |start| pair.entries.iter().filter(|text| text.starts_with(start)).count();
    assert!(starts('T') > 20 && starts('1') > 5);
}

#[test]
fn every_fault_of_the_way_leaves_one_sale_for_each_that_was_seen() {
    let habits = Habits { give_back_permille: 300, repeat_permille: 500, ..Habits::default() };
    let mut seen = [0; 6];
    for seed in 0..20 {
        let firmware = Firmware { habits, ..firmware() };
        let bearer = UssdBearer {
            last_permille: 300,
            drop_permille: 100,
            lose_permille: 100,
            replay_permille: 100,
            ..bearer()
        };
        let pair = Pair::live(firmware, bearer, seed);
        pair.check();
        assert_eq!(pair.troubles(), [], "{seed}");
        let (replayed, refused) = (
            pair.count(|note| *note == UssdNote::Replayed),
            pair.count(|note| *note == UssdNote::ReplayRefused),
        );
        assert!(refused <= replayed);
        assert_eq!(pair.count(|note| *note == UssdNote::ReplayAnswered), 0);
        for (at, count) in [
            (0, refused),
            (1, pair.count(|note| *note == UssdNote::PartAgain)),
            (2, pair.count(|note| *note == UssdNote::ReplyLost)),
            (3, pair.gateway.reversed.len()),
            (4, pair.count(|note| *note == UssdNote::Till(Note::Doubt))),
            (5, pair.terminal.book().entries().len()),
        ] {
            seen[at] += count;
        }
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn a_gateway_that_works_on_a_sale_is_asked_again_in_the_same_or_another_dialog() {
    let mut pair = Pair::new(firmware(), bearer(), 3);
    pair.gateway.slow = 30;
    pair.give(UssdInput::Begin);
    pair.run(3_600);
    assert!(pair.count(|note| *note == UssdNote::Till(Note::AskedAgain)) >= 30);
    pair.give(UssdInput::Stop);
    pair.run(600);
    pair.check();
    assert_eq!(pair.troubles(), []);
}

#[test]
fn a_sale_of_a_date_that_is_over_is_taken_back_after_a_logon() {
    let mut pair = Pair::new(firmware(), bearer(), 5);
    pair.gateway.over = 1;
    pair.give(UssdInput::Begin);
    pair.run(600);
    assert_eq!((pair.gateway.reversed.len(), pair.gateway.logons), (1, 2));
    assert_eq!(pair.terminal.book().entries()[0].state, State::Reversed);
    assert_eq!(pair.gateway.rows.get(&1), Some(&ResponseCode(*b"05")), "it is sold no more");
    pair.check();
}

#[test]
fn a_refusal_is_no_answer_and_makes_a_longer_pause() {
    let mut pair = Pair::new(firmware(), bearer(), 4);
    // Another key: nothing of it opens.
    pair.gateway.keys = Keys::new(&Psk::new([8; 32]));
    pair.give(UssdInput::Begin);
    pair.run(60);
    assert_eq!(pair.terminal.book().entries().len(), 0);
    assert!((2..=20).contains(&pair.gateway.refused), "{}", pair.gateway.refused);
    assert!(pair.gateway.seen.is_empty());
}

#[test]
fn a_copy_that_is_answered_is_noticed_and_sells_nothing() {
    let mut answered = 0;
    for seed in 0..5 {
        let bearer = UssdBearer { replay_permille: 300, ..bearer() };
        let mut pair = Pair::new(firmware(), bearer, seed);
        pair.gateway.forgets = true;
        pair.give(UssdInput::Begin);
        pair.run(1_800);
        pair.give(UssdInput::Stop);
        pair.run(600);
        pair.check();
        assert_eq!(pair.troubles(), [], "{seed}");
        answered += pair.count(|note| *note == UssdNote::ReplayAnswered);
        assert_eq!(pair.count(|note| *note == UssdNote::ReplayRefused), 0);
    }
    assert!(answered > 50, "{answered}");
}

#[test]
fn a_busy_gateway_refuses_dialogs_with_and_without_a_frame() {
    let mut pair = Pair::new(firmware(), bearer(), 6);
    pair.gateway.busy = 40;
    pair.give(UssdInput::Begin);
    pair.run(1_800);
    let busy = UssdNote::Till(Note::Trouble(Trouble::Refused(RefusalCode::BUSY)));
    assert_eq!(pair.troubles(), vec![busy; 40]);
    assert!(pair.dials[..40].iter().any(|text| text == "*124#"));
    pair.give(UssdInput::Stop);
    pair.run(600);
    pair.check();
    assert!(pair.terminal.book().entries().len() > 20);
}

#[test]
fn a_reply_that_does_not_open_or_is_no_frame_leaves_a_doubt() {
    for spoil in [
        |_: String| "OK".to_owned(),
        |text: String| text.to_lowercase(),
        |_: String| armoured(&[0x52, 0x00, 1, 2, 3]),
        |_: String| armoured(&[0x52, 0x12, 1, 2, 3]),
        |_: String| armoured(&[0x51, 0x00]),
    ] {
        let mut pair = Pair::new(firmware(), bearer(), 5);
        pair.give(UssdInput::Begin);
        while pair.terminal.book().entries().is_empty() || pair.coming.is_none() {
            pair.run(1);
        }
        let (at, text, ends) = pair.coming.take().unwrap();
        pair.coming = Some((at, spoil(text), ends));
        pair.run(600);
        assert_eq!(pair.troubles().len(), 1);
        pair.give(UssdInput::Stop);
        pair.run(600);
        pair.check();
    }
}
