//! From a layout as it was written to its form and the plans of its parts.

use super::build::Builder;
use super::head::{Defaults, among, or};
use super::reader::Wrong;
use super::row::{LayoutRow, Row};
use crate::iso8583::limits::{HEX_LAYOUT_BYTES_MAX, PARTS_MAX};
use crate::iso8583::plan::{Form, Key, Layout, Part, Plan, Prefix, Tag};
use crate::iso8583::schema::{Coding, Kind, LayoutWord, PrefixCoding};

impl Builder {
    /// The number of the layout among those of the dialect, from 1.
    pub(super) fn layout(
        &mut self,
        row: &LayoutRow,
        parent: &Plan,
        what: &str,
        defaults: &Defaults,
    ) -> Result<u16, Wrong> {
        let wrong = |message: String| Err(Wrong::new(row.form.span.clone(), message));
        let hex = parent.coding.is_hex();
        if hex && usize::from(parent.max) > HEX_LAYOUT_BYTES_MAX {
            return wrong(format!(
                "sub-fields of hexadecimal text need a length of at most {HEX_LAYOUT_BYTES_MAX}"
            ));
        }
        let form = match row.form.value {
            LayoutWord::Positional if parent.coding == Coding::Bcd => Form::Digits,
            LayoutWord::Positional => Form::Sequence,
            LayoutWord::Bitmap => bitmap(row, defaults)?,
            LayoutWord::Tlv => tlv(row, parent)?,
            LayoutWord::Ber => Form::Ber,
        };
        let fits = match form {
            Form::Digits => matches!(parent.kind, Kind::Numeric | Kind::Track),
            Form::Sequence => parent.kind != Kind::Signed,
            Form::Tlv { .. } => parent.is_binary() || parent.coding.is_characters(),
            Form::Bitmap { .. } | Form::Ber => parent.is_binary(),
        };
        if !fits {
            return wrong(format!(
                "{what}: this layout does not fit the type; `bitmap` and `ber` need b, \
                 `tlv` text or b, `positional` any but x+n"
            ));
        }
        if row.parts.len() > PARTS_MAX {
            return wrong(format!("{what} has over {PARTS_MAX} sub-fields"));
        }
        if row.parts.is_empty()
            && matches!(form, Form::Digits | Form::Sequence | Form::Bitmap { .. })
        {
            return wrong(format!("{what}: this layout needs `parts`"));
        }
        let parts = self.parts_of(row, form, parent, defaults)?;
        match self.append(Layout { form, first: 0, count: 0 }, &parts) {
            Some(number) => Ok(number),
            None => wrong("the table has too many sub-fields".to_owned()),
        }
    }

    fn parts_of(
        &mut self,
        row: &LayoutRow,
        form: Form,
        parent: &Plan,
        defaults: &Defaults,
    ) -> Result<Vec<Part>, Wrong> {
        let inner = inside(parent, *defaults);
        let mut parts: Vec<Part> = Vec::with_capacity(row.parts.len());
        for part_row in &row.parts {
            let part = self.part(part_row, form, &inner)?;
            let same = |other: &Part| match (other.key, part.key) {
                (Key::Place, Key::Place) => {
                    self.names.get(usize::from(other.plan.name))
                        == self.names.get(usize::from(part.plan.name))
                }
                (one, another) => one == another,
            };
            if parts.iter().any(same) {
                return Err(Wrong::new(part_row.span.clone(), "a sub-field is written twice"));
            }
            if matches!(parts.last(), Some(last) if last.plan.prefix == Prefix::Rest)
                && part.key == Key::Place
            {
                let message = "no sub-field follows one that takes all that is left";
                return Err(Wrong::new(part_row.span.clone(), message));
            }
            parts.push(part);
        }
        parts.sort_by_key(|part| match part.key {
            Key::Number(number) => number,
            Key::Place | Key::Tag(_) => 0,
        });
        Ok(parts)
    }

    fn part(&mut self, row: &Row, form: Form, inner: &Defaults) -> Result<Part, Wrong> {
        let wrong = |message: &str| Wrong::new(row.span.clone(), message);
        match form {
            Form::Digits | Form::Sequence => {
                let Some(name) = &row.name else {
                    return Err(wrong("a sub-field without tag or bit needs a `name`"));
                };
                let plan = self.plan(row, &format!("sub-field {}", name.value), inner)?;
                let digits = plan.coding == Coding::Bcd
                    && plan.layout == 0
                    && !matches!(plan.prefix, Prefix::Coded(_));
                if matches!(form, Form::Digits) && !digits {
                    return Err(wrong("sub-fields of packed digits are n or z of a fixed length"));
                }
                Ok(Part { key: Key::Place, plan })
            }
            Form::Bitmap { bytes, .. } => {
                let bits = usize::from(bytes) * 8;
                let Some(number) = row.number.as_ref().filter(|n| n.value <= bits) else {
                    let message = format!("a sub-field with a bit needs `number`, 1 to {bits}");
                    return Err(wrong(&message));
                };
                let plan = self.plan(row, &format!("sub-field {}", number.value), inner)?;
                Ok(Part { key: Key::Number(u16::try_from(number.value).unwrap_or(u16::MAX)), plan })
            }
            Form::Tlv { tag, tag_bytes, other, .. } => {
                self.tagged(row, tag, Some(usize::from(tag_bytes)), &other, inner)
            }
            Form::Ber => self.tagged(row, Coding::Binary, None, &Plan::OPAQUE, inner),
        }
    }

    /// A sub-field known by its tag: its length is the layout's, its bounds are its own.
    fn tagged(
        &mut self,
        row: &Row,
        coding: Coding,
        tag_bytes: Option<usize>,
        other: &Plan,
        inner: &Defaults,
    ) -> Result<Part, Wrong> {
        let tag = row.tag.as_ref().and_then(|text| Tag::parse(&text.value, coding));
        let sized = |tag: &Tag| tag_bytes.is_none_or(|bytes| tag.wire().len() == bytes);
        let Some(tag) = tag.filter(sized) else {
            let message = "a sub-field with a tag needs a `tag` of the layout's size";
            return Err(Wrong::new(row.span.clone(), message));
        };
        let what = format!("tag {tag}");
        let constructed = tag_bytes.is_none() && tag.wire().first().is_some_and(|b| b & 0x20 != 0);
        if let Some(inner) = row.layout.as_ref().filter(|_| constructed) {
            let message = format!("{what} is constructed: list its objects beside it");
            return Err(Wrong::new(inner.form.span.clone().or(row.span.clone()), message));
        }
        let plan = if row.format.is_some() {
            self.plan(row, &what, inner)?
        } else {
            let name = self.plan_name(row, &what)?;
            Plan { name, mask: or(row.mask.clone(), other.mask), ..*other }
        };
        Ok(Part {
            key: Key::Tag(tag),
            plan: Plan { prefix: Prefix::Rest, prefix_bytes: 0, ..plan },
        })
    }
}

/// What rows within a field fall back to: within text or packed digits they travel as those do.
fn inside(parent: &Plan, defaults: Defaults) -> Defaults {
    if parent.coding == Coding::Bcd {
        return Defaults { numeric: Coding::Bcd, track: Coding::Bcd, ..defaults };
    }
    if !parent.coding.is_characters() {
        return defaults;
    }
    let (coding, length) = match parent.coding {
        page if page.is_ebcdic() => (page, PrefixCoding::Ebcdic),
        _ => (Coding::Ascii, PrefixCoding::Ascii),
    };
    Defaults { numeric: coding, track: coding, text: coding, length, ..defaults }
}

fn bitmap(row: &LayoutRow, defaults: &Defaults) -> Result<Form, Wrong> {
    let coding = match &row.bitmap_encoding {
        Some(given) => among(given, "bitmap_encoding", |coding| coding.carries(Kind::Binary))?,
        None => defaults.binary,
    };
    let bytes = u8::try_from(or(row.bitmap_bytes.clone(), 8)).unwrap_or(u8::MAX);
    Ok(Form::Bitmap { bytes, coding })
}

fn tlv(row: &LayoutRow, parent: &Plan) -> Result<Form, Wrong> {
    let characters = parent.coding.is_characters();
    let tag = match &row.tag_encoding {
        Some(given) => among(given, "tag_encoding", |coding| {
            coding.is_characters() || coding == Coding::Binary
        })?,
        None if characters => parent.coding,
        None => Coding::Binary,
    };
    let usual = match parent.coding {
        Coding::Ascii => PrefixCoding::Ascii,
        page if page.is_ebcdic() => PrefixCoding::Ebcdic,
        _ => PrefixCoding::Binary,
    };
    let (Some(tag_bytes), Some(length_bytes)) = (&row.tag_bytes, &row.length_bytes) else {
        let message = "`tlv` needs `tag_bytes` and `length_bytes`";
        return Err(Wrong::new(row.form.span.clone(), message));
    };
    let kind = if characters { Kind::Text } else { Kind::Binary };
    let coding = if characters { parent.coding } else { Coding::Binary };
    Ok(Form::Tlv {
        tag_bytes: u8::try_from(tag_bytes.value).unwrap_or(u8::MAX),
        tag,
        length_bytes: u8::try_from(length_bytes.value).unwrap_or(u8::MAX),
        length: or(row.length_encoding.clone(), usual),
        other: Plan { kind, coding, ..Plan::OPAQUE },
    })
}
