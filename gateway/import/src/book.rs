//! Services and routes as TOML: each table becomes a row of the table that the CSV file of that name has, and
//! the same code reads both.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::report::{Fault, Faults};
use crate::row::shorten;
use crate::source::{Source, Table, product, service};

/// A row, with its cells and where they are.
pub(crate) struct BookRow {
    pub(crate) table: Table,
    /// From 1.
    pub(crate) line: u32,
    pub(crate) cells: Vec<Cell>,
}

/// A value under a key.
pub(crate) struct Cell {
    /// The name of its column.
    pub(crate) column: &'static str,
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: u32,
    /// Its first character in that line, from 1.
    pub(crate) at: u16,
}

/// A key of a table, and what it has.
struct Key(&'static str, Takes);

#[derive(Clone, Copy)]
enum Takes {
    /// A cell.
    Cell(&'static str, Kind),
    /// Several cells; a text stands for the first of them, if that is one.
    Cells(&'static [Key]),
    /// Rows of another table.
    Rows(Table, &'static [Key]),
}

/// What a value may be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// A float is taken as it is written: `0.10` is no binary fraction.
    Number,
    Flag,
    Date,
}

const SERVICE: &[Key] = &[
    Key("id", Takes::Cell("id", Kind::Number)),
    Key("name", Takes::Cell("name", Kind::Text)),
    Key("kind", Takes::Cell("kind", Kind::Text)),
    Key("currency", Takes::Cell("currency", Kind::Number)),
    Key("route", Takes::Cell("route", Kind::Text)),
    Key("amount_min", Takes::Cell("amount_min", Kind::Number)),
    Key("amount_max", Takes::Cell("amount_max", Kind::Number)),
    Key("open_amount", Takes::Cell("open_amount", Kind::Flag)),
    Key("hours", Takes::Cell("hours", Kind::Text)),
    Key("status", Takes::Cell("status", Kind::Text)),
    Key("account", Takes::Cells(ACCOUNT)),
    Key("lookup", Takes::Cell("lookup", Kind::Text)),
    Key("money", Takes::Cell("money", Kind::Text)),
    Key("reversal", Takes::Cell("reversal", Kind::Text)),
    Key("issuer", Takes::Cell("issuer", Kind::Text)),
    Key("velocity", Takes::Cells(VELOCITY)),
    Key("product", Takes::Rows(Table::Products, PRODUCT)),
    Key("commission", Takes::Rows(Table::Commissions, COMMISSION)),
    Key("charge", Takes::Rows(Table::Charges, CHARGE)),
    Key("receipt", Takes::Rows(Table::Receipts, RECEIPT)),
];

const ACCOUNT: &[Key] = &[
    Key("form", Takes::Cell("account", Kind::Text)),
    Key("label", Takes::Cell("account_label", Kind::Text)),
    Key("length", Takes::Cell("account_length", Kind::Number)),
    Key("picture", Takes::Cell("account_picture", Kind::Text)),
    Key("check", Takes::Cell("account_check", Kind::Text)),
];

const VELOCITY: &[Key] = &[
    Key("count", Takes::Cell("velocity_count", Kind::Number)),
    Key("window_s", Takes::Cell("velocity_window_s", Kind::Number)),
    Key("day_amount", Takes::Cell("velocity_day_amount", Kind::Number)),
];

const PRODUCT: &[Key] = &[
    Key("id", Takes::Cell("id", Kind::Number)),
    Key("name", Takes::Cell("name", Kind::Text)),
    Key("amount", Takes::Cell("amount", Kind::Number)),
    Key("least_days", Takes::Cell("least_days", Kind::Number)),
    Key("low_stock", Takes::Cell("low_stock", Kind::Number)),
    Key("near_days", Takes::Cell("near_days", Kind::Number)),
];

const COMMISSION: &[Key] = &[
    Key("level", Takes::Cell("level", Kind::Number)),
    Key("percent", Takes::Cell("percent", Kind::Number)),
    Key("fixed", Takes::Cell("fixed", Kind::Number)),
    Key("rounding", Takes::Cell("rounding", Kind::Text)),
    Key("from", Takes::Cell("from", Kind::Date)),
];

const CHARGE: &[Key] = &[
    Key("kind", Takes::Cell("kind", Kind::Text)),
    Key("percent", Takes::Cell("percent", Kind::Number)),
    Key("fixed", Takes::Cell("fixed", Kind::Number)),
    Key("of", Takes::Cell("of", Kind::Text)),
    Key("rounding", Takes::Cell("rounding", Kind::Text)),
    Key("from", Takes::Cell("from", Kind::Date)),
];

const RECEIPT: &[Key] = &[
    Key("language", Takes::Cell("language", Kind::Text)),
    Key("text", Takes::Cell("text", Kind::Text)),
];

const ROUTE: &[Key] = &[
    Key("route", Takes::Cell("route", Kind::Text)),
    Key("bridge", Takes::Cell("bridge", Kind::Text)),
    Key("priority", Takes::Cell("priority", Kind::Number)),
    Key("weight", Takes::Cell("weight", Kind::Number)),
    Key("prefix", Takes::Cell("prefix", Kind::Number)),
    Key("currency", Takes::Cell("currency", Kind::Number)),
    Key("amount_from", Takes::Cell("amount_from", Kind::Number)),
    Key("amount_to", Takes::Cell("amount_to", Kind::Number)),
    Key("distributor", Takes::Cell("distributor", Kind::Number)),
    Key("hours", Takes::Cell("hours", Kind::Text)),
];

const FILE: &[Key] = &[
    Key("service", Takes::Rows(Table::Services, SERVICE)),
    Key("rule", Takes::Rows(Table::Routes, ROUTE)),
];

/// A row that is not read yet.
struct Found<'t> {
    /// The key that it is under.
    name: &'static str,
    table: Table,
    keys: &'static [Key],
    value: &'t Spanned<DeValue<'t>>,
}

/// The rows of every source that is TOML; none of the others.
pub(crate) fn read_all(sources: &[Source], faults: &mut Faults) -> Vec<Vec<BookRow>> {
    let read = |source: &Source| match source.table {
        None => Book::of(source, faults).read(),
        Some(_) => Vec::new(),
    };
    sources.iter().map(read).collect()
}

/// A file of TOML while it is read.
struct Book<'a> {
    source: &'a Source,
    /// Where each line begins.
    lines: Vec<usize>,
    rows: Vec<BookRow>,
    faults: &'a mut Faults,
}

impl<'a> Book<'a> {
    fn of(source: &'a Source, faults: &'a mut Faults) -> Self {
        let ends = source.text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self { source, lines, rows: Vec::new(), faults }
    }

    fn read(mut self) -> Vec<BookRow> {
        let source = self.source;
        match DeTable::parse(&source.text) {
            Ok(root) => {
                let (mut cells, mut rows) = (Vec::new(), Vec::new());
                self.fill(root.get_ref(), "the file", FILE, &mut cells, &mut rows);
                if rows.is_empty() {
                    self.fault(0, "has no [[service]] and no [[rule]]".to_owned());
                }
                rows.iter().for_each(|row| self.row(row, None));
            }
            Err(error) => {
                let at = error.span().map_or(source.text.len(), |span| span.start);
                self.fault(at, error.message().to_owned());
            }
        }
        self.rows
    }

    /// A row, and the rows that belong to it.
    fn row(&mut self, row: &Found<'_>, owner: Option<&str>) {
        let (line, at) = self.position(row.value.span().start);
        let DeValue::Table(found) = row.value.get_ref() else {
            return self.wrong(row.value, &format!("[[{}]]", row.name));
        };
        let owner =
            owner.map(|id| Cell { column: product::SERVICE.name, text: id.to_owned(), line, at });
        let (mut cells, mut rows) = (Vec::from_iter(owner), Vec::new());
        let name = format!("[[{}]]", row.name);
        self.fill(found, &name, row.keys, &mut cells, &mut rows);
        // Without an id the row itself is reported as wrong, and the rows that belong to it are left out.
        let id =
            cells.iter().find(|cell| cell.column == service::ID.name).map(|cell| cell.text.clone());
        let id = id.filter(|id| id.parse::<u16>().is_ok_and(|id| id > 0));
        self.rows.push(BookRow { table: row.table, line, cells });
        if let Some(id) = id {
            rows.iter().for_each(|row| self.row(row, Some(&id)));
        }
    }

    /// The cells of a table, and the rows in it.
    fn fill<'t>(
        &mut self,
        found: &'t DeTable<'t>,
        name: &str,
        keys: &'static [Key],
        cells: &mut Vec<Cell>,
        rows: &mut Vec<Found<'t>>,
    ) {
        for (key, value) in found {
            let at = key.span().start;
            let Some(Key(key, takes)) = keys.iter().find(|known| known.0 == key.get_ref()) else {
                let known: Vec<&str> = keys.iter().map(|key| key.0).collect();
                let (key, known) = (shorten(key.get_ref()), known.join(", "));
                let text = format!("unknown key {key} of {name}; known are {known}");
                self.fault(at, text);
                continue;
            };
            match (takes, value.get_ref()) {
                (Takes::Cell(column, kind), _) => {
                    cells.extend(self.cell(column, *kind, value));
                }
                (Takes::Cells(keys), DeValue::Table(inner)) => {
                    self.fill(inner, key, keys, cells, rows);
                }
                // The form of an account.
                (Takes::Cells([Key(_, Takes::Cell(column, kind @ Kind::Text)), ..]), _) => {
                    cells.extend(self.cell(column, *kind, value));
                }
                (Takes::Cells(_), _) => self.wrong(value, &format!("{key} = {{ ... }}")),
                (Takes::Rows(table, keys), DeValue::Array(array)) => {
                    rows.extend(array.iter().map(|value| Found {
                        name: key,
                        table: *table,
                        keys,
                        value,
                    }))
                }
                (Takes::Rows(..), _) => self.wrong(value, &format!("[[{key}]]")),
            }
        }
    }

    fn cell(
        &mut self,
        column: &'static str,
        kind: Kind,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Cell> {
        let text = match (kind, value.get_ref()) {
            (_, DeValue::String(text)) => text.to_string(),
            (Kind::Number, DeValue::Integer(number)) => number.to_string(),
            (Kind::Number, DeValue::Float(number)) => number.to_string(),
            (Kind::Flag, DeValue::Boolean(flag)) => flag.to_string(),
            (Kind::Date, DeValue::Datetime(date)) => date.to_string(),
            _ => {
                self.wrong(value, kind.expected());
                return None;
            }
        };
        let (line, at) = self.position(value.span().start);
        Some(Cell { column, text, line, at })
    }

    /// Line and character of a place.
    fn position(&self, at: usize) -> (u32, u16) {
        let line = self.lines.partition_point(|begin| *begin <= at);
        let begin = line.checked_sub(1).and_then(|before| self.lines.get(before)).copied();
        let before = self.source.text.get(begin.unwrap_or_default()..at).unwrap_or_default();
        let at = u16::try_from(before.chars().count() + 1).unwrap_or(u16::MAX);
        (u32::try_from(line).unwrap_or(u32::MAX), at)
    }

    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, expected: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.fault(value.span().start, format!("found {found}, expected {expected}"));
    }

    fn fault(&mut self, at: usize, text: String) {
        let (line, column) = self.position(at);
        let file = self.source.name.clone();
        self.faults.push(|| Fault { file, line, column, name: "", text });
    }
}

impl Kind {
    const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number, or a text",
            Self::Flag => "true or false, or a text",
            Self::Date => "a date as 2026-12-31",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FILE, Key, Takes};
    use crate::Table;

    fn columns(keys: &[Key], of: Table, found: &mut Vec<(Table, &'static str)>) {
        for Key(_, takes) in keys {
            match takes {
                Takes::Cell(column, _) => found.push((of, column)),
                Takes::Cells(keys) => columns(keys, of, found),
                Takes::Rows(table, keys) => columns(keys, *table, found),
            }
        }
    }

    #[test]
    fn toml_has_a_key_for_every_column_of_services_and_what_belongs_to_them() {
        let mut found = Vec::new();
        columns(FILE, Table::Services, &mut found);
        let owner = "service";
        let mut expected: Vec<(Table, &str)> = Vec::new();
        for table in [
            Table::Routes,
            Table::Services,
            Table::Products,
            Table::Commissions,
            Table::Charges,
            Table::Receipts,
        ] {
            let names = table.columns().iter().map(|column| column.name);
            expected.extend(names.filter(|name| *name != owner).map(|name| (table, name)));
        }
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}
