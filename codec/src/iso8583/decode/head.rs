//! What precedes the fields: TPDU, header, MTI, bitmaps.
//!
//! Parsers in the manner of nom, whose result they share. `take` is our own because nom's is not
//! inlined here and costs more than all the rest of the head.

use super::Input;
use super::fields::{Bits, Fields};
use crate::iso8583::dialect::{Dialect, Header, HeaderLength, Leading};
use crate::iso8583::ebcdic::to_latin1;
use crate::iso8583::error::{DecodeError, Inner, Place, Problem};
use crate::iso8583::hex;
use crate::iso8583::limits::HEADER_BYTES_MAX;
use crate::iso8583::mti::Mti;
use crate::iso8583::schema::Coding;
use crate::iso8583::tpdu::{TPDU_BYTES, TPDU_ID, Tpdu};
use nom::IResult;

/// Where reading stopped: in which part, and how many bytes before the end. Why is found out later.
#[derive(Clone, Copy, Debug)]
struct Stop {
    part: Part,
    left: usize,
    /// Whether there are too few bytes; else one does not belong there.
    short: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Tpdu,
    Header,
    Mti,
    Bitmap,
    /// A second bitmap is announced that the dialect does not have.
    Announcement,
}

type Parsed<'a, T> = IResult<Input<'a>, T, Stop>;

#[inline]
fn stop<T>(part: Part, input: Input<'_>, at: usize) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Stop { part, left: input.len() - at, short: false }))
}

#[inline]
fn short<T>(part: Part, input: Input<'_>) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Stop { part, left: input.len(), short: true }))
}

#[inline]
fn take(count: usize, part: Part, input: Input<'_>) -> Parsed<'_, Input<'_>> {
    match input.split_at_checked(count) {
        Some((taken, rest)) => Ok((rest, taken)),
        None => short(part, input),
    }
}

/// Reads everything up to the first field; where that starts.
#[inline]
pub(crate) fn head(
    dialect: &Dialect,
    message: Input<'_>,
    fields: &mut Fields,
) -> Result<usize, DecodeError> {
    match parts(dialect, message, fields) {
        Ok((rest, ())) => Ok(message.len() - rest.len()),
        Err(error) => Err(wrong(dialect, message, &error)),
    }
}

#[inline]
fn parts<'a>(dialect: &Dialect, message: Input<'a>, fields: &mut Fields) -> Parsed<'a, ()> {
    let mut rest = message;
    fields.tpdu = None;
    let has_tpdu = match dialect.tpdu {
        Leading::Never => false,
        Leading::Always => true,
        Leading::Optional => rest.first() == Some(&TPDU_ID),
    };
    if has_tpdu {
        let tpdu;
        (rest, tpdu) = take(TPDU_BYTES, Part::Tpdu, rest)?;
        fields.tpdu = tpdu.first_chunk().copied().map(Tpdu);
    }
    let (rest, header) = header(&dialect.header, rest)?;
    fields.body = message.len() - rest.len();
    fields.header = fields.body - header.len()..fields.body;
    let (rest, mti) = mti(dialect.mti, rest)?;
    fields.mti = mti;
    bitmaps(dialect, rest, fields)
}

#[inline]
fn header<'a>(header: &Header, input: Input<'a>) -> Parsed<'a, Input<'a>> {
    if !input.starts_with(header.starts.bytes()) {
        return Ok((input, &[]));
    }
    let bytes = match header.length {
        HeaderLength::Fixed(bytes) => bytes,
        HeaderLength::Counted => match input.first().map(|first| usize::from(*first)) {
            None => 1,
            Some(bytes @ 1..=HEADER_BYTES_MAX) => bytes,
            Some(_) => return stop(Part::Header, input, 0),
        },
    };
    take(bytes, Part::Header, input)
}

#[inline]
fn mti(coding: Coding, input: Input<'_>) -> Parsed<'_, Mti> {
    let packed = coding == Coding::Bcd;
    let (rest, wire) = take(mti_bytes(coding), Part::Mti, input)?;
    let digits = match *wire {
        [high, low] => [high >> 4, high & 0xf, low >> 4, low & 0xf].map(|digit| digit + b'0'),
        [a, b, c, d] => [a, b, c, d].map(|byte| to_latin1(coding, byte)),
        _ => [0; 4],
    };
    match digits.iter().position(|digit| !digit.is_ascii_digit()) {
        None => Ok((rest, Mti(digits))),
        Some(at) => stop(Part::Mti, input, if packed { at / 2 } else { at }),
    }
}

const fn mti_bytes(coding: Coding) -> usize {
    if matches!(coding, Coding::Bcd) { 2 } else { 4 }
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
            return stop(Part::Announcement, input, 0);
        }
    }
    fields.present = Bits(bits);
    Ok((rest, ()))
}

#[inline]
fn bitmap(coding: Coding, input: Input<'_>) -> Parsed<'_, u64> {
    if coding == Coding::Binary {
        return match input.split_first_chunk() {
            Some((word, rest)) => Ok((rest, u64::from_be_bytes(*word))),
            None => short(Part::Bitmap, input),
        };
    }
    let (rest, wire) = take(bitmap_bytes(coding), Part::Bitmap, input)?;
    let mut word = 0;
    for (at, &byte) in wire.iter().enumerate() {
        match digit(coding, byte) {
            Some(nibble) => word = word << 4 | u64::from(nibble),
            None => return stop(Part::Bitmap, input, at),
        }
    }
    Ok((rest, word))
}

const fn bitmap_bytes(coding: Coding) -> usize {
    if matches!(coding, Coding::Binary) { 8 } else { 16 }
}

/// The value of a hexadecimal digit as a dialect writes it; only in its case, so that encoding
/// gives the same bytes again.
#[inline]
pub(crate) fn digit(coding: Coding, byte: u8) -> Option<u8> {
    let page = if coding == Coding::HexEbcdic { Coding::Cp037 } else { coding };
    let character = to_latin1(page, byte);
    let is_other_case = match coding {
        Coding::HexLower => character.is_ascii_uppercase(),
        _ => character.is_ascii_lowercase(),
    };
    if is_other_case { None } else { hex::nibble(character) }
}

/// Why reading stopped: too few bytes, or a byte that does not belong there.
#[cold]
fn wrong(dialect: &Dialect, message: Input<'_>, error: &nom::Err<Stop>) -> DecodeError {
    let (nom::Err::Error(stop) | nom::Err::Failure(stop)) = error else {
        unreachable!("a message is read whole")
    };
    let (needed, place, other) = match stop.part {
        Part::Tpdu => (TPDU_BYTES, Place::Tpdu, None),
        Part::Header => {
            let at = message.len() - stop.left;
            let counted = message.get(at).map_or(1, |first| usize::from(*first));
            let needed = match dialect.header.length {
                HeaderLength::Fixed(bytes) => bytes,
                HeaderLength::Counted => counted,
            };
            (needed, Place::Header, Some(Problem::HeaderLength { stated: counted }))
        }
        Part::Mti => (mti_bytes(dialect.mti), Place::Field(0, Inner::None), Some(Problem::Mti)),
        Part::Bitmap => {
            let needed = bitmap_bytes(dialect.bitmap);
            let problem = Problem::Bitmap { is_lower: dialect.bitmap == Coding::HexLower };
            (needed, Place::Field(1, Inner::None), Some(problem))
        }
        Part::Announcement => (0, Place::Field(1, Inner::None), Some(Problem::UnknownField)),
    };
    let truncated = Problem::Truncated { needed, left: stop.left };
    let problem = other.filter(|_| !stop.short).unwrap_or(truncated);
    DecodeError::new(problem, place).at(message.len() - stop.left)
}
