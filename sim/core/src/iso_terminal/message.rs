//! Messages as this maker's terminals write and read them.

use tillgate_codec::iso8583::{Message, Mti, Tpdu, View};
use tillgate_codec::link::message::{Answer, AnswerKind, ResponseCode, Totals, VoucherSlip};

use super::clock::Local;
use super::sale::Sold;
use crate::sales_log::Asked;

/// To the network's concentrator.
pub(crate) const TPDU: Tpdu = Tpdu([0x60, 0x00, 0x03, 0x00, 0x12]);

/// Processing codes of 0800.
pub(crate) const LOGON: &str = "920000";
pub(crate) const LINE_TEST: &str = "990000";
/// Processing code of 0500.
pub(crate) const CLOSE: &str = "920000";

/// What these terminals know a sale of another date by, one that was taken back, and others.
pub(crate) const INVALID: ResponseCode = ResponseCode(*b"12");

fn blank(mti: &str, processing: &str, stan: u32, terminal: u32) -> Message {
    let mti = Mti::parse(mti).expect("a message type has four digits");
    let mut message = Message::new(mti).with_tpdu(TPDU);
    message.set(3, processing).set_number(11, stan.into()).set(24, "0123");
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
    let processing = processing_code(asked.service, asked.product);
    let mut message = blank(mti, &processing, asked.stan, terminal);
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
        0 => {}
        2 => drop(message.set(2, &account).set(14, "2912").set(22, "0012")),
        // Read from the chip, with a PIN.
        35 => {
            message.set(35, &format!("{account}=29122010000000000"));
            message.set(22, "0051").set(23, "0001").set_bytes(52, &sold.pin_block);
            message.set_bytes(55, &chip(&sold.pin_block));
        }
        field => drop(message.set(field, &account)),
    }
    message
}

/// What the chip says of the sale: a cryptogram (9F26), its kind (9F27) and its counter (9F36).
fn chip(cryptogram: &[u8; 8]) -> Vec<u8> {
    let backwards: Vec<u8> = cryptogram.iter().rev().copied().collect();
    [&[0x9F, 0x26, 0x08][..], &backwards, &[0x9F, 0x27, 0x01, 0x80, 0x9F, 0x36, 0x02, 0, 1]]
        .concat()
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
}

/// An 0500, or its repeat.
pub(super) fn settlement(closing: &Closing, terminal: u32, is_repeat: bool) -> Message {
    let mti = if is_repeat { "0501" } else { "0500" };
    let mut message = blank(mti, CLOSE, closing.stan, terminal);
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
