//! Sub-fields as a tree: to print a field, and to build one.

use super::decode::check::{Value, check};
use super::decode::parts::{Called, Met, Visit, walk_field};
use super::dialect::Dialect;
use super::emv;
use super::encode::parts::compose;
use super::hex;
use super::mask::{Reveal, masked, stricter};
use super::plan::Plan;
use super::schema::Mask;
use super::value;
use super::view::{View, printed};
use std::collections::BTreeMap;

/// The value of a field or sub-field. It holds card data, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum Tree {
    /// Text; hexadecimal, for binary.
    Leaf(String),
    /// Sub-fields in the order of the wire: by name, by number, or by tag.
    Node(Vec<(String, Tree)>),
    /// The values of a tag that is repeated.
    List(Vec<Tree>),
}

/// A field as it is printed.
pub(crate) struct Shown {
    pub(crate) tree: Tree,
    /// What is hidden in it: the number of the field, and names of sub-fields behind dots.
    pub(crate) hidden: Vec<String>,
    /// Its bytes, in hexadecimal, where the tree stands for other bytes as well.
    pub(crate) wire: Option<String>,
}

impl View<'_> {
    /// The value of a field: one text, or a tree if it has sub-fields. The values of a tag that is
    /// repeated are in one list, wherever they lie.
    #[must_use]
    pub fn tree(&self, number: u8, reveal: Reveal) -> Option<Tree> {
        Some(self.grown(number, reveal)?.0)
    }

    /// The tree, what is hidden in it, and its bytes where it does not say everything. The bytes
    /// of a field are left out where some of it is hidden.
    pub(crate) fn shown(&self, number: u8, reveal: Reveal) -> Option<Shown> {
        let (tree, hidden) = self.grown(number, reveal)?;
        let (plan, span, wire) = self.found(number)?;
        let has_filler = value::has_other_filler(plan, wire, usize::from(span.units));
        let is_whole = plan.layout == 0 || {
            let clear = self.grown(number, Reveal::Clear)?.0;
            let value = compose(self.dialect, plan, &clear).ok();
            value.is_some() && value == self.value(number)
        };
        let says_more = hidden.is_empty() && (has_filler || !is_whole);
        let wire = says_more.then(|| hex::text(wire));
        Some(Shown { tree, hidden, wire })
    }

    fn grown(&self, number: u8, reveal: Reveal) -> Option<(Tree, Vec<String>)> {
        let (plan, span, wire) = self.found(number)?;
        let units = usize::from(span.units);
        grown(self.dialect, (number, plan), wire, units, reveal)
    }
}

/// The tree of a value that was checked, and the paths of what is hidden in it.
fn grown(
    dialect: &Dialect,
    (number, plan): (u8, &Plan),
    wire: &[u8],
    units: usize,
    reveal: Reveal,
) -> Option<(Tree, Vec<String>)> {
    let path = number.to_string();
    let Some(layout) = dialect.layout(plan) else {
        let text = printed(plan, wire, units, None);
        let hidden = if hides(plan.mask, reveal, &text) { vec![path] } else { Vec::new() };
        return Some((Tree::Leaf(shown(plan.mask, reveal, text)), hidden));
    };
    let level = Level::of(path);
    let mut grower =
        TreeBuilder { reveal, levels: vec![level], masks: vec![plan.mask], hidden: Vec::new() };
    // It fails only if the field was never checked.
    walk_field::<(), _>(dialect, plan, layout, wire, units, &mut grower).ok()?;
    let level = grower.levels.pop()?;
    Some((Tree::Node(level.nodes), grower.hidden))
}

impl Dialect {
    /// The value of a field that has these bytes and prints as this tree, and whether it has the
    /// other filler of its table; `None` if it does not print so.
    pub(crate) fn value_of_wire(
        &self,
        number: u8,
        wire: &[u8],
        tree: &Tree,
    ) -> Option<(Vec<u8>, bool)> {
        let plan = self.plan(number)?;
        let most = plan.units_of(wire.len());
        // The last half of a byte may be a filler.
        [most, most.saturating_sub(1)].into_iter().find_map(|units| {
            (plan.bytes_of(units) == wire.len()).then_some(())?;
            check::<()>(plan, Value { from: wire, bytes: wire.len(), units }).ok()?;
            let (found, _) = grown(self, (number, plan), wire, units, Reveal::Clear)?;
            let mut value = Vec::with_capacity(wire.len() * 2);
            value::read(plan, wire, units, None, &mut value);
            let has_filler = value::has_other_filler(plan, wire, units);
            (found == *tree).then_some((value, has_filler))
        })
    }
}

fn hides(mask: Mask, reveal: Reveal, text: &str) -> bool {
    reveal == Reveal::Masked && mask != Mask::Shown && !text.is_empty()
}

fn shown(mask: Mask, reveal: Reveal, text: String) -> String {
    match reveal {
        Reveal::Clear => text,
        Reveal::Masked => masked(mask, &text),
    }
}

/// What is to be hidden of a sub-field within others.
pub(crate) fn mask_of(met: &Met<'_>, outer: Option<&Mask>) -> Mask {
    let own = match met.called {
        Called::Tag(tag) if met.plan.mask == Mask::Shown => emv::mask(tag.wire()),
        _ => met.plan.mask,
    };
    stricter(outer.copied().unwrap_or(Mask::Shown), own)
}

struct Level {
    /// Its key in the level above.
    key: String,
    /// What it is called in the list of what is hidden.
    path: String,
    nodes: Vec<(String, Tree)>,
    /// Where the keys are among the nodes: there may be as many as half the bytes of a message.
    places: BTreeMap<String, usize>,
}

impl Level {
    fn of(path: String) -> Self {
        Self { key: String::new(), path, nodes: Vec::new(), places: BTreeMap::new() }
    }

    /// Adds a value; those of one key become a list.
    fn put(&mut self, key: String, value: Tree) {
        match self.places.get(&key).and_then(|place| self.nodes.get_mut(*place)) {
            Some((_, Tree::List(values))) => values.push(value),
            Some((_, first)) => {
                let first_value = std::mem::replace(first, Tree::List(Vec::new()));
                *first = Tree::List(vec![first_value, value]);
            }
            None => {
                self.places.insert(key.clone(), self.nodes.len());
                self.nodes.push((key, value));
            }
        }
    }
}

/// Grows a tree along a walk.
struct TreeBuilder {
    reveal: Reveal,
    levels: Vec<Level>,
    masks: Vec<Mask>,
    hidden: Vec<String>,
}

impl TreeBuilder {
    fn path(&self, key: &str) -> String {
        self.levels.last().map_or_else(String::new, |level| format!("{}.{key}", level.path))
    }
}

impl Visit for TreeBuilder {
    fn leaf(&mut self, met: &Met<'_>) {
        let text = printed(met.plan, met.wire, met.units, met.nibbles);
        let mask = mask_of(met, self.masks.last());
        let key = called(&met.called);
        if hides(mask, self.reveal, &text) {
            let path = self.path(&key);
            // The values of a repeated tag have one name.
            if self.hidden.last() != Some(&path) {
                self.hidden.push(path);
            }
        }
        let value = Tree::Leaf(shown(mask, self.reveal, text));
        if let Some(level) = self.levels.last_mut() {
            level.put(key, value);
        }
    }

    fn open(&mut self, met: &Met<'_>) {
        self.masks.push(mask_of(met, self.masks.last()));
        let key = called(&met.called);
        let level = Level { key: key.clone(), ..Level::of(self.path(&key)) };
        self.levels.push(level);
    }

    fn close(&mut self) {
        self.masks.pop();
        if let Some(Level { key, nodes, .. }) = self.levels.pop()
            && let Some(level) = self.levels.last_mut()
        {
            level.put(key, Tree::Node(nodes));
        }
    }
}

/// The key of a sub-field in trees and JSON.
pub(crate) fn called(called: &Called<'_>) -> String {
    match called {
        Called::Name(name) => (*name).to_owned(),
        Called::Number(number) => number.to_string(),
        Called::Tag(tag) => tag.to_string(),
    }
}
