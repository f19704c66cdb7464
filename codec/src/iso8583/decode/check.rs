//! Whether the bytes of a value belong to its type: eight bytes at a time.
//!
//! The fast paths only say yes or no; [`blame`] finds the place once the answer is no.

use crate::iso8583::ebcdic::{CLASSES, CLASSES_CP037, CLASSES_CP1047, class_of_kind, to_latin1};
use crate::iso8583::error::Problem;
use crate::iso8583::plan::{Check, Plan, Scale};
use crate::iso8583::words::{Coding, Kind, Side, Sign};

/// The same byte eight times.
const fn each(byte: u8) -> u64 {
    u64::from_be_bytes([byte; 8])
}

/// A value within its message: the bytes after it may be looked at, never judged.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    /// From the first byte of the value to the end of the message.
    pub(crate) from: &'a [u8],
    /// Bytes of the value.
    pub(crate) bytes: usize,
    /// Digits or characters of it.
    pub(crate) units: usize,
}

impl Value<'_> {
    /// The value's own bytes.
    #[inline]
    fn own(&self) -> &[u8] {
        self.from.get(..self.bytes).unwrap_or(self.from)
    }

    /// Whether every group of eight bytes passes. A short last group is filled up with `filler`.
    #[inline]
    fn all(&self, filler: u64, passes: impl Fn(u64) -> bool) -> bool {
        let (groups, rest) = self.own().as_chunks::<8>();
        if !groups
            .iter()
            .all(|group| passes(u64::from_be_bytes(*group)))
        {
            return false;
        }
        if rest.is_empty() {
            return true;
        }
        let at = self.bytes - rest.len();
        let keep = !(u64::MAX >> (rest.len() * 8));
        let word = match self.from.get(at..).and_then(|from| from.first_chunk::<8>()) {
            Some(group) => u64::from_be_bytes(*group),
            None => {
                rest.iter()
                    .fold(0, |word, &byte| word << 8 | u64::from(byte))
                    << (64 - rest.len() * 8)
            }
        };
        passes(word & keep | filler & !keep)
    }
}

/// Whether each of sixteen nibbles is at most 9: bit 3 never stands with bit 2 or bit 1.
#[inline]
const fn packed(word: u64) -> bool {
    word & (word << 1 | word << 2) & each(0x88) == 0
}

/// Whether each of eight bytes is an ASCII digit.
#[inline]
const fn digits(word: u64) -> bool {
    word & each(0xf0) == each(0x30) && packed(word & each(0x0f))
}

/// Whether each of eight bytes is from space to tilde.
#[inline]
const fn printable(word: u64) -> bool {
    let high = each(0x80);
    word & high == 0 && (word + each(0x60)) & !(word + each(0x01)) & high == high
}

/// Checks a value.
///
/// # Errors
/// The offset within the value, in bytes, and what is wrong there.
#[inline]
pub(crate) fn check(plan: &Plan, value: Value<'_>) -> Result<(), (usize, Problem)> {
    let passes = match plan.check {
        Check::Any => return Ok(()),
        Check::Packed if value.units.is_multiple_of(2) => value.all(0, packed),
        Check::Digits => value.all(each(b'0'), digits),
        Check::Printable => value.all(each(b' '), printable),
        Check::PackedTrack if value.units.is_multiple_of(2) => return Ok(()),
        Check::Packed | Check::PackedTrack => return odd(plan, value),
        Check::Class => class(plan, value.own()),
        Check::Signed => return signed(plan, value),
    };
    if passes {
        Ok(())
    } else {
        Err(blame(plan, value))
    }
}

/// Packed digits of an odd number: the filler is compared, the digits are checked.
#[inline]
fn odd(plan: &Plan, value: Value<'_>) -> Result<(), (usize, Problem)> {
    let own = value.own();
    let (at, filler) = match plan.pad {
        Side::Left => (0, own.first().map(|byte| byte >> 4)),
        Side::Right => (
            own.len().saturating_sub(1),
            own.last().map(|byte| byte & 0xf),
        ),
    };
    if filler != Some(plan.digit) {
        return Err((
            at,
            Problem::Padding {
                expected: plan.digit,
            },
        ));
    }
    let passes = if plan.check == Check::PackedTrack {
        true
    } else if plan.digit <= 9 {
        value.all(0, packed)
    } else {
        own.iter().enumerate().all(|(index, byte)| {
            let own = match plan.pad {
                Side::Left if index == at => byte & 0xf,
                Side::Right if index == at => byte >> 4,
                _ => *byte,
            };
            packed(u64::from(own))
        })
    };
    if passes {
        Ok(())
    } else {
        Err(blame(plan, value))
    }
}

fn class(plan: &Plan, own: &[u8]) -> bool {
    let classes = match plan.coding {
        Coding::Cp037 | Coding::HexEbcdic => &CLASSES_CP037,
        Coding::Cp1047 => &CLASSES_CP1047,
        Coding::Ascii | Coding::Bcd | Coding::Binary | Coding::Hex => &CLASSES,
    };
    let common = own
        .iter()
        .fold(u8::MAX, |common, &byte| common & classes[usize::from(byte)]);
    common & class_of_kind(plan.kind) != 0
}

/// A sign, then digits: as characters, or packed behind a letter or a nibble.
fn signed(plan: &Plan, value: Value<'_>) -> Result<(), (usize, Problem)> {
    let own = value.own();
    let Some((&first, rest)) = own.split_first() else {
        return Err((0, Problem::Content { expected: "a sign" }));
    };
    let sign = match (plan.scale, plan.sign) {
        (Scale::Half, _) => match (value.units % 2, plan.pad) {
            (0, _) => first >> 4,
            _ if first >> 4 != plan.digit => {
                return Err((
                    0,
                    Problem::Padding {
                        expected: plan.digit,
                    },
                ));
            }
            _ => first & 0xf,
        },
        (Scale::SignHalf, Sign::EbcdicByte) => to_latin1(Coding::Cp037, first),
        (Scale::SignHalf, _) => first,
        _ => to_latin1(plan.coding, first),
    };
    let letters = if plan.scale == Scale::Half {
        [0xc, 0xd]
    } else {
        [b'C', b'D']
    };
    if !letters.contains(&sign) {
        return Err((
            0,
            Problem::Content {
                expected: "a sign, C or D,",
            },
        ));
    }
    let wrong = match plan.scale {
        Scale::Half => {
            let low = if value.units.is_multiple_of(2) {
                first & 0xf
            } else {
                0
            };
            if low > 9 {
                Some(0)
            } else {
                first_unpacked(rest).map(|at| at + 1)
            }
        }
        Scale::SignHalf => {
            if (value.units - 1) % 2 == 1 && rest.first().is_some_and(|b| b >> 4 != plan.digit) {
                return Err((
                    1,
                    Problem::Padding {
                        expected: plan.digit,
                    },
                ));
            }
            first_unpacked(rest).map(|at| at + 1)
        }
        Scale::One | Scale::Double => rest
            .iter()
            .position(|&byte| !to_latin1(plan.coding, byte).is_ascii_digit())
            .map(|at| at + 1),
    };
    match wrong {
        Some(at) => Err((
            at,
            Problem::Content {
                expected: "a digit",
            },
        )),
        None => Ok(()),
    }
}

fn first_unpacked(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| !packed(u64::from(byte)))
}

/// The first byte that does not pass.
#[cold]
fn blame(plan: &Plan, value: Value<'_>) -> (usize, Problem) {
    let own = value.own();
    let at = match plan.check {
        Check::Packed => {
            let filler = value.units % 2 == 1 && plan.digit > 9;
            own.iter().enumerate().position(|(index, &byte)| {
                let byte = match plan.pad {
                    Side::Left if filler && index == 0 => byte & 0xf,
                    Side::Right if filler && index + 1 == own.len() => byte >> 4,
                    _ => byte,
                };
                !packed(u64::from(byte))
            })
        }
        Check::Digits => own.iter().position(|byte| !byte.is_ascii_digit()),
        Check::Printable => own.iter().position(|byte| !matches!(byte, b' '..=b'~')),
        _ => own
            .iter()
            .position(|byte| !class(plan, std::slice::from_ref(byte))),
    };
    (
        at.unwrap_or(0),
        Problem::Content {
            expected: expected(plan.kind),
        },
    )
}

/// What a type is made of, for messages.
pub(crate) const fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Numeric | Kind::Signed => "a digit",
        Kind::Track => "a character of the track code, 0 to ?,",
        Kind::Alpha => "a letter or a space",
        Kind::Alphanumeric => "a letter, a digit or a space",
        Kind::Printable => "a printable character",
        Kind::Text => "a character of ISO 8859-1",
        Kind::Binary => "an upper-case hexadecimal digit",
    }
}

#[cfg(test)]
mod tests {
    use super::{digits, each, packed, printable};

    #[test]
    fn eight_bytes_at_once_agree_with_one_at_a_time() {
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                let put = |filler: u8| {
                    let mut bytes = [filler; 8];
                    bytes[place] = byte;
                    u64::from_be_bytes(bytes)
                };
                assert_eq!(
                    packed(put(0x99)),
                    byte >> 4 <= 9 && byte & 0xf <= 9,
                    "{byte}"
                );
                assert_eq!(digits(put(b'9')), byte.is_ascii_digit(), "{byte}");
                assert_eq!(printable(put(b'~')), matches!(byte, b' '..=b'~'), "{byte}");
                assert_eq!(printable(put(b' ')), matches!(byte, b' '..=b'~'), "{byte}");
            }
        }
        assert!(packed(each(0x77)) && !packed(each(0x7a)));
    }
}
