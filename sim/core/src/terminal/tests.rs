//! A terminal against the gateway's end of the codec, without any gateway behind it.

use std::sync::Arc;

use tillgate_codec::link::channel::{self, Channel, Hello, Psk, StaticSecret, Suite};
use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, Command, GatewayMessage, Pong, ResponseCode, TerminalCommand,
    TerminalMessage, VoucherSlip, Welcome,
};
use tillgate_codec::link::record::{Refusal, RefusalCode, deframe};

use super::*;
use crate::firmware::{Delay, Habits, LoadModel, Mix, Offer, OfferKind, Reconnect, WhenBlocked};
use crate::limits::{IDLE_TERMINAL_BYTES_MAX, REFUSED_WAIT_MAX};
use crate::sales_log::State;

const DATE: BusinessDate = BusinessDate(9_800);

pub(super) fn firmware(custom: LoadModel) -> Firmware {
    let offer = Offer {
        service: 10,
        product: 2,
        amount_min_minor: 500,
        amount_max_minor: 500,
        currency: 840,
        kind: OfferKind::Voucher,
        weight: 1,
    };
    Firmware {
        suite: Suite::NkPsk0,
        gateway: Some(secret().public()),
        version: "sim-1".into(),
        mix: Mix::new(vec![offer]).unwrap(),
        custom,
        confirm_permille: 0,
        retry_permille: 0,
        habits: Habits::default(),
        when_blocked: WhenBlocked::Obey,
        reconnect: Reconnect::Fixed(Span::s(1)),
        connect: Span::s(5),
        logon: Span::s(20),
        ping: None,
    }
}

fn secret() -> StaticSecret {
    StaticSecret::new([7; 32])
}

/// One terminal, and the gateway's end of its link.
struct Pair {
    terminal: Terminal,
    channel: Option<Channel>,
    now: Moment,
    notes: Vec<Note>,
    /// Bodies that the terminal sent and the test has not looked at yet.
    bodies: Vec<Vec<u8>>,
    counters: u64,
    connects: u32,
    closed: bool,
}

impl Pair {
    fn new(firmware: Firmware) -> Self {
        let psk = Psk::new([9; 32]);
        let identity = Identity { terminal: 42, key_id: 1, psk, handshakes: 100 };
        let terminal = Terminal::new(identity, Arc::new(firmware), 1, Moment(0));
        let (now, counters) = (Moment(0), 100);
        let (notes, bodies) = (Vec::new(), Vec::new());
        Self { terminal, channel: None, now, notes, bodies, counters, connects: 0, closed: false }
    }

    /// A pair that is logged on and open for business.
    fn online(firmware: Firmware) -> Self {
        let mut pair = Self::new(firmware);
        pair.give(Input::Begin);
        pair.log_on();
        pair
    }

    fn log_on(&mut self) {
        self.until_deadline();
        assert_eq!(self.connects, 1);
        self.connects = 0;
        self.give(Input::Connected);
        assert!(matches!(
            TerminalMessage::decode(&self.bodies.remove(0)),
            Ok(TerminalMessage::Logon(_))
        ));
        let (time_s, catalogue) = (0, 0);
        let (idle_s, answer_s, stan_last) = (600, 25, 3);
        let code = ResponseCode::APPROVED;
        let welcome = Welcome { code, date: DATE, time_s, catalogue, idle_s, answer_s, stan_last };
        self.say(&GatewayMessage::Welcome(welcome));
        assert!(self.terminal.is_online());
    }

    fn give(&mut self, input: Input<'_>) {
        self.terminal.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        let mut replies = Vec::new();
        while let Some(output) = self.terminal.poll() {
            match output {
                Output::Connect => self.connects += 1,
                Output::Close => {
                    self.closed = true;
                    self.channel = None;
                }
                Output::Note(note) => self.notes.push(note),
                Output::Send(bytes) => {
                    let mut bytes = bytes.to_vec();
                    let mut at = 0;
                    while let Some(record) = deframe(&bytes[at..]).unwrap() {
                        let whole = at..at + record.end;
                        at += record.end;
                        if let Some(channel) = &mut self.channel {
                            self.bodies.push(channel.open(&mut bytes[whole]).unwrap().to_vec());
                            continue;
                        }
                        let payload = &bytes[whole.start + record.range.start..whole.end];
                        let hello = Hello::decode(payload).unwrap();
                        let (psk, secret) = (Psk::new([9; 32]), secret());
                        let high = self.counters;
                        let accepted =
                            channel::accept(&hello, &psk, &secret, high, [3; 32], &mut replies);
                        let accepted = accepted.unwrap();
                        self.counters = accepted.counter;
                        self.channel = Some(accepted.channel);
                    }
                }
            }
        }
        if !replies.is_empty() {
            self.give(Input::Received(&mut replies));
        }
    }

    fn sealed(&mut self, message: &GatewayMessage<'_>) -> Vec<u8> {
        let (mut body, mut record) = (Vec::new(), Vec::new());
        message.encode(&mut body);
        self.channel.as_mut().unwrap().seal(&body, &mut record).unwrap();
        record
    }

    fn say(&mut self, message: &GatewayMessage<'_>) {
        let mut record = self.sealed(message);
        self.give(Input::Received(&mut record));
    }

    fn until_deadline(&mut self) {
        self.now = self.terminal.deadline().unwrap().max(self.now);
        self.give(Input::Deadline);
    }

    /// The sale that the terminal sent: its STAN and its bytes.
    fn sale(&mut self) -> (u32, Vec<u8>) {
        let body = self.bodies.remove(0);
        let Ok(TerminalMessage::Sale(sale)) = TerminalMessage::decode(&body) else {
            panic!("no sale: {body:02x?}")
        };
        (sale.stan, body)
    }

    fn answer(&mut self, stan: u32, code: ResponseCode) {
        self.say(&GatewayMessage::Answer(answer(AnswerKind::Sale, stan, code)));
    }

    fn state(&self, index: usize) -> State {
        self.terminal.book().entries()[index].state
    }
}

fn answer(kind: AnswerKind, stan: u32, code: ResponseCode) -> Answer<'static> {
    let slip = VoucherSlip { serial: "S1", pin: "123456", expiry: BusinessDate(10_000) };
    let approved_sale = code.is_approved() && kind == AnswerKind::Sale;
    Answer {
        kind,
        stan,
        date: DATE,
        code,
        rrn: "632700000001",
        reference: "",
        amount_minor: 500,
        balance_minor: None,
        voucher: approved_sale.then_some(slip),
        time_s: 1,
        fee_minor: 0,
        tax_minor: 0,
        lines: "",
    }
}

fn thinking() -> LoadModel {
    LoadModel::Think(Delay::Fixed(Span::ms(10)))
}

#[test]
fn a_terminal_logs_on_and_sells_from_the_stan_that_the_gateway_knows() {
    let mut pair = Pair::online(firmware(thinking()));
    pair.until_deadline();
    let (stan, _) = pair.sale();
    assert_eq!(stan, 4);
    pair.now = Moment(pair.now.0 + 1_000);
    pair.answer(stan, ResponseCode::APPROVED);
    assert_eq!(pair.state(0), State::Approved);
    let code = ResponseCode::APPROVED;
    let finished = Finished { code, response: Span(1_000), service: Span(1_000) };
    assert!(pair.notes.contains(&Note::Finished(finished)));
    pair.until_deadline();
    assert_eq!(pair.sale().0, 5);
}

#[test]
fn a_sale_in_doubt_is_sent_again_with_the_same_bytes_after_the_link_was_lost() {
    let mut pair = Pair::online(firmware(thinking()));
    pair.until_deadline();
    let (stan, first) = pair.sale();
    pair.channel = None;
    pair.give(Input::Closed);
    assert!(pair.notes.contains(&Note::Doubt));
    assert_eq!(pair.state(0), State::InDoubt);
    pair.log_on();
    let (_, again) = pair.sale();
    assert_eq!(first, again);
    pair.answer(stan, ResponseCode::APPROVED);
    assert_eq!(pair.state(0), State::Approved);
    assert_eq!(pair.terminal.book().entries()[0].attempts, 2);
}

#[test]
fn silence_makes_the_terminal_hang_up_and_ask_over_a_new_link() {
    let mut pair = Pair::online(firmware(thinking()));
    pair.until_deadline();
    let (_, first) = pair.sale();
    pair.until_deadline();
    assert!(pair.closed && pair.notes.contains(&Note::Trouble(Trouble::AnswerTimeout)));
    pair.log_on();
    assert_eq!(pair.sale().1, first);
}

#[test]
fn still_in_progress_is_asked_again_later_and_longer_each_time() {
    let mut pair = Pair::online(firmware(thinking()));
    pair.until_deadline();
    let (stan, first) = pair.sale();
    let mut pauses = Vec::new();
    for _ in 0..3 {
        let before = pair.now;
        pair.answer(stan, ResponseCode::IN_PROGRESS);
        assert_eq!(pair.state(0), State::InDoubt);
        pair.until_deadline();
        pauses.push(pair.now.since(before));
        assert_eq!(pair.sale().1, first);
    }
    assert_eq!(pauses, [Span::ms(200), Span::ms(400), Span::ms(800)]);
    pair.answer(stan, ResponseCode::NOT_HONOURED);
    assert_eq!(pair.state(0), State::Declined(ResponseCode::NOT_HONOURED));
}

#[test]
fn a_voucher_is_confirmed_and_a_retry_must_be_answered_alike() {
    let with = Firmware { confirm_permille: 1_000, retry_permille: 1_000, ..firmware(thinking()) };
    let mut pair = Pair::online(with);
    pair.until_deadline();
    let (stan, first) = pair.sale();
    pair.answer(stan, ResponseCode::APPROVED);
    assert_eq!(pair.sale().1, first);
    pair.answer(stan, ResponseCode::APPROVED);
    assert!(!pair.terminal.book().entries()[0].wrong.answer_changed);
    let body = pair.bodies.remove(0);
    assert!(
        matches!(TerminalMessage::decode(&body), Ok(TerminalMessage::Confirm(confirm)) if confirm.stan == stan)
    );
    pair.say(&GatewayMessage::Answer(answer(AnswerKind::Confirm, stan, ResponseCode::APPROVED)));
    assert!(pair.terminal.book().entries()[0].confirmed);
    pair.until_deadline();
    assert_eq!(pair.sale().0, stan + 1);
}

#[test]
fn a_blocked_terminal_acknowledges_and_sells_nothing_until_it_is_unblocked() {
    let mut pair = Pair::online(firmware(thinking()));
    let block = Command { id: 5, order: TerminalCommand::Block { reason: "audit" } };
    pair.say(&GatewayMessage::Command(block));
    let body = pair.bodies.remove(0);
    assert!(
        matches!(TerminalMessage::decode(&body), Ok(TerminalMessage::Acknowledge(ack)) if ack.command == 5)
    );
    pair.until_deadline();
    let body = pair.bodies.remove(0);
    assert!(
        matches!(TerminalMessage::decode(&body), Ok(TerminalMessage::Ping(_))),
        "it only pings"
    );
    pair.say(&GatewayMessage::Pong(Pong { nonce: 0, time_s: 0 }));
    pair.say(&GatewayMessage::Command(Command { id: 6, order: TerminalCommand::Unblock }));
    pair.bodies.clear();
    pair.until_deadline();
    assert_eq!(pair.sale().0, 4);
}

#[test]
fn an_approval_after_a_block_is_noticed_when_the_terminal_tries_on() {
    let stubborn = Firmware { when_blocked: WhenBlocked::Try, ..firmware(thinking()) };
    let mut pair = Pair::online(stubborn);
    pair.say(&GatewayMessage::Command(Command {
        id: 5,
        order: TerminalCommand::Block { reason: "" },
    }));
    pair.bodies.clear();
    pair.until_deadline();
    let (stan, _) = pair.sale();
    pair.answer(stan, ResponseCode::APPROVED);
    assert!(pair.terminal.book().entries()[0].wrong.while_blocked);
}

#[test]
fn records_may_come_in_any_pieces() {
    for cut in 1..60 {
        let mut pair = Pair::online(firmware(thinking()));
        pair.until_deadline();
        let (stan, _) = pair.sale();
        let approved = answer(AnswerKind::Sale, stan, ResponseCode::APPROVED);
        let mut record = pair.sealed(&GatewayMessage::Answer(approved));
        record.extend(pair.sealed(&GatewayMessage::Pong(Pong { nonce: 1, time_s: 1 })));
        let (head, tail) = record.split_at_mut(cut);
        pair.give(Input::Received(head));
        assert_eq!(pair.state(0), State::InDoubt, "cut after {cut}");
        pair.give(Input::Received(tail));
        assert_eq!(pair.state(0), State::Approved, "cut after {cut}");
    }
}

#[test]
fn a_terminal_that_is_stopped_resolves_its_doubt_before_it_logs_off() {
    let mut pair = Pair::online(firmware(thinking()));
    pair.until_deadline();
    let (stan, _) = pair.sale();
    pair.give(Input::Stop);
    pair.channel = None;
    pair.give(Input::Closed);
    assert!(!pair.terminal.is_gone());
    pair.log_on();
    pair.answer(stan, ResponseCode::APPROVED);
    assert!(pair.terminal.is_gone() && pair.closed);
    assert_eq!(pair.terminal.deadline(), None);
    assert_eq!(pair.terminal.book().in_doubt(), 0);
}

#[test]
fn open_load_asks_for_customers_and_counts_their_waiting() {
    let mut pair = Pair::online(firmware(LoadModel::Sent));
    assert!(pair.notes.contains(&Note::Ready));
    pair.now = Moment(5_000_000);
    pair.give(Input::Customer { intended: Moment(1_000_000) });
    let (stan, _) = pair.sale();
    pair.notes.clear();
    pair.now = Moment(6_000_000);
    pair.answer(stan, ResponseCode::APPROVED);
    let (response, service) = (Span::ms(5), Span::ms(1));
    let code = ResponseCode::APPROVED;
    assert_eq!(pair.notes, [Note::Finished(Finished { code, response, service }), Note::Ready]);
}

#[test]
fn a_refusal_makes_the_terminal_wait_as_long_as_it_is_asked_to_up_to_its_own_bound() {
    for (asked_s, waits) in [(30, Span::s(30)), (u16::MAX, REFUSED_WAIT_MAX)] {
        let mut pair = Pair::new(firmware(thinking()));
        pair.until_deadline();
        let mut terminal = pair.terminal;
        terminal.handle(pair.now, Input::Connected);
        while terminal.poll().is_some() {}
        let mut record = Vec::new();
        Refusal { code: RefusalCode::BUSY, retry_after_s: asked_s }.encode(&mut record);
        terminal.handle(pair.now, Input::Received(&mut record));
        assert_eq!(terminal.deadline(), Some(pair.now.after(waits)));
    }
}

#[test]
fn an_idle_terminal_fits_its_memory() {
    let mut pair = Pair::online(firmware(LoadModel::None));
    pair.until_deadline();
    let bytes = size_of::<Terminal>() + pair.terminal.heap_bytes();
    assert!(bytes <= IDLE_TERMINAL_BYTES_MAX, "{bytes} bytes");
}

mod bill;
mod doubt;
