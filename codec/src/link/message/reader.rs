//! Reading a body: one pass of nom over the fields, then typed values by tag.
//!
//! ```text
//!  0        1     2        2 + n
//! +--------+-----+--------+---------+-----+------ - -     lengths 0..=254 take one byte,
//! | message| tag | length | n bytes | tag | length        longer ones FF and a u16 BE
//! +--------+-----+--------+---------+-----+------ - -
//! ```

use nom::IResult;

use super::declare::Value;
use super::error::{BodyError, BodyErrorKind};
use super::tag::{self, KNOWN, Tag};
use crate::bytes::{chunk, take};
use crate::limits::BODY_BYTES_MAX;

/// The length byte that says that a 16-bit length follows.
pub(super) const LONG_LENGTH: u8 = 0xFF;

/// The fields of one body, found but not yet interpreted.
///
/// Nothing is copied or allocated: for each tag of the dictionary only the place of its value is
/// kept. Unknown tags are skipped; a known one that occurs twice is an error.
pub(super) struct Fields<'a> {
    message: &'static str,
    body: &'a [u8],
    places: [Place; KNOWN],
}

/// Where a value lies in the body.
#[derive(Clone, Copy)]
struct Place {
    /// Behind message type, tag and length; 0 if the field is not there.
    offset: u16,
    length: u16,
}

/// A field as it lies on the wire.
struct RawField<'a> {
    number: u8,
    minimal: bool,
    value: &'a [u8],
}

/// One field: tag, short or long length, value. Fails only if bytes are missing.
#[inline]
fn raw_field(input: &[u8]) -> IResult<&[u8], RawField<'_>, ()> {
    let (rest, [number, short]) = chunk(input)?;
    let (rest, length) = match short {
        LONG_LENGTH => {
            let (rest, long) = chunk(rest)?;
            (rest, u16::from_be_bytes(long))
        }
        short => (rest, u16::from(short)),
    };
    let minimal = short != LONG_LENGTH || length >= u16::from(LONG_LENGTH);
    let (rest, value) = take(usize::from(length), rest)?;
    Ok((rest, RawField { number, minimal, value }))
}

/// A field of a body with its place, interpreted by nobody.
pub(in crate::link) struct PlacedField<'a> {
    /// Offset of the tag in the body, in bytes.
    pub(in crate::link) offset: usize,
    pub(in crate::link) number: u8,
    /// Tag, length and value as they lie on the wire.
    pub(in crate::link) whole: &'a [u8],
    pub(in crate::link) value: &'a [u8],
}

/// Every field of `body` in the order of the wire, known or not, up to one that is cut short.
pub(in crate::link) fn laid(body: &[u8]) -> impl Iterator<Item = PlacedField<'_>> {
    let mut offset = 1;
    std::iter::from_fn(move || {
        let input = body.get(offset..).filter(|input| !input.is_empty())?;
        let (rest, field) = raw_field(input).ok()?;
        let whole = &input[..input.len() - rest.len()];
        let laid = PlacedField { offset, number: field.number, whole, value: field.value };
        offset += whole.len();
        Some(laid)
    })
}

impl<'a> Fields<'a> {
    /// The fields of `body`, whose first byte is the message type; none is found yet.
    pub(super) const fn new(body: &'a [u8]) -> Self {
        Self { message: "", body, places: [Place { offset: 0, length: 0 }; KNOWN] }
    }

    /// Finds the fields of a message of that name, once.
    pub(super) fn find(&mut self, message: &'static str) -> Result<&Self, BodyError> {
        let body = self.body;
        self.message = message;
        if body.len() > BODY_BYTES_MAX {
            let kind = BodyErrorKind::TooLong { length: body.len(), bytes_max: BODY_BYTES_MAX };
            return Err(BodyError { message, field: "", tag: 0, offset: 0, kind });
        }
        let mut rest = body.get(1..).unwrap_or_default();
        // Bound: every field takes at least its tag and length from `rest`.
        while !rest.is_empty() {
            let start = body.len() - rest.len();
            let (after, field) = raw_field(rest)
                .map_err(|_| self.raw_error(rest[0], start, BodyErrorKind::Truncated))?;
            rest = after;
            self.keep(&field, start)?;
        }
        Ok(self)
    }

    #[inline]
    fn keep(&mut self, field: &RawField<'a>, start: usize) -> Result<(), BodyError> {
        if !field.minimal {
            return Err(self.raw_error(field.number, start, BodyErrorKind::NotMinimal));
        }
        let Some(tag) = tag::find(field.number) else {
            return Ok(());
        };
        let head = if field.value.len() < usize::from(LONG_LENGTH) { 2 } else { 4 };
        let offset = start + head;
        let length = field.value.len();
        if length > tag.bytes_max {
            let kind = BodyErrorKind::TooLong { length, bytes_max: tag.bytes_max };
            return Err(self.error(tag, offset, kind));
        }
        let place = &mut self.places[usize::from(tag.number)];
        if place.offset > 0 {
            return Err(self.error(tag, start, BodyErrorKind::Duplicate));
        }
        let bounded = |bytes| u16::try_from(bytes).expect("BODY_BYTES_MAX fits 16 bits");
        *place = Place { offset: bounded(offset), length: bounded(length) };
        Ok(())
    }

    /// The value of a field that must be there.
    #[inline]
    pub(super) fn required<T: Value<'a>>(&self, tag: &'static Tag) -> Result<T, BodyError> {
        T::read(self, tag)?.ok_or_else(|| self.missing(tag))
    }

    /// The value of a field that must be there, and not be `excluded`.
    pub(super) fn required_not<T: Value<'a>>(
        &self,
        tag: &'static Tag,
        excluded: T,
    ) -> Result<T, BodyError> {
        let value = self.required(tag)?;
        if value == excluded { Err(self.undefined(tag)) } else { Ok(value) }
    }

    /// The value of a field that is `left_out` if it is.
    #[inline]
    pub(super) fn optional<T: Value<'a>>(
        &self,
        tag: &'static Tag,
        left_out: T,
    ) -> Result<T, BodyError> {
        Ok(T::read(self, tag)?.unwrap_or(left_out))
    }

    /// Unsigned integer of a field, if it is there.
    #[inline]
    pub(super) fn unsigned(&self, tag: &'static Tag) -> Result<Option<u64>, BodyError> {
        let Some((offset, value)) = self.value(tag) else {
            return Ok(None);
        };
        if value.first() == Some(&0) {
            return Err(self.error(tag, offset, BodyErrorKind::NotMinimal));
        }
        Ok(Some(value.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))))
    }

    /// Signed integer (two's complement) of a field, if it is there.
    pub(super) fn signed(&self, tag: &'static Tag) -> Result<Option<i64>, BodyError> {
        let Some((offset, value)) = self.value(tag) else {
            return Ok(None);
        };
        // Minimal: the first byte may not merely repeat the sign of the second.
        let padded = match *value {
            [0x00] => true,
            [0x00, second, ..] => second < 0x80,
            [0xFF, second, ..] => second >= 0x80,
            _ => false,
        };
        if padded {
            return Err(self.error(tag, offset, BodyErrorKind::NotMinimal));
        }
        let sign = match value.first() {
            Some(first) if *first >= 0x80 => -1,
            _ => 0,
        };
        Ok(Some(value.iter().fold(sign, |sum: i64, byte| (sum << 8) | i64::from(*byte))))
    }

    pub(super) fn has(&self, tag: &'static Tag) -> bool {
        self.value(tag).is_some()
    }

    /// The error of a field that is there but has none of the defined values.
    pub(super) fn undefined(&self, tag: &'static Tag) -> BodyError {
        let offset = self.value(tag).map_or(self.body.len(), |(offset, _)| offset);
        self.error(tag, offset, BodyErrorKind::Value)
    }

    /// Offset and bytes of a field, if it is there.
    #[inline]
    pub(super) fn value(&self, tag: &'static Tag) -> Option<(usize, &'a [u8])> {
        let place = self.places[usize::from(tag.number)];
        let offset = usize::from(place.offset);
        if offset == 0 {
            return None;
        }
        Some((offset, &self.body[offset..offset + usize::from(place.length)]))
    }

    #[cold]
    fn missing(&self, tag: &'static Tag) -> BodyError {
        self.error(tag, self.body.len(), BodyErrorKind::Missing)
    }

    #[cold]
    pub(super) fn error(&self, tag: &'static Tag, offset: usize, kind: BodyErrorKind) -> BodyError {
        BodyError { message: self.message, field: tag.name, tag: tag.number, offset, kind }
    }

    #[cold]
    fn raw_error(&self, number: u8, offset: usize, kind: BodyErrorKind) -> BodyError {
        let field = tag::find(number).map_or("unknown", |tag| tag.name);
        BodyError { message: self.message, field, tag: number, offset, kind }
    }
}

/// The first byte of a body.
pub(super) fn message_type(body: &[u8]) -> Result<u8, BodyError> {
    let kind = BodyErrorKind::Empty;
    body.first().copied().ok_or(BodyError { message: "", field: "", tag: 0, offset: 0, kind })
}

/// The error of a body of a type that its direction does not have.
pub(super) fn unknown(found: u8) -> BodyError {
    let kind = BodyErrorKind::UnknownMessage { found };
    BodyError { message: "", field: "", tag: 0, offset: 0, kind }
}
