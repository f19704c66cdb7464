//! The terminals' own protocol: a voucher sale and its answer.

use tillgate_codec::link::channel::{Channel, Hello, Initiator, Psk, StaticSecret, Suite, accept};
use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, GatewayMessage, ResponseCode, Sale, TerminalMessage,
    VoucherSlip,
};
use tillgate_codec::link::record::deframe;

/// 2026-11-23.
const DAY: BusinessDate = BusinessDate(9_823);

/// A terminal sells a voucher.
#[must_use]
pub fn sale() -> TerminalMessage<'static> {
    TerminalMessage::Sale(Sale {
        stan: 1_201,
        date: DAY,
        service: 3,
        product: 50,
        amount_minor: 5_000,
        currency: 978,
        subscriber: "+4915112345678",
        token: 0,
        fee_minor: 0,
    })
}

/// The gateway answers with the voucher.
#[must_use]
pub fn answer() -> GatewayMessage<'static> {
    GatewayMessage::Answer(Answer {
        kind: AnswerKind::Sale,
        stan: 1_201,
        date: DAY,
        code: ResponseCode::APPROVED,
        rrn: "632710001201",
        reference: "",
        amount_minor: 5_000,
        balance_minor: Some(995_000),
        voucher: Some(VoucherSlip { serial: "80012345678", pin: "4711081523421234", expiry: DAY }),
        time_s: 1_795_430_000,
        fee_minor: 0,
        tax_minor: 0,
        lines: "",
    })
}

/// Both ends of a channel after their handshake: the terminal's, the gateway's.
///
/// # Panics
/// If a handshake between equal keys fails, which tests of the codec exclude.
#[must_use]
pub fn channels() -> (Channel, Channel) {
    let (psk, secret) = (Psk::new([1; 32]), StaticSecret::new([2; 32]));
    let (mut hello, mut reply) = (Vec::new(), Vec::new());
    let gateway = Some(&secret.public());
    let initiator =
        Initiator::start(Suite::NkPsk0, 70_042, 1, &psk, gateway, 1, [3; 32], &mut hello)
            .expect("our own keys are sound");
    let opened = Hello::decode(payload(&hello)).expect("it is a hello");
    let accepted =
        accept(&opened, &psk, &secret, 0, [4; 32], &mut reply).expect("the keys are the same");
    let terminal = initiator.finish(payload(&reply)).expect("the keys are the same");
    (terminal, accepted.channel)
}

fn payload(record: &[u8]) -> &[u8] {
    let found = deframe(record).expect("our own record").expect("a whole record");
    &record[found.range]
}
