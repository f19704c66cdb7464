//! Dialect tables: TOML text to a flat plan.
//!
//! [`compile`] reads the text ([`reader`]), takes the head ([`head`]) and a row a field ([`row`]),
//! lays them over those of the base, and makes plans of them ([`build`], [`layout`]). Every error
//! carries the place of the key to blame.

mod build;
mod head;
mod layout;
mod reader;
mod row;

use super::decode::fast_path::FastPath;
use super::dialect::Dialect;
use super::limits::{BASES_MAX, FIELD_MAX, FIELDS_MAX, TABLE_BYTES_MAX};
use super::plan::Plan;
use super::schema::Coding;
use build::Builder;
use head::Head;
use reader::{Section, Wrong};
use row::Row;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::DeTable;

/// What is wrong with a dialect table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct TableError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// Gives the text of a table that is neither built in nor an example, or what is wrong with its
/// name.
pub(super) type Bases<'b> = dyn FnMut(&str) -> Result<String, String> + 'b;

/// A table, read but not yet compiled.
struct Table {
    head: Head,
    rows: BTreeMap<u8, Row>,
}

/// Compiles a table.
pub(super) fn compile(text: &str, base: &mut Bases<'_>) -> Result<Dialect, TableError> {
    let located = |wrong: Wrong| locate(text, wrong);
    if text.len() > TABLE_BYTES_MAX {
        let message = format!("the table has over {TABLE_BYTES_MAX} bytes");
        return Err(located(Wrong::new(None, message)));
    }
    let table = read(text, base, 0).map_err(located)?;
    let mut builder = Builder::new(table.head.defaults);
    let mut plans = Box::new([Plan::UNDEFINED; FIELDS_MAX + 1]);
    let last = last_field(&table.head);
    for (&number, row) in &table.rows {
        if number > last {
            let message =
                format!("field {number} lies beyond the last bitmap, which ends at {last}");
            return Err(located(Wrong::new(row.span.clone(), message)));
        }
        let plan = builder.field(row, &format!("field {number}")).map_err(located)?;
        if let Some(slot) = plans.get_mut(usize::from(number)) {
            *slot = plan;
        }
    }
    let Head { name, about, framing, tpdu, header, mti, bitmap, bitmaps, version, .. } = table.head;
    let Builder { parts, layouts, names, notes, .. } = builder;
    let mut every = plans.iter().chain(parts.iter().map(|part| &part.plan));
    let has_euro = every.any(|plan| plan.coding == Coding::Cp1140);
    Ok(Dialect {
        name,
        about,
        framing,
        tpdu,
        header,
        mti,
        bitmap,
        bitmaps,
        version,
        quick: Box::new(std::array::from_fn(|index| FastPath::of(&plans[index + 1]))),
        plans,
        parts,
        layouts,
        names,
        notes,
        has_euro,
    })
}

/// The highest field that the bitmaps reach.
fn last_field(head: &Head) -> u8 {
    match head.bitmaps {
        1 => 64,
        2 => 128,
        _ => FIELD_MAX,
    }
}

/// Reads a table and what it builds on, at that depth of the chain.
fn read(text: &str, bases: &mut Bases<'_>, depth: usize) -> Result<Table, Wrong> {
    let own = depth == 0;
    let document = DeTable::parse(text)
        .map_err(|error| Wrong::new(error.span().filter(|_| own), error.message()))?;
    let root = Section::root(&document, own);
    let base = match root.string("base")? {
        Some(base) => built_on(&base, bases, depth + 1)?,
        None => Table { head: Head::plain(), rows: BTreeMap::new() },
    };
    let head = Head::read(&root, base.head)?;
    let mut rows = base.rows;
    for (key, section) in fields(&root)? {
        let number = field_number(&key.value, key.span)?;
        let section = section.called(format!("field {number}"));
        match (Row::read(&section)?, rows.get(&number)) {
            (Some(row), Some(base)) => rows.insert(number, row.over(base)),
            (Some(row), None) => rows.insert(number, row),
            (None, _) => rows.remove(&number),
        };
    }
    Ok(Table { head, rows })
}

/// The table that another one builds on. A fault in it is reported at the place of its name.
fn built_on(
    base: &reader::Given<String>,
    bases: &mut Bases<'_>,
    depth: usize,
) -> Result<Table, Wrong> {
    let name = base.value.as_str();
    let wrong = |message: String| Wrong::new(base.span.clone(), message);
    if depth > BASES_MAX {
        return Err(wrong(format!("over {BASES_MAX} tables build on one another, or in a circle")));
    }
    let known = Dialect::builtin_table(name).or_else(|| Dialect::example_table(name));
    let text = match known {
        Some(text) => text.to_owned(),
        None => bases(name).map_err(|told| {
            let names = Dialect::builtin_names().chain(Dialect::example_names());
            let names = names.collect::<Vec<_>>().join(", ");
            wrong(format!("{told}; allowed: {names}, or a file of yours"))
        })?,
    };
    if text.len() > TABLE_BYTES_MAX {
        return Err(wrong(format!("the base `{name}` has over {TABLE_BYTES_MAX} bytes")));
    }
    read(&text, bases, depth).map_err(|inner| {
        // Of a base that is built in nothing can be wrong.
        let span = inner.span.or_else(|| base.span.clone());
        Wrong { span, message: format!("base `{name}`: {}", inner.message) }
    })
}

type Named<'t> = (reader::Given<String>, Section<'t>);

fn fields<'t>(root: &Section<'t>) -> Result<Vec<Named<'t>>, Wrong> {
    match root.section("fields")? {
        Some(fields) => fields.sections(),
        None => Ok(Vec::new()),
    }
}

fn field_number(key: &str, span: Option<Range<usize>>) -> Result<u8, Wrong> {
    match key.parse() {
        Ok(number) if (2..=FIELD_MAX).contains(&number) => Ok(number),
        _ => {
            let message = format!(
                "`{key}` is no field; allowed: 2 to {FIELD_MAX} (0 is the MTI, 1 the bitmap)"
            );
            Err(Wrong::new(span, message))
        }
    }
}

/// Line and column of what is wrong.
fn locate(text: &str, wrong: Wrong) -> TableError {
    let start = wrong.span.map_or(0, |span| span.start).min(text.len());
    let before = text.get(..start).unwrap_or("");
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    TableError { line, column, message: wrong.message }
}
