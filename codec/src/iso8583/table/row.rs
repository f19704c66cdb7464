//! The row of one field or sub-field, as it was written.

use super::reader::{Given, Section, Wrong};
use crate::iso8583::limits::{BER_TAG_BYTES_MAX, MESSAGE_BYTES_MAX, PREFIX_DIGITS_MAX};
use crate::iso8583::schema::{
    Coding, Kind, LayoutWord, Mask, PrefixCoding, Side, Sign, Unit, Word,
};
use std::ops::Range;

/// Type and length in the standard's notation: `n6`, `n..19`, `ans...999`, `b8`, `text*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) kind: Kind,
    pub(super) length: Length,
    /// Whether it is written as it was when the length of `x+n` counted the sign.
    pub(super) is_old: bool,
}

/// Fixed lengths of `x+n` that no edition of the standard has, for its amounts have 8 or 16 digits:
/// tables that have them were written when the length counted the sign.
const OLD_SIGNED: [u16; 2] = [9, 17];

/// How long a value is, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// Always this many.
    Fixed(u16),
    /// Up to `max` units, after a prefix of `digits` digits.
    Variable { digits: usize, max: u16 },
    /// Whatever is left.
    Rest,
}

impl Format {
    fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_lowercase() && c != '+')?;
        let (kind, length) = text.split_at_checked(end)?;
        let kind = Kind::parse(kind)?;
        if length == "*" {
            return Some(Self { kind, length: Length::Rest, is_old: false });
        }
        let number = length.trim_start_matches('.');
        let digits = length.len() - number.len();
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let max = number.parse().ok().filter(|max| (1..=MESSAGE_BYTES_MAX).contains(max))?;
        let max = u16::try_from(max).ok()?;
        let is_old = kind == Kind::Signed && digits == 0 && OLD_SIGNED.contains(&max);
        // The sign comes before the digits.
        let max = if kind == Kind::Signed && !is_old { max.checked_add(1)? } else { max };
        let length = match digits {
            0 => Length::Fixed(max),
            1..=PREFIX_DIGITS_MAX => Length::Variable { digits, max },
            _ => return None,
        };
        Some(Self { kind, length, is_old })
    }
}

/// How the sub-fields of a field were written.
#[derive(Clone, Debug)]
pub(super) struct LayoutRow {
    pub(super) form: Given<LayoutWord>,
    pub(super) parts: Vec<Row>,
    pub(super) bitmap_bytes: Option<Given<usize>>,
    pub(super) bitmap_encoding: Option<Given<Coding>>,
    pub(super) tag_bytes: Option<Given<usize>>,
    pub(super) tag_encoding: Option<Given<Coding>>,
    pub(super) length_bytes: Option<Given<usize>>,
    pub(super) length_encoding: Option<Given<PrefixCoding>>,
}

/// One row. A key that was not written leaves the choice to the base, then to the defaults.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// How messages call it.
    pub(super) what: String,
    pub(super) span: Option<Range<usize>>,
    pub(super) format: Option<Given<Format>>,
    pub(super) name: Option<Given<String>>,
    pub(super) encoding: Option<Given<Coding>>,
    pub(super) prefix: Option<Given<PrefixCoding>>,
    pub(super) unit: Option<Given<Unit>>,
    pub(super) min: Option<Given<usize>>,
    pub(super) pad: Option<Given<Side>>,
    pub(super) digit: Option<Given<Fillers>>,
    pub(super) sign: Option<Given<Sign>>,
    pub(super) justify: Option<Given<Side>>,
    pub(super) fill: Option<Given<u8>>,
    pub(super) mask: Option<Given<Mask>>,
    pub(super) layout: Option<LayoutRow>,
    /// For sub-fields of a composite with a bitmap.
    pub(super) number: Option<Given<usize>>,
    /// For sub-fields of a TLV layout.
    pub(super) tag: Option<Given<String>>,
}

/// The keys of a field and of a sub-field; each has further ones of its own.
const KEYS: &str = "format, name, encoding, prefix, unit, min, pad, digit, sign, justify, fill, \
                    mask, layout, parts, bitmap_bytes, bitmap_encoding, tag_bytes, tag_encoding, \
                    length_bytes, length_encoding";

impl Row {
    /// Reads the row of a field; `None` if it removes the base's field.
    pub(super) fn read(section: &Section<'_>) -> Result<Option<Self>, Wrong> {
        section.only(&format!("{KEYS}, remove"))?;
        if section.flag("remove")?.is_some_and(|remove| remove.value) {
            return Ok(None);
        }
        Self::keys(section, 0).map(Some)
    }

    fn keys(section: &Section<'_>, depth: usize) -> Result<Self, Wrong> {
        Ok(Self {
            what: section.what.clone(),
            span: section.span(),
            format: format(section)?,
            name: section.string("name")?,
            encoding: section.word("encoding")?,
            prefix: section.word("prefix")?,
            unit: section.word("unit")?,
            min: section.number("min", 0..=MESSAGE_BYTES_MAX)?,
            pad: section.word("pad")?,
            digit: fillers(section)?,
            sign: section.word("sign")?,
            justify: section.word("justify")?,
            fill: section.character("fill")?,
            mask: section.word("mask")?,
            layout: layout(section, depth)?,
            number: section.number("number", 1..=512)?,
            tag: section.string("tag")?,
        })
    }

    /// This row over the base's: with a format it replaces all but name and mask, without one
    /// it changes only the keys it has.
    pub(super) fn over(self, base: &Self) -> Self {
        let name = self.name.or_else(|| base.name.clone());
        let mask = self.mask.or_else(|| base.mask.clone());
        if self.format.is_some() {
            return Self { name, mask, ..self };
        }
        Self {
            what: self.what,
            span: self.span,
            format: base.format.clone(),
            name,
            encoding: self.encoding.or_else(|| base.encoding.clone()),
            prefix: self.prefix.or_else(|| base.prefix.clone()),
            unit: self.unit.or_else(|| base.unit.clone()),
            min: self.min.or_else(|| base.min.clone()),
            pad: self.pad.or_else(|| base.pad.clone()),
            digit: self.digit.or_else(|| base.digit.clone()),
            sign: self.sign.or_else(|| base.sign.clone()),
            justify: self.justify.or_else(|| base.justify.clone()),
            fill: self.fill.or_else(|| base.fill.clone()),
            mask,
            layout: self.layout.or_else(|| base.layout.clone()),
            number: None,
            tag: None,
        }
    }
}

/// The nibbles that fill up an odd number of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fillers {
    /// The one that is sent.
    pub(super) sent: u8,
    /// Another one that is read as well, or the same.
    pub(super) other: u8,
}

impl Fillers {
    pub(super) const ZERO: Self = Self { sent: 0, other: 0 };
}

/// One hexadecimal digit, or two: the first is sent, either is read.
pub(super) fn fillers(section: &Section<'_>) -> Result<Option<Given<Fillers>>, Wrong> {
    let wrong = |_: &str| {
        "`digit` is expected to be 0 to 9 or A to F, or two of them: the first is sent, either is \
         read"
            .to_owned()
    };
    let parse = |text: &str| {
        let nibbles: Option<Vec<u8>> = text.bytes().map(crate::iso8583::hex::nibble).collect();
        match *nibbles? {
            [sent] => Some(Fillers { sent, other: sent }),
            [sent, other] => Some(Fillers { sent, other }),
            _ => None,
        }
    };
    section.parsed("digit", parse, wrong)
}

fn format(section: &Section<'_>) -> Result<Option<Given<Format>>, Wrong> {
    section.parsed("format", Format::parse, |text| {
        format!(
            "`format` `{text}` of {}: a type ({}), then a length: `6` fixed, `..19` with a dot for \
             each digit of the prefix (1 to {PREFIX_DIGITS_MAX}), `*` for all the rest; at most \
             {MESSAGE_BYTES_MAX}",
            section.what,
            Kind::words(|_| true),
        )
    })
}

fn layout(section: &Section<'_>, depth: usize) -> Result<Option<LayoutRow>, Wrong> {
    let parts = section.list("parts")?;
    let form = match section.word("layout")? {
        Some(form) => form,
        None if parts.is_some() => Given { value: LayoutWord::Positional, span: section.span() },
        None => return Ok(None),
    };
    if depth >= crate::iso8583::limits::LAYOUT_DEPTH_MAX {
        return Err(Wrong::new(form.span, "layouts are nested too deep"));
    }
    let parts = parts.unwrap_or_default();
    Ok(Some(LayoutRow {
        form,
        parts: parts.iter().map(|part| read_part(part, depth + 1)).collect::<Result<_, _>>()?,
        bitmap_bytes: section.number("bitmap_bytes", 1..=64)?,
        bitmap_encoding: section.word("bitmap_encoding")?,
        tag_bytes: section.number("tag_bytes", 1..=BER_TAG_BYTES_MAX)?,
        tag_encoding: section.word("tag_encoding")?,
        length_bytes: section.number("length_bytes", 1..=PREFIX_DIGITS_MAX)?,
        length_encoding: section.word("length_encoding")?,
    }))
}

fn read_part(section: &Section<'_>, depth: usize) -> Result<Row, Wrong> {
    section.only(&format!("{KEYS}, number, tag"))?;
    Row::keys(section, depth)
}
