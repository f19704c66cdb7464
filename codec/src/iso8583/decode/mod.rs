//! Bytes to checked field ranges, without copying or allocating.
//!
//! [`Dialect::decode`] reads the head ([`head`]), then walks the bitmap: for each field a [`Plan`]
//! says how long the value is and what its bytes must pass ([`mod@check`]). Sub-fields are walked
//! on the spot ([`parts`]), so that a message that decodes is sound in every part.

pub(crate) mod ber;
pub(crate) mod check;
pub(crate) mod error_detail;
pub(crate) mod fast_path;
pub(crate) mod fields;
mod forms;
pub(crate) mod head;
pub(crate) mod measure;
pub(crate) mod parts;
mod words8;

use super::dialect::Dialect;
use super::error::{DecodeError, Inner, Place, Problem};
use super::limits::MESSAGE_BYTES_MAX;
use super::plan::Plan;
use check::{Value, check};
use error_detail::{ErrorDetail, PartFault};
use fast_path::Taken;
use fields::{Fields, Span};
use measure::{Measured, measure};
use std::num::NonZeroU64;

pub(crate) type Input<'a> = &'a [u8];
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
        let start = u16::try_from(head::head(self, message, fields)?).unwrap_or(u16::MAX);
        let end = usize::from(body(self, message, start, fields)?);
        if end == total {
            Ok(())
        } else {
            let problem = Problem::Trailing { count: total - end };
            Err(DecodeError::new(problem, Place::End).at(end))
        }
    }
}

/// Walks the bits of the bitmaps and the fields that they announce; where the last field ends. On
/// failure `fields` keeps those before the wrong one.
#[inline]
fn body(
    dialect: &Dialect,
    message: Input<'_>,
    start: u16,
    fields: &mut Fields,
) -> Result<u16, DecodeError> {
    let mut at = start;
    let mut spans = fields.spans.iter_mut();
    let announced = std::mem::take(&mut fields.present.0);
    let (plans, _) = dialect.plans[1..].as_chunks::<64>();
    let (quicks, _) = dialect.quick.as_chunks::<64>();
    for (word, (plans, quicks)) in plans.iter().zip(quicks).enumerate().take(announced.len()) {
        // The first field is the highest bit: reversed, it is the lowest, which is quick to take.
        let mut bits = announced[word].reverse_bits();
        while let Some(set) = NonZeroU64::new(bits) {
            bits &= bits.wrapping_sub(1);
            let bit = usize::try_from(set.trailing_zeros()).unwrap_or(0) & 63;
            // There are as many spans as bits, and no offset lies behind the message.
            let (Some(span), Some(input)) = (spans.next(), message.get(usize::from(at)..)) else {
                break;
            };
            // The next offset is made in registers: every further field waits for it.
            if let Some(Taken { prefix, bytes, units }) = quicks[bit].take(input) {
                let start = at + prefix;
                *span = Span { start, bytes, units };
                at = start + bytes;
            } else if let Ok(found) = field::<()>(dialect, &plans[bit], message, at) {
                *span = found;
                at = found.start + found.bytes;
            } else {
                let before = !(u64::MAX >> bit);
                fields.present.0[word] = announced[word] & before;
                return Err(wrong(dialect, &plans[bit], word * 64 + bit + 1, message, at));
            }
        }
        fields.present.0[word] = announced[word];
    }
    Ok(at)
}

/// Finds and checks the field that starts at an offset.
#[inline(never)]
fn field<E: ErrorDetail>(
    dialect: &Dialect,
    plan: &Plan,
    message: Input<'_>,
    at: u16,
) -> Result<Span, E> {
    let input = message.get(usize::from(at)..).unwrap_or(&[]);
    let Measured { from, units, bytes } = measure::<E>(plan, input)?;
    let start = message.len() - from.len();
    let outside = |error: E| error.inside(start - usize::from(at), 1, Inner::None);
    check::<E>(plan, Value { from, bytes, units }).map_err(outside)?;
    if let Some(layout) = dialect.layout(plan) {
        let own = from.get(..bytes).unwrap_or(&[]);
        parts::walk_field::<E, ()>(dialect, plan, layout, own, units, &mut ()).map_err(outside)?;
    }
    // No offset, no number of bytes or of units exceeds MESSAGE_BYTES_MAX, which fits.
    let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    Ok(Span { start: short(start), bytes: short(bytes), units: short(units) })
}

/// Reads the wrong field once more, for the reason.
#[cold]
#[inline(never)]
fn wrong(
    dialect: &Dialect,
    plan: &Plan,
    number: usize,
    message: Input<'_>,
    start: u16,
) -> DecodeError {
    let number = u8::try_from(number).unwrap_or(u8::MAX);
    match field::<PartFault>(dialect, plan, message, start) {
        Err(PartFault { problem, inner, at }) => {
            DecodeError::new(problem, Place::Field(number, inner)).at(usize::from(start) + at)
        }
        Ok(_) => unreachable!("reading the same bytes twice gives the same result"),
    }
}
