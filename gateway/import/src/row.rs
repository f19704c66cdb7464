//! Rows of the files, and the kinds of value in their fields.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use tillgate_store_core::{BusinessDate, Language, Status, Text};
use tillgate_types::Currency;

use crate::book::{BookRow, Cell};
use crate::limits::FOUND_CHARACTERS_MAX;
use crate::records::{Cells, Records};
use crate::report::{Fault, Faults, RowPlace};
use crate::source::{Source, Table};

/// One row: fields by the place of their column in [`crate::Table::columns`].
pub(crate) struct Row<'a> {
    source: &'a Source,
    table: Table,
    place: RowPlace,
    fields: Fields<'a>,
}

/// Where the fields of a row are.
enum Fields<'a> {
    /// In a record, each where the header has its column.
    Csv { cells: Cells<'a>, fields: &'a [Option<usize>] },
    /// Under the keys of a table.
    Toml(&'a [Cell]),
}

/// Visits every row of a table in a file of TOML.
pub(crate) fn each_of_book(
    (source, file): (&Source, u16),
    (book, table): (&[BookRow], Table),
    faults: &mut Faults,
    mut visit: impl FnMut(&Row<'_>, &mut Faults),
) {
    for row in book.iter().filter(|row| row.table == table) {
        let (place, fields) = (RowPlace { file, line: row.line }, Fields::Toml(&row.cells));
        visit(&Row { source, table, place, fields }, faults);
    }
}

/// Visits every row of a CSV file whose header is right; counts what is wrong with the others.
pub(crate) fn each(
    (source, file): (&Source, u16),
    table: Table,
    faults: &mut Faults,
    mut visit: impl FnMut(&Row<'_>, &mut Faults),
) {
    let mut records = Records::new(&source.text);
    let mut fields: Option<Vec<Option<usize>>> = None;
    while let Some(line) = records.advance() {
        let cells = records.cells();
        let Some(fields) = &fields else {
            match header(table, cells) {
                Ok(found) => fields = Some(found),
                Err(text) => return faults.push(|| whole_line(source, line, text)),
            }
            continue;
        };
        if cells.len() != fields.iter().flatten().count() {
            let expected = fields.iter().flatten().count();
            let text = format!("found {} fields, expected {expected}", cells.len());
            faults.push(|| whole_line(source, line, text));
            continue;
        }
        let place = RowPlace { file, line };
        visit(&Row { source, table, place, fields: Fields::Csv { cells, fields } }, faults);
    }
    if fields.is_none() {
        let text = format!("is empty, expected the header {}", names(table).join(","));
        faults.push(|| whole_line(source, 1, text));
    }
}

/// Which field of the file holds which column.
fn header(table: Table, found: Cells<'_>) -> Result<Vec<Option<usize>>, String> {
    let expected = names(table).join(",");
    if found.len() == 1 && found.iter().any(|cell| cell.contains([';', '\t'])) {
        return Err(format!("fields are not separated by commas, expected the header {expected}"));
    }
    let columns = table.columns();
    let place = |name: &str| found.iter().position(|cell| cell == name);
    let fields: Vec<Option<usize>> = columns.iter().map(|column| place(column.name)).collect();
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
    let twice = found.len() > fields.iter().flatten().count() + extra.len();
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
        return Ok(fields);
    }
    Err(format!("header: {}; expected {expected}", wrong.join("; ")))
}

fn names(table: Table) -> Vec<&'static str> {
    table.columns().iter().filter(|c| c.required).map(|c| c.name).collect()
}

fn whole_line(source: &Source, line: u32, text: String) -> Fault {
    Fault { file: source.name.clone(), line, column: 0, name: "", text }
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
    /// Its place.
    pub(crate) fn place(&self) -> RowPlace {
        self.place
    }

    /// A field as it is; empty when an optional column is not there.
    pub(crate) fn text(&self, column: usize) -> &str {
        match &self.fields {
            Fields::Csv { cells, fields } => {
                let field = fields.get(column).copied().flatten();
                field.and_then(|index| cells.get(index)).unwrap_or("")
            }
            Fields::Toml(cells) => {
                cells.iter().find(|cell| cell.column == column).map_or("", |cell| cell.text.trim())
            }
        }
    }

    /// Line and column of a field in its file; column 0 of one that is not there.
    fn position(&self, column: usize) -> (u32, u16) {
        let line = self.place.line;
        match &self.fields {
            Fields::Csv { fields, .. } => {
                let field = fields.get(column).copied().flatten().map_or(0, |index| index + 1);
                (line, u16::try_from(field).unwrap_or(u16::MAX))
            }
            Fields::Toml(cells) => {
                let cell = cells.iter().find(|cell| cell.column == column);
                cell.map_or((line, 0), |cell| (cell.line, cell.at))
            }
        }
    }

    /// A fault in one field: what was found there, and what is expected.
    pub(crate) fn expected(&self, faults: &mut Faults, column: usize, expected: impl Display) {
        let found = self.text(column);
        let secret = self.table.columns().get(column).is_some_and(|c| c.secret);
        let found = match found {
            "" => "nothing".to_owned(),
            _ if secret => format!("{} characters", found.chars().count()),
            _ => shorten(found),
        };
        self.wrong(faults, column, format!("found {found}, expected {expected}"));
    }

    /// A fault in one field, in its own words.
    pub(crate) fn wrong(&self, faults: &mut Faults, column: usize, text: String) {
        let name = self.table.columns().get(column).map_or("", |c| c.name);
        let (line, column) = self.position(column);
        let file = || self.source.name.clone();
        faults.push(|| Fault { file: file(), line, column, name, text });
    }

    /// A whole number.
    pub(crate) fn number<T: FromStr + PartialOrd + Display>(
        &self,
        faults: &mut Faults,
        column: usize,
        allowed: RangeInclusive<T>,
    ) -> Option<T> {
        let text = self.text(column);
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let value = if digits { text.parse().ok() } else { None };
        let value = value.filter(|value| allowed.contains(value));
        if value.is_none() {
            let (low, high) = (allowed.start(), allowed.end());
            self.expected(faults, column, format!("a whole number from {low} to {high}"));
        }
        value
    }

    /// A whole number, or the default where there is nothing.
    pub(crate) fn number_or<T: FromStr + PartialOrd + Display>(
        &self,
        faults: &mut Faults,
        column: usize,
        allowed: RangeInclusive<T>,
        default: T,
    ) -> Option<T> {
        if self.text(column).is_empty() {
            return Some(default);
        }
        self.number(faults, column, allowed)
    }

    /// Words for people: not empty, no control characters.
    pub(crate) fn words(
        &self,
        faults: &mut Faults,
        column: usize,
        bytes_max: usize,
    ) -> Option<String> {
        let text = self.text(column);
        if text.is_empty() || text.len() > bytes_max || text.contains(char::is_control) {
            self.expected(faults, column, format!("1 to {bytes_max} bytes of text"));
            return None;
        }
        Some(text.to_owned())
    }

    /// A short identifier: printable ASCII without spaces.
    pub(crate) fn code<const N: usize>(
        &self,
        faults: &mut Faults,
        column: usize,
    ) -> Option<Text<N>> {
        let text = self.text(column);
        let printable = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let code = if printable { Text::from(text).ok() } else { None };
        if code.is_none() {
            self.expected(faults, column, format!("1 to {N} letters, digits or signs"));
        }
        code
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(
        &self,
        faults: &mut Faults,
        column: usize,
        of: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(column);
        let found = of.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = of
                .iter()
                .map(|(word, _)| if word.is_empty() { "nothing" } else { *word })
                .collect();
            self.expected(faults, column, words.join(" or "));
        }
        found
    }

    /// One of the values of a property by its word; the default where there is nothing.
    pub(crate) fn label<T: Copy>(
        &self,
        faults: &mut Faults,
        column: usize,
        (all, label): (&[T], impl Fn(T) -> &'static str),
        default: Option<T>,
    ) -> Option<T> {
        let words = all.iter().map(|value| (label(*value), *value));
        let words: Vec<_> = words.chain(default.map(|default| ("", default))).collect();
        self.choice(faults, column, &words)
    }

    /// Two letters of ISO 639-1.
    pub(crate) fn language(&self, faults: &mut Faults, column: usize) -> Option<Language> {
        let language = Language::of(self.text(column));
        if language.is_none() {
            self.expected(faults, column, "a language as en or de (ISO 639-1)");
        }
        language
    }

    /// `active`, `blocked`, or nothing: as it is stored, and active for what is new.
    pub(crate) fn status(
        &self,
        faults: &mut Faults,
        column: usize,
        stored: Option<Status>,
    ) -> Option<Status> {
        let default = stored.unwrap_or(Status::Active);
        let of = [("active", Status::Active), ("blocked", Status::Blocked), ("", default)];
        self.choice(faults, column, &of)
    }

    /// `YYYY-MM-DD`.
    pub(crate) fn date(&self, faults: &mut Faults, column: usize) -> Option<BusinessDate> {
        let date = BusinessDate::parse(self.text(column));
        if date.is_none() {
            self.expected(faults, column, "a date as 2026-12-31, from 2000 to 2179");
        }
        date
    }

    /// A currency by its letters or number.
    pub(crate) fn currency(&self, faults: &mut Faults, column: usize) -> Option<Currency> {
        let currency = Currency::parse(self.text(column));
        if currency.is_none() {
            self.expected(faults, column, "an ISO 4217 currency as EUR or 978");
        }
        currency
    }

    /// Major units of a currency as minor units.
    pub(crate) fn money(
        &self,
        faults: &mut Faults,
        column: usize,
        currency: Currency,
        allowed: RangeInclusive<i64>,
    ) -> Option<i64> {
        match currency.minor(self.text(column)) {
            Ok(minor) if allowed.contains(&minor) => Some(minor),
            Ok(_) => {
                let [low, high] = [allowed.start(), allowed.end()].map(|m| currency.major(*m));
                let text = format!("an amount from {low} to {high} {}", currency.alpha);
                self.expected(faults, column, text);
                None
            }
            Err(expected) => {
                self.expected(faults, column, expected);
                None
            }
        }
    }
}
