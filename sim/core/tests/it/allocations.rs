//! A terminal that sells allocates nothing in the steady state, but for its book that grows.
use std::sync::Arc;

use crate::counting::allocations;
use tillgate_codec::link::channel::{self, Channel, Hello, Psk, StaticSecret, Suite};
use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, GatewayMessage, ResponseCode, TerminalMessage, VoucherSlip,
    Welcome,
};
use tillgate_codec::link::record::{HEADER_BYTES, deframe};
use tillsim_core::firmware::{
    Delay, Firmware, Habits, LoadModel, Mix, Offer, OfferKind, Reconnect, WhenBlocked,
};
use tillsim_core::terminal::{Identity, Input, Output, Terminal};
use tillsim_core::time::{Moment, Span};

const SALES: u32 = 1_000;
/// A book doubles when it is full: ten times on the way from nothing to a thousand sales.
const BOOK_GROWS_MAX: u64 = 10;

fn firmware() -> Firmware {
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
        suite: Suite::NnPsk0,
        gateway: None,
        version: "sim-1".into(),
        mix: Mix::new(vec![offer]).unwrap(),
        custom: LoadModel::Think(Delay::Fixed(Span::ZERO)),
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

/// Gives the terminal an input; what it sends is appended to `sent`. Gives how often it allocated.
fn give(terminal: &mut Terminal, input: Input<'_>, sent: &mut Vec<u8>) -> u64 {
    allocations(|| {
        terminal.handle(Moment(1), input);
        while let Some(output) = terminal.poll() {
            if let Output::Send(bytes) = output {
                assert!(sent.len() + bytes.len() <= sent.capacity(), "the test does not allocate");
                sent.extend_from_slice(bytes);
            }
        }
    })
}

/// Seals what the gateway says.
fn sealed(channel: &mut Channel, message: &GatewayMessage<'_>) -> Vec<u8> {
    let (mut body, mut record) = (Vec::new(), Vec::new());
    message.encode(&mut body);
    channel.seal(&body, &mut record).unwrap();
    record
}

/// A terminal that has logged on and has sent its first sale.
fn selling(sent: &mut Vec<u8>) -> (Terminal, Channel) {
    let psk = || Psk::new([9; 32]);
    let identity = Identity { terminal: 42, key_id: 1, psk: psk(), handshakes: 0 };
    let mut terminal = Terminal::new(identity, Arc::new(firmware()), 1, Moment(0));
    give(&mut terminal, Input::Begin, sent);
    give(&mut terminal, Input::Deadline, sent);
    give(&mut terminal, Input::Connected, sent);
    let hello = Hello::decode(&sent[HEADER_BYTES..]).unwrap();
    let (secret, mut reply) = (StaticSecret::new([7; 32]), Vec::new());
    let accepted = channel::accept(&hello, &psk(), &secret, 0, [3; 32], &mut reply).unwrap();
    let mut channel = accepted.channel;
    sent.clear();
    give(&mut terminal, Input::Received(&mut reply), sent);
    channel.open(sent).unwrap();
    sent.clear();
    let welcome = Welcome {
        code: ResponseCode::APPROVED,
        date: BusinessDate(9_800),
        time_s: 0,
        catalogue: 0,
        idle_s: 600,
        answer_s: 25,
        stan_last: 0,
    };
    let mut record = sealed(&mut channel, &GatewayMessage::Welcome(welcome));
    give(&mut terminal, Input::Received(&mut record), sent);
    (terminal, channel)
}

#[test]
fn a_sale_allocates_nothing_but_the_growth_of_the_book() {
    let mut sent = Vec::with_capacity(4096);
    let (mut terminal, mut channel) = selling(&mut sent);
    let mut count = 0;
    for _ in 0..SALES {
        assert!(deframe(&sent).unwrap().is_some(), "a sale was sent");
        let body = channel.open(&mut sent).unwrap();
        let Ok(TerminalMessage::Sale(sale)) = TerminalMessage::decode(body) else {
            panic!("no sale")
        };
        let expiry = BusinessDate(20_000);
        let answer = Answer {
            kind: AnswerKind::Sale,
            stan: sale.stan,
            date: sale.date,
            code: ResponseCode::APPROVED,
            rrn: "632700000001",
            reference: "",
            amount_minor: 500,
            balance_minor: Some(1),
            voucher: Some(VoucherSlip { serial: "S1", pin: "123456", expiry }),
            time_s: 1,
            fee_minor: 0,
            tax_minor: 0,
            lines: "",
        };
        let mut record = sealed(&mut channel, &GatewayMessage::Answer(answer));
        sent.clear();
        count += give(&mut terminal, Input::Received(&mut record), &mut sent);
    }
    assert_eq!(terminal.book().entries().len(), usize::try_from(SALES).unwrap() + 1);
    assert!(count <= BOOK_GROWS_MAX, "{count} allocations in {SALES} sales");
}
