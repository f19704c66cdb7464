//! Values to bytes: the inverse of decoding.

pub(crate) mod error;
pub(crate) mod parts;
mod tagged;

use super::decode::blame::PartFault;
use super::decode::fields::Bits;
use super::decode::parts::walk_field;
use super::dialect::Dialect;
use super::ebcdic::from_latin1;
use super::hex;
use super::limits::{FIELD_MAX, MESSAGE_BYTES_MAX};
use super::message::Message;
use super::plan::{Count, Plan, Prefix};
use super::value::{self, Unfit};
use super::words::{Coding, PrefixCoding};
use error::EncodeError;

impl Dialect {
    /// Appends a message as the dialect writes it, without frame length. Encoding what was decoded
    /// gives the same bytes.
    ///
    /// # Errors
    /// The first field that does not fit, and why; then `out` is as it was.
    pub fn encode(&self, message: &Message, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        let result = self.append(message, start, out);
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    /// Appends a message behind its frame length.
    ///
    /// # Errors
    /// As [`Dialect::encode`], and if the frame cannot say so long a length.
    pub fn encode_framed(&self, message: &Message, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut body = Vec::with_capacity(512);
        self.encode(message, &mut body)?;
        self.framing
            .append_length(body.len(), out)
            .map_err(|error| EncodeError::new("frame", error.to_string()))?;
        out.extend_from_slice(&body);
        Ok(())
    }

    fn append(
        &self,
        message: &Message,
        start: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        if self.has_tpdu {
            let Some(tpdu) = message.tpdu else {
                let text = "this dialect has a TPDU: give `tpdu`, ten hexadecimal digits";
                return Err(EncodeError::new("tpdu", text));
            };
            out.extend_from_slice(&tpdu.0);
        }
        let header = message.header();
        if header.len() != self.header_bytes {
            let (wanted, given) = (self.header_bytes, header.len());
            let text = format!("this dialect's header has {wanted} bytes, `header` has {given}");
            return Err(EncodeError::new("header", text));
        }
        out.extend_from_slice(header);
        self.append_mti(message, out)?;
        self.append_bitmaps(message, out)?;
        let mut open_end = None;
        for (number, value) in message.values() {
            let Some(plan) = self.plan(number) else {
                let text = format!("field {number}: dialect {} does not have it", self.name);
                return Err(EncodeError::new("unknown-field", text).of_field(number));
            };
            if let Some(before) = open_end {
                let text = format!("field {number}: field {before} takes all that is left");
                return Err(EncodeError::new("trailing", text).of_field(number));
            }
            open_end = (plan.prefix == Prefix::Rest).then_some(number);
            self.append_field(number, plan, value, out)?;
        }
        if out.len() - start > MESSAGE_BYTES_MAX {
            let text = format!("the message has over {MESSAGE_BYTES_MAX} bytes");
            return Err(EncodeError::new("too-long", text));
        }
        Ok(())
    }

    /// Appends a field; what a peer would refuse of its sub-fields is refused here.
    fn append_field(
        &self,
        number: u8,
        plan: &Plan,
        value: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let start = out.len() + usize::from(plan.prefix_bytes);
        let units = append_value(plan, value, out)
            .map_err(|unfit| EncodeError::of_value(self, number, None, &unfit))?;
        let Some(layout) = self.layout(plan) else {
            return Ok(());
        };
        let wire = out.get(start..).unwrap_or(&[]);
        walk_field::<PartFault, ()>(self, plan, layout, wire, units, &mut ()).map_err(|fault| {
            let at = match plan.coding {
                Coding::Bcd => fault.at * 2,
                Coding::Hex | Coding::HexEbcdic => fault.at / 2,
                _ => fault.at,
            };
            let part = self.inner_text(fault.inner);
            let unfit = Unfit { problem: fault.problem, at };
            EncodeError::of_value(self, number, part.as_deref(), &unfit)
        })
    }

    fn append_mti(&self, message: &Message, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let digits = message.mti.0;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(EncodeError::new("mti", "the MTI is not four digits").of_field(0));
        }
        let [a, b, c, d] = digits.map(|digit| digit & 0xf);
        match self.mti {
            Coding::Bcd => out.extend_from_slice(&[a << 4 | b, c << 4 | d]),
            coding => out.extend(digits.iter().map(|digit| from_latin1(coding, *digit))),
        }
        Ok(())
    }

    fn append_bitmaps(&self, message: &Message, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        const NEXT: u64 = 1 << 63;
        let Bits(mut words) = message.present;
        let last = words.iter().rposition(|word| *word != 0).map_or(1, |word| word + 1);
        let count = last.max(message.bitmaps_min);
        if count > self.bitmaps {
            let number = message.numbers().last().unwrap_or(FIELD_MAX);
            let text = format!("field {number}: dialect {} has no bitmap for it", self.name);
            return Err(EncodeError::new("unknown-field", text).of_field(number));
        }
        for word in words.iter_mut().take(count - 1) {
            *word |= NEXT;
        }
        for word in words.iter().take(count) {
            let bytes = word.to_be_bytes();
            match self.bitmap {
                Coding::Hex => hex::append(&bytes, out),
                Coding::HexEbcdic => {
                    let text = hex::text(&bytes);
                    out.extend(text.bytes().map(|digit| from_latin1(Coding::Cp037, digit)));
                }
                _ => out.extend_from_slice(&bytes),
            }
        }
        Ok(())
    }
}

/// Appends a value behind its length prefix; how many units it has.
pub(crate) fn append_value(plan: &Plan, value: &[u8], out: &mut Vec<u8>) -> Result<usize, Unfit> {
    let at = out.len();
    let prefix_bytes = usize::from(plan.prefix_bytes);
    out.resize(at + prefix_bytes, 0);
    let units = value::write(plan, value, out)?;
    let Prefix::Coded(coding) = plan.prefix else {
        return Ok(units);
    };
    let stated = match plan.count {
        Count::Units => units,
        Count::PackedBytes | Count::SignedBytes => out.len() - at - prefix_bytes,
        Count::HexDigits => units * 2,
    };
    if let Some(prefix) = out.get_mut(at..at + prefix_bytes) {
        put_length(coding, stated, prefix);
    }
    Ok(units)
}

/// Writes a number over all of `prefix`; the table has made sure that it fits.
pub(crate) fn put_length(coding: PrefixCoding, number: usize, prefix: &mut [u8]) {
    let base = match coding {
        PrefixCoding::Ascii | PrefixCoding::Ebcdic => 10,
        PrefixCoding::Bcd => 100,
        PrefixCoding::Binary => 256,
    };
    let mut rest = number;
    for byte in prefix.iter_mut().rev() {
        let digit = u8::try_from(rest % base).unwrap_or(0);
        rest /= base;
        *byte = match coding {
            PrefixCoding::Ascii => b'0' + digit,
            PrefixCoding::Ebcdic => 0xf0 + digit,
            PrefixCoding::Bcd => ((digit / 10) << 4) | (digit % 10),
            PrefixCoding::Binary => digit,
        };
    }
    debug_assert_eq!(rest, 0, "the table lets no length exceed its prefix");
}
