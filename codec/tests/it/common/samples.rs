//! Samples of every message, by the name that `testdata/link/bodies.txt` has them under.

use tillgate_codec::link::message::{
    Acknowledge, Answer, AnswerKind, Balance, BusinessDate, Command, Confirm, GatewayMessage,
    Logon, Ping, Pong, Reject, Repeat, ResponseCode, Reversal, Sale, Settle, Settled,
    TerminalCommand, TerminalMessage, Totals, VoucherSlip, Welcome,
};

/// 2026-11-23.
pub(crate) const DAY: BusinessDate = BusinessDate(9823);

const SALE: Sale<'static> = Sale {
    stan: 1201,
    date: DAY,
    service: 3,
    product: 50,
    amount_minor: 5000,
    currency: 978,
    subscriber: "",
};

const TOP_UP: Sale<'static> = Sale {
    stan: 1202,
    service: 260,
    product: 0,
    amount_minor: 1999,
    subscriber: "+4915112345678",
    ..SALE
};

const REVERSAL: Reversal = Reversal {
    stan: 1203,
    date: DAY,
    original_stan: 1202,
    original_date: DAY,
    amount_minor: 1999,
    reason: Reversal::TIMEOUT,
};

const TOTALS: Totals =
    Totals { sales_count: 2, sales_minor: 6_999, reversals_count: 1, reversals_minor: 1_999 };

const SETTLE: Settle =
    Settle { stan: 1205, date: DAY, settled_date: DAY, currency: 978, totals: TOTALS };

/// Every upward message, by name.
pub(crate) fn upward() -> Vec<(&'static str, TerminalMessage<'static>)> {
    let logon = Logon { firmware: "T650-3.1.4", catalogue: 77, versions: 1 };
    let bare = Logon { firmware: "", catalogue: 0, versions: 1 };
    let unsupported = Acknowledge { command: 9, result: Acknowledge::UNSUPPORTED };
    let done = Acknowledge { command: 8, result: Acknowledge::DONE };
    let settled_date = BusinessDate(DAY.0 - 1);
    let yesterday = Settle { settled_date, totals: Totals::default(), ..SETTLE };
    vec![
        ("logon", TerminalMessage::Logon(logon)),
        ("logon_bare", TerminalMessage::Logon(bare)),
        ("sale_voucher", TerminalMessage::Sale(SALE)),
        ("sale_top_up", TerminalMessage::Sale(TOP_UP)),
        ("confirm", TerminalMessage::Confirm(Confirm { stan: 1201, date: DAY })),
        ("repeat", TerminalMessage::Repeat(Repeat { stan: 1201, date: DAY })),
        ("repeat_last", TerminalMessage::Repeat(Repeat { stan: 0, date: DAY })),
        ("reversal", TerminalMessage::Reversal(REVERSAL)),
        ("balance", TerminalMessage::Balance(Balance { stan: 1204, date: DAY })),
        ("ping", TerminalMessage::Ping(Ping { nonce: 0xC0FF_EE00 })),
        ("acknowledge", TerminalMessage::Acknowledge(unsupported)),
        ("acknowledge_done", TerminalMessage::Acknowledge(done)),
        ("settle", TerminalMessage::Settle(SETTLE)),
        ("settle_yesterday", TerminalMessage::Settle(yesterday)),
    ]
}

/// Every downward message, by name.
pub(crate) fn downward() -> Vec<(&'static str, GatewayMessage<'static>)> {
    let first = Welcome { catalogue: 0, stan_last: 0, ..WELCOME };
    let pong = Pong { nonce: 0xC0FF_EE00, time_s: 1_795_430_000 };
    let mut samples = vec![
        ("welcome", GatewayMessage::Welcome(WELCOME)),
        ("welcome_first", GatewayMessage::Welcome(first)),
    ];
    samples.extend(answers().map(|(name, answer)| (name, GatewayMessage::Answer(answer))));
    samples.push(("pong", GatewayMessage::Pong(pong)));
    samples.extend(commands().map(|(name, command)| (name, GatewayMessage::Command(command))));
    samples.extend(settled().map(|(name, settled)| (name, GatewayMessage::Settled(settled))));
    samples.extend(rejects().map(|(name, reject)| (name, GatewayMessage::Reject(reject))));
    samples
}

const WELCOME: Welcome = Welcome {
    code: ResponseCode::APPROVED,
    date: DAY,
    time_s: 1_795_429_800,
    catalogue: 78,
    idle_s: 240,
    answer_s: 25,
    stan_last: 1200,
};

const DECLINED: Answer<'static> = Answer {
    kind: AnswerKind::Sale,
    stan: 1202,
    date: DAY,
    code: ResponseCode::INSUFFICIENT_FLOAT,
    rrn: "",
    reference: "",
    amount_minor: 1999,
    balance_minor: None,
    voucher: None,
    time_s: 1_795_429_802,
    lines: "",
};

/// An approved sale with all that an answer can carry.
pub(crate) const VOUCHER: Answer<'static> = Answer {
    stan: 1201,
    code: ResponseCode::APPROVED,
    rrn: "632704001201",
    reference: "V-0007",
    amount_minor: 5000,
    balance_minor: Some(120_045),
    voucher: Some(VoucherSlip {
        serial: "8944501200017",
        pin: "4711-0815-2342-9001",
        expiry: BusinessDate(10_592),
    }),
    lines: "MOBILE ONE 50.00 EUR\nDial *104*PIN#\n",
    ..DECLINED
};

fn answers() -> [(&'static str, Answer<'static>); 6] {
    let balance = answer_to(AnswerKind::Balance, 1204, 0);
    [
        ("answer_voucher", VOUCHER),
        ("answer_declined", DECLINED),
        ("answer_confirm", answer_to(AnswerKind::Confirm, 1201, 0)),
        ("answer_reversal", answer_to(AnswerKind::Reversal, 1203, 1999)),
        ("answer_balance", Answer { balance_minor: Some(-128), ..balance }),
        ("answer_long_receipt", Answer { lines: LONG_RECEIPT, ..VOUCHER }),
    ]
}

fn settled() -> [(&'static str, Settled<'static>); 2] {
    let agreed = Settled {
        stan: 1205,
        date: DAY,
        settled_date: DAY,
        code: ResponseCode::APPROVED,
        rrn: "632704001205",
        totals: TOTALS,
        open_count: 0,
        time_s: 1_795_429_820,
    };
    let differs = Settled {
        settled_date: BusinessDate(DAY.0 - 1),
        code: ResponseCode::TOTALS_DIFFER,
        open_count: 1,
        ..agreed
    };
    [("settled", agreed), ("settled_differs", differs)]
}

fn rejects() -> [(&'static str, Reject); 2] {
    let unknown = Reject {
        message: 0x0A,
        code: ResponseCode::NOT_SUPPORTED,
        stan: Some(1206),
        date: Some(DAY),
        time_s: 1_795_430_001,
    };
    let code = ResponseCode::FORMAT_ERROR;
    [
        ("reject_unknown", unknown),
        ("reject_malformed", Reject { message: 0x07, code, stan: None, date: None, ..unknown }),
    ]
}

fn commands() -> [(&'static str, Command<'static>); 4] {
    let block = TerminalCommand::Block { reason: "Bitte rufen Sie uns an: gesperrt für heute" };
    let message = TerminalCommand::Message { text: "Happy Monday" };
    [
        ("command_block", Command { id: 7, order: block }),
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
