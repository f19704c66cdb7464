//! How long a value is.

use super::Input;
use super::error_detail::ErrorDetail;
use super::words8::packed;
use crate::iso8583::error::{Inner, Problem};
use crate::iso8583::limits::PREFIX_DIGITS_MAX;
use crate::iso8583::plan::{Count, Plan, Prefix};
use crate::iso8583::schema::PrefixCoding;

/// A value that was measured, not yet checked.
pub(crate) struct Measured<'a> {
    /// From the first byte of the value to the end of what is being read.
    pub(crate) from: Input<'a>,
    /// Digits or characters of the value; bytes, for binary.
    pub(crate) units: usize,
    /// Bytes of the value, all of which are there.
    pub(crate) bytes: usize,
}

/// Measures the value at the start of `input`, behind its prefix.
///
/// # Errors
/// A prefix that is cut off or no number, a length out of bounds, too few bytes.
#[inline]
pub(crate) fn measure<'a, E: ErrorDetail>(
    plan: &Plan,
    input: Input<'a>,
) -> Result<Measured<'a>, E> {
    let wrong = |problem| E::new(0, Inner::None, || problem);
    let (from, units, bytes) = match plan.prefix {
        Prefix::Fixed => (input, usize::from(plan.max), usize::from(plan.bytes)),
        Prefix::Undefined => return Err(wrong(Problem::UnknownField)),
        Prefix::Rest => (input, plan.units_of(input.len()), input.len()),
        Prefix::Coded(coding) => {
            let needed = usize::from(plan.prefix_bytes);
            let Some((prefix, from)) = input.split_at_checked(needed) else {
                let left = input.len();
                return Err(wrong(Problem::Truncated { needed, left }));
            };
            let stated = length::<E>(coding, prefix)?;
            let units = match plan.count {
                Count::Units => stated,
                Count::PackedBytes => stated.saturating_mul(2),
                Count::SignedBytes => stated.saturating_mul(2).saturating_sub(1),
                Count::HexDigits if stated % 2 == 1 => return Err(wrong(Problem::OddLength)),
                Count::HexDigits => stated / 2,
            };
            (from, units, plan.bytes_of(units))
        }
    };
    if plan.prefix != Prefix::Fixed {
        let (min, max) = (usize::from(plan.min), usize::from(plan.max));
        if units < min || units > max {
            return Err(wrong(Problem::Length { length: units, min, max }));
        }
        // What is left need not be a whole number of units.
        if plan.prefix == Prefix::Rest && plan.bytes_of(units) != bytes {
            return Err(wrong(Problem::OddLength));
        }
    }
    if bytes > from.len() {
        let at = input.len() - from.len();
        let problem = || Problem::Truncated { needed: bytes, left: from.len() };
        return Err(E::new(at, Inner::None, problem));
    }
    Ok(Measured { from, units, bytes })
}

const _: () = assert!(PREFIX_DIGITS_MAX < 8, "a length of this many bytes fits 64 bits");

/// The number in a length prefix of at most [`PREFIX_DIGITS_MAX`] bytes.
///
/// # Errors
/// A byte that is no digit.
#[inline]
pub(crate) fn length<E: ErrorDetail>(coding: PrefixCoding, prefix: Input<'_>) -> Result<usize, E> {
    match coding {
        PrefixCoding::Ascii => sum(prefix, 10, |byte| u64::from(byte.wrapping_sub(b'0'))),
        PrefixCoding::Ebcdic => sum(prefix, 10, |byte| u64::from(byte.wrapping_sub(0xf0))),
        PrefixCoding::Binary => sum(prefix, 256, u64::from),
        PrefixCoding::Bcd => sum(prefix, 100, |byte| {
            let digits = u64::from(byte >> 4) * 10 + u64::from(byte & 0xf);
            if packed(u64::from(byte)) { digits } else { u64::MAX }
        }),
    }
}

#[inline]
fn sum<E: ErrorDetail>(
    prefix: Input<'_>,
    base: u64,
    value: impl Fn(u8) -> u64,
) -> Result<usize, E> {
    let mut number = 0_u64;
    for &byte in prefix {
        let digit = value(byte);
        if digit >= base {
            let at = prefix.iter().position(|&byte| value(byte) >= base);
            return Err(E::new(at.unwrap_or(0), Inner::None, || Problem::LengthDigit));
        }
        // So few digits do not wrap around, as asserted above.
        number = number.wrapping_mul(base).wrapping_add(digit);
    }
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::error_detail::PartFault;
    use super::{PrefixCoding, length};

    #[test]
    fn a_length_is_read_in_every_encoding() {
        for (coding, prefix) in [
            (PrefixCoding::Ascii, &b"104"[..]),
            (PrefixCoding::Ebcdic, &[0xf1, 0xf0, 0xf4]),
            (PrefixCoding::Bcd, &[0x01, 0x04]),
            (PrefixCoding::Binary, &[0x00, 0x68]),
        ] {
            assert!(matches!(length::<()>(coding, prefix), Ok(104)));
        }
    }

    #[test]
    fn a_byte_that_is_no_digit_is_told_apart() {
        for (coding, prefix) in [
            (PrefixCoding::Ascii, &b"1x4"[..]),
            (PrefixCoding::Ebcdic, b"\xf14"),
            (PrefixCoding::Bcd, &[0x01, 0x1a]),
            (PrefixCoding::Bcd, &[0x01, 0xa1]),
        ] {
            let fault = length::<PartFault>(coding, prefix).err().map(|fault| fault.at);
            assert_eq!(fault, Some(1));
        }
    }
}
