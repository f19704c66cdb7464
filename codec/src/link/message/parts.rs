//! What a field of a message may be besides one value: several fields of the body, or one of a few
//! numbers.

use std::fmt;

use tillgate_types::{BusinessDate, Totals};

use super::declare::{Group, Parts, Shape, Value};
use super::error::BodyError;
use super::layout::{Field, Presence};
use super::reader::Fields;
use super::tag::{
    Form, ORDER, REVERSALS, REVERSALS_COUNT, SALES, SALES_COUNT, TEXT, Tag, VOUCHER_EXPIRY,
    VOUCHER_PIN, VOUCHER_SERIAL,
};
use super::writer::{Sink, Writer};

const ZERO: Presence = Presence::Optional("zero");

impl Group for Totals {
    const FIELDS: &'static [Field] = &[
        Field::of::<u32>(SALES_COUNT, ZERO, "number of the sales"),
        Field::of::<u64>(SALES, ZERO, "sum of the sales"),
        Field::of::<u32>(REVERSALS_COUNT, ZERO, "number of the reversals"),
        Field::of::<u64>(REVERSALS, ZERO, "sum of the reversals"),
    ];
}

impl Parts<'_> for Totals {
    fn read(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            sales_count: fields.optional(SALES_COUNT, 0)?,
            sales_minor: fields.optional(SALES, 0)?,
            reversals_count: fields.optional(REVERSALS_COUNT, 0)?,
            reversals_minor: fields.optional(REVERSALS, 0)?,
        })
    }

    fn write_optional<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.unless(SALES_COUNT, self.sales_count, 0);
        writer.unless(SALES, self.sales_minor, 0);
        writer.unless(REVERSALS_COUNT, self.reversals_count, 0);
        writer.unless(REVERSALS, self.reversals_minor, 0);
    }
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

impl fmt::Debug for VoucherSlip<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slip")
            .field("serial", &self.serial)
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}

const WHOLE: Presence = Presence::Optional("none: all three of a voucher, or none of them");

/// All three fields or none.
impl Group for Option<VoucherSlip<'_>> {
    const FIELDS: &'static [Field] = &[
        Field::of::<&str>(VOUCHER_SERIAL, WHOLE, "serial number of the voucher sold"),
        Field::of::<&str>(VOUCHER_PIN, WHOLE, "its PIN"),
        Field::of::<BusinessDate>(VOUCHER_EXPIRY, WHOLE, "last day of its use"),
    ];
}

impl<'a> Parts<'a> for Option<VoucherSlip<'a>> {
    fn read(fields: &Fields<'a>) -> Result<Self, BodyError> {
        if !Self::FIELDS.iter().any(|field| fields.has(field.tag)) {
            return Ok(None);
        }
        Ok(Some(VoucherSlip {
            serial: fields.required(VOUCHER_SERIAL)?,
            pin: fields.required(VOUCHER_PIN)?,
            expiry: fields.required(VOUCHER_EXPIRY)?,
        }))
    }

    fn write_optional<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        if let Some(slip) = self {
            writer.value(VOUCHER_SERIAL, slip.serial);
            writer.value(VOUCHER_PIN, slip.pin);
            writer.value(VOUCHER_EXPIRY, slip.expiry);
        }
    }
}

/// What a terminal is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalCommand<'a> {
    /// Sell no more, and show why.
    Block {
        /// For the seller to read; may be empty.
        reason: &'a str,
    },
    /// Sell again.
    Unblock,
    /// Show a message to the seller.
    Message {
        /// For the seller to read.
        text: &'a str,
    },
    /// An order of a later version: acknowledged as unsupported.
    Unknown(u8),
}

const BLOCK: u8 = 1;
const UNBLOCK: u8 = 2;
const MESSAGE: u8 = 3;

impl Group for TerminalCommand<'_> {
    const FIELDS: &'static [Field] = &[
        Field::of::<&str>(
            TEXT,
            Presence::Optional("empty, but not in a message"),
            "block: the reason; message: what to show",
        ),
        Field::of::<u8>(
            ORDER,
            Presence::Required,
            "1 block, 2 unblock, 3 message; others: acknowledge with result 2",
        ),
    ];
}

impl<'a> Parts<'a> for TerminalCommand<'a> {
    fn read(fields: &Fields<'a>) -> Result<Self, BodyError> {
        Ok(match fields.required(ORDER)? {
            BLOCK => Self::Block { reason: fields.optional(TEXT, "")? },
            UNBLOCK => Self::Unblock,
            MESSAGE => Self::Message { text: fields.required(TEXT)? },
            other => Self::Unknown(other),
        })
    }

    fn write_optional<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        match *self {
            Self::Block { reason } => writer.unless(TEXT, reason, ""),
            Self::Message { text } => writer.value(TEXT, text),
            Self::Unblock | Self::Unknown(_) => {}
        }
    }

    fn write_required<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        let order = match *self {
            Self::Block { .. } => BLOCK,
            Self::Unblock => UNBLOCK,
            Self::Message { .. } => MESSAGE,
            Self::Unknown(other) => other,
        };
        writer.value(ORDER, order);
    }
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

impl AnswerKind {
    const NUMBERED: [(u8, Self); 4] =
        [(1, Self::Sale), (2, Self::Confirm), (3, Self::Reversal), (4, Self::Balance)];
}

impl Shape for AnswerKind {
    const FORM: Form = Form::Unsigned;
    const BYTES: Option<usize> = Some(1);
}

impl Value<'_> for AnswerKind {
    fn read(fields: &Fields<'_>, tag: &'static Tag) -> Result<Option<Self>, BodyError> {
        let Some(number) = fields.unsigned(tag)? else { return Ok(None) };
        let known = Self::NUMBERED.iter().find(|(known, _)| u64::from(*known) == number);
        known.map(|(_, kind)| Some(*kind)).ok_or_else(|| fields.undefined(tag))
    }

    fn write<S: Sink>(self, writer: &mut Writer<'_, S>, tag: &'static Tag) {
        let known = Self::NUMBERED.iter().find(|(_, kind)| *kind == self);
        writer.unsigned(tag, known.map_or(0, |(number, _)| *number));
    }
}
