//! BER-TLV (ISO 8825-1 section 8.1, EMV book 3 annex B), walked without recursion.

use super::parts::{Called, Met, PartFault, Tagged, Visit, Walk, Whole};
use crate::iso8583::error::{Inner, Problem};
use crate::iso8583::limits::{BER_DEPTH_MAX, BER_TAG_BYTES_MAX};
use crate::iso8583::plan::{Layout, Plan, Tag};
use crate::iso8583::words::Coding;

/// The head of one object.
struct Head {
    tag_bytes: usize,
    /// Bytes of tag and length.
    bytes: usize,
    /// Bytes of the value.
    value_bytes: usize,
    constructed: bool,
}

/// Walks the objects of a value. Zero bytes between objects are fillers (EMV book 3 annex B1).
pub(super) fn walk<V: Visit>(
    walk: &Walk<'_>,
    layout: &Layout,
    whole: Whole<'_>,
    visit: &mut V,
) -> Result<(), PartFault> {
    let Whole { wire, at, .. } = whole;
    // Where the constructed objects end that the walk is in; the field itself is the first.
    let mut ends = [wire.len(); BER_DEPTH_MAX + 1];
    let (mut depth, mut start) = (0, 0);
    loop {
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
        let head = head(input).map_err(|(problem, tag_bytes)| {
            let inner = tag(input, tag_bytes).map_or(Inner::None, Inner::Tag);
            PartFault::new(problem, inner, here)
        })?;
        let value_start = start + head.bytes;
        let value_end = value_start + head.value_bytes;
        start = if head.constructed {
            value_start
        } else {
            value_end
        };
        if layout.count == 0 && !head.constructed && V::IS_BLIND {
            continue;
        }
        let wire = wire.get(value_start..value_end).unwrap_or(&[]);
        let at = at + value_start * walk.step;
        let tag = tag(input, head.tag_bytes);
        let tag = tag.ok_or(PartFault::new(Problem::TagLong, Inner::None, here))?;
        let (listed, inner) = walk.tagged(layout, tag);
        let plan = listed.unwrap_or(&Plan::OPAQUE);
        if !head.constructed {
            walk.value(
                &Tagged {
                    tag,
                    plan,
                    inner,
                    wire,
                    at,
                },
                visit,
            )?;
            continue;
        }
        if depth == BER_DEPTH_MAX {
            return Err(PartFault::new(Problem::Nesting, inner, here));
        }
        let (called, units) = (Called::Tag(tag), wire.len());
        visit.open(&Met {
            called,
            plan,
            at,
            wire,
            units,
            nibbles: None,
        });
        depth += 1;
        ends[depth] = value_end;
    }
}

fn tag(input: &[u8], bytes: usize) -> Option<Tag> {
    Tag::new(
        input.get(..bytes).filter(|tag| !tag.is_empty())?,
        Coding::Binary,
    )
}

/// Reads tag and length and checks that the value fits.
///
/// # Errors
/// What is wrong, and how many bytes of tag were read.
#[inline]
fn head(input: &[u8]) -> Result<Head, (Problem, usize)> {
    let short = |tag_bytes, needed| {
        (
            Problem::PartTruncated {
                needed,
                left: input.len(),
            },
            tag_bytes,
        )
    };
    let Some(&first) = input.first() else {
        return Err(short(0, 1));
    };
    let mut tag_bytes = 1;
    if first & 0x1f == 0x1f {
        loop {
            let Some(&byte) = input.get(tag_bytes) else {
                return Err(short(0, tag_bytes + 1));
            };
            tag_bytes += 1;
            if byte & 0x80 == 0 {
                break;
            }
            if tag_bytes == BER_TAG_BYTES_MAX {
                return Err((Problem::TagLong, 0));
            }
        }
    }
    let Some(&length) = input.get(tag_bytes) else {
        return Err(short(tag_bytes, tag_bytes + 1));
    };
    let (length_bytes, value_bytes) = match length {
        0..=0x7f => (1, usize::from(length)),
        0x81..=0x84 => {
            let count = usize::from(length & 0x7f);
            let Some(long) = input.get(tag_bytes + 1..tag_bytes + 1 + count) else {
                return Err(short(tag_bytes, tag_bytes + 1 + count));
            };
            let value = long
                .iter()
                .fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
            (1 + count, value)
        }
        0x80 | 0x85..=0xff => return Err((Problem::TagLength, tag_bytes)),
    };
    let bytes = tag_bytes + length_bytes;
    let left = input.len() - bytes;
    if value_bytes > left {
        let needed = value_bytes;
        return Err((Problem::PartTruncated { needed, left }, tag_bytes));
    }
    Ok(Head {
        tag_bytes,
        bytes,
        value_bytes,
        constructed: first & 0x20 != 0,
    })
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
