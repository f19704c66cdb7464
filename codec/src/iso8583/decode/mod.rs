//! Bytes to checked field ranges, without copying or allocating.
//!
//! [`Dialect::decode`] reads the head ([`head`]), then walks the bitmap: for each field a [`Plan`]
//! says how long the value is and what its bytes must pass ([`mod@check`]). Sub-fields are walked
//! on the spot ([`parts`]), so that a message that decodes is sound in every part.

pub(crate) mod ber;
pub(crate) mod check;
pub(crate) mod fields;
mod forms;
pub(crate) mod head;
pub(crate) mod parts;

use super::dialect::Dialect;
use super::error::{DecodeError, Inner, Place, Problem};
use super::limits::MESSAGE_BYTES_MAX;
use super::plan::{Count, Plan, Prefix};
use super::words::PrefixCoding;
use check::{Value, check};
use fields::{Fields, Span};
use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult};

pub(crate) type Input<'a> = &'a [u8];
pub(crate) type Parsed<'a, T> = IResult<Input<'a>, T, Fault>;

/// An error on its way out: what, in which part, and how many bytes before the end of the input.
#[derive(Debug)]
pub(crate) struct Fault {
    problem: Problem,
    place: Place,
    /// Bytes from the place of the error to the end of what is being decoded.
    left: usize,
}

impl ParseError<Input<'_>> for Fault {
    fn from_error_kind(input: Input<'_>, _: ErrorKind) -> Self {
        let problem = Problem::Truncated {
            needed: input.len() + 1,
            left: input.len(),
        };
        Self {
            problem,
            place: Place::End,
            left: input.len(),
        }
    }

    fn append(_: Input<'_>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl Fault {
    pub(crate) const fn new(problem: Problem, place: Place, left: usize) -> Self {
        Self {
            problem,
            place,
            left,
        }
    }
}

/// The error of a parser that reads complete input: it is never [`Err::Incomplete`].
fn located(error: Err<Fault>, total: usize) -> DecodeError {
    match error {
        Err::Error(fault) | Err::Failure(fault) => {
            DecodeError::new(fault.problem, fault.place).at(total.saturating_sub(fault.left))
        }
        Err::Incomplete(_) => DecodeError::new(
            Problem::Truncated {
                needed: total + 1,
                left: total,
            },
            Place::End,
        ),
    }
}

/// Fails `at` bytes into `input`.
#[cold]
pub(crate) fn fail<T>(
    problem: Problem,
    place: Place,
    input: Input<'_>,
    at: usize,
) -> Parsed<'_, T> {
    Err(Err::Failure(Fault {
        problem,
        place,
        left: input.len().saturating_sub(at),
    }))
}

/// Takes so many bytes of a part of the message.
#[inline]
pub(crate) fn take<'a>(count: usize, place: Place) -> impl Fn(Input<'a>) -> Parsed<'a, Input<'a>> {
    move |input| {
        nom::bytes::complete::take(count)(input).map_err(|_: Err<Fault>| {
            let left = input.len();
            Err::Error(Fault {
                problem: Problem::Truncated {
                    needed: count,
                    left,
                },
                place,
                left,
            })
        })
    }
}

impl Dialect {
    /// Finds and checks the fields of one whole message, without its frame length.
    ///
    /// Lengths, characters, fillers and the structure of sub-fields are checked; nothing is copied
    /// or allocated. `fields` is overwritten and may be reused.
    ///
    /// # Errors
    /// The first thing wrong, with field, sub-field and offset; `fields` holds those before it.
    #[inline]
    pub fn decode(&self, message: &[u8], fields: &mut Fields) -> Result<(), DecodeError> {
        let total = message.len();
        if total > MESSAGE_BYTES_MAX {
            let problem = Problem::MessageLong { length: total };
            return Err(DecodeError::new(problem, Place::End));
        }
        fields.present.0 = [0; 3];
        let (rest, ()) = head::head(self, message, fields).map_err(|e| located(e, total))?;
        let (rest, ()) = body(self, message, rest, fields).map_err(|e| located(e, total))?;
        if rest.is_empty() {
            Ok(())
        } else {
            let problem = Problem::Trailing { count: rest.len() };
            Err(DecodeError::new(problem, Place::End).at(total - rest.len()))
        }
    }
}

/// Walks the bits of the bitmaps and the fields that they announce. On failure `fields` keeps those
/// before the wrong one.
#[inline]
fn body<'a>(
    dialect: &Dialect,
    message: Input<'a>,
    input: Input<'a>,
    fields: &mut Fields,
) -> Parsed<'a, ()> {
    let mut rest = input;
    let mut spans = fields.spans.iter_mut();
    let announced = std::mem::take(&mut fields.present.0);
    let (plans, _) = dialect.plans[1..].as_chunks::<64>();
    for (word, plans) in plans.iter().enumerate().take(announced.len()) {
        let mut bits = announced[word];
        while bits != 0 {
            let lead = bits.leading_zeros();
            let bit = (1 << 63) >> lead;
            // A set bit is one of 64, and there are as many spans as bits: both are always found.
            let found = usize::try_from(lead).ok().and_then(|lead| plans.get(lead));
            let (Some(plan), Some(span)) = (found, spans.next()) else {
                break;
            };
            match field(dialect, plan, message, rest) {
                Ok((after, found)) => {
                    rest = after;
                    *span = found;
                }
                Err((problem, inner, left)) => {
                    fields.present.0[word] = announced[word] & !(bit | (bit - 1));
                    let number = word * 64 + usize::try_from(lead).unwrap_or(0) + 1;
                    let place = Place::Field(u8::try_from(number).unwrap_or(u8::MAX), inner);
                    return Err(Err::Failure(Fault::new(problem, place, left)));
                }
            }
            bits &= !bit;
        }
        fields.present.0[word] = announced[word];
    }
    Ok((rest, ()))
}

type Found<'a> = Result<(Input<'a>, Span), (Problem, Inner, usize)>;

/// Finds and checks one field.
#[inline]
fn field<'a>(dialect: &Dialect, plan: &Plan, message: Input<'a>, input: Input<'a>) -> Found<'a> {
    let (rest, units, bytes) = match measure(plan, input) {
        Ok(found) => found,
        Err((problem, left)) => return Err((problem, Inner::None, left)),
    };
    let left = rest.len();
    if bytes > left {
        return Err((
            Problem::Truncated {
                needed: bytes,
                left,
            },
            Inner::None,
            left,
        ));
    }
    let value = Value {
        from: rest,
        bytes,
        units,
    };
    if let Err((at, problem)) = check(plan, value) {
        return Err((problem, Inner::None, left - at));
    }
    let (own, after) = rest.split_at(bytes);
    if let Some(layout) = dialect.layout(plan) {
        parts::walk_field(dialect, plan, layout, own, units, &mut ())
            .map_err(|fault| (fault.problem, fault.inner, left.saturating_sub(fault.at)))?;
    }
    // Every offset is below MESSAGE_BYTES_MAX, which fits.
    let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let start = short(message.len() - left);
    Ok((
        after,
        Span {
            start,
            bytes: short(bytes),
            units: short(units),
        },
    ))
}

/// How many units and bytes the value at the start of `input` has, and where it starts.
///
/// # Errors
/// The problem and how many bytes before the end of `input` it is.
#[inline]
pub(crate) fn measure<'a>(
    plan: &Plan,
    input: Input<'a>,
) -> Result<(Input<'a>, usize, usize), (Problem, usize)> {
    let (rest, units) = match plan.prefix {
        Prefix::Fixed => return Ok((input, usize::from(plan.max), usize::from(plan.bytes))),
        Prefix::Undefined => return Err((Problem::UnknownField, input.len())),
        Prefix::Rest => (input, plan.units_of(input.len())),
        Prefix::Coded(coding) => {
            let count = usize::from(plan.prefix_bytes);
            let Some((prefix, rest)) = input.split_at_checked(count) else {
                let left = input.len();
                return Err((
                    Problem::Truncated {
                        needed: count,
                        left,
                    },
                    left,
                ));
            };
            let stated =
                length(coding, prefix).map_err(|at| (Problem::LengthDigit, input.len() - at))?;
            let units = units(plan, stated).ok_or((Problem::OddLength, input.len()))?;
            (rest, units)
        }
    };
    let (min, max) = (usize::from(plan.min), usize::from(plan.max));
    if units < min || units > max {
        return Err((
            Problem::Length {
                length: units,
                min,
                max,
            },
            input.len(),
        ));
    }
    // What is left may not be a whole number of units: then there is a byte too many.
    let bytes = if plan.prefix == Prefix::Rest {
        rest.len()
    } else {
        plan.bytes_of(units)
    };
    if bytes != plan.bytes_of(units) {
        return Err((Problem::OddLength, input.len()));
    }
    Ok((rest, units, bytes))
}

/// Units of a value whose prefix says this number; `None` for half a unit.
#[inline]
pub(crate) fn units(plan: &Plan, stated: usize) -> Option<usize> {
    match plan.count {
        Count::Units => Some(stated),
        Count::PackedBytes => Some(stated.saturating_mul(2)),
        Count::SignedBytes => Some(stated.saturating_mul(2).saturating_sub(1)),
        Count::HexDigits => (stated.is_multiple_of(2)).then_some(stated / 2),
    }
}

/// The number in a length prefix; the offset of the first byte that is no digit. Saturates.
#[inline]
pub(crate) fn length(coding: PrefixCoding, prefix: Input<'_>) -> Result<usize, usize> {
    let mut number = 0_usize;
    for (at, &byte) in prefix.iter().enumerate() {
        let (base, digit) = match coding {
            PrefixCoding::Ascii => (10, usize::from(byte.wrapping_sub(0x30))),
            PrefixCoding::Ebcdic => (10, usize::from(byte.wrapping_sub(0xf0))),
            PrefixCoding::Binary => (256, usize::from(byte)),
            PrefixCoding::Bcd => {
                let (high, low) = (usize::from(byte >> 4), usize::from(byte & 0xf));
                (100, if low > 9 { 100 } else { high * 10 + low })
            }
        };
        if digit >= base {
            return Err(at);
        }
        number = number.saturating_mul(base).saturating_add(digit);
    }
    Ok(number)
}
