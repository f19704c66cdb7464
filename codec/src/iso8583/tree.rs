//! Sub-fields as a tree: to print a field, and to build one.

use super::decode::parts::{Called, Met, Visit, walk_field};
use super::dialect::Dialect;
use super::emv;
use super::encode::append_value;
use super::encode::parts::compose;
use super::mask::{Reveal, is_hidden, masked, stricter};
use super::plan::{Layout, Plan};
use super::view::{View, printed};
use super::words::{Coding, Mask};

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

impl View<'_> {
    /// The value of a field: a tree of its sub-fields if it has any and the tree says everything
    /// that the bytes say (it does not for fillers, long forms of short lengths, or tags that come
    /// back later), otherwise one leaf.
    #[must_use]
    pub fn tree(&self, number: u8, reveal: Reveal) -> Option<Tree> {
        let (plan, span, wire) = self.found(number)?;
        let units = usize::from(span.units);
        let Some(layout) = self.dialect.layout(plan) else {
            return Some(Tree::Leaf(shown(plan.mask, reveal, printed(plan, wire, units, None))));
        };
        let field = Field { dialect: self.dialect, plan, layout, wire, units };
        let clear = field.tree(Reveal::Clear)?;
        let value = compose(self.dialect, plan, &clear).ok();
        if value.is_none() || value != self.value(number) || comes_back(&clear) {
            return Some(Tree::Leaf(field.leaf(reveal)?));
        }
        match reveal {
            Reveal::Clear => Some(clear),
            Reveal::Masked => field.tree(Reveal::Masked),
        }
    }
}

impl Dialect {
    /// The sub-field of a value to be sent that was printed hidden, if there is one: stars that
    /// stand in the one text of a field, or below a field that hides all of its sub-fields.
    pub(crate) fn hidden_part(&self, number: u8, value: &[u8]) -> Option<String> {
        let plan = self.plan(number)?;
        let layout = self.layout(plan)?;
        let mut wire = Vec::with_capacity(value.len());
        let units = append_value(plan, value, &mut wire).ok()?;
        let wire = wire.get(usize::from(plan.prefix_bytes)..)?;
        let mut seeker = Seeker { masks: vec![plan.mask], hidden: None };
        // A value that cannot be walked to its end cannot be sent, and encoding says why.
        let _walked = walk_field::<(), _>(self, plan, layout, wire, units, &mut seeker);
        seeker.hidden
    }
}

/// Whether a key comes back after another one, which no object can say.
fn comes_back(tree: &Tree) -> bool {
    match tree {
        Tree::Leaf(_) => false,
        Tree::List(values) => values.iter().any(comes_back),
        Tree::Node(nodes) => {
            // Sorted, for there may be as many as half the bytes of a message.
            let mut keys: Vec<&str> = nodes.iter().map(|(key, _)| key.as_str()).collect();
            keys.sort_unstable();
            keys.windows(2).any(|pair| pair[0] == pair[1])
                || nodes.iter().any(|(_, tree)| comes_back(tree))
        }
    }
}

fn shown(mask: Mask, reveal: Reveal, text: String) -> String {
    match reveal {
        Reveal::Clear => text,
        Reveal::Masked => masked(mask, &text),
    }
}

struct Field<'a> {
    dialect: &'a Dialect,
    plan: &'a Plan,
    layout: &'a Layout,
    wire: &'a [u8],
    units: usize,
}

impl Field<'_> {
    fn tree(&self, reveal: Reveal) -> Option<Tree> {
        let mut grower = Grower {
            reveal,
            levels: vec![Level { key: String::new(), nodes: Vec::new() }],
            masks: vec![self.plan.mask],
        };
        self.walk(&mut grower)?;
        grower.levels.pop().map(|level| Tree::Node(level.nodes))
    }

    /// The whole value as one text, with stars over the sub-fields that are to be hidden.
    fn leaf(&self, reveal: Reveal) -> Option<String> {
        let text = printed(self.plan, self.wire, self.units, None);
        if self.plan.mask != Mask::Shown || reveal == Reveal::Clear {
            return Some(shown(self.plan.mask, reveal, text));
        }
        let mut hider = Hider { masks: vec![Mask::Shown], hidden: Vec::new() };
        self.walk(&mut hider)?;
        // Characters of text for each byte of the field: two where binary became hexadecimal.
        let width = if self.plan.coding == Coding::Binary { 2 } else { 1 };
        let digits = if self.plan.is_binary() { 2 } else { 1 };
        let places = hider.hidden.into_iter();
        let mut hidden =
            places.map(|(at, bytes)| at * width..at * width + bytes * digits).peekable();
        let shown = text.chars().enumerate().map(|(index, character)| {
            while hidden.next_if(|place| place.end <= index).is_some() {}
            if hidden.peek().is_some_and(|place| place.start <= index) { '*' } else { character }
        });
        Some(shown.collect())
    }

    /// `None` only if the field was never checked, which decoding excludes.
    fn walk<V: Visit>(&self, visit: &mut V) -> Option<()> {
        walk_field::<(), _>(self.dialect, self.plan, self.layout, self.wire, self.units, visit).ok()
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
    key: String,
    nodes: Vec<(String, Tree)>,
}

/// Grows a tree along a walk.
struct Grower {
    reveal: Reveal,
    levels: Vec<Level>,
    masks: Vec<Mask>,
}

impl Grower {
    fn put(&mut self, key: String, value: Tree) {
        let Some(level) = self.levels.last_mut() else {
            return;
        };
        match level.nodes.last_mut() {
            Some((last, Tree::List(values))) if *last == key => values.push(value),
            Some((last, first)) if *last == key => {
                let first_value = std::mem::replace(first, Tree::List(Vec::new()));
                *first = Tree::List(vec![first_value, value]);
            }
            _ => level.nodes.push((key, value)),
        }
    }
}

impl Visit for Grower {
    fn leaf(&mut self, met: &Met<'_>) {
        let text = printed(met.plan, met.wire, met.units, met.nibbles);
        let mask = mask_of(met, self.masks.last());
        self.put(called(&met.called), Tree::Leaf(shown(mask, self.reveal, text)));
    }

    fn open(&mut self, met: &Met<'_>) {
        self.masks.push(mask_of(met, self.masks.last()));
        self.levels.push(Level { key: called(&met.called), nodes: Vec::new() });
    }

    fn close(&mut self) {
        self.masks.pop();
        if let Some(Level { key, nodes }) = self.levels.pop() {
            self.put(key, Tree::Node(nodes));
        }
    }
}

/// Looks for a sub-field that is nothing but its hidden form.
struct Seeker {
    masks: Vec<Mask>,
    hidden: Option<String>,
}

impl Visit for Seeker {
    fn leaf(&mut self, met: &Met<'_>) {
        let mask = mask_of(met, self.masks.last());
        if mask == Mask::Shown || self.hidden.is_some() {
            return;
        }
        if is_hidden(mask, &printed(met.plan, met.wire, met.units, met.nibbles)) {
            self.hidden = Some(called(&met.called));
        }
    }

    fn open(&mut self, met: &Met<'_>) {
        self.masks.push(mask_of(met, self.masks.last()));
    }

    fn close(&mut self) {
        self.masks.pop();
    }
}

/// Collects where hidden values lie, in their order: offset in the field and bytes of the value.
struct Hider {
    masks: Vec<Mask>,
    hidden: Vec<(usize, usize)>,
}

impl Visit for Hider {
    fn leaf(&mut self, met: &Met<'_>) {
        if mask_of(met, self.masks.last()) != Mask::Shown {
            self.hidden.push((met.at, met.wire.len()));
        }
    }

    fn open(&mut self, met: &Met<'_>) {
        self.masks.push(mask_of(met, self.masks.last()));
    }

    fn close(&mut self) {
        self.masks.pop();
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
