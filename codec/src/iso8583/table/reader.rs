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

    /// Refuses keys that have no meaning here; `allowed` lists those that have, with commas.
    pub(super) fn only(&self, allowed: &str) -> Result<(), Wrong> {
        let is_known = |name: &str| allowed.split(", ").any(|known| known == name);
        match self.table.keys().find(|key| !is_known(key.get_ref())) {
            None => Ok(()),
            Some(key) => {
                let (what, name) = (&self.what, key.get_ref());
                let message = format!("{what} has no key `{name}`; allowed: {allowed}");
                Err(Wrong::new(self.place(key.span()), message))
            }
        }
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
        self.value(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<Given<bool>>, Wrong> {
        self.value(key, "true or false", |value| value.as_bool())
    }

    pub(super) fn number(
        &self,
        key: &str,
        allowed: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<Given<usize>>, Wrong> {
        let wanted = format!("a number from {} to {}", allowed.start(), allowed.end());
        self.value(key, &wanted, |value| {
            let integer = value.as_integer()?;
            let number = usize::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            allowed.contains(&number).then_some(number)
        })
    }

    /// What a string stands for; `wrong` says what is wrong with one that stands for nothing.
    pub(super) fn parsed<T>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        wrong: impl FnOnce(&str) -> String,
    ) -> Result<Option<Given<T>>, Wrong> {
        let Some(Given { value: text, span }) = self.string(key)? else {
            return Ok(None);
        };
        match parse(&text) {
            Some(value) => Ok(Some(Given { value, span })),
            None => Err(Wrong::new(span, wrong(&text))),
        }
    }

    pub(super) fn word<W: Word>(&self, key: &str) -> Result<Option<Given<W>>, Wrong> {
        let (what, allowed) = (W::WHAT, W::words(|_| true));
        self.parsed(key, W::parse, |word| {
            format!("`{key}`: `{word}` is not {what}; allowed: {allowed}")
        })
    }

    /// Whether a key is given, as a string.
    pub(super) fn is_text(&self, key: &str) -> bool {
        self.find(key).is_some_and(|value| value.get_ref().as_str().is_some())
    }

    /// Constant bytes in hexadecimal.
    pub(super) fn constant(&self, key: &str) -> Result<Option<Given<Constant>>, Wrong> {
        let wanted = format!("at most {CONSTANT_BYTES_MAX} bytes in hexadecimal");
        let parse = |text: &str| Constant::new(&hex::parse(text.as_bytes()).ok()?);
        self.parsed(key, parse, |_| self.expected(key, &wanted))
    }

    /// A single character of ISO 8859-1.
    pub(super) fn character(&self, key: &str) -> Result<Option<Given<u8>>, Wrong> {
        let parse = |text: &str| text.parse::<char>().ok().and_then(|c| u8::try_from(c).ok());
        self.parsed(key, parse, |_| self.expected(key, "a single character"))
    }

    pub(super) fn section(&self, key: &str) -> Result<Option<Section<'t>>, Wrong> {
        let found = self.find(key);
        found.map(|value| self.as_section(format!("`{key}`"), value)).transpose()
    }

    /// The tables of a list; `None` if the key is not there.
    pub(super) fn list(&self, key: &str) -> Result<Option<Vec<Section<'t>>>, Wrong> {
        let Some(value) = self.find(key) else {
            return Ok(None);
        };
        let Some(items) = value.get_ref().as_array() else {
            let message = self.expected(key, "a list of tables");
            return Err(Wrong::new(self.place(value.span()), message));
        };
        let what = |index: usize| format!("sub-field {} of {}", index + 1, self.what);
        let section = |(index, item)| self.as_section(what(index), item);
        items.iter().enumerate().map(section).collect::<Result<_, _>>().map(Some)
    }

    fn find(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// The value of a key as `read` makes it; `wanted` is what it reads.
    fn value<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Result<Option<Given<T>>, Wrong> {
        let Some(value) = self.find(key) else {
            return Ok(None);
        };
        let span = self.place(value.span());
        match read(value.get_ref()) {
            Some(value) => Ok(Some(Given { value, span })),
            None => Err(Wrong::new(span, self.expected(key, wanted))),
        }
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

    fn expected(&self, key: &str, wanted: &str) -> String {
        format!("`{key}` of {} is expected to be {wanted}", self.what)
    }
}
