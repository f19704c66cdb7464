//! The short way for common fields: one look at a small record instead of the whole plan. It only
//! says yes; whatever it does not say yes to goes the long way, which decides. A test holds the two
//! ways against each other.

use super::Input;
use super::check::Value;
use super::words8::{alphanumeric, digits, each, packed, printable};
use crate::iso8583::plan::{Check, Count, Plan, Prefix, Scale};
use crate::iso8583::schema::{PrefixCoding, Side};

/// Where the length comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// The field goes the long way.
    LongWay,
    /// Fixed, at most eight bytes: one load, one mask, one test.
    Short,
    Fixed,
    /// One byte of BCD, `LL`.
    Bcd1,
    /// Two bytes of BCD, `LLL`.
    Bcd2,
    /// Two ASCII digits, `LL`.
    Ascii2,
    /// Three ASCII digits, `LLL`.
    Ascii3,
}

/// How eight bytes are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Any,
    Packed,
    Digits,
    Printable,
    Alphanumeric,
}

/// One field, as the short way sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FastPath {
    head: Head,
    test: Test,
    /// Whether a byte has two digits.
    packed: bool,
    /// The filler of an odd number of digits: on the left or the right, and which nibble.
    left: bool,
    digit: u8,
    min: u16,
    max: u16,
    /// Bytes of a fixed field.
    bytes: u16,
    /// Of eight bytes, those of a short field; and what stands for the others, so that they pass.
    keep: u64,
    others: u64,
}

/// A field that was found and passes.
pub(super) struct Taken {
    pub(super) prefix: u16,
    pub(super) bytes: u16,
    pub(super) units: u16,
}

impl FastPath {
    /// The short way for a field, if it has one.
    pub(crate) fn of(plan: &Plan) -> Self {
        let keep = !u64::MAX.checked_shr(u32::from(plan.bytes) * 8).unwrap_or(0);
        let (test, other) = match plan.check {
            Check::Packed => (Test::Packed, 0),
            Check::Digits => (Test::Digits, b'0'),
            Check::Printable => (Test::Printable, b' '),
            Check::Alphanumeric => (Test::Alphanumeric, b' '),
            Check::Any | Check::PackedTrack | Check::Class | Check::Signed => (Test::Any, 0),
        };
        Self {
            head: head(plan),
            test,
            packed: plan.scale == Scale::Half,
            left: plan.pad == Side::Left,
            digit: plan.digit,
            min: plan.min,
            max: plan.max,
            bytes: plan.bytes,
            keep,
            others: each(other) & !keep,
        }
    }

    /// The field at the start of `input`, if the short way finds that it passes.
    #[inline]
    pub(super) fn take(&self, input: Input<'_>) -> Option<Taken> {
        if self.head == Head::Short {
            let word = u64::from_be_bytes(*input.first_chunk::<8>()?);
            let (bytes, units) = (self.bytes, self.max);
            let passes = self.test_word(word & self.keep | self.others);
            return if passes { Some(Taken { prefix: 0, bytes, units }) } else { None };
        }
        let (prefix, units) = self.length(input)?;
        // What is no digit makes a number that exceeds every length.
        if units < u32::from(self.min) || units > u32::from(self.max) {
            return None;
        }
        let units = u16::try_from(units).ok()?;
        let bytes = if self.packed { units.div_ceil(2) } else { units };
        let from = input.get(usize::from(prefix)..)?;
        let own = from.get(..usize::from(bytes))?;
        if self.packed && units % 2 == 1 {
            let byte = if self.left { own.first()? >> 4 } else { own.last()? & 0xf };
            if byte != self.digit {
                return None;
            }
        }
        let value = Value { from, bytes: usize::from(bytes), units: usize::from(units) };
        if self.test_value(value) { Some(Taken { prefix, bytes, units }) } else { None }
    }

    /// Bytes of the prefix, and the number of units.
    #[inline]
    fn length(&self, input: Input<'_>) -> Option<(u16, u32)> {
        match self.head {
            Head::Fixed => Some((0, u32::from(self.max))),
            Head::Bcd1 => Some((1, two_digits(*input.first()?))),
            Head::Bcd2 => {
                let [high, low] = *input.first_chunk()?;
                Some((2, two_digits(high) * 100 + two_digits(low)))
            }
            Head::Ascii2 => {
                let [tens, ones] = *input.first_chunk()?;
                Some((2, digit(tens) * 10 + digit(ones)))
            }
            Head::Ascii3 => {
                let [hundreds, tens, ones] = *input.first_chunk()?;
                Some((3, digit(hundreds) * 100 + digit(tens) * 10 + digit(ones)))
            }
            Head::LongWay | Head::Short => None,
        }
    }

    #[inline]
    fn test_word(&self, word: u64) -> bool {
        match self.test {
            Test::Any => true,
            Test::Packed => packed(word),
            Test::Digits => digits(word),
            Test::Printable => printable(word),
            Test::Alphanumeric => alphanumeric(word),
        }
    }

    #[inline]
    fn test_value(&self, value: Value<'_>) -> bool {
        match self.test {
            Test::Any => true,
            Test::Packed => value.all(0, packed),
            Test::Digits => value.all(each(b'0'), digits),
            Test::Printable => value.all(each(b' '), printable),
            Test::Alphanumeric => value.all(each(b' '), alphanumeric),
        }
    }
}

fn head(plan: &Plan) -> Head {
    let odd = plan.scale == Scale::Half && plan.max % 2 == 1;
    let known = !matches!(plan.check, Check::Class | Check::Signed)
        && matches!(plan.scale, Scale::One | Scale::Half)
        && plan.count == Count::Units
        && plan.layout == 0
        // A filler that is no digit would not pass the test of digits.
        && (plan.check != Check::Packed || plan.digit <= 9)
        && plan.max <= LENGTH_MAX;
    match (plan.prefix, plan.prefix_bytes) {
        _ if !known => Head::LongWay,
        (Prefix::Fixed, _) if plan.bytes <= 8 && !odd => Head::Short,
        (Prefix::Fixed, _) => Head::Fixed,
        (Prefix::Coded(PrefixCoding::Bcd), 1) => Head::Bcd1,
        (Prefix::Coded(PrefixCoding::Bcd), 2) => Head::Bcd2,
        (Prefix::Coded(PrefixCoding::Ascii), 2) => Head::Ascii2,
        (Prefix::Coded(PrefixCoding::Ascii), 3) => Head::Ascii3,
        _ => Head::LongWay,
    }
}

/// Longest value of the short way: below the number that [`NO_DIGIT`] makes of any length.
const LENGTH_MAX: u16 = 9_999;
/// What stands for a byte that is no digit.
const NO_DIGIT: u32 = 10_000;

/// Two packed digits.
#[inline]
fn two_digits(byte: u8) -> u32 {
    if packed(u64::from(byte)) {
        u32::from(byte >> 4) * 10 + u32::from(byte & 0xf)
    } else {
        NO_DIGIT
    }
}

#[inline]
fn digit(byte: u8) -> u32 {
    if byte.is_ascii_digit() { u32::from(byte & 0xf) } else { NO_DIGIT }
}

#[cfg(test)]
mod tests {
    use super::super::field;
    use crate::iso8583::decode::fields::Span;
    use crate::iso8583::dialect::Dialect;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    fn likely_byte() -> impl Strategy<Value = u8> {
        prop_oneof![
            (0_u8..10, 0_u8..10).prop_map(|(high, low)| high << 4 | low),
            0_u8..8,
            b'0'..=b'9',
            b' '..=b'~',
            any::<u8>(),
        ]
    }

    /// Compiled once, and not for every case.
    static DIALECTS: LazyLock<Vec<Dialect>> =
        LazyLock::new(|| Dialect::builtin_names().filter_map(Dialect::builtin).collect());

    proptest! {
        #[test]
        fn the_short_way_says_yes_only_where_the_long_way_says_the_same(
            lead in prop::collection::vec(0_u8..4, 0..3),
            fill in likely_byte(),
            rest in prop::collection::vec(likely_byte(), 0..40),
            alike in any::<bool>(),
        ) {
            // Many bytes of one kind pass more often than a mixture does.
            let tail = if alike { vec![fill; 24] } else { rest };
            let input = [lead, tail].concat();
            for dialect in DIALECTS.iter() {
                for (quick, plan) in dialect.quick.iter().zip(&dialect.plans[1..]) {
                    let Some(taken) = quick.take(&input) else { continue };
                    let (start, bytes, units) = (taken.prefix, taken.bytes, taken.units);
                    let long = field::<()>(dialect, plan, &input, 0);
                    prop_assert_eq!(long, Ok(Span { start, bytes, units }));
                }
            }
        }
    }

    #[test]
    fn the_short_way_takes_most_fields_of_the_built_in_dialects_in_ascii_and_bcd() {
        // EBCDIC is looked up in tables, a byte at a time: the long way.
        let is_short = |dialect: &Dialect| !dialect.mti.is_ebcdic();
        for dialect in Dialect::builtin_names().filter_map(Dialect::builtin).filter(is_short) {
            let samples = [[0x01; 64], [b'1'; 64]];
            let takes = |number: &u8| {
                let quick = &dialect.quick[usize::from(*number) - 1];
                samples.iter().any(|sample| quick.take(sample).is_some())
            };
            let (all, taken) = (dialect.fields().count(), dialect.fields().filter(takes).count());
            assert!(taken * 2 > all, "{}: {taken} of {all}", dialect.name());
        }
    }
}
