//! Samples of every message, by the name that `testdata/link/bodies.txt` has them under.

use tillgate_codec::link::message::{
    Acknowledge, Answer, AnswerKind, BusinessDate, Command, Found, GatewayMessage, Logon, Lookup,
    Reject, Repeat, ResponseCode, Sale, Settle, Settled, TerminalCommand, TerminalMessage, Totals,
    Welcome,
};

/// 2026-11-23.
pub(crate) const DAY: BusinessDate = BusinessDate(9823);

/// An approved sale with all that an answer can carry.
pub(crate) const VOUCHER: Answer<'static> = Answer::SAMPLE;

const DECLINED: Answer<'static> = Answer {
    stan: 1202,
    code: ResponseCode::INSUFFICIENT_FLOAT,
    rrn: "",
    reference: "",
    amount_minor: 1999,
    balance_minor: None,
    voucher: None,
    lines: "",
    ..VOUCHER
};

/// Every upward message, by name: the declared samples, and others of the same messages.
pub(crate) fn upward() -> Vec<(&'static str, TerminalMessage<'static>)> {
    let bare = Logon { firmware: "", catalogue: 0, versions: 1 };
    let top_up = Sale {
        stan: 1202,
        service: 260,
        product: 0,
        amount_minor: 1999,
        subscriber: "+4915112345678",
        ..Sale::SAMPLE
    };
    let bill = Sale {
        stan: 1208,
        service: 41,
        product: 0,
        amount_minor: 8_740,
        subscriber: Lookup::SAMPLE.subscriber,
        token: Found::SAMPLE.token,
        fee_minor: 150,
        ..Sale::SAMPLE
    };
    let refill = Lookup { stan: 1209, product: 2, amount_minor: 2_500, ..Lookup::SAMPLE };
    let done = Acknowledge { command: 8, result: Acknowledge::DONE };
    let settled_date = BusinessDate(DAY.0 - 1);
    let yesterday = Settle { settled_date, totals: Totals::default(), ..Settle::SAMPLE };
    let mut samples: Vec<_> = TerminalMessage::samples().collect();
    samples.extend([
        ("logon_bare", TerminalMessage::Logon(bare)),
        ("sale_top_up", TerminalMessage::Sale(top_up)),
        ("sale_bill", TerminalMessage::Sale(bill)),
        ("repeat_last", TerminalMessage::Repeat(Repeat { stan: 0, date: DAY })),
        ("acknowledge_done", TerminalMessage::Acknowledge(done)),
        ("settle_yesterday", TerminalMessage::Settle(yesterday)),
        ("lookup_amount", TerminalMessage::Lookup(refill)),
    ]);
    samples.sort_by_key(|(_, message)| up_bytes(message)[0]);
    samples
}

/// Every downward message, by name.
pub(crate) fn downward() -> Vec<(&'static str, GatewayMessage<'static>)> {
    let first = Welcome { catalogue: 0, stan_last: 0, ..Welcome::SAMPLE };
    let differs = Settled {
        settled_date: BusinessDate(DAY.0 - 1),
        code: ResponseCode::TOTALS_DIFFER,
        open_count: 1,
        ..Settled::SAMPLE
    };
    let none = Found {
        code: ResponseCode::NO_SUCH_SUBSCRIBER,
        token: 0,
        amount_minor: 0,
        amount_min_minor: 0,
        amount_max_minor: 0,
        fee_minor: 0,
        currency: 0,
        name: "",
        lines: "",
        valid_s: 0,
        ..Found::SAMPLE
    };
    let code = ResponseCode::FORMAT_ERROR;
    let malformed = Reject { message: 0x07, code, stan: None, date: None, ..Reject::SAMPLE };
    let mut samples: Vec<_> = GatewayMessage::samples().collect();
    samples.push(("welcome_first", GatewayMessage::Welcome(first)));
    samples.extend(answers().map(|(name, answer)| (name, GatewayMessage::Answer(answer))));
    samples.extend(commands().map(|(name, command)| (name, GatewayMessage::Command(command))));
    samples.push(("settled_differs", GatewayMessage::Settled(differs)));
    samples.push(("found_none", GatewayMessage::Found(none)));
    samples.push(("reject_malformed", GatewayMessage::Reject(malformed)));
    samples.sort_by_key(|(_, message)| down_bytes(message)[0]);
    samples
}

fn answers() -> [(&'static str, Answer<'static>); 6] {
    let bill =
        Answer { fee_minor: 150, tax_minor: 1_420, ..answer_to(AnswerKind::Sale, 1208, 8_740) };
    let balance = answer_to(AnswerKind::Balance, 1204, 0);
    [
        ("answer_declined", DECLINED),
        ("answer_bill", bill),
        ("answer_confirm", answer_to(AnswerKind::Confirm, 1201, 0)),
        ("answer_reversal", answer_to(AnswerKind::Reversal, 1203, 1999)),
        ("answer_balance", Answer { balance_minor: Some(-128), ..balance }),
        ("answer_long_receipt", Answer { lines: LONG_RECEIPT, ..VOUCHER }),
    ]
}

fn commands() -> [(&'static str, Command<'static>); 3] {
    let message = TerminalCommand::Message { text: "Happy Monday" };
    [
        ("command_unblock", Command { id: 8, order: TerminalCommand::Unblock }),
        ("command_message", Command { id: 9, order: message }),
        ("command_unknown", Command { id: 10, order: TerminalCommand::Unknown(200) }),
    ]
}

/// Over 254 bytes, so that its length takes the long form.
pub(crate) const LONG_RECEIPT: &str = "\
--------------------------------\n\
KIOSK AM MARKT   TERMINAL 70042\n\
23.11.2026 10:30    STAN 001201\n\
--------------------------------\n\
MOBILE ONE            50.00 EUR\n\
PIN        4711-0815-2342-9001 \n\
SERIAL           8944501200017 \n\
VALID UNTIL         2028-12-31 \n\
--------------------------------\n";

fn answer_to(kind: AnswerKind, stan: u32, amount_minor: u64) -> Answer<'static> {
    Answer {
        kind,
        stan,
        code: ResponseCode::APPROVED,
        rrn: "632704001201",
        amount_minor,
        time_s: 1_795_429_811,
        ..DECLINED
    }
}

/// The bytes of an upward message.
pub(crate) fn up_bytes(message: &TerminalMessage<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

/// The bytes of a downward message.
pub(crate) fn down_bytes(message: &GatewayMessage<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

/// Every sample body with its name, both directions.
pub(crate) fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let up = upward().into_iter().map(|(name, message)| (name, up_bytes(&message)));
    let down = downward().into_iter().map(|(name, message)| (name, down_bytes(&message)));
    up.chain(down).collect()
}
