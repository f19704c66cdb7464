//! BER-TLV (ISO 8825-1 section 8.1, EMV book 3 annex B), walked without recursion.

use super::error_detail::ErrorDetail;
use super::parts::{Called, Met, Tagged, Visit, Walk, Whole};
use crate::iso8583::error::{Inner, Problem};
use crate::iso8583::limits::{BER_DEPTH_MAX, BER_TAG_BYTES_MAX};
use crate::iso8583::plan::{Layout, Plan, Tag};
use crate::iso8583::schema::Coding;

struct Head {
    tag_bytes: usize,
    /// Bytes of tag and length.
    bytes: usize,
    value_bytes: usize,
    constructed: bool,
}

/// Walks the objects of a value. Zero bytes between objects are fillers (EMV book 3 annex B1).
pub(super) fn walk<E: ErrorDetail, V: Visit>(
    walk: &Walk<'_>,
    layout: &Layout,
    whole: Whole<'_>,
    visit: &mut V,
) -> Result<(), E> {
    let Whole { wire, at, .. } = whole;
    // Where the constructed objects end that the walk is in; the field itself is the first.
    let mut ends = [wire.len(); BER_DEPTH_MAX + 1];
    let (mut depth, mut start) = (0, 0);
    loop {
        if V::IS_BLIND && layout.count == 0 {
            start += plain(wire.get(start..ends[depth]).unwrap_or(&[]));
        }
        while start == ends[depth] {
            if depth == 0 {
                return Ok(());
            }
            visit.close();
            depth -= 1;
        }
        let input = wire.get(start..ends[depth]).unwrap_or(&[]);
        if input.first() == Some(&0) {
            start += 1;
            continue;
        }
        let here = at + start * walk.step;
        let head = head::<E>(input).map_err(|error| error.inside(here, 1, Inner::None))?;
        let value_start = start + head.bytes;
        let value_end = value_start + head.value_bytes;
        start = if head.constructed { value_start } else { value_end };
        let wire = wire.get(value_start..value_end).unwrap_or(&[]);
        let at = at + value_start * walk.step;
        let tag = tag(input, head.tag_bytes);
        let tag = tag.ok_or(E::new(here, Inner::None, || Problem::TagLong))?;
        let (listed, inner) = walk.tagged(layout, tag);
        let plan = listed.unwrap_or(&Plan::OPAQUE);
        if !head.constructed {
            walk.value::<E, V>(&Tagged { tag, plan, inner, wire, at }, visit)?;
            continue;
        }
        if depth == BER_DEPTH_MAX {
            return Err(E::new(here, inner, || Problem::Nesting));
        }
        let (called, units) = (Called::Tag(tag), wire.len());
        visit.open(&Met { called, plan, at, wire, units, nibbles: None });
        depth += 1;
        ends[depth] = value_end;
    }
}

fn tag(input: &[u8], bytes: usize) -> Option<Tag> {
    Tag::new(input.get(..bytes).filter(|tag| !tag.is_empty())?, Coding::Binary)
}

/// Bytes of the plain objects at the start: primitive, a tag of one or two bytes, a short length.
/// Nearly all are; whatever is not goes the long way.
#[inline]
fn plain(input: &[u8]) -> usize {
    let mut rest = input;
    while let Some(&[tag, second, third]) = rest.first_chunk() {
        let long_tag = tag & 0x1f == 0x1f;
        let (head, length) = if long_tag { (3, third) } else { (2, second) };
        let constructed_or_filler = tag & 0x20 != 0 || tag == 0;
        if constructed_or_filler || length > 0x7f || long_tag && second & 0x80 != 0 {
            break;
        }
        let Some(after) = rest.get(head + usize::from(length)..) else { break };
        rest = after;
    }
    input.len() - rest.len()
}

/// Reads tag and length and checks that the value fits.
#[inline]
fn head<E: ErrorDetail>(input: &[u8]) -> Result<Head, E> {
    let left = input.len();
    let wrong = |tag_bytes, problem| {
        let inner = tag(input, tag_bytes).map_or(Inner::None, Inner::Tag);
        Err(E::new(0, inner, || problem))
    };
    let short = |tag_bytes, needed| wrong(tag_bytes, Problem::PartTruncated { needed, left });
    let Some(&first) = input.first() else { return short(0, 1) };
    let mut tag_bytes = 1;
    if first & 0x1f == 0x1f {
        loop {
            let Some(&byte) = input.get(tag_bytes) else { return short(0, tag_bytes + 1) };
            tag_bytes += 1;
            if byte & 0x80 == 0 {
                break;
            }
            if tag_bytes == BER_TAG_BYTES_MAX {
                return wrong(0, Problem::TagLong);
            }
        }
    }
    let Some(&length) = input.get(tag_bytes) else { return short(tag_bytes, tag_bytes + 1) };
    let (length_bytes, value_bytes) = match length {
        0..=0x7f => (1, usize::from(length)),
        0x81..=0x84 => {
            let count = usize::from(length & 0x7f);
            let Some(long) = input.get(tag_bytes + 1..tag_bytes + 1 + count) else {
                return short(tag_bytes, tag_bytes + 1 + count);
            };
            let value = long.iter().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
            (1 + count, value)
        }
        0x80 | 0x85..=0xff => return wrong(tag_bytes, Problem::TagLength),
    };
    let bytes = tag_bytes + length_bytes;
    if value_bytes > left - bytes {
        let problem = Problem::PartTruncated { needed: value_bytes, left: left - bytes };
        return wrong(tag_bytes, problem);
    }
    Ok(Head { tag_bytes, bytes, value_bytes, constructed: first & 0x20 != 0 })
}

/// Appends the length of a value in the shortest form.
pub(crate) fn append_length(bytes: usize, out: &mut Vec<u8>) {
    if let Ok(short @ 0..=0x7f) = u8::try_from(bytes) {
        out.push(short);
        return;
    }
    let digits = bytes.to_be_bytes();
    let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
    let digits = digits.get(zeros..).unwrap_or(&[]);
    out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
    out.extend_from_slice(digits);
}
