//! A compiled dialect: everything that one maker's ISO 8583 says differently from the next.

use super::constant::Constant;
use super::decode::fast_path::FastPath;
use super::error::{DecodeError, Inner, Place};
use super::framing::Framing;
use super::limits::{FIELDS_MAX, HEADER_BYTES_MAX};
use super::plan::{Key, Layout, Part, Plan};
use super::schema::{Coding, Mask, Word};
use super::table::{self, TableError};

/// A dialect, compiled from its table. Decoding and encoding borrow it and never change it.
#[derive(Debug, Clone)]
pub struct Dialect {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) framing: Framing,
    pub(crate) tpdu: Leading,
    pub(crate) header: Header,
    pub(crate) mti: Coding,
    pub(crate) bitmap: Coding,
    /// How many bitmaps there can be: 1 to 3.
    pub(crate) bitmaps: usize,
    /// First digit of the MTI, where the dialect belongs to one edition of the standard.
    pub(crate) version: Option<u8>,
    /// Plans by data element number; 0 and 1 are never defined.
    pub(crate) plans: Box<[Plan; FIELDS_MAX + 1]>,
    /// The short ways of the same fields, from field 1 on.
    pub(crate) quick: Box<[FastPath; FIELDS_MAX]>,
    pub(crate) parts: Vec<Part>,
    pub(crate) layouts: Vec<Layout>,
    pub(crate) names: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// Whether a character of a text may take three bytes of UTF-8.
    pub(crate) has_euro: bool,
}

/// Whether a part precedes the MTI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leading {
    Never,
    Always,
    /// It is there if the message begins as it does.
    Optional,
}

/// What is between TPDU and MTI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) length: HeaderLength,
    /// It is there only if it begins so; without a constant, always.
    pub(crate) starts: Constant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeaderLength {
    Fixed(usize),
    /// As many bytes as the first of them says, itself included.
    Counted,
}

/// What a table says of one data element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldInfo<'d> {
    /// Its name.
    pub name: &'d str,
    /// Its type in the standard's letters: `n`, `x+n`, `z`, `a`, `an`, `ans`, `text` or `b`.
    pub kind: &'static str,
    /// Least length: digits or characters; bytes, for `b`.
    pub units_min: usize,
    /// Greatest length; equal to the least for a field of fixed length.
    pub units_max: usize,
    /// Whether it has sub-fields.
    pub has_parts: bool,
    /// Whether printed forms hide some or all of it.
    pub is_masked: bool,
}

/// Names and texts of the dialects that are built in.
const BUILTINS: [(&str, &str); 6] = [
    ("iso87a", include_str!("../../dialects/iso87a.toml")),
    ("iso87b", include_str!("../../dialects/iso87b.toml")),
    ("iso93a", include_str!("../../dialects/iso93a.toml")),
    ("iso93b", include_str!("../../dialects/iso93b.toml")),
    ("nac", include_str!("../../dialects/nac.toml")),
    ("cards-ebcdic", include_str!("../../dialects/cards-ebcdic.toml")),
];

/// Names and texts of the examples beside them: what other makers' tables look like.
const EXAMPLES: [(&str, &str); 6] = [
    ("unionpay", include_str!("../../dialects/unionpay.toml")),
    ("pos-ebcdic", include_str!("../../dialects/pos-ebcdic.toml")),
    ("pos-left", include_str!("../../dialects/pos-left.toml")),
    ("switch", include_str!("../../dialects/switch.toml")),
    ("ascii-tpdu", include_str!("../../dialects/ascii-tpdu.toml")),
    ("ascii-bcd-pan", include_str!("../../dialects/ascii-bcd-pan.toml")),
];

impl Dialect {
    /// Compiles a table. A table may build on a dialect that is built in or an example with
    /// `base = "iso87a"`.
    ///
    /// # Errors
    /// The first thing wrong with the table, by line and column, and what is allowed there.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        Self::parse_with(text, |name| Err(format!("there is no base `{name}`")))
    }

    /// As [`Self::parse`]; tables of other names are asked for by their name. It fails with what is
    /// wrong with the name.
    ///
    /// # Errors
    /// As [`Self::parse`]. A fault in a base is reported at the place of its name.
    pub fn parse_with(
        text: &str,
        mut base: impl FnMut(&str) -> Result<String, String>,
    ) -> Result<Self, TableError> {
        table::compile(text, &mut base)
    }

    /// One of the built-in dialects, compiled.
    ///
    /// # Panics
    /// If a built-in table is wrong, which a test excludes.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        let text = Self::builtin_table(name)?;
        match Self::parse(text) {
            Ok(dialect) => Some(dialect),
            Err(error) => panic!("built-in dialect {name}: {error}"),
        }
    }

    /// Names of the built-in dialects.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTINS.iter().map(|(name, _)| *name)
    }

    /// The table of a built-in dialect, to print and to start a new one from.
    #[must_use]
    pub fn builtin_table(name: &str) -> Option<&'static str> {
        BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// Names of the example tables, at hand to read, to try and to build on.
    pub fn example_names() -> impl Iterator<Item = &'static str> {
        EXAMPLES.iter().map(|(name, _)| *name)
    }

    /// The table of an example.
    #[must_use]
    pub fn example_table(name: &str) -> Option<&'static str> {
        EXAMPLES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// The same dialect behind another frame length: how a peer's network delimits messages is
    /// often not its table's business.
    #[must_use]
    pub fn with_framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for, in a sentence; may be empty.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// What in its table is written as an earlier release had it, and how to write it now.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How messages are delimited on a stream.
    #[must_use]
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether messages start with a TPDU, or may.
    #[must_use]
    pub const fn has_tpdu(&self) -> bool {
        !matches!(self.tpdu, Leading::Never)
    }

    /// Bytes of the message header between TPDU and MTI; the least if its first byte says how many
    /// it has.
    #[must_use]
    pub const fn header_bytes(&self) -> usize {
        match self.header.length {
            HeaderLength::Fixed(bytes) => bytes,
            HeaderLength::Counted => 1,
        }
    }

    /// The same dialect with this number of header bytes between TPDU and MTI.
    #[must_use]
    pub fn with_header_bytes(mut self, bytes: usize) -> Self {
        let length = HeaderLength::Fixed(bytes.min(HEADER_BYTES_MAX));
        self.header = Header { length, starts: Constant::default() };
        self
    }

    /// First digit of the MTI, where the dialect belongs to one edition of the standard.
    #[must_use]
    pub fn version(&self) -> Option<char> {
        self.version.map(char::from)
    }

    /// What the table says of a data element; `None` if the dialect does not have it.
    #[must_use]
    pub fn field(&self, number: u8) -> Option<FieldInfo<'_>> {
        let plan = self.plan(number)?;
        Some(FieldInfo {
            name: self.name_of(plan),
            kind: plan.kind.text(),
            units_min: usize::from(plan.min),
            units_max: usize::from(plan.max),
            has_parts: plan.layout > 0,
            is_masked: plan.mask != Mask::Shown,
        })
    }

    /// Name of a data element; `None` if the dialect does not have it.
    #[must_use]
    pub fn field_name(&self, number: u8) -> Option<&str> {
        self.plan(number).map(|plan| self.name_of(plan))
    }

    /// Whether printed forms hide some or all of a data element.
    #[must_use]
    pub fn is_masked(&self, number: u8) -> bool {
        self.field(number).is_some_and(|field| field.is_masked)
    }

    /// Numbers of the data elements that the dialect has, ascending.
    pub fn fields(&self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|number| self.plan(*number).is_some())
    }

    /// The error in words, with the names of field and sub-field.
    #[must_use]
    pub fn explain(&self, error: &DecodeError) -> String {
        let Place::Field(number, inner) = error.place() else {
            return error.to_string();
        };
        let Some(name) = self.field_name(number) else {
            return error.to_string();
        };
        let part = match self.inner_text(inner) {
            Some(part) => format!(", sub-field {part}"),
            None => String::new(),
        };
        format!("field {number} ({name}){part} at offset {}: {}", error.offset(), error.problem)
    }

    /// The sub-field that an error is about: its name, number or tag.
    #[must_use]
    pub fn subfield(&self, error: &DecodeError) -> Option<String> {
        match error.place() {
            Place::Field(_, inner) => self.inner_text(inner),
            Place::Frame | Place::Tpdu | Place::Header | Place::End => None,
        }
    }

    /// What a sub-field is called in errors.
    pub(crate) fn inner_text(&self, inner: Inner) -> Option<String> {
        match inner {
            Inner::None => None,
            Inner::Part(index) => {
                let part = self.parts.get(usize::from(index))?;
                match part.key {
                    Key::Place => Some(self.name_of(&part.plan).to_owned()),
                    Key::Number(number) => Some(number.to_string()),
                    Key::Tag(tag) => Some(tag.to_string()),
                }
            }
            Inner::Tag(tag) => Some(tag.to_string()),
        }
    }

    /// The plan of a data element that the dialect has.
    pub(crate) fn plan(&self, number: u8) -> Option<&Plan> {
        self.plans.get(usize::from(number)).filter(|plan| plan.is_defined())
    }

    pub(crate) fn name_of(&self, plan: &Plan) -> &str {
        self.names.get(usize::from(plan.name)).map_or("", String::as_str)
    }

    /// The layout of a field that has one.
    #[inline]
    pub(crate) fn layout(&self, plan: &Plan) -> Option<&Layout> {
        self.layouts.get(usize::from(plan.layout.checked_sub(1)?))
    }

    pub(crate) fn parts(&self, layout: &Layout) -> &[Part] {
        let first = usize::from(layout.first);
        self.parts.get(first..first + usize::from(layout.count)).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect;

    #[test]
    fn every_built_in_dialect_compiles_under_its_own_name() {
        for name in Dialect::builtin_names() {
            let dialect = Dialect::parse(Dialect::builtin_table(name).unwrap()).unwrap();
            assert_eq!(dialect.name(), name);
            assert!(dialect.fields().count() > 60, "{name}");
        }
    }

    #[test]
    fn every_example_compiles_under_its_own_name() {
        for name in Dialect::example_names() {
            let dialect = Dialect::parse(Dialect::example_table(name).unwrap()).unwrap();
            assert_eq!(dialect.name(), name);
        }
    }

    #[test]
    fn card_data_is_masked_in_every_built_in_dialect() {
        for name in Dialect::builtin_names() {
            let dialect = Dialect::builtin(name).unwrap();
            assert!(
                [2, 34, 35, 36, 45, 52].iter().all(|field| dialect.is_masked(*field)),
                "{name}"
            );
        }
    }

    #[test]
    fn an_unknown_name_is_no_dialect() {
        assert!(Dialect::builtin("iso99").is_none());
    }
}
