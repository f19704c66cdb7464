//! The forms of layouts whose parts have fixed places or fixed heads. BER has a page of its own.

use super::error_detail::ErrorDetail;
use super::head::digit;
use super::measure::length;
use super::parts::{Called, Met, Tagged, Visit, Walk, Whole};
use crate::iso8583::error::{Inner, Problem};
use crate::iso8583::plan::{Form, Key, Layout, Plan, Prefix, Tag};
use crate::iso8583::schema::{Coding, Side};

impl Walk<'_> {
    /// Parts cut out of packed digits. A value may end after any of them.
    pub(super) fn digits<E: ErrorDetail, V: Visit>(
        &self,
        parent: &Plan,
        layout: &Layout,
        whole: Whole<'_>,
        visit: &mut V,
    ) -> Result<(), E> {
        let filler = usize::from(parent.pad == Side::Left && whole.units % 2 == 1);
        let mut done = 0;
        for (index, part) in self.numbered(layout) {
            let left = whole.units - done;
            if left == 0 {
                return Ok(());
            }
            let nibbles = filler + done;
            let at = whole.at + nibbles / 2 * self.step;
            let rest = part.plan.prefix == Prefix::Rest;
            let units = if rest { left } else { usize::from(part.plan.max) };
            if units > left {
                let problem = Problem::Length { length: left, min: units, max: units };
                return Err(E::new(at, Inner::Part(index), || problem));
            }
            let (plan, wire, nibbles) = (&part.plan, whole.wire, Some(nibbles));
            let called = Called::Name(self.dialect.name_of(plan));
            visit.leaf(&Met { called, plan, at, wire, units, nibbles });
            done += units;
        }
        if done == whole.units {
            return Ok(());
        }
        let problem = Problem::Length { length: whole.units, min: 0, max: done };
        Err(E::new(whole.at, Inner::None, || problem))
    }

    /// Parts one after another. A value may end after any of them.
    pub(super) fn sequence<E: ErrorDetail, V: Visit>(
        &self,
        layout: &Layout,
        whole: Whole<'_>,
        visit: &mut V,
    ) -> Result<(), E> {
        let mut rest = whole.wire;
        for part in self.numbered(layout) {
            if rest.is_empty() {
                break;
            }
            rest = self.part(part, rest, self.place(whole, rest), visit)?;
        }
        self.ended(whole, rest)
    }

    /// A bitmap, then the parts whose bit is set.
    pub(super) fn bitmap<E: ErrorDetail, V: Visit>(
        &self,
        layout: &Layout,
        bytes: usize,
        coding: Coding,
        whole: Whole<'_>,
        visit: &mut V,
    ) -> Result<(), E> {
        let wrong = |problem, at| E::new(at, Inner::None, || problem);
        let width = if coding == Coding::Binary { bytes } else { bytes * 2 };
        let Some((bits, mut rest)) = whole.wire.split_at_checked(width) else {
            let problem = Problem::PartTruncated { needed: width, left: whole.wire.len() };
            return Err(wrong(problem, whole.at));
        };
        for number in 1..=bytes * 8 {
            let place = number - 1;
            let set = if coding == Coding::Binary {
                bits.get(place / 8).is_some_and(|byte| byte & (0x80 >> (place % 8)) != 0)
            } else {
                let byte = bits.get(place / 4).copied().unwrap_or(0);
                let at = whole.at + place / 4 * self.step;
                let nibble = {
                    let is_lower = coding == Coding::HexLower;
                    digit(coding, byte).ok_or(wrong(Problem::Bitmap { is_lower }, at))?
                };
                nibble & (8 >> (place % 4)) != 0
            };
            if !set {
                continue;
            }
            let key = u16::try_from(number).map(Key::Number);
            let Some(part) = self.numbered(layout).find(|(_, part)| Ok(part.key) == key) else {
                return Err(wrong(Problem::UnknownPart { number }, whole.at));
            };
            rest = self.part(part, rest, self.place(whole, rest), visit)?;
        }
        self.ended(whole, rest)
    }

    /// Tags and lengths of fixed size.
    pub(super) fn tlv<E: ErrorDetail, V: Visit>(
        &self,
        layout: &Layout,
        whole: Whole<'_>,
        visit: &mut V,
    ) -> Result<(), E> {
        let Form::Tlv { tag_bytes, tag: coding, length_bytes, length: counted, ref other } =
            layout.form
        else {
            return Ok(());
        };
        let (tag_bytes, length_bytes) = (usize::from(tag_bytes), usize::from(length_bytes));
        let head_bytes = tag_bytes + length_bytes;
        let mut rest = whole.wire;
        while !rest.is_empty() {
            let at = self.place(whole, rest);
            let short =
                |needed, left, inner| E::new(at, inner, || Problem::PartTruncated { needed, left });
            let head = rest.split_at_checked(head_bytes);
            let (head, after) = head.ok_or(short(head_bytes, rest.len(), Inner::None))?;
            let (tag, stated) = head.split_at(tag_bytes);
            let tag = Tag::new(tag, coding);
            let tag = tag.ok_or(E::new(at, Inner::None, || Problem::TagLong))?;
            let bytes = length::<E>(counted, stated).map_err(|error| {
                error.inside(at + tag_bytes * self.step, self.step, Inner::Tag(tag))
            })?;
            let (listed, inner) = self.tagged(layout, tag);
            let value = after.split_at_checked(bytes);
            let (wire, after) = value.ok_or(short(bytes, after.len(), inner))?;
            let (plan, at) = (listed.unwrap_or(other), at + head_bytes * self.step);
            self.value(&Tagged { tag, plan, inner, wire, at }, visit)?;
            rest = after;
        }
        Ok(())
    }

    /// Where `rest` starts, in bytes from the start of the field's value.
    fn place(&self, whole: Whole<'_>, rest: &[u8]) -> usize {
        whole.at + (whole.wire.len() - rest.len()) * self.step
    }

    /// All parts are done: nothing may be left.
    fn ended<E: ErrorDetail>(&self, whole: Whole<'_>, rest: &[u8]) -> Result<(), E> {
        if rest.is_empty() {
            return Ok(());
        }
        let (length, max) = (whole.wire.len(), whole.wire.len() - rest.len());
        let problem = Problem::Length { length, min: 0, max };
        Err(E::new(self.place(whole, rest), Inner::None, || problem))
    }
}
