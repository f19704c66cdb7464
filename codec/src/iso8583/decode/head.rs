//! What stands before the fields: TPDU, header, MTI, bitmaps.

use super::fields::{Bits, Fields};
use super::{Input, Parsed, fail, take};
use crate::iso8583::dialect::Dialect;
use crate::iso8583::ebcdic::to_latin1;
use crate::iso8583::error::{Inner, Place, Problem};
use crate::iso8583::hex;
use crate::iso8583::mti::Mti;
use crate::iso8583::tpdu::{TPDU_BYTES, Tpdu};
use crate::iso8583::words::Coding;

const MTI_PLACE: Place = Place::Field(0, Inner::None);
const BITMAP_PLACE: Place = Place::Field(1, Inner::None);

/// Reads everything up to the first field and leaves the rest.
#[inline]
pub(super) fn head<'a>(dialect: &Dialect, input: Input<'a>, fields: &mut Fields) -> Parsed<'a, ()> {
    let total = input.len();
    let mut rest = input;
    fields.tpdu = None;
    if dialect.has_tpdu {
        let (after, tpdu) = take(TPDU_BYTES, Place::Tpdu)(rest)?;
        fields.tpdu = tpdu.try_into().ok().map(Tpdu);
        rest = after;
    }
    let (rest, header) = take(dialect.header_bytes, Place::Header)(rest)?;
    fields.body = total - rest.len();
    fields.header = fields.body - header.len()..fields.body;
    let (rest, mti) = mti(dialect.mti, rest)?;
    fields.mti = mti;
    bitmaps(dialect, rest, fields)
}

#[inline]
fn mti(coding: Coding, input: Input<'_>) -> Parsed<'_, Mti> {
    let packed = coding == Coding::Bcd;
    let (rest, wire) = take(if packed { 2 } else { 4 }, MTI_PLACE)(input)?;
    let digits = match *wire {
        [high, low] => [high >> 4, high & 0xf, low >> 4, low & 0xf].map(|digit| digit + b'0'),
        [a, b, c, d] => [a, b, c, d].map(|byte| to_latin1(coding, byte)),
        _ => [0; 4],
    };
    match digits.iter().position(|digit| !digit.is_ascii_digit()) {
        None => Ok((rest, Mti(digits))),
        Some(at) => fail(
            Problem::Mti,
            MTI_PLACE,
            input,
            if packed { at / 2 } else { at },
        ),
    }
}

/// Reads the bitmaps: the first bit of each but the last possible one announces the next.
#[inline]
fn bitmaps<'a>(dialect: &Dialect, input: Input<'a>, fields: &mut Fields) -> Parsed<'a, ()> {
    const NEXT: u64 = 1 << 63;
    let mut rest = input;
    let mut bits = [0; 3];
    fields.bitmaps = 0;
    for word in bits.iter_mut().take(dialect.bitmaps) {
        (rest, *word) = bitmap(dialect.bitmap, rest)?;
        fields.bitmaps += 1;
        let more = *word & NEXT != 0;
        if fields.bitmaps < dialect.bitmaps || fields.bitmaps == 1 {
            *word &= !NEXT;
        }
        if !more {
            break;
        }
        if dialect.bitmaps == 1 {
            return fail(Problem::UnknownField, BITMAP_PLACE, input, 0);
        }
    }
    fields.present = Bits(bits);
    Ok((rest, ()))
}

#[inline]
fn bitmap(coding: Coding, input: Input<'_>) -> Parsed<'_, u64> {
    if coding == Coding::Binary {
        let (rest, wire) = take(8, BITMAP_PLACE)(input)?;
        return Ok((
            rest,
            wire.iter()
                .fold(0, |word, &byte| word << 8 | u64::from(byte)),
        ));
    }
    let (rest, wire) = take(16, BITMAP_PLACE)(input)?;
    let mut word = 0;
    for (at, &byte) in wire.iter().enumerate() {
        match digit(coding, byte) {
            Some(nibble) => word = word << 4 | u64::from(nibble),
            None => return fail(Problem::Bitmap, BITMAP_PLACE, input, at),
        }
    }
    Ok((rest, word))
}

/// The value of a hexadecimal digit as a dialect writes it; only upper case, so that encoding gives
/// the same bytes again.
#[inline]
pub(crate) fn digit(coding: Coding, byte: u8) -> Option<u8> {
    let page = if coding == Coding::HexEbcdic {
        Coding::Cp037
    } else {
        coding
    };
    let character = to_latin1(page, byte);
    if character.is_ascii_lowercase() {
        None
    } else {
        hex::nibble(character)
    }
}
