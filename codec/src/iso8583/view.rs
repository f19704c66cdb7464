//! Reading a message: a dialect, the bytes, and where the fields lie.

use super::decode::fields::{Fields, Span};
use super::dialect::Dialect;
use super::error::DecodeError;
use super::mti::Mti;
use super::plan::Plan;
use super::schema::{Coding, Kind};
use super::tpdu::Tpdu;
use super::value;

/// A decoded message, borrowed. It holds card data, so it has no `Debug`.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(crate) dialect: &'a Dialect,
    pub(crate) bytes: &'a [u8],
    pub(crate) fields: &'a Fields,
}

impl Dialect {
    /// Decodes a whole message and lends it for reading.
    ///
    /// # Errors
    /// As [`Dialect::decode`].
    pub fn view<'a>(
        &'a self,
        message: &'a [u8],
        fields: &'a mut Fields,
    ) -> Result<View<'a>, DecodeError> {
        self.decode(message, fields)?;
        Ok(View { dialect: self, bytes: message, fields })
    }
}

impl<'a> View<'a> {
    /// The message type.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.fields.mti()
    }

    /// The transport header, if the dialect has one.
    #[must_use]
    pub const fn tpdu(&self) -> Option<Tpdu> {
        self.fields.tpdu()
    }

    /// The message header between TPDU and MTI; empty if the dialect has none.
    #[must_use]
    pub fn header(&self) -> &'a [u8] {
        self.bytes.get(self.fields.header()).unwrap_or(&[])
    }

    /// Whether the message has this data element.
    #[must_use]
    pub const fn has(&self, number: u8) -> bool {
        self.fields.has(number)
    }

    /// The data elements that the message has, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u8> + use<> {
        self.fields.numbers()
    }

    /// The value as it travelled, without its length prefix.
    #[must_use]
    pub fn wire(&self, number: u8) -> Option<&'a [u8]> {
        self.bytes.get(self.fields.span(number)?.range())
    }

    /// The value of a field of digits as a number; `None` if the message does not have it, or it is
    /// empty, of another type, or over 19 digits. An `x+n` amount is no number: see [`View::text`].
    #[must_use]
    pub fn number(&self, number: u8) -> Option<u64> {
        let (plan, span, wire) = self.found(number)?;
        if plan.kind != Kind::Numeric {
            return None;
        }
        let mut text = [0; 20];
        let digits = usize::from(span.units);
        if digits == 0 || digits >= text.len() {
            return None;
        }
        match plan.coding {
            Coding::Bcd => {
                let skip = usize::from(digits % 2 == 1 && plan.pad == super::schema::Side::Left);
                let nibbles = wire.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).skip(skip);
                text.iter_mut().zip(nibbles).for_each(|(slot, nibble)| *slot = nibble);
            }
            // The last nibble of a digit is its value, in ASCII and in EBCDIC.
            _ => text.iter_mut().zip(wire).for_each(|(slot, byte)| *slot = byte & 0xf),
        }
        let digits = text.get(..digits)?;
        digits
            .iter()
            .try_fold(0_u64, |sum, &digit| sum.checked_mul(10)?.checked_add(u64::from(digit)))
    }

    /// The value as text; hexadecimal, for binary.
    #[must_use]
    pub fn text(&self, number: u8) -> Option<String> {
        let (plan, span, wire) = self.found(number)?;
        Some(printed(plan, wire, usize::from(span.units), None))
    }

    /// The value of a binary field; the text of another, in UTF-8.
    #[must_use]
    pub fn value(&self, number: u8) -> Option<Vec<u8>> {
        let (plan, span, wire) = self.found(number)?;
        let mut out = Vec::with_capacity(wire.len() * 2);
        value::read(plan, wire, usize::from(span.units), None, &mut out);
        Some(out)
    }

    /// Plan, place and bytes of a field.
    pub(crate) fn found(&self, number: u8) -> Option<(&'a Plan, Span, &'a [u8])> {
        let span = self.fields.span(number)?;
        Some((self.dialect.plan(number)?, span, self.bytes.get(span.range())?))
    }
}

/// A value as it is printed, nothing hidden.
pub(crate) fn printed(plan: &Plan, wire: &[u8], units: usize, nibbles: Option<usize>) -> String {
    let mut out = Vec::with_capacity(wire.len() * 2);
    value::read(plan, wire, units, nibbles, &mut out);
    if plan.is_binary() {
        return super::hex::text(&out);
    }
    String::from_utf8(out).unwrap_or_else(|error| super::hex::text(error.as_bytes()))
}
