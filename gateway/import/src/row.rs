//! Rows of the files, and the kinds of value in their fields.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use tillgate_store_core::{BusinessDate, Coded, Language, Status, Text};
use tillgate_types::Currency;

use crate::Context;
use crate::book::{BookRow, Cell};
use crate::limits::FOUND_CHARACTERS_MAX;
use crate::records::{Cells, Records};
use crate::report::{Fault, Faults, RowPlace};
use crate::source::{Column, Form, Source, Table};

/// One row of a table, what it is checked against, and where its faults go.
pub(crate) struct Row<'a> {
    pub(crate) context: &'a Context<'a>,
    faults: &'a RefCell<Faults>,
    source: &'a Source,
    place: RowPlace,
    fields: Fields<'a>,
}

/// Where the fields of a row are.
enum Fields<'a> {
    /// In a record, each where the header has its column.
    Csv { cells: Cells<'a>, header: &'a Header },
    /// Under the keys of a table.
    Toml(&'a [Cell]),
}

/// Which column is in which field of the file.
type Header = Vec<(&'static str, usize)>;

/// The sources, with the rows of those that are TOML.
pub(crate) struct Files<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) sources: &'a [Source],
    pub(crate) books: &'a [Vec<BookRow>],
    /// What is wrong with rows.
    pub(crate) faults: RefCell<Faults>,
}

impl Files<'_> {
    /// Visits every row of a table; what is wrong with whole lines is reported to `lines`.
    pub(crate) fn each_row(
        &self,
        table: Table,
        lines: &RefCell<Faults>,
        mut visit: impl FnMut(&Row<'_>),
    ) {
        for (file, (source, book)) in (0_u16..).zip(self.sources.iter().zip(self.books)) {
            let mut row = |line, fields: Fields<'_>| {
                let (context, faults) = (self.context, &self.faults);
                visit(&Row { context, faults, source, place: RowPlace { file, line }, fields });
            };
            match source.table {
                None => {
                    let book = book.iter().filter(|row| row.table == table);
                    book.for_each(|found| row(found.line, Fields::Toml(&found.cells)));
                }
                Some(found) if found == table => each_record(source, table, lines, &mut row),
                Some(_) => {}
            }
        }
    }
}

/// Visits every record of a CSV file whose header is right.
fn each_record(
    source: &Source,
    table: Table,
    lines: &RefCell<Faults>,
    visit: &mut dyn FnMut(u32, Fields<'_>),
) {
    let wrong = |line, text| {
        let file = || source.name.clone();
        lines.borrow_mut().push(|| Fault { file: file(), line, column: 0, name: "", text });
    };
    let mut records = Records::new(&source.text);
    let mut header: Option<Header> = None;
    while let Some(line) = records.advance() {
        let cells = records.cells();
        match &header {
            None => match read_header(table, cells) {
                Ok(found) => header = Some(found),
                Err(text) => return wrong(line, text),
            },
            Some(header) if cells.len() != header.len() => {
                wrong(line, format!("found {} fields, expected {}", cells.len(), header.len()));
            }
            Some(header) => visit(line, Fields::Csv { cells, header }),
        }
    }
    if header.is_none() {
        wrong(1, format!("is empty, expected the header {}", names(table).join(",")));
    }
}

fn read_header(table: Table, found: Cells<'_>) -> Result<Header, String> {
    let expected = names(table).join(",");
    if found.len() == 1 && found.iter().any(|cell| cell.contains([';', '\t'])) {
        return Err(format!("fields are not separated by commas, expected the header {expected}"));
    }
    let columns = table.columns();
    let place = |name: &str| found.iter().position(|cell| cell == name);
    let header: Header =
        columns.iter().filter_map(|column| Some((column.name, place(column.name)?))).collect();
    let missing: Vec<&str> = columns
        .iter()
        .filter(|column| column.required && place(column.name).is_none())
        .map(|column| column.name)
        .collect();
    let known = |cell: &&str| columns.iter().any(|column| column.name == *cell);
    // Where the header is missing, the first row stands in its place, and may have secrets in it.
    let secret = columns.iter().any(|column| column.secret);
    let shown = |cell: &str| match secret && !looks_like_a_name(cell) {
        true => "that is no name of a column".to_owned(),
        false => shorten(cell),
    };
    let extra: Vec<String> = found.iter().filter(|cell| !known(cell)).map(shown).collect();
    let twice = found.len() > header.len() + extra.len();
    let mut wrong = Vec::new();
    if !missing.is_empty() {
        wrong.push(format!("missing column {}", missing.join(", ")));
    }
    if !extra.is_empty() {
        wrong.push(format!("unknown column {}", extra.join(", ")));
    }
    if twice {
        wrong.push("a column is there twice".to_owned());
    }
    if wrong.is_empty() {
        return Ok(header);
    }
    let may: Vec<&str> = columns.iter().filter(|c| !c.required).map(|c| c.name).collect();
    let may = match may.join(",") {
        none if none.is_empty() || extra.is_empty() => String::new(),
        names => format!(", and perhaps {names}"),
    };
    Err(format!("header: {}; expected {expected}{may}", wrong.join("; ")))
}

fn names(table: Table) -> Vec<&'static str> {
    table.columns().iter().filter(|c| c.required).map(|c| c.name).collect()
}

/// Whether a text may be the name of a column, and not a key, a PIN or a serial.
fn looks_like_a_name(text: &str) -> bool {
    text.len() <= 24 && text.chars().all(|c| c.is_alphabetic() || c == '_' || c == ' ')
}

/// A value as it is repeated to its author; a key in the wrong column is not.
pub(crate) fn shorten(found: &str) -> String {
    if found.len() >= 32 && found.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return format!("{} hexadecimal digits", found.len());
    }
    let mut text: String = found.chars().take(FOUND_CHARACTERS_MAX).collect();
    if found.chars().nth(FOUND_CHARACTERS_MAX).is_some() {
        text.push_str("...");
    }
    format!("{text:?}")
}

impl Row<'_> {
    /// Whether its file came encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.source.form != Form::Plain
    }

    /// Its place.
    pub(crate) fn place(&self) -> RowPlace {
        self.place
    }

    /// How many faults there are so far.
    pub(crate) fn faults(&self) -> usize {
        self.faults.borrow().total
    }

    /// A field as it is; empty when an optional column is not there.
    pub(crate) fn text(&self, column: Column) -> &str {
        match &self.fields {
            Fields::Csv { cells, header } => {
                let field = header.iter().find(|(name, _)| *name == column.name);
                field.and_then(|(_, index)| cells.get(*index)).unwrap_or("")
            }
            Fields::Toml(cells) => {
                let cell = cells.iter().find(|cell| cell.column == column.name);
                cell.map_or("", |cell| cell.text.trim())
            }
        }
    }

    /// Line and column of a field in its file; column 0 of one that is not there.
    fn position(&self, column: Column) -> (u32, u16) {
        let line = self.place.line;
        match &self.fields {
            Fields::Csv { header, .. } => {
                let field = header.iter().find(|(name, _)| *name == column.name);
                let field = field.map_or(0, |(_, index)| index + 1);
                (line, u16::try_from(field).unwrap_or(u16::MAX))
            }
            Fields::Toml(cells) => {
                let cell = cells.iter().find(|cell| cell.column == column.name);
                cell.map_or((line, 0), |cell| (cell.line, cell.at))
            }
        }
    }

    /// A fault in one field: what was found there, and what is expected.
    pub(crate) fn expected(&self, column: Column, expected: impl Display) {
        let found = match self.text(column) {
            "" => "nothing".to_owned(),
            found if column.secret => format!("{} characters", found.chars().count()),
            found => shorten(found),
        };
        self.wrong(column, format!("found {found}, expected {expected}"));
    }

    /// As [`Row::expected`], where a value would have been.
    pub(crate) fn refuse<T>(&self, column: Column, expected: impl Display) -> Option<T> {
        self.expected(column, expected);
        None
    }

    /// A fault in one field, in its own words.
    pub(crate) fn wrong(&self, column: Column, text: String) {
        let (name, (line, column)) = (column.name, self.position(column));
        let file = || self.source.name.clone();
        self.faults.borrow_mut().push(|| Fault { file: file(), line, column, name, text });
    }

    /// A whole number.
    pub(crate) fn number<T: FromStr + PartialOrd + Display>(
        &self,
        column: Column,
        allowed: RangeInclusive<T>,
    ) -> Option<T> {
        let text = self.text(column);
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let value = if digits { text.parse().ok() } else { None };
        let value = value.filter(|value| allowed.contains(value));
        let (low, high) = (allowed.start(), allowed.end());
        value.or_else(|| self.refuse(column, format!("a whole number from {low} to {high}")))
    }

    /// A whole number, or the default where there is nothing.
    pub(crate) fn number_or<T: FromStr + PartialOrd + Display>(
        &self,
        column: Column,
        allowed: RangeInclusive<T>,
        default: T,
    ) -> Option<T> {
        if self.text(column).is_empty() {
            return Some(default);
        }
        self.number(column, allowed)
    }

    /// Words for people: not empty, no control characters.
    pub(crate) fn words(&self, column: Column, bytes_max: usize) -> Option<String> {
        let text = self.text(column);
        if text.is_empty() || text.len() > bytes_max || text.contains(char::is_control) {
            return self.refuse(column, format!("1 to {bytes_max} bytes of text"));
        }
        Some(text.to_owned())
    }

    /// A short identifier: printable ASCII without spaces.
    pub(crate) fn code<const N: usize>(&self, column: Column) -> Option<Text<N>> {
        let text = self.text(column);
        let printable = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let code = if printable { Text::from(text).ok() } else { None };
        code.or_else(|| self.refuse(column, format!("1 to {N} letters, digits or signs")))
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&self, column: Column, of: &[(&str, T)]) -> Option<T> {
        let text = self.text(column);
        let found = of.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = of
                .iter()
                .map(|(word, _)| if word.is_empty() { "nothing" } else { *word })
                .collect();
            self.expected(column, words.join(" or "));
        }
        found
    }

    /// One of the values of a property by its word; the default where there is nothing.
    pub(crate) fn label<T: Coded>(&self, column: Column, default: Option<T>) -> Option<T> {
        let words = T::WORDS.iter().copied().chain(default.map(|default| ("", default)));
        self.choice(column, &words.collect::<Vec<_>>())
    }

    /// Two letters of ISO 639-1.
    pub(crate) fn language(&self, column: Column) -> Option<Language> {
        let language = Language::of(self.text(column));
        language.or_else(|| self.refuse(column, "a language as en or de (ISO 639-1)"))
    }

    /// `active`, `blocked`, or nothing: as it is stored, and active for what is new.
    pub(crate) fn status(&self, column: Column, stored: Option<Status>) -> Option<Status> {
        self.label(column, Some(stored.unwrap_or(Status::Active)))
    }

    /// `YYYY-MM-DD`.
    pub(crate) fn date(&self, column: Column) -> Option<BusinessDate> {
        let date = BusinessDate::parse(self.text(column));
        date.or_else(|| self.refuse(column, "a date as 2026-12-31, from 2000 to 2179"))
    }

    /// A currency by its letters or number.
    pub(crate) fn currency(&self, column: Column) -> Option<Currency> {
        let currency = Currency::parse(self.text(column));
        currency.or_else(|| self.refuse(column, "an ISO 4217 currency as EUR or 978"))
    }

    /// Major units of a currency as minor units.
    pub(crate) fn money(
        &self,
        column: Column,
        currency: Currency,
        allowed: RangeInclusive<i64>,
    ) -> Option<i64> {
        match currency.minor(self.text(column)) {
            Ok(minor) if allowed.contains(&minor) => Some(minor),
            Ok(_) => {
                let [low, high] = [allowed.start(), allowed.end()].map(|m| currency.major(*m));
                let text = format!("an amount from {low} to {high} {}", currency.alpha);
                self.refuse(column, text)
            }
            Err(expected) => self.refuse(column, expected),
        }
    }
}
