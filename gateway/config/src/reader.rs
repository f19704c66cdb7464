//! Taking the file apart: its sections and the kinds of value, each read with its place, its range
//! and its example.

mod named;

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::sections::{BridgeKind, Sectioned};
use super::{Fault, Scheme};

/// What a missing or wrong address is replaced with, so that reading can go on.
const NO_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Reads values and collects faults. Every method gives back something usable, so that the other
/// faults are found too.
pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    /// Where relative paths begin.
    pub(super) base: PathBuf,
    pub(super) faults: Vec<Fault>,
    pub(super) notices: Vec<String>,
    /// What a bridge's deadline must stay below.
    pub(super) answer_s: u16,
    pub(super) bridges: BTreeSet<String>,
    pub(super) listeners: BTreeSet<String>,
    pub(super) links: BTreeSet<String>,
    /// Of the bridge that is being read.
    pub(super) kind: BridgeKind,
    /// Of the same bridge.
    pub(super) addresses: usize,
    /// Of the same bridge's URL; `None` without a good one.
    pub(super) scheme: Option<Scheme>,
    kek_ids: BTreeSet<u32>,
}

/// A part of the file, with what has not been read of it yet.
pub(super) struct Section<'a> {
    name: &'static str,
    /// Where it begins; `None` where it is missing, and then nothing inside it is reported.
    at: Option<usize>,
    left: DeTable<'a>,
    known: Vec<&'static str>,
}

/// A key of a section, with its value if it is there.
pub(super) struct Key<'a> {
    /// As the operator's page calls it.
    pub(super) name: String,
    key: &'static str,
    section_at: Option<usize>,
    value: Option<Spanned<DeValue<'a>>>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn root(table: DeTable<'a>) -> Self {
        Self { name: "", at: Some(0), left: table, known: Vec::new() }
    }

    pub(super) fn take(&mut self, key: &'static str) -> Key<'a> {
        self.known.push(key);
        let name = if self.name.is_empty() { key.into() } else { format!("{}.{key}", self.name) };
        Key { name, key, section_at: self.at, value: self.left.remove(key) }
    }
}

impl Key<'_> {
    /// Where its value is.
    pub(super) fn at(&self) -> Option<usize> {
        self.value.as_ref().map(|value| value.span().start)
    }

    pub(super) fn is_there(&self) -> bool {
        self.value.is_some()
    }

    /// Where its value is, or else its section.
    pub(super) fn place(&self) -> usize {
        self.at().or(self.section_at).unwrap_or(0)
    }
}

impl<'a> Reader<'a> {
    /// Of this text.
    pub(super) fn new(source: &'a str, base: PathBuf) -> Self {
        let (faults, notices) = (Vec::new(), Vec::new());
        let (kek_ids, bridges, listeners) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let links = BTreeSet::new();
        let (kind, addresses, scheme) = (BridgeKind::Http, 0, None);
        Self {
            source,
            base,
            faults,
            notices,
            answer_s: 0,
            bridges,
            listeners,
            links,
            kind,
            addresses,
            scheme,
            kek_ids,
        }
    }

    pub(super) fn fault(&mut self, offset: usize, text: impl Into<String>) {
        self.faults.push(Fault::at(self.source, offset, text));
    }

    /// Whatever nobody has asked for is wrong.
    pub(super) fn end(&mut self, section: Section<'a>) {
        let known: Vec<String> = section.known.iter().map(|key| format!("`{key}`")).collect();
        for key in section.left.keys() {
            let known = known.join(", ");
            let text = format!("unknown section or key `{}`, expected {known}", key.as_ref());
            self.fault(key.span().start, text);
        }
    }

    fn wrong_type(&mut self, name: &str, value: &Spanned<DeValue<'a>>, expected: &str) {
        let text = format!("{name} is a {}: expected {expected}", value.as_ref().type_str());
        self.fault(value.span().start, text);
    }

    /// A key that must be there, unless its whole section is missing.
    pub(super) fn require(&mut self, key: &Key<'a>, example: &str) {
        if let (None, Some(at)) = (&key.value, key.section_at) {
            let text = format!("{} is missing; for example {} = {example}", key.name, key.key);
            self.fault(at, text);
        }
    }

    /// A section that may be left out.
    pub(super) fn section<T: Sectioned>(&mut self, root: &mut Section<'a>, key: &'static str) -> T {
        let value = root.take(key).value;
        self.part(value, key)
    }

    /// A table inside a section that may be left out.
    pub(super) fn table_if<T: Sectioned>(&mut self, key: Key<'a>, name: &'static str) -> Option<T> {
        let value = key.value?;
        Some(self.part(Some(value), name))
    }

    /// Texts, each with its place.
    pub(super) fn texts(&mut self, key: Key<'a>, example: &str) -> Vec<(usize, String)> {
        self.require(&key, &format!("[{example:?}]"));
        let (name, Some(value)) = (key.name, key.value) else { return Vec::new() };
        let is_empty = value.as_ref().as_array().is_some_and(|list| list.is_empty());
        if is_empty || !value.as_ref().is_array() {
            self.wrong_type(&name, &value, &format!("a list of texts, for example [{example:?}]"));
        }
        let DeValue::Array(list) = value.into_inner() else { return Vec::new() };
        let mut texts = Vec::new();
        for value in list {
            match value.as_ref().as_str() {
                Some(text) => texts.push((value.span().start, text.to_owned())),
                None => self.wrong_type(&name, &value, "a text in quotes"),
            }
        }
        texts
    }

    /// A section that must be there.
    pub(super) fn must<T: Sectioned>(&mut self, root: &mut Section<'a>, key: &'static str) -> T {
        if !root.left.contains_key(key) {
            let text = format!("section [{key}] is missing; is the file half-written?");
            self.faults.push(Fault::nowhere(text));
        }
        self.section(root, key)
    }

    /// A section by its name, or by the one it had in the release before.
    pub(super) fn renamed<T: Sectioned>(
        &mut self,
        root: &mut Section<'a>,
        new: &'static str,
        old: &'static str,
    ) -> T {
        let (value, former) = (root.take(new).value, root.left.remove(old));
        match (&value, &former) {
            (Some(_), Some(former)) => {
                let text = format!("[{old}] is the old name of [{new}]: keep only one");
                self.fault(former.span().start, text);
            }
            (None, Some(_)) => self.notices.push(format!(
                "[{old}] is now called [{new}]; rename it: the next release will refuse the old \
                 name"
            )),
            (_, None) => {}
        }
        self.part(value.or(former), new)
    }

    fn part<T: Sectioned>(&mut self, value: Option<Spanned<DeValue<'a>>>, name: &'static str) -> T {
        let at = value.as_ref().map(|value| value.span().start);
        let mut section = Section { name, at, left: DeTable::default(), known: Vec::new() };
        match value.map(|value| (value.as_ref().is_table(), value)) {
            Some((false, value)) => {
                self.wrong_type(name, &value, "a section");
                section.at = None;
            }
            Some((true, value)) => {
                if let DeValue::Table(table) = value.into_inner() {
                    section.left = table;
                }
            }
            None => {}
        }
        let read = T::read(self, &mut section);
        self.end(section);
        read
    }

    /// A list of tables, up to `most` of them.
    pub(super) fn tables<T: Sectioned>(
        &mut self,
        key: Key<'a>,
        name: &'static str,
        most: usize,
        what: &str,
    ) -> Vec<T> {
        let Some(value) = key.value else { return Vec::new() };
        if !value.as_ref().is_array() {
            self.wrong_type(name, &value, "a list of tables");
        }
        let DeValue::Array(tables) = value.into_inner() else { return Vec::new() };
        if let Some(first) = tables.get(most) {
            let text = format!("{name}: {} of them; at most {most} {what}", tables.len());
            self.fault(first.span().start, text);
        }
        tables.into_iter().map(|table| self.part(Some(table), name)).collect()
    }

    pub(super) fn number<T: TryFrom<i64>>(
        &mut self,
        key: Key<'a>,
        allowed: RangeInclusive<i64>,
        usual: T,
    ) -> T {
        let Some(value) = key.value else { return usual };
        let (name, at) = (key.name, value.span().start);
        let DeValue::Integer(digits) = value.as_ref() else {
            self.wrong_type(&name, &value, "a whole number");
            return usual;
        };
        let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
        let number = number.filter(|number| allowed.contains(number));
        number.and_then(|number| T::try_from(number).ok()).unwrap_or_else(|| {
            let (low, high, digits) = (allowed.start(), allowed.end(), digits.as_str());
            self.fault(at, format!("{name} is {digits}; allowed are {low} to {high}"));
            usual
        })
    }

    /// A number where 0 is none.
    pub(super) fn bound(
        &mut self,
        key: Key<'a>,
        allowed: RangeInclusive<i64>,
        usual: u32,
    ) -> Option<NonZeroU32> {
        NonZeroU32::new(self.number(key, allowed, usual))
    }

    /// The number of a key, which no other key has.
    pub(super) fn kek_id(&mut self, key: Key<'a>) -> u32 {
        self.require(&key, "1");
        let at = key.at();
        let id = self.number(key, 1..=4_294_967_295, 1);
        if let (false, Some(at)) = (self.kek_ids.insert(id), at) {
            self.fault(at, format!("key number {id} is already taken by another key"));
        }
        id
    }

    /// Whether something is claimed.
    pub(super) fn claim(&mut self, key: Key<'a>) -> bool {
        let Some(value) = key.value else { return false };
        value.as_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(&key.name, &value, "true or false");
            false
        })
    }

    /// A text, with its place, if it is there; it must not be empty.
    pub(super) fn text_if(&mut self, key: Key<'a>, example: &str) -> Option<(usize, String)> {
        let (name, value) = (key.name, key.value?);
        let at = value.span().start;
        match value.as_ref().as_str() {
            Some("") => self.fault(at, format!("{name} is empty; for example {example:?}")),
            Some(text) => return Some((at, text.to_owned())),
            None => self.wrong_type(&name, &value, "a text in quotes"),
        }
        None
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, key: Key<'a>, example: &str) -> Option<(usize, String)> {
        self.require(&key, &format!("{example:?}"));
        self.text_if(key, example)
    }

    pub(super) fn address(&mut self, key: Key<'a>, example: &str) -> SocketAddr {
        let name = key.name.clone();
        let Some((at, text)) = self.text(key, example) else { return NO_ADDRESS };
        text.parse().unwrap_or_else(|_| {
            let what = format!(
                "{name} is {text:?}; write an address and a port, for example {example:?}; \
                 127.0.0.1 is this machine only, 0.0.0.0 or [::] everywhere"
            );
            self.fault(at, what);
            NO_ADDRESS
        })
    }

    pub(super) fn path(&mut self, key: Key<'a>, example: &str) -> PathBuf {
        self.text(key, example).map(|(_, text)| self.base.join(text)).unwrap_or_default()
    }

    pub(super) fn path_if(&mut self, key: Key<'a>, example: &str) -> Option<PathBuf> {
        self.text_if(key, example).map(|(_, text)| self.base.join(text))
    }

    pub(super) fn path_or(&mut self, key: Key<'a>, usual: &str) -> PathBuf {
        self.path_if(key, usual).unwrap_or_else(|| self.base.join(usual))
    }

    /// A key of older releases.
    pub(super) fn unused(&mut self, key: Key<'a>, now: &str) {
        if key.value.is_some() {
            self.notices.push(format!(
                "{} has no effect: {now}. Remove the key; a later release will refuse it",
                key.name
            ));
        }
    }

    /// One of these words; the first unless it is there.
    pub(super) fn choice<T: Copy>(&mut self, key: Key<'a>, of: &[(&str, T)]) -> T {
        let (name, (first, usual)) = (key.name.clone(), of[0]);
        let Some((at, text)) = self.text_if(key, first) else { return usual };
        let found = of.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.unwrap_or_else(|| {
            let words: Vec<String> = of.iter().map(|(word, _)| format!("{word:?}")).collect();
            self.fault(at, format!("{name} is {text:?}; allowed: {}", words.join(", ")));
            usual
        })
    }
}
