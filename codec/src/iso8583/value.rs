//! The value of a field: from its bytes on the wire, and back.

use super::decode::check::{Value, check, expected};
use super::decode::error_detail::PartFault;
use super::decode::head::digit;
use super::ebcdic::{character, from_latin1, latin1, to_latin1};
use super::error::Problem;
use super::hex;
use super::plan::{Check, Count, Plan, Prefix, Scale};
use super::schema::{Coding, Kind, Side, Sign};
use std::borrow::Cow;

/// Whether the value is the bytes that travel: binary, and ASCII characters.
#[inline]
pub(crate) fn is_as_sent(plan: &Plan, wire: &[u8]) -> bool {
    match plan.coding {
        Coding::Binary => true,
        // Text of any bytes, or with binary parts in it, need not be ASCII.
        Coding::Ascii => plan.check != Check::Any || wire.is_ascii(),
        _ => false,
    }
}

/// Appends the value: text as UTF-8, binary as it is. `wire` has passed decoding.
///
/// `nibbles` is for digits cut out of a packed value: how many nibbles precede them.
pub(crate) fn read(
    plan: &Plan,
    wire: &[u8],
    units: usize,
    nibbles: Option<usize>,
    out: &mut Vec<u8>,
) {
    if is_as_sent(plan, wire) {
        out.extend_from_slice(wire);
        return;
    }
    match plan.coding {
        Coding::Bcd => packed(plan, wire, units, nibbles, out),
        Coding::Hex | Coding::HexLower | Coding::HexEbcdic => {
            let (pairs, _) = wire.as_chunks::<2>();
            out.extend(pairs.iter().map(|pair| {
                let [high, low] = pair.map(|byte| digit(plan.coding, byte).unwrap_or(0));
                high << 4 | low
            }));
        }
        _ => {
            for &byte in wire {
                let character = character(plan.coding, byte);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

fn packed(plan: &Plan, wire: &[u8], units: usize, nibbles: Option<usize>, out: &mut Vec<u8>) {
    let (mut digits, mut wire) = (units, wire);
    let is_plain =
        plan.scale == Scale::Half && (plan.pad == Side::Right || units.is_multiple_of(2));
    let start = out.len();
    if is_plain && nibbles.is_none() {
        hex::append(wire, out);
        out.truncate(start + digits);
        track_signs(plan, out, start);
        return;
    }
    if plan.scale == Scale::SignHalf {
        let page = if plan.sign == Sign::EbcdicByte { Coding::Cp037 } else { Coding::Ascii };
        if let Some((&sign, rest)) = wire.split_first() {
            out.push(to_latin1(page, sign));
            (digits, wire) = (units - 1, rest);
        }
    }
    let start = out.len();
    let filler = usize::from(plan.pad == Side::Left && digits % 2 == 1);
    let skip = nibbles.unwrap_or(filler);
    let wire = wire.get(skip / 2..).unwrap_or(&[]);
    // Both digits of every byte, then those that are not asked for go.
    let bytes = (skip % 2 + digits).div_ceil(2);
    hex::append(wire.get(..bytes).unwrap_or(wire), out);
    if skip % 2 == 1 {
        out.copy_within(start + 1.., start);
    }
    out.truncate(start + digits);
    track_signs(plan, out, start);
}

/// Makes the nibbles A to F of a track the characters that they are short for, `:` to `?`: text has
/// `=` between number and expiry wherever the track came from (ISO/IEC 7813, ISO 8583 code `z`).
fn track_signs(plan: &Plan, out: &mut [u8], start: usize) {
    if plan.kind == Kind::Track {
        for character in out.get_mut(start..).unwrap_or_default() {
            if *character >= b'A' {
                *character = *character - b'A' + b':';
            }
        }
    }
}

/// Whether an odd number of packed digits is filled up with the other filler of the table.
#[inline]
pub(crate) fn has_other_filler(plan: &Plan, wire: &[u8], units: usize) -> bool {
    if plan.other == plan.digit {
        return false;
    }
    let at = |byte: Option<&u8>| byte.map(|byte| byte >> 4);
    let nibble = match (plan.scale, plan.pad) {
        (Scale::SignHalf, _) if units.is_multiple_of(2) => at(wire.get(1)),
        (Scale::Half, Side::Left) if units % 2 == 1 => at(wire.first()),
        (Scale::Half, Side::Right) if units % 2 == 1 => wire.last().map(|byte| byte & 0xf),
        _ => None,
    };
    nibble == Some(plan.other)
}

/// Why a value cannot be sent as a field wants it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) problem: Problem,
    /// The character, or byte of binary, to blame.
    pub(crate) at: usize,
}

/// Appends the value as it travels, without length prefix; how many units it has.
///
/// A value shorter than a fixed length is filled up as the table says; binary never is.
///
/// # Errors
/// A value that is too long or too short, or has characters that the type does not allow.
pub(crate) fn write(plan: &Plan, value: &[u8], out: &mut Vec<u8>) -> Result<usize, Unfit> {
    let start = out.len();
    let units = if plan.is_binary() {
        hex::append_as(plan.coding, value, out);
        value.len()
    } else {
        let characters = characters(plan, value)?;
        match plan.coding {
            Coding::Bcd => pack(plan, &characters, out)?,
            Coding::Ascii => out.extend_from_slice(&characters),
            _ => out.extend(characters.iter().map(|c| from_latin1(plan.coding, *c))),
        }
        characters.len()
    };
    let (min, max) = (usize::from(plan.min), usize::from(plan.max));
    if units < min || units > max {
        return Err(Unfit { problem: Problem::Length { length: units, min, max }, at: 0 });
    }
    if loses_a_digit(plan, units) {
        return Err(Unfit { problem: Problem::OddLength, at: 0 });
    }
    let from = out.get(start..).unwrap_or(&[]);
    let bytes = from.len();
    check::<PartFault>(plan, Value { from, bytes, units })
        .map_err(|PartFault { problem, at, .. }| Unfit { problem, at })?;
    Ok(units)
}

/// Whether a filler nibble would be read as a digit, because the length counts bytes.
fn loses_a_digit(plan: &Plan, units: usize) -> bool {
    let counts_bytes = match plan.prefix {
        Prefix::Rest => true,
        Prefix::Coded(_) => matches!(plan.count, Count::PackedBytes | Count::SignedBytes),
        Prefix::Fixed | Prefix::Undefined => false,
    };
    counts_bytes && plan.units_of(plan.bytes_of(units)) != units
}

/// The characters of a text, ISO 8859-1, filled up to a fixed length.
fn characters<'v>(plan: &Plan, value: &'v [u8]) -> Result<Cow<'v, [u8]>, Unfit> {
    let short = plan.prefix == Prefix::Fixed && plan.kind != Kind::Signed;
    let missing = if short { usize::from(plan.max).saturating_sub(value.len()) } else { 0 };
    if missing == 0 && value.is_ascii() {
        return Ok(Cow::Borrowed(value));
    }
    let mut characters = latin1_of(plan, value)?;
    let missing = if short { usize::from(plan.max).saturating_sub(characters.len()) } else { 0 };
    match plan.justify {
        Side::Left => characters.resize(characters.len() + missing, plan.fill),
        Side::Right => {
            characters.splice(0..0, std::iter::repeat_n(plan.fill, missing));
        }
    }
    Ok(Cow::Owned(characters))
}

fn latin1_of(plan: &Plan, value: &[u8]) -> Result<Vec<u8>, Unfit> {
    let unfit = |at| Unfit { problem: Problem::Content { expected: expected(plan) }, at };
    let text = std::str::from_utf8(value).map_err(|error| unfit(error.valid_up_to()))?;
    let mut characters = Vec::with_capacity(text.len().max(usize::from(plan.max.min(512))));
    for (at, character) in text.chars().enumerate() {
        characters.push(latin1(plan.coding, character).ok_or(unfit(at))?);
    }
    Ok(characters)
}

/// Packs digits, two a byte, with sign and filler.
fn pack(plan: &Plan, characters: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
    let wrong = |at, expected| Unfit { problem: Problem::Content { expected }, at };
    let mut digits = characters;
    if plan.scale == Scale::SignHalf {
        let sign;
        (sign, digits) = characters.split_first().ok_or(wrong(0, "a sign, C or D,"))?;
        let ebcdic = plan.sign == Sign::EbcdicByte;
        out.push(if ebcdic { from_latin1(Coding::Cp037, *sign) } else { *sign });
    }
    let before = characters.len() - digits.len();
    let nibble = |at: usize, character: u8| {
        nibble(plan, character).ok_or(wrong(before + at, expected(plan)))
    };
    out.reserve(digits.len().div_ceil(2));
    let mut at = 0;
    if digits.len() % 2 == 1
        && plan.pad == Side::Left
        && let Some((&first, rest)) = digits.split_first()
    {
        out.push(plan.digit << 4 | nibble(0, first)?);
        (at, digits) = (1, rest);
    }
    let (pairs, last) = digits.as_chunks::<2>();
    if plan.kind == Kind::Numeric && digits.iter().all(u8::is_ascii_digit) {
        out.extend(pairs.iter().map(|[high, low]| high << 4 | low & 0xf));
        at += pairs.len() * 2;
    } else {
        for &[high, low] in pairs {
            out.push(nibble(at, high)? << 4 | nibble(at + 1, low)?);
            at += 2;
        }
    }
    if let Some(&last) = last.first() {
        out.push(nibble(at, last)? << 4 | plan.digit);
    }
    Ok(())
}

/// The nibble of a character. Of a track it is the low half of `0` to `?`; the letters A to F are
/// taken as well, as tracks were written once.
fn nibble(plan: &Plan, character: u8) -> Option<u8> {
    match plan.kind {
        Kind::Track if matches!(character, b'0'..=b'?') => Some(character & 0xf),
        Kind::Track | Kind::Signed => {
            hex::nibble(character).filter(|_| !character.is_ascii_lowercase())
        }
        _ => character.is_ascii_digit().then(|| character - b'0'),
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, read, write};
    use crate::iso8583::plan::{Check, Count, Plan, Prefix, Scale};
    use crate::iso8583::schema::{Coding, Kind, PrefixCoding, Side};

    const LL: Prefix = Prefix::Coded(PrefixCoding::Bcd);

    fn digits(prefix: Prefix, max: u16, pad: Side, digit: u8) -> Plan {
        let min = if prefix == Prefix::Fixed { max } else { 0 };
        let (kind, coding) = (Kind::Numeric, Coding::Bcd);
        let (scale, check) = (Scale::Half, Check::Packed);
        let fill = b'0';
        Plan {
            prefix,
            kind,
            coding,
            scale,
            check,
            pad,
            digit,
            fill,
            min,
            max,
            justify: Side::Right,
            ..Plan::OPAQUE
        }
    }

    #[test]
    fn an_odd_number_of_digits_is_filled_where_the_table_says() {
        for (pad, digit, wire) in [
            (Side::Left, 0, [0x01, 0x23]),
            (Side::Right, 0, [0x12, 0x30]),
            (Side::Right, 0xf, [0x12, 0x3f]),
            (Side::Left, 0xf, [0xf1, 0x23]),
        ] {
            let plan = digits(LL, 19, pad, digit);
            let mut out = Vec::new();
            assert_eq!(write(&plan, b"123", &mut out).unwrap(), 3);
            assert_eq!(out, wire);
            let mut value = Vec::new();
            read(&plan, &wire, 3, None, &mut value);
            assert_eq!(value, b"123");
        }
    }

    #[test]
    fn a_short_number_is_filled_with_zeros_before_it_is_packed() {
        let mut out = Vec::new();
        let plan = digits(Prefix::Fixed, 3, Side::Right, 0);
        write(&plan, b"7", &mut out).unwrap();
        assert_eq!(out, [0x00, 0x70]);
    }

    #[test]
    fn an_odd_number_of_digits_cannot_be_counted_in_bytes() {
        let plan = Plan { count: Count::PackedBytes, ..digits(LL, 19, Side::Left, 0) };
        assert_eq!(write(&plan, b"123", &mut Vec::new()).unwrap_err().problem, Problem::OddLength);
        assert_eq!(write(&plan, b"1234", &mut Vec::new()), Ok(4));
    }

    #[test]
    fn a_letter_is_no_digit() {
        let plan = digits(LL, 19, Side::Left, 0);
        assert_eq!(write(&plan, b"12a", &mut Vec::new()).unwrap_err().at, 2);
    }
}
