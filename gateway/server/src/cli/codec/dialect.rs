//! `tillgate dialect`: tables of ISO 8583, listed, shown, checked; and how they are found by name.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tillgate_codec::iso8583::{Dialect, TableError};

use super::super::print;
use super::FrameName;
use crate::exit::Failure;

/// Look at dialect tables
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate dialect list
  tillgate dialect show nac > my-host.toml
  tillgate dialect check my-host.toml
  tillgate dialect fields my-host.toml

docs/codec.md tells how to write a table.")]
pub(crate) struct DialectCommand {
    #[command(subcommand)]
    command: DialectAction,
}

#[derive(Subcommand)]
enum DialectAction {
    /// Name every dialect that is at hand
    List,
    /// Print a table, to read it or to begin another with
    Show {
        /// Which
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Say what is wrong with a table, and in which line
    Check {
        /// The table
        #[arg(value_name = "FILE.toml")]
        file: PathBuf,
    },
    /// List the fields that are in force, those of the base included
    Fields {
        /// Which
        #[arg(value_name = "NAME|FILE.toml")]
        name: String,
    },
}

/// Fields that no table should print in clear, with the mask that fits each.
const CARD_DATA: [(u8, &str); 6] =
    [(2, "pan"), (34, "pan"), (35, "track"), (36, "secret"), (45, "secret"), (52, "secret")];

impl DialectCommand {
    pub(in crate::cli) fn run(self) -> Result<(), Failure> {
        match self.command {
            DialectAction::List => print::line(listed()?.trim_end()),
            DialectAction::Show { name } => match table_of(&name) {
                Some(table) => print::line(table.trim_end()),
                None => Err(unknown(&name)),
            },
            DialectAction::Check { file } => {
                let dialect = read(&file)?;
                let fields = dialect.fields().count();
                let name = dialect.name();
                print::line(&format!("{}: dialect {name} with {fields} fields", file.display()))?;
                for note in dialect.notes() {
                    print::line(&format!("warning: {note}"))?;
                }
                print_warnings(&dialect)
            }
            DialectAction::Fields { name } => print::line(fields(&find(&name)?).trim_end()),
        }
    }
}

/// A dialect by its name, or from a table in a file.
pub(super) fn find(name: &str) -> Result<Dialect, Failure> {
    if let Some(dialect) = Dialect::builtin(name) {
        return Ok(dialect);
    }
    if let Some(table) = Dialect::example_table(name) {
        return Dialect::parse(table).map_err(Failure::internal);
    }
    let file = Path::new(name);
    if file.extension().is_some_and(|end| end == "toml") || file.is_file() {
        return read(file);
    }
    Err(unknown(name))
}

/// Every dialect that is at hand and these tables, each with the name to find it by.
pub(super) fn all(tables: &[String]) -> Result<Vec<(String, Dialect)>, Failure> {
    let known = Dialect::builtin_names().chain(Dialect::example_names()).map(str::to_owned);
    let mut names: Vec<String> = known.collect();
    let more: Vec<String> = tables.iter().filter(|name| !names.contains(name)).cloned().collect();
    names.extend(more);
    names.into_iter().map(|name| find(&name).map(|dialect| (name, dialect))).collect()
}

/// Names of the built-in dialects, as a list for people.
pub(super) fn builtin_names() -> String {
    Dialect::builtin_names().collect::<Vec<_>>().join(", ")
}

fn table_of(name: &str) -> Option<&'static str> {
    Dialect::builtin_table(name).or_else(|| Dialect::example_table(name))
}

fn unknown(name: &str) -> Failure {
    let examples = Dialect::example_names().collect::<Vec<_>>().join(", ");
    let builtins = builtin_names();
    Failure::usage(format!(
        "{name} is no dialect: built in are {builtins}; examples are {examples}; \
         a table of your own is a file that ends in .toml"
    ))
}

/// A dialect from a file. A base that is no name of ours is a file, found from the file's folder.
fn read(file: &Path) -> Result<Dialect, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let base = |name: &str| match folder.join(name) {
        base if base.is_file() => {
            fs::read_to_string(&base).map_err(|error| format!("{}: {error}", base.display()))
        }
        _ => Err(format!("there is no base `{name}`")),
    };
    Dialect::parse_with(&text, base)
        .map_err(|error| Failure::refused(explained(file, &text, &error)))
}

/// What is wrong with a table, with the line and a mark under the place.
fn explained(file: &Path, table: &str, error: &TableError) -> String {
    let mut text = format!("{}: {error}", file.display());
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

fn print_warnings(dialect: &Dialect) -> Result<(), Failure> {
    for (number, mask) in CARD_DATA {
        let Some(field) = dialect.field(number).filter(|field| !field.is_masked) else { continue };
        print::line(&format!(
            "warning: field {number} ({}) is printed in clear: mask = \"{mask}\" would hide it",
            field.name
        ))?;
    }
    Ok(())
}

fn listed() -> Result<String, Failure> {
    let mut out = String::new();
    let mut row = |name: &str, kind: &str, frame: &str, tpdu: &str, fields: &str, about: &str| {
        writeln!(out, "{name:<14} {kind:<9} {frame:<8} {tpdu:<5} {fields:>6}  {about}")
            .expect("writing to a String does not fail");
    };
    row("name", "kind", "frame", "TPDU", "fields", "about");
    let builtin = Dialect::builtin_names().map(|name| (name, "built in"));
    for (name, kind) in builtin.chain(Dialect::example_names().map(|name| (name, "example"))) {
        let dialect = find(name)?;
        let tpdu = if dialect.has_tpdu() { "yes" } else { "" };
        let frame = FrameName(dialect.framing()).to_string();
        row(name, kind, &frame, tpdu, &dialect.fields().count().to_string(), dialect.about());
    }
    Ok(out)
}

fn fields(dialect: &Dialect) -> String {
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
