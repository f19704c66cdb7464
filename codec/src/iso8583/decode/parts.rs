//! The sub-fields of a field: one walk for checking, printing and masking.

use super::ber;
use super::check::{Value, check};
use super::error_detail::ErrorDetail;
use super::head::digit;
use super::measure::{Measured, measure};
use crate::iso8583::dialect::Dialect;
use crate::iso8583::error::Inner;
use crate::iso8583::limits::HEX_LAYOUT_BYTES_MAX;
use crate::iso8583::plan::{Form, Key, Layout, Part, Plan, Tag};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called<'a> {
    Name(&'a str),
    Number(u16),
    Tag(Tag),
}

/// A sub-field as the walk meets it.
pub(crate) struct Met<'a> {
    pub(crate) called: Called<'a>,
    pub(crate) plan: &'a Plan,
    /// Bytes from the start of the field's value to the sub-field's.
    pub(crate) at: usize,
    /// Its bytes; of a sub-field cut out of packed digits, the whole packed value.
    pub(crate) wire: &'a [u8],
    pub(crate) units: usize,
    /// For packed digits: how many nibbles of `wire` precede the sub-field.
    pub(crate) nibbles: Option<usize>,
}

/// What wants to see the sub-fields of a field.
pub(crate) trait Visit {
    /// Whether nobody looks: then what needs no check is passed over.
    const IS_BLIND: bool = false;
    /// A sub-field with a value.
    fn leaf(&mut self, _met: &Met<'_>) {}
    /// A sub-field with sub-fields, which follow.
    fn open(&mut self, _met: &Met<'_>) {}
    /// The end of what was opened last.
    fn close(&mut self) {}
}

/// Checking alone: nobody looks.
impl Visit for () {
    const IS_BLIND: bool = true;
}

/// Walks the sub-fields of a field, checking each.
pub(crate) fn walk_field<E: ErrorDetail, V: Visit>(
    dialect: &Dialect,
    plan: &Plan,
    layout: &Layout,
    wire: &[u8],
    units: usize,
    visit: &mut V,
) -> Result<(), E> {
    if !plan.coding.is_hex() {
        let walk = Walk { dialect, step: 1 };
        return walk.layout(plan, layout, Whole { wire, units, at: 0 }, visit);
    }
    // The plan bounds the length; the digits were checked before.
    let mut scratch = [0; HEX_LAYOUT_BYTES_MAX];
    let (pairs, _) = wire.as_chunks::<2>();
    for (byte, pair) in scratch.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|character| digit(plan.coding, character).unwrap_or(0));
        *byte = high << 4 | low;
    }
    let walk = Walk { dialect, step: 2 };
    let wire = scratch.get(..pairs.len()).unwrap_or(&[]);
    walk.layout(plan, layout, Whole { wire, units, at: 0 }, visit)
}

pub(super) struct Walk<'d> {
    pub(super) dialect: &'d Dialect,
    /// Bytes of the message for each byte walked: two for hexadecimal text.
    pub(super) step: usize,
}

/// What one layout describes.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    pub(super) wire: &'a [u8],
    pub(super) units: usize,
    /// Bytes from the start of the field's value.
    pub(super) at: usize,
}

/// A tag's value, once tag and length are read.
pub(super) struct Tagged<'a> {
    pub(super) tag: Tag,
    pub(super) plan: &'a Plan,
    pub(super) inner: Inner,
    pub(super) wire: &'a [u8],
    pub(super) at: usize,
}

impl Walk<'_> {
    /// Walks one layout. It calls itself only for layouts within layouts of the table, which bounds
    /// the depth; what the message nests is walked without recursion.
    pub(super) fn layout<E: ErrorDetail, V: Visit>(
        &self,
        plan: &Plan,
        layout: &Layout,
        whole: Whole<'_>,
        visit: &mut V,
    ) -> Result<(), E> {
        match layout.form {
            Form::Digits => self.digits(plan, layout, whole, visit),
            Form::Sequence => self.sequence(layout, whole, visit),
            Form::Bitmap { bytes, coding } => {
                self.bitmap(layout, usize::from(bytes), coding, whole, visit)
            }
            Form::Tlv { .. } => self.tlv(layout, whole, visit),
            Form::Ber => ber::walk(self, layout, whole, visit),
        }
    }

    /// One part with a length of its own; what follows it.
    pub(super) fn part<'a, E: ErrorDetail, V: Visit>(
        &self,
        (index, part): (u16, &Part),
        input: &'a [u8],
        at: usize,
        visit: &mut V,
    ) -> Result<&'a [u8], E> {
        let plan = &part.plan;
        let outside = |error: E, at| error.inside(at, self.step, Inner::Part(index));
        let measured = measure::<E>(plan, input).map_err(|error| outside(error, at))?;
        let Measured { from, units, bytes } = measured;
        let at = at + (input.len() - from.len()) * self.step;
        check::<E>(plan, Value { from, bytes, units }).map_err(|error| outside(error, at))?;
        let called = match part.key {
            Key::Place => Called::Name(self.dialect.name_of(plan)),
            Key::Number(number) => Called::Number(number),
            Key::Tag(tag) => Called::Tag(tag),
        };
        let (wire, after) = from.split_at(bytes);
        self.deliver::<E, V>(&Met { called, plan, at, wire, units, nibbles: None }, visit)?;
        Ok(after)
    }

    /// A value whose length came with its tag.
    pub(super) fn value<E: ErrorDetail, V: Visit>(
        &self,
        tagged: &Tagged<'_>,
        visit: &mut V,
    ) -> Result<(), E> {
        let Tagged { tag, plan, inner, wire, at } = *tagged;
        let outside = |error: E| error.inside(at, self.step, inner);
        let Measured { from, units, bytes } = measure::<E>(plan, wire).map_err(outside)?;
        check::<E>(plan, Value { from, bytes, units }).map_err(outside)?;
        let called = Called::Tag(tag);
        self.deliver::<E, V>(&Met { called, plan, at, wire, units, nibbles: None }, visit)
    }

    /// Hands a part over, or walks into it.
    fn deliver<E: ErrorDetail, V: Visit>(&self, met: &Met<'_>, visit: &mut V) -> Result<(), E> {
        let Some(layout) = self.dialect.layout(met.plan) else {
            visit.leaf(met);
            return Ok(());
        };
        visit.open(met);
        let whole = Whole { wire: met.wire, units: met.units, at: met.at };
        self.layout(met.plan, layout, whole, visit)?;
        visit.close();
        Ok(())
    }

    /// The parts of a layout with their index among all parts of the dialect.
    pub(super) fn numbered<'l>(
        &'l self,
        layout: &'l Layout,
    ) -> impl Iterator<Item = (u16, &'l Part)> {
        (layout.first..).zip(self.dialect.parts(layout))
    }

    /// The part of a tag, if the table lists it, and how errors call it.
    pub(super) fn tagged<'l>(&'l self, layout: &'l Layout, tag: Tag) -> (Option<&'l Plan>, Inner) {
        match self.numbered(layout).find(|(_, part)| part.key == Key::Tag(tag)) {
            Some((index, part)) => (Some(&part.plan), Inner::Part(index)),
            None => (None, Inner::Tag(tag)),
        }
    }
}
