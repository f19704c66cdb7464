//! Messages as this maker's terminals write and read them.

use tillgate_codec::iso8583::{Message, Mti, Tpdu, View};
use tillgate_codec::link::message::{Answer, AnswerKind, ResponseCode, Totals, VoucherSlip};

use super::clock::Local;
use super::sale::{Account, Sold};
use crate::sales_log::Asked;

/// To the network's concentrator.
pub(crate) const TPDU: Tpdu = Tpdu([0x60, 0x00, 0x03, 0x00, 0x12]);

/// Processing codes of 0800.
pub(crate) const LOGON: &str = "920000";
pub(crate) const LINE_TEST: &str = "990000";
/// Processing codes of 0500: the first one, and the one that follows a batch.
pub(crate) const CLOSE: &str = "920000";
pub(crate) const CLOSE_AFTER_BATCH: &str = "960000";

/// What these terminals know a sale of another date by, one that was taken back, and others.
pub(crate) const INVALID: ResponseCode = ResponseCode(*b"12");

fn blank(mti: &str, processing: &str, stan: u32, terminal: u32) -> Message {
    let mti = Mti::parse(mti).expect("a message type has four digits");
    let mut message = Message::new(mti).with_tpdu(TPDU);
    message.set(3, processing).set_number(11, stan.into()).set_number(24, 123);
    message.set(41, &format!("{terminal:08}"));
    message
}

fn dated(message: &mut Message, local: Local) {
    message.set(12, &local.time()).set(13, &local.date());
}

/// A logon, or a test of the line.
pub(super) fn service(is_logon: bool, stan: u32, terminal: u32) -> Message {
    blank("0800", if is_logon { LOGON } else { LINE_TEST }, stan, terminal)
}

/// The content of a sale, or of its reversal: the reversal has the sale's own number and time.
fn content(mti: &str, asked: &Asked, sold: &Sold, terminal: u32) -> Message {
    let processing = std::str::from_utf8(&sold.code).unwrap_or_default();
    let mut message = blank(mti, processing, asked.stan, terminal);
    dated(&mut message, sold.local);
    message.set_number(4, asked.amount_minor).set(25, "00").set(42, "MERCHANT-000001");
    message.set(49, &format!("{:03}", sold.currency));
    message
}

/// Processing code 50SSPP: product PP of service SS.
pub(crate) fn processing_code(service: u16, product: u16) -> String {
    format!("50{service:02}{product:02}")
}

/// An 0200, or its repeat.
pub(super) fn sale(asked: &Asked, sold: &Sold, terminal: u32, is_repeat: bool) -> Message {
    let mti = if is_repeat { "0201" } else { "0200" };
    let mut message = content(mti, asked, sold, terminal);
    let account = asked.subscriber.to_string();
    match sold.account {
        Account::None => {}
        Account::Named => drop(message.set(102, &account)),
        Account::Card(card) => card.put(&account, &mut message),
    }
    message
}

/// An 0220, or its repeat: the sale was answered, and its customer has what was sold.
pub(super) fn advice(asked: &Asked, sold: &Sold, terminal: u32, is_repeat: bool) -> Message {
    content(if is_repeat { "0221" } else { "0220" }, asked, sold, terminal)
}

/// A record of a batch.
#[derive(Clone, Copy)]
pub(super) struct Record {
    /// Its sale, as an entry of the book.
    pub(super) entry: usize,
    /// Its own number.
    pub(super) stan: u32,
    pub(super) amount_minor: u64,
}

/// An 0320, or its repeat: field 60 has type and number of the sale.
pub(super) fn upload(
    record: Record,
    asked: &Asked,
    sold: &Sold,
    (terminal, is_repeat): (u32, bool),
) -> Message {
    let asked = Asked { amount_minor: record.amount_minor, ..*asked };
    let mut message = content(if is_repeat { "0321" } else { "0320" }, &asked, sold, terminal);
    message.set(60, &format!("0200{:06}{:12}", asked.stan, ""));
    message.set_number(11, record.stan.into());
    message
}

/// An 0400 or 0420, or its repeat.
pub(super) fn reversal(asked: &Asked, sold: &Sold, terminal: u32, is_repeat: bool) -> Message {
    let mti = match (sold.is_advice, is_repeat) {
        (false, false) => "0400",
        (false, true) => "0401",
        (true, false) => "0420",
        (true, true) => "0421",
    };
    content(mti, asked, sold, terminal)
}

/// What is settled.
#[derive(Clone, Copy)]
pub(super) struct Closing {
    pub(super) stan: u32,
    pub(super) local: Local,
    pub(super) currency: u16,
    pub(super) totals: Totals,
    /// Whether the batch has been uploaded.
    pub(super) is_after_batch: bool,
}

/// An 0500, or its repeat.
pub(super) fn settlement(closing: &Closing, terminal: u32, is_repeat: bool) -> Message {
    let mti = if is_repeat { "0501" } else { "0500" };
    let processing = if closing.is_after_batch { CLOSE_AFTER_BATCH } else { CLOSE };
    let mut message = blank(mti, processing, closing.stan, terminal);
    dated(&mut message, closing.local);
    message.set(49, &format!("{:03}", closing.currency));
    let Totals { sales_count, sales_minor, reversals_count, reversals_minor } = closing.totals;
    let totals =
        format!("{sales_count:04}{sales_minor:012}{reversals_count:04}{reversals_minor:012}");
    message.set(63, &totals);
    message
}

/// What an answer says.
pub(super) struct Said {
    pub(super) code: ResponseCode,
    pub(super) stan: u32,
    rrn: String,
    reference: String,
    pub(super) amount_minor: u64,
    serial: String,
    pin: String,
    /// For the chip of a card.
    pub(super) chip: Option<Vec<u8>>,
}

impl Said {
    /// `None`: it is not for this terminal, or says nothing.
    pub(super) fn of(view: &View<'_>, terminal: u32) -> Option<Self> {
        let text = |number| view.text(number).unwrap_or_default();
        if text(41).parse() != Ok(terminal) {
            return None;
        }
        Some(Self {
            code: ResponseCode(text(39).as_bytes().try_into().ok()?),
            stan: u32::try_from(view.number(11)?).ok()?,
            rrn: text(37),
            reference: text(48),
            amount_minor: view.number(4).unwrap_or_default(),
            serial: text(60),
            pin: text(61),
            chip: view.value(55),
        })
    }

    /// As the book takes it.
    pub(super) fn answer(&self, kind: AnswerKind, asked: &Asked, code: ResponseCode) -> Answer<'_> {
        let has_slip = !self.pin.is_empty();
        let (serial, pin, expiry) = (&self.serial, &self.pin, asked.date);
        Answer {
            kind,
            stan: asked.stan,
            date: asked.date,
            code,
            rrn: &self.rrn,
            reference: &self.reference,
            amount_minor: self.amount_minor,
            balance_minor: None,
            voucher: has_slip.then_some(VoucherSlip { serial, pin, expiry }),
            time_s: 0,
            fee_minor: 0,
            tax_minor: 0,
            lines: "",
        }
    }
}
