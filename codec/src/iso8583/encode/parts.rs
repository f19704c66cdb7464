//! Sub-fields to the value of their field: the inverse of walking it.

use super::append_value;
use super::error::EncodeError;
use crate::iso8583::dialect::Dialect;
use crate::iso8583::error::Problem;
use crate::iso8583::hex;
use crate::iso8583::mask::{HIDDEN, is_hidden};
use crate::iso8583::plan::{Form, Key, Layout, Part, Plan, Prefix};
use crate::iso8583::schema::Coding;
use crate::iso8583::tree::Tree;
use crate::iso8583::value::{self, Unfit};

/// What does not fit, and in which sub-field.
pub(crate) struct PartUnfit {
    pub(super) part: Option<String>,
    pub(super) kind: &'static str,
    /// As [`Unfit`] has it.
    pub(super) at: usize,
    pub(super) text: String,
}

pub(super) type Composed = Result<(), PartUnfit>;

pub(super) fn shape<T>(part: Option<&str>, text: impl Into<String>) -> Result<T, PartUnfit> {
    Err(PartUnfit { part: part.map(str::to_owned), kind: "subfield", at: 0, text: text.into() })
}

impl PartUnfit {
    pub(super) fn of(part: Option<&str>, unfit: &Unfit) -> Self {
        let Unfit { problem, at } = *unfit;
        let part = part.map(str::to_owned);
        Self { part, kind: problem.kind(), at, text: problem.to_string() }
    }
}

impl Dialect {
    /// The value of a field from its sub-fields, for [`Message::set_bytes`](super::super::Message).
    ///
    /// # Errors
    /// A field without sub-fields, sub-fields that the table does not have, or values that do not
    /// fit.
    pub fn compose(&self, number: u8, tree: &Tree) -> Result<Vec<u8>, EncodeError> {
        let Some(plan) = self.plan(number) else {
            let text = format!("field {number}: dialect {} does not have it", self.name());
            return Err(EncodeError::new("unknown-field", text).of_field(number));
        };
        compose(self, plan, tree).map_err(|wrong| EncodeError::of_part(self, number, wrong))
    }
}

/// The value of a field or sub-field: text as UTF-8, binary as bytes.
pub(crate) fn compose(dialect: &Dialect, plan: &Plan, tree: &Tree) -> Result<Vec<u8>, PartUnfit> {
    let nodes = match tree {
        Tree::Leaf(text) => return leaf(plan, text),
        Tree::List(_) => return shape(None, "a list stands for a repeated tag only"),
        Tree::Node(nodes) => nodes,
    };
    let Some(layout) = dialect.layout(plan) else {
        return shape(None, "this field has no sub-fields: give a string");
    };
    let composer = Composer { dialect };
    let mut wire = Vec::new();
    match layout.form {
        Form::Digits => return composer.digits(layout, nodes),
        Form::Sequence => composer.sequence(layout, nodes, &mut wire)?,
        Form::Bitmap { bytes, coding } => {
            composer.bitmap(layout, usize::from(bytes), coding, nodes, &mut wire)?;
        }
        Form::Tlv { .. } => composer.tlv(layout, nodes, &mut wire)?,
        Form::Ber => composer.ber(layout, nodes, 0, &mut wire)?,
    }
    if plan.is_binary() {
        return Ok(wire);
    }
    let mut text = Vec::with_capacity(wire.len());
    value::read(plan, &wire, wire.len(), None, &mut text);
    Ok(text)
}

/// The value that a text stands for.
fn leaf(plan: &Plan, text: &str) -> Result<Vec<u8>, PartUnfit> {
    if !plan.is_binary() {
        return Ok(text.as_bytes().to_vec());
    }
    let problem = Problem::Content { expected: "a hexadecimal digit" };
    hex::parse(text.as_bytes()).map_err(|at| PartUnfit::of(None, &Unfit { problem, at }))
}

pub(super) struct Composer<'d> {
    pub(super) dialect: &'d Dialect,
}

impl Composer<'_> {
    /// Parts known by their place, in the table's order: none may be missing before another.
    fn placed<'t>(
        &self,
        layout: &Layout,
        nodes: &'t [(String, Tree)],
    ) -> Result<Vec<(Part, &'t str, &'t Tree)>, PartUnfit> {
        let parts = self.dialect.parts(layout);
        let name = |part: &Part| self.dialect.name_of(&part.plan);
        let mut placed = Vec::with_capacity(nodes.len());
        for part in parts {
            match nodes.iter().find(|(key, _)| key == name(part)) {
                Some((key, tree)) => placed.push((*part, key.as_str(), tree)),
                None => break,
            }
        }
        if placed.len() == nodes.len() {
            return Ok(placed);
        }
        let known: Vec<&str> = parts.iter().map(name).collect();
        let text = format!("sub-fields are, in this order and without gaps: {}", known.join(", "));
        shape(None, text)
    }

    fn digits(&self, layout: &Layout, nodes: &[(String, Tree)]) -> Result<Vec<u8>, PartUnfit> {
        let mut digits = Vec::new();
        for (part, name, tree) in self.placed(layout, nodes)? {
            let value = self.inner(&part.plan, name, tree)?;
            let (length, max) = (value.len(), usize::from(part.plan.max));
            if part.plan.prefix == Prefix::Fixed && length != max {
                let problem = Problem::Length { length, min: max, max };
                return Err(PartUnfit::of(Some(name), &Unfit { problem, at: 0 }));
            }
            digits.extend_from_slice(&value);
        }
        Ok(digits)
    }

    fn sequence(&self, layout: &Layout, nodes: &[(String, Tree)], wire: &mut Vec<u8>) -> Composed {
        for (part, name, tree) in self.placed(layout, nodes)? {
            self.part(&part.plan, name, tree, wire)?;
        }
        Ok(())
    }

    fn bitmap(
        &self,
        layout: &Layout,
        bytes: usize,
        coding: Coding,
        nodes: &[(String, Tree)],
        wire: &mut Vec<u8>,
    ) -> Composed {
        let mut bits = vec![0_u8; bytes];
        let mut parts = Vec::with_capacity(nodes.len());
        for (key, tree) in nodes {
            let found = key.parse::<u16>().ok().and_then(|number| {
                let wanted = Key::Number(number);
                let part = self.dialect.parts(layout).iter().find(|part| part.key == wanted)?;
                Some((number, part))
            });
            let Some((number, part)) = found else {
                return shape(Some(key), "the table has no sub-field of this number");
            };
            let place = usize::from(number) - 1;
            if let Some(byte) = bits.get_mut(place / 8) {
                *byte |= 0x80 >> (place % 8);
            }
            parts.push((number, part, key, tree));
        }
        parts.sort_by_key(|(number, ..)| *number);
        hex::append_as(coding, &bits, wire);
        parts.iter().try_for_each(|(_, part, key, tree)| self.part(&part.plan, key, tree, wire))
    }

    /// One part behind its own length prefix, if it has one.
    pub(super) fn part(
        &self,
        plan: &Plan,
        name: &str,
        tree: &Tree,
        wire: &mut Vec<u8>,
    ) -> Composed {
        let value = self.inner(plan, name, tree)?;
        let appended = append_value(plan, &value, wire);
        appended.map(drop).map_err(|unfit| PartUnfit::of(Some(name), &unfit))
    }

    /// The value of a part, which may have parts itself.
    fn inner(&self, plan: &Plan, name: &str, tree: &Tree) -> Result<Vec<u8>, PartUnfit> {
        if matches!(tree, Tree::Leaf(text) if is_hidden(plan, text)) {
            return shape(Some(name), HIDDEN);
        }
        compose(self.dialect, plan, tree).map_err(|wrong| PartUnfit {
            part: wrong.part.or_else(|| Some(name.to_owned())),
            ..wrong
        })
    }
}
