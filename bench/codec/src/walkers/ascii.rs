//! ISO 8583 in ASCII under one hexadecimal bitmap.

use super::Walked;
use super::ber::ber;
use super::class::{ALPHANUMERIC, DIGIT, HEX, PRINTABLE, TRACK, all};

/// Any byte.
const ANY: u8 = 0;

/// How a field is measured and what its bytes must be.
#[derive(Clone, Copy)]
enum Field {
    /// So many characters of a class.
    Fixed(usize, u8),
    /// `C` or `D`, then eight digits.
    Amount,
    /// `LL`, then characters of a class.
    Ll(usize, u8),
    /// `LLL`, then characters of a class.
    Lll(usize, u8),
    /// `LLL`, then BER-TLV.
    Chip,
    /// There is no such field.
    None,
}

const FIELDS: [Field; 65] = {
    let mut fields = [Field::Lll(999, ANY); 65];
    let mut at = 0;
    let digits = [6, 12, 12, 12, 10, 8, 8, 8, 6, 6, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 1];
    while at < digits.len() {
        fields[at + 3] = Field::Fixed(digits[at], DIGIT);
        at += 1;
    }
    at = 28;
    while at <= 31 {
        fields[at] = Field::Amount;
        at += 1;
    }
    (fields[0], fields[1]) = (Field::None, Field::None);
    fields[2] = Field::Ll(19, DIGIT);
    (fields[32], fields[33]) = (Field::Ll(11, DIGIT), Field::Ll(11, DIGIT));
    fields[34] = Field::Ll(28, PRINTABLE);
    fields[35] = Field::Ll(37, TRACK);
    fields[36] = Field::Lll(104, TRACK);
    fields[37] = Field::Fixed(12, ALPHANUMERIC);
    fields[38] = Field::Fixed(6, PRINTABLE);
    fields[39] = Field::Fixed(2, ALPHANUMERIC);
    fields[40] = Field::Fixed(3, ALPHANUMERIC);
    fields[41] = Field::Fixed(8, PRINTABLE);
    fields[42] = Field::Fixed(15, PRINTABLE);
    fields[43] = Field::Fixed(40, PRINTABLE);
    fields[44] = Field::Ll(25, PRINTABLE);
    fields[45] = Field::Ll(76, PRINTABLE);
    at = 49;
    while at <= 51 {
        fields[at] = Field::Fixed(3, ALPHANUMERIC);
        at += 1;
    }
    fields[52] = Field::Fixed(16, HEX);
    fields[53] = Field::Fixed(16, DIGIT);
    fields[54] = Field::Lll(120, ALPHANUMERIC);
    fields[55] = Field::Chip;
    fields[64] = Field::Fixed(16, HEX);
    fields
};

/// Walks a message.
#[must_use]
pub fn ascii(message: &[u8], walked: &mut Walked) -> Option<()> {
    walked.start();
    let (mti, rest) = message.split_at_checked(4)?;
    let map = rest.first_chunk::<16>()?;
    if !all(mti, DIGIT) || !all(map, HEX) {
        return None;
    }
    let mut bits = map.iter().fold(0_u64, |bits, &digit| {
        let letter = digit >> 6;
        bits << 4 | u64::from((digit & 0xf) + letter * 9)
    });
    let mut at = 20;
    while bits != 0 {
        let bit = bits.leading_zeros();
        bits &= !(1 << 63 >> bit);
        let number = usize::try_from(bit).ok()? + 1;
        let (start, bytes) = field(FIELDS[number], message, at)?;
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
        let stated = from.get(..bytes).filter(|stated| all(stated, DIGIT))?;
        let units = stated.iter().fold(0, |sum, &byte| sum * 10 + usize::from(byte & 0xf));
        (units <= max).then_some(units)
    };
    let found = |prefix: usize, bytes: usize, passes: &dyn Fn(&[u8]) -> bool| {
        let value = from.get(prefix..prefix + bytes)?;
        passes(value).then_some((at + prefix, bytes))
    };
    match field {
        Field::Fixed(bytes, class) => found(0, bytes, &|value| all(value, class)),
        Field::Amount => {
            found(0, 9, &|value| matches!(value[0], b'C' | b'D') && all(&value[1..], DIGIT))
        }
        Field::Ll(max, class) => found(2, prefix(2, max)?, &|value| all(value, class)),
        Field::Lll(max, ANY) => found(3, prefix(3, max)?, &|_| true),
        Field::Lll(max, class) => found(3, prefix(3, max)?, &|value| all(value, class)),
        Field::Chip => found(3, prefix(3, 999)?, &|value| ber(value, 0)),
        Field::None => None,
    }
}
