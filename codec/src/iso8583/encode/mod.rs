//! Values to bytes: the inverse of decoding.

pub(crate) mod error;
pub(crate) mod parts;
mod tagged;

use super::decode::error_detail::PartFault;
use super::decode::fields::Bits;
use super::decode::parts::walk_field;
use super::dialect::{Dialect, HeaderLength, Leading};
use super::ebcdic::from_latin1;
use super::hex;
use super::limits::{FIELD_MAX, HEADER_BYTES_MAX, MESSAGE_BYTES_MAX};
use super::message::Message;
use super::plan::{Count, Plan, Prefix};
use super::schema::{Coding, PrefixCoding};
use super::tpdu::{TPDU_BYTES, TPDU_ID};
use super::value::{self, Unfit};
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
            .append_frame(&body, out)
            .map_err(|error| EncodeError::new("frame", error.to_string()))
    }

    fn append(
        &self,
        message: &Message,
        start: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.append_leading(message, out)?;
        self.append_mti(message, out)?;
        self.check_leading(message, out.get(start..).unwrap_or(&[]))?;
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
            if message.other_fillers.has(number) {
                let plan = Plan { digit: plan.other, ..*plan };
                self.append_field(number, &plan, value, out)?;
            } else {
                self.append_field(number, plan, value, out)?;
            }
        }
        if out.len() - start > MESSAGE_BYTES_MAX {
            let text = format!("the message has over {MESSAGE_BYTES_MAX} bytes");
            return Err(EncodeError::new("too-long", text));
        }
        Ok(())
    }

    /// Appends TPDU and header.
    fn append_leading(&self, message: &Message, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match (self.tpdu, message.tpdu) {
            (Leading::Never, _) | (Leading::Optional, None) => {}
            (Leading::Always, None) => {
                let text = "this dialect has a TPDU: give `tpdu`, ten hexadecimal digits";
                return Err(EncodeError::new("tpdu", text));
            }
            (Leading::Always | Leading::Optional, Some(tpdu)) => {
                out.extend_from_slice(&tpdu.0);
            }
        }
        let header = message.header();
        let starts = self.header.starts;
        let wrong = |text: String| Err(EncodeError::new("header", text));
        if header.is_empty() && !starts.is_empty() {
            return Ok(());
        }
        let (given, first) = (header.len(), header.first().map_or(0, |first| usize::from(*first)));
        match self.header.length {
            HeaderLength::Fixed(wanted) if given != wanted => {
                return wrong(format!(
                    "this dialect's header has {wanted} bytes, `header` has {given}"
                ));
            }
            HeaderLength::Counted if given != first || given > HEADER_BYTES_MAX => {
                return wrong(format!(
                    "the first byte of this dialect's header is its length, at most \
                     {HEADER_BYTES_MAX}; `header` has {given} bytes and says {first}"
                ));
            }
            HeaderLength::Fixed(_) | HeaderLength::Counted => {}
        }
        if !header.starts_with(starts.bytes()) {
            return wrong(format!("this dialect's header begins with {starts}"));
        }
        out.extend_from_slice(header);
        Ok(())
    }

    /// Refuses what would be read as another beginning: a TPDU or a header that is not there.
    fn check_leading(&self, message: &Message, sent: &[u8]) -> Result<(), EncodeError> {
        let tpdu = message.tpdu.filter(|_| self.has_tpdu());
        if self.tpdu == Leading::Optional {
            match tpdu {
                Some(tpdu) if tpdu.0.first() != Some(&TPDU_ID) => {
                    let text = "a TPDU that may be left out begins with 60";
                    return Err(EncodeError::new("tpdu", text));
                }
                None if sent.first() == Some(&TPDU_ID) => {
                    let text = "the message would be taken for one with a TPDU: give `tpdu`";
                    return Err(EncodeError::new("tpdu", text));
                }
                _ => {}
            }
        }
        let behind = sent.get(if tpdu.is_some() { TPDU_BYTES } else { 0 }..).unwrap_or(&[]);
        let starts = self.header.starts;
        if message.header().is_empty() && !starts.is_empty() && behind.starts_with(starts.bytes()) {
            let text = "the message would be taken for one with a header: give `header`";
            return Err(EncodeError::new("header", text));
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
                coding if coding.is_hex() => fault.at / 2,
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
            hex::append_as(self.bitmap, &word.to_be_bytes(), out);
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
    let base = coding.base();
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
