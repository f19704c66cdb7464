//! ISO 8583 with packed digits under one binary bitmap.

use super::Walked;
use super::ber::ber;
use super::class::{ALPHANUMERIC, PACKED, PRINTABLE, TRACK, all};

/// How a field is measured and what its bytes must be.
#[derive(Clone, Copy)]
enum Field {
    /// So many bytes of anything.
    Bytes(usize),
    /// So many characters of a class.
    Text(usize, u8),
    /// So many packed digits; an odd one has a zero before it.
    Digits(usize),
    /// `C` or `D`, then eight packed digits.
    Amount,
    /// `LL`, then packed digits; an odd number has a zero behind it.
    DigitsLl(usize),
    /// `LL`, then packed track data, filled in the same way.
    TrackLl(usize),
    /// `LL`, then characters of a class.
    TextLl(usize, u8),
    /// `LLL`, then characters of a class.
    TextLll(usize, u8),
    /// `LLL`, then bytes of anything.
    BytesLll(usize),
    /// `LLL`, then BER-TLV.
    Chip,
    /// There is no such field.
    None,
}

const FIELDS: [Field; 65] = {
    let mut fields = [Field::BytesLll(999); 65];
    let mut at = 0;
    let digits = [6, 12, 12, 12, 10, 8, 8, 8, 6, 6, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 1];
    while at < digits.len() {
        fields[at + 3] = Field::Digits(digits[at]);
        at += 1;
    }
    at = 28;
    while at <= 31 {
        fields[at] = Field::Amount;
        at += 1;
    }
    (fields[0], fields[1]) = (Field::None, Field::None);
    fields[2] = Field::DigitsLl(19);
    (fields[32], fields[33]) = (Field::DigitsLl(11), Field::DigitsLl(11));
    fields[34] = Field::TextLl(28, PRINTABLE);
    fields[35] = Field::TrackLl(37);
    fields[36] = Field::TextLll(104, TRACK);
    fields[37] = Field::Text(12, ALPHANUMERIC);
    fields[38] = Field::Text(6, PRINTABLE);
    fields[39] = Field::Text(2, ALPHANUMERIC);
    fields[40] = Field::Text(3, ALPHANUMERIC);
    fields[41] = Field::Text(8, PRINTABLE);
    fields[42] = Field::Text(15, PRINTABLE);
    fields[43] = Field::Text(40, PRINTABLE);
    fields[44] = Field::TextLl(25, PRINTABLE);
    fields[45] = Field::TextLl(76, PRINTABLE);
    at = 49;
    while at <= 51 {
        fields[at] = Field::Text(3, ALPHANUMERIC);
        at += 1;
    }
    fields[52] = Field::Bytes(8);
    fields[53] = Field::Digits(16);
    fields[54] = Field::TextLll(120, ALPHANUMERIC);
    fields[55] = Field::Chip;
    fields[64] = Field::Bytes(8);
    fields
};

const NAC_FIELDS: [Field; 65] = {
    let mut fields = FIELDS;
    (fields[22], fields[23], fields[24]) = (Field::Digits(4), Field::Digits(4), Field::Digits(4));
    fields
};

/// Walks a message without transport header.
#[must_use]
pub fn bcd(message: &[u8], walked: &mut Walked) -> Option<()> {
    walk(message, 0, &FIELDS, walked)
}

/// Walks a terminal's message behind its TPDU.
#[must_use]
pub fn nac(message: &[u8], walked: &mut Walked) -> Option<()> {
    walk(message, 5, &NAC_FIELDS, walked)
}

#[inline]
fn walk(message: &[u8], head: usize, fields: &[Field; 65], walked: &mut Walked) -> Option<()> {
    walked.start();
    let (mti, after) = message.get(head..)?.split_at_checked(2)?;
    if !all(mti, PACKED) {
        return None;
    }
    let mut bits = u64::from_be_bytes(*after.first_chunk()?);
    let mut at = head + 10;
    while bits != 0 {
        let bit = bits.leading_zeros();
        bits &= !(1 << 63 >> bit);
        let number = usize::try_from(bit).ok()? + 1;
        let (start, bytes) = field(fields[number], message, at)?;
        walked.add(number, start, bytes)?;
        at = start + bytes;
    }
    (at == message.len()).then_some(())
}

/// Start and bytes of the value at `at`, if it passes.
#[inline]
fn field(field: Field, message: &[u8], at: usize) -> Option<(usize, usize)> {
    let from = message.get(at..)?;
    let prefix = |bytes: usize, max: usize| {
        let stated = from.get(..bytes).filter(|stated| all(stated, PACKED))?;
        let units = stated.iter().fold(0, |sum, &byte| {
            sum * 100 + usize::from(byte >> 4) * 10 + usize::from(byte & 0xf)
        });
        (units <= max).then_some(units)
    };
    let found = |prefix: usize, bytes: usize, passes: &dyn Fn(&[u8]) -> bool| {
        let value = from.get(prefix..prefix + bytes)?;
        passes(value).then_some((at + prefix, bytes))
    };
    let filled = |value: &[u8], units: usize| {
        units.is_multiple_of(2) || value.last().is_none_or(|last| last & 0xf == 0)
    };
    match field {
        Field::Bytes(bytes) => found(0, bytes, &|_| true),
        Field::Text(bytes, class) => found(0, bytes, &|value| all(value, class)),
        Field::Digits(units) => found(0, units.div_ceil(2), &|value| {
            all(value, PACKED) && (units.is_multiple_of(2) || value[0] >> 4 == 0)
        }),
        Field::Amount => {
            found(0, 5, &|value| matches!(value[0], b'C' | b'D') && all(&value[1..], PACKED))
        }
        Field::DigitsLl(max) => {
            let units = prefix(1, max)?;
            found(1, units.div_ceil(2), &|value| all(value, PACKED) && filled(value, units))
        }
        Field::TrackLl(max) => {
            let units = prefix(1, max)?;
            found(1, units.div_ceil(2), &|value| filled(value, units))
        }
        Field::TextLl(max, class) => found(1, prefix(1, max)?, &|value| all(value, class)),
        Field::TextLll(max, class) => found(2, prefix(2, max)?, &|value| all(value, class)),
        Field::BytesLll(max) => found(2, prefix(2, max)?, &|_| true),
        Field::Chip => found(2, prefix(2, 999)?, &|value| ber(value, 0)),
        Field::None => None,
    }
}
