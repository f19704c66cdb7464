//! Typed reading of TOML, every error with its place and with what is allowed there.

use crate::iso8583::constant::Constant;
use crate::iso8583::hex;
use crate::iso8583::limits::CONSTANT_BYTES_MAX;
use crate::iso8583::schema::Word;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong, and where in the text; without a place it lies in the base.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) span: Option<Range<usize>>,
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

/// A value and where it was given; nowhere if it comes from the base.
#[derive(Clone, Debug)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) span: Option<Range<usize>>,
}

/// One table of the text.
#[derive(Clone)]
pub(super) struct Section<'t> {
    /// How messages call it: `field 60`.
    pub(super) what: String,
    table: &'t DeTable<'t>,
    span: Option<Range<usize>>,
    /// Whether places in it are places in the user's text.
    own: bool,
}

type Entry<'t> = (&'t DeValue<'t>, Option<Range<usize>>);

impl<'t> Section<'t> {
    pub(super) fn root(document: &'t Spanned<DeTable<'t>>, own: bool) -> Self {
        let span = own.then(|| document.span());
        Self { what: "the table".to_owned(), table: document.get_ref(), span, own }
    }

    /// The section under another name for messages.
    pub(super) fn called(self, what: String) -> Self {
        Self { what, ..self }
    }

    /// Where the section starts.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// Refuses keys that have no meaning here.
    pub(super) fn only(&self, allowed: &[&str]) -> Result<(), Wrong> {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !allowed.contains(&name) {
                let list = allowed.join(", ");
                let message = format!("{} has no key `{name}`; allowed: {list}", self.what);
                return Err(Wrong::new(self.place(key.span()), message));
            }
        }
        Ok(())
    }

    /// Every key with its value, if that is a table.
    pub(super) fn sections(&self) -> Result<Vec<(Given<String>, Section<'t>)>, Wrong> {
        let mut sections = Vec::new();
        for (key, value) in self.table {
            let name = Given { value: key.get_ref().to_string(), span: self.place(key.span()) };
            let what = format!("{} {}", self.what, name.value);
            sections.push((name, self.as_section(what, value)?));
        }
        Ok(sections)
    }

    pub(super) fn string(&self, key: &str) -> Result<Option<Given<String>>, Wrong> {
        let Some((value, span)) = self.entry(key) else {
            return Ok(None);
        };
        match value.as_str() {
            Some(text) => Ok(Some(Given { value: text.to_owned(), span })),
            None => Err(self.mistyped(key, "a string", span)),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<Given<bool>>, Wrong> {
        let Some((value, span)) = self.entry(key) else {
            return Ok(None);
        };
        match value.as_bool() {
            Some(value) => Ok(Some(Given { value, span })),
            None => Err(self.mistyped(key, "true or false", span)),
        }
    }

    pub(super) fn number(
        &self,
        key: &str,
        allowed: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<Given<usize>>, Wrong> {
        let Some((value, span)) = self.entry(key) else {
            return Ok(None);
        };
        let number = value
            .as_integer()
            .and_then(|integer| usize::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|number| allowed.contains(number));
        let wanted = format!("a number from {} to {}", allowed.start(), allowed.end());
        match number {
            Some(value) => Ok(Some(Given { value, span })),
            None => Err(self.mistyped(key, &wanted, span)),
        }
    }

    pub(super) fn word<W: Word>(&self, key: &str) -> Result<Option<Given<W>>, Wrong> {
        let Some(given) = self.string(key)? else {
            return Ok(None);
        };
        match W::parse(&given.value) {
            Some(value) => Ok(Some(Given { value, span: given.span })),
            None => {
                let (word, what, allowed) = (&given.value, W::WHAT, W::allowed());
                let message = format!("`{key}`: `{word}` is not {what}; allowed: {allowed}");
                Err(Wrong::new(given.span, message))
            }
        }
    }

    /// Whether a key is given, as a string.
    pub(super) fn is_text(&self, key: &str) -> bool {
        self.entry(key).is_some_and(|(value, _)| value.as_str().is_some())
    }

    /// Constant bytes in hexadecimal.
    pub(super) fn constant(&self, key: &str) -> Result<Option<Given<Constant>>, Wrong> {
        let Some(given) = self.string(key)? else {
            return Ok(None);
        };
        let bytes = hex::parse(given.value.as_bytes()).ok();
        match bytes.and_then(|bytes| Constant::new(&bytes)) {
            Some(value) => Ok(Some(Given { value, span: given.span })),
            None => {
                let wanted = format!("at most {CONSTANT_BYTES_MAX} bytes in hexadecimal");
                Err(self.mistyped(key, &wanted, given.span))
            }
        }
    }

    /// A single character of ISO 8859-1.
    pub(super) fn character(&self, key: &str) -> Result<Option<Given<u8>>, Wrong> {
        let Some(given) = self.string(key)? else {
            return Ok(None);
        };
        let mut characters = given.value.chars();
        match (characters.next().map(u8::try_from), characters.next()) {
            (Some(Ok(value)), None) => Ok(Some(Given { value, span: given.span })),
            _ => Err(self.mistyped(key, "a single character", given.span)),
        }
    }

    pub(super) fn section(&self, key: &str) -> Result<Option<Section<'t>>, Wrong> {
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key);
        let Some((_, value)) = found else {
            return Ok(None);
        };
        self.as_section(format!("`{key}`"), value).map(Some)
    }

    /// The tables of a list; `None` if the key is not there.
    pub(super) fn list(&self, key: &str) -> Result<Option<Vec<Section<'t>>>, Wrong> {
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key);
        let Some((_, value)) = found else {
            return Ok(None);
        };
        let Some(items) = value.get_ref().as_array() else {
            return Err(self.mistyped(key, "a list of tables", self.place(value.span())));
        };
        let what = |index: usize| format!("sub-field {} of {}", index + 1, self.what);
        let section = |(index, item)| self.as_section(what(index), item);
        items.iter().enumerate().map(section).collect::<Result<_, _>>().map(Some)
    }

    fn entry(&self, key: &str) -> Option<Entry<'t>> {
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some((value.get_ref(), self.place(value.span())))
    }

    fn as_section(
        &self,
        what: String,
        value: &'t Spanned<DeValue<'t>>,
    ) -> Result<Section<'t>, Wrong> {
        let span = self.place(value.span());
        match value.get_ref().as_table() {
            Some(table) => Ok(Section { what, table, span, own: self.own }),
            None => Err(Wrong::new(span, format!("{what} is expected to be a table"))),
        }
    }

    fn place(&self, span: Range<usize>) -> Option<Range<usize>> {
        self.own.then_some(span)
    }

    fn mistyped(&self, key: &str, wanted: &str, span: Option<Range<usize>>) -> Wrong {
        Wrong::new(span, format!("`{key}` of {} is expected to be {wanted}", self.what))
    }
}
