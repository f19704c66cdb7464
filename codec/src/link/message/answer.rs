//! Answer: the outcome of a sale, confirm, reversal or balance request.

use std::fmt;

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{
    AMOUNT, BALANCE, CODE, DATE, KIND, LINES, REFERENCE, RRN, STAN, TIME, VOUCHER_EXPIRY,
    VOUCHER_PIN, VOUCHER_SERIAL,
};
use super::writer::Writer;
use tillgate_types::BusinessDate;
use tillgate_types::ResponseCode;

/// Answers every request of a terminal but logon and ping.
///
/// `Debug` shows neither the voucher's PIN nor the receipt, which may carry it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    /// What kind of request it answers; a repeat gets the answer of the sale it asked for.
    pub kind: AnswerKind,
    /// The request's STAN.
    pub stan: u32,
    /// The request's business date.
    pub date: BusinessDate,
    /// the outcome of it.
    pub code: ResponseCode,
    /// Retrieval reference number, 12 characters; empty when the request was refused at the door.
    pub rrn: &'a str,
    /// The provider's reference; may be empty.
    pub reference: &'a str,
    /// Amount in the currency's minor unit.
    pub amount_minor: u64,
    /// The seller's float afterwards, in minor units, where the gateway tells it.
    pub balance_minor: Option<i64>,
    /// The voucher sold.
    pub voucher: Option<VoucherSlip<'a>>,
    /// When the gateway decided: Unix time in seconds.
    pub time_s: u64,
    /// Receipt text, lines separated by `\n`; may be empty.
    pub lines: &'a str,
}

/// What kind of request an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerKind {
    /// A sale, or the repeat of one.
    Sale = 1,
    /// A confirm.
    Confirm = 2,
    /// A reversal.
    Reversal = 3,
    /// A balance request.
    Balance = 4,
}

/// A voucher as it is printed. `Debug` does not show the PIN.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VoucherSlip<'a> {
    /// Serial number, for complaints.
    pub serial: &'a str,
    /// What the customer pays for.
    pub pin: &'a str,
    /// Last day of use.
    pub expiry: BusinessDate,
}

impl AnswerKind {
    fn number(self) -> u8 {
        match self {
            Self::Sale => 1,
            Self::Confirm => 2,
            Self::Reversal => 3,
            Self::Balance => 4,
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Sale),
            2 => Some(Self::Confirm),
            3 => Some(Self::Reversal),
            4 => Some(Self::Balance),
            _ => None,
        }
    }
}

impl<'a> Answer<'a> {
    pub(super) const TYPE: u8 = 0x82;
    pub(super) const NAME: &'static str = "answer";

    pub(super) fn decode(fields: &Fields<'a>) -> Result<Self, BodyError> {
        let kind = AnswerKind::from_number(fields.unsigned(KIND)?);
        Ok(Self {
            kind: kind.ok_or_else(|| fields.undefined(KIND))?,
            stan: fields.unsigned(STAN)?,
            date: fields.date(DATE)?,
            code: fields.code(CODE)?,
            rrn: fields.text_or_empty(RRN)?,
            reference: fields.text_or_empty(REFERENCE)?,
            amount_minor: fields.unsigned_or_zero(AMOUNT)?,
            balance_minor: fields.signed_if_any(BALANCE)?,
            voucher: VoucherSlip::decode(fields)?,
            time_s: fields.unsigned(TIME)?,
            lines: fields.text_or_empty(LINES)?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.text_unless_empty(RRN, self.rrn);
        writer.text_unless_empty(REFERENCE, self.reference);
        writer.unsigned_unless_zero(AMOUNT, self.amount_minor);
        if let Some(balance_minor) = self.balance_minor {
            writer.signed(BALANCE, balance_minor);
        }
        if let Some(slip) = &self.voucher {
            slip.encode(&mut writer);
        }
        writer.text_unless_empty(LINES, self.lines);
        writer.unsigned(KIND, self.kind.number());
        writer.unsigned(STAN, self.stan);
        writer.date(DATE, self.date);
        writer.code(CODE, self.code);
        writer.unsigned(TIME, self.time_s);
    }
}

impl<'a> VoucherSlip<'a> {
    /// All three fields or none.
    fn decode(fields: &Fields<'a>) -> Result<Option<Self>, BodyError> {
        let any = [VOUCHER_SERIAL, VOUCHER_PIN, VOUCHER_EXPIRY].iter().any(|tag| fields.has(*tag));
        if !any {
            return Ok(None);
        }
        Ok(Some(Self {
            serial: fields.text(VOUCHER_SERIAL)?,
            pin: fields.text(VOUCHER_PIN)?,
            expiry: fields.date(VOUCHER_EXPIRY)?,
        }))
    }

    fn encode(&self, writer: &mut Writer<'_>) {
        writer.text(VOUCHER_SERIAL, self.serial);
        writer.text(VOUCHER_PIN, self.pin);
        writer.date(VOUCHER_EXPIRY, self.expiry);
    }
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("kind", &self.kind)
            .field("stan", &self.stan)
            .field("date", &self.date)
            .field("code", &self.code)
            .field("rrn", &self.rrn)
            .field("reference", &self.reference)
            .field("amount_minor", &self.amount_minor)
            .field("balance_minor", &self.balance_minor)
            .field("voucher", &self.voucher)
            .field("time_s", &self.time_s)
            .field("lines_bytes", &self.lines.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VoucherSlip<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slip")
            .field("serial", &self.serial)
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}
