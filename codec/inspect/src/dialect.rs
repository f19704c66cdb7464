//! Tables of ISO 8583 for people: which there are, what they say, what is wrong with one.

use std::fmt::Write;

use tillgate_codec::iso8583::{Dialect, TableError};

use crate::frame::FrameName;

/// Fields that no table should print in clear, with the mask that fits each.
const CARD_DATA: [(u8, &str); 6] =
    [(2, "pan"), (34, "pan"), (35, "track"), (36, "secret"), (45, "secret"), (52, "secret")];

/// What is wrong with a table, with the line and a mark under the place.
pub fn explained(table: &str, error: &TableError) -> String {
    let mut text = error.to_string();
    if let Some(line) = table.lines().nth(error.line.saturating_sub(1)) {
        let number = error.line.to_string();
        let margin = " ".repeat(number.len());
        let before: String = line
            .chars()
            .take(error.column.saturating_sub(1))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        write!(text, "\n  {number} | {line}\n  {margin} | {before}^")
            .expect("writing to a String does not fail");
    }
    text
}

/// Card data that a dialect would print in clear, and how to hide it.
#[must_use]
pub fn warnings(dialect: &Dialect) -> Vec<String> {
    let warning = |(number, mask): (u8, &str)| {
        let field = dialect.field(number).filter(|field| !field.is_masked)?;
        let name = field.name;
        Some(format!(
            "field {number} ({name}) is printed in clear: mask = \"{mask}\" would hide it"
        ))
    };
    CARD_DATA.into_iter().filter_map(warning).collect()
}

/// Every dialect that is at hand, as a table.
pub fn listed() -> String {
    let mut out = String::new();
    let mut row = |name: &str, kind: &str, frame: &str, tpdu: &str, fields: &str, about: &str| {
        writeln!(out, "{name:<14} {kind:<9} {frame:<8} {tpdu:<5} {fields:>6}  {about}")
            .expect("writing to a String does not fail");
    };
    row("name", "kind", "frame", "TPDU", "fields", "about");
    let builtin = Dialect::builtin_names().map(|name| (name, "built in", Dialect::builtin(name)));
    let examples = Dialect::example_names().map(|name| {
        let table = Dialect::example_table(name);
        (name, "example", table.and_then(|table| Dialect::parse(table).ok()))
    });
    for (name, kind, dialect) in builtin.chain(examples) {
        let Some(dialect) = dialect else { continue };
        let tpdu = if dialect.has_tpdu() { "yes" } else { "" };
        let frame = FrameName(dialect.framing()).to_string();
        row(name, kind, &frame, tpdu, &dialect.fields().count().to_string(), dialect.about());
    }
    out
}

/// The fields of a dialect, those of its base included, as a table.
pub fn fields(dialect: &Dialect) -> String {
    let mut out = String::new();
    let mut row = |number: &str, kind: &str, length: &str, notes: &str, name: &str| {
        let line = format!("{number:>5}  {kind:<5} {length:<9} {notes:<18} {name}");
        writeln!(out, "{}", line.trim_end()).expect("writing to a String does not fail");
    };
    row("field", "type", "length", "", "name");
    for number in dialect.fields() {
        let Some(field) = dialect.field(number) else { continue };
        let length = match (field.units_min, field.units_max) {
            (least, greatest) if least == greatest => greatest.to_string(),
            (least, greatest) => format!("{least}-{greatest}"),
        };
        let notes = [(field.is_masked, "masked"), (field.has_parts, "sub-fields")];
        let notes: Vec<&str> =
            notes.iter().filter(|(holds, _)| *holds).map(|(_, note)| *note).collect();
        row(&number.to_string(), field.kind, &length, &notes.join(", "), field.name);
    }
    out
}
