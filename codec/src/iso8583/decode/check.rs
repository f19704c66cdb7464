//! Whether the bytes of a value belong to its type: eight bytes at a time.
//!
//! The fast paths only say yes or no; [`blame`] finds the place once the answer is no.

use super::error_detail::ErrorDetail;
use super::words8::{alphanumeric, digits, each, packed, printable};
use crate::iso8583::ebcdic::{CLASS_HEX_LOWER, class_of_kind, classes, to_latin1};
use crate::iso8583::error::{Inner, Problem};
use crate::iso8583::plan::{Check, Plan, Scale};
use crate::iso8583::schema::{Coding, Kind, Side, Sign};

/// A value within its message: the bytes after it may be looked at, never judged.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    /// From the first byte of the value to the end of the message.
    pub(crate) from: &'a [u8],
    pub(crate) bytes: usize,
    /// Digits or characters of it.
    pub(crate) units: usize,
}

impl Value<'_> {
    #[inline]
    fn own(&self) -> &[u8] {
        self.from.get(..self.bytes).unwrap_or(self.from)
    }

    /// Whether every group of eight bytes passes. A short last group is filled up with `filler`.
    #[inline]
    pub(super) fn all(&self, filler: u64, passes: impl Fn(u64) -> bool) -> bool {
        let (mut from, mut left) = (self.from, self.bytes);
        while left >= 8 {
            let Some((group, rest)) = from.split_first_chunk::<8>() else { return false };
            if !passes(u64::from_be_bytes(*group)) {
                return false;
            }
            (from, left) = (rest, left - 8);
        }
        if left == 0 {
            return true;
        }
        let keep = !(u64::MAX >> (left * 8));
        let word = match from.first_chunk::<8>() {
            Some(group) => u64::from_be_bytes(*group),
            None => from
                .iter()
                .zip([56, 48, 40, 32, 24, 16, 8])
                .fold(0, |word, (byte, shift)| word | u64::from(*byte) << shift),
        };
        passes(word & keep | filler & !keep)
    }
}

/// Checks a value.
///
/// # Errors
/// The byte that does not belong there.
#[inline]
pub(crate) fn check<E: ErrorDetail>(plan: &Plan, value: Value<'_>) -> Result<(), E> {
    let odd = value.units % 2 == 1;
    let passes = match plan.check {
        Check::Any => true,
        Check::Packed if !odd || (plan.digit <= 9 && plan.other <= 9) => value.all(0, packed),
        Check::Packed => value
            .own()
            .iter()
            .zip(0..)
            .all(|(byte, at)| packed(u64::from(without_filler(plan, value, at, *byte)))),
        Check::PackedTrack => true,
        Check::Digits => value.all(each(b'0'), digits),
        Check::Printable => value.all(each(b' '), printable),
        Check::Alphanumeric => value.all(each(b' '), alphanumeric),
        Check::Class => class(plan, value.own()),
        Check::Signed => return signed(plan, value),
    };
    if !passes {
        return Err(blame(plan, value));
    }
    if odd && matches!(plan.check, Check::Packed | Check::PackedTrack) {
        return filler(plan, value);
    }
    Ok(())
}

/// Compares the nibble that fills up an odd number of digits.
#[inline]
fn filler<E: ErrorDetail>(plan: &Plan, value: Value<'_>) -> Result<(), E> {
    let own = value.own();
    let (at, nibble) = match plan.pad {
        Side::Left => (0, own.first().map(|byte| byte >> 4)),
        Side::Right => (value.bytes.saturating_sub(1), own.last().map(|byte| byte & 0xf)),
    };
    if nibble == Some(plan.digit) || nibble == Some(plan.other) {
        return Ok(());
    }
    Err(E::new(at, Inner::None, || Problem::Padding { expected: plan.digit }))
}

/// A byte of packed digits, the filler made a digit.
fn without_filler(plan: &Plan, value: Value<'_>, at: usize, byte: u8) -> u8 {
    match plan.pad {
        Side::Left if at == 0 => byte & 0xf,
        Side::Right if at + 1 == value.bytes => byte >> 4,
        Side::Left | Side::Right => byte,
    }
}

fn class(plan: &Plan, own: &[u8]) -> bool {
    let classes = classes(plan.coding);
    let common = own.iter().fold(u8::MAX, |common, &byte| common & classes[usize::from(byte)]);
    let wanted = match plan.coding {
        Coding::HexLower => CLASS_HEX_LOWER,
        _ => class_of_kind(plan.kind),
    };
    common & wanted != 0
}

/// A sign, then digits: as characters, or packed behind a letter or a nibble. Fillers are on the
/// left, before the digits or before the nibble of the sign.
fn signed<E: ErrorDetail>(plan: &Plan, value: Value<'_>) -> Result<(), E> {
    let wrong = |at, expected| E::new(at, Inner::None, || Problem::Content { expected });
    let padding = |at| E::new(at, Inner::None, || Problem::Padding { expected: plan.digit });
    let Some((&first, rest)) = value.own().split_first() else {
        return Err(wrong(0, "a sign, C or D,"));
    };
    let odd = value.units % 2 == 1;
    if plan.scale == Scale::Half {
        let (sign, other) = if odd { (first & 0xf, first >> 4) } else { (first >> 4, first & 0xf) };
        if odd && other != plan.digit && other != plan.other {
            return Err(padding(0));
        }
        if !matches!(sign, 0xc | 0xd) {
            return Err(wrong(0, "a sign, C or D,"));
        }
        let first_digit = if odd { 0 } else { other };
        let at = if first_digit > 9 { Some(0) } else { first_unpacked(rest).map(|at| at + 1) };
        return at.map_or(Ok(()), |at| Err(wrong(at, "a digit")));
    }
    let page = match (plan.scale, plan.sign) {
        (Scale::SignHalf, Sign::EbcdicByte) => Coding::Cp037,
        (Scale::SignHalf, _) => Coding::Ascii,
        _ => plan.coding,
    };
    if !matches!(to_latin1(page, first), b'C' | b'D') {
        return Err(wrong(0, "a sign, C or D,"));
    }
    let at = if plan.scale == Scale::SignHalf {
        // The sign is one of the units, so an even number of them leaves an odd number of digits.
        let filler = rest.first().filter(|_| !odd).map(|byte| byte >> 4);
        if filler.is_some_and(|filler| filler != plan.digit && filler != plan.other) {
            return Err(padding(1));
        }
        // The filler shares its byte with the first digit.
        let shared = usize::from(filler.is_some());
        match rest.first() {
            Some(first) if shared == 1 && first & 0xf > 9 => Some(0),
            _ => first_unpacked(rest.get(shared..).unwrap_or(&[])).map(|at| at + shared),
        }
    } else {
        rest.iter().position(|&byte| !to_latin1(plan.coding, byte).is_ascii_digit())
    };
    at.map_or(Ok(()), |at| Err(wrong(at + 1, "a digit")))
}

fn first_unpacked(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| !packed(u64::from(byte)))
}

/// The first byte that does not pass.
#[cold]
fn blame<E: ErrorDetail>(plan: &Plan, value: Value<'_>) -> E {
    let own = value.own();
    let odd = value.units % 2 == 1;
    let at = match plan.check {
        Check::Packed => own.iter().enumerate().position(|(at, &byte)| {
            let byte = if odd { without_filler(plan, value, at, byte) } else { byte };
            !packed(u64::from(byte))
        }),
        Check::Digits => own.iter().position(|byte| !byte.is_ascii_digit()),
        Check::Printable => own.iter().position(|byte| !matches!(byte, b' '..=b'~')),
        _ => own.iter().position(|byte| !class(plan, std::slice::from_ref(byte))),
    };
    let Some(at) = at else {
        // Only the filler is no digit.
        return filler(plan, value).err().unwrap_or_else(|| {
            E::new(0, Inner::None, || Problem::Padding { expected: plan.digit })
        });
    };
    E::new(at, Inner::None, || Problem::Content { expected: expected(plan) })
}

/// What a type is made of, for messages.
pub(crate) const fn expected(plan: &Plan) -> &'static str {
    match plan.kind {
        Kind::Numeric | Kind::Signed => "a digit",
        Kind::Track => "a character of the track code, 0 to ?,",
        Kind::Alpha => "a letter or a space",
        Kind::Alphanumeric => "a letter, a digit or a space",
        Kind::Printable => "a printable character",
        Kind::Text => "a character of ISO 8859-1",
        Kind::Binary if matches!(plan.coding, Coding::HexLower) => "a lower-case hexadecimal digit",
        Kind::Binary => "an upper-case hexadecimal digit",
    }
}
