//! `tillgate dialect`: tables of ISO 8583, listed, shown, checked; and how they are found by name.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tillgate_codec::iso8583::Dialect;
use tillgate_inspect::dialect::{explained, fields, listed, warnings};

use super::super::print;
use crate::exit::Failure;

/// List, print and check dialect tables
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate dialect list
  tillgate dialect show nac > my-host.toml
  tillgate dialect check my-host.toml
  tillgate dialect fields my-host.toml

docs/codec.md explains how to write a table.")]
pub(crate) struct DialectCommand {
    #[command(subcommand)]
    command: DialectAction,
}

#[derive(Subcommand)]
enum DialectAction {
    /// List the dialects that are built in
    List,
    /// Print a table, to read it or to start another from it
    Show {
        /// Which
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Report the errors of a table, with their lines
    Check {
        /// The table
        #[arg(value_name = "FILE.toml")]
        file: PathBuf,
    },
    /// List the fields of a dialect, including those of its base
    Fields {
        /// Which
        #[arg(value_name = "NAME|FILE.toml")]
        name: String,
    },
}

impl DialectCommand {
    pub(in crate::cli) fn run(self) -> Result<(), Failure> {
        match self.command {
            DialectAction::List => print::line(listed().trim_end()),
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
                let card_data = warnings(&dialect);
                card_data.iter().try_for_each(|text| print::line(&format!("warning: {text}")))
            }
            DialectAction::Fields { name } => print::line(fields(&find(&name)?).trim_end()),
        }
    }
}

/// A dialect by its name, or from a table in a file.
pub(in crate::cli) fn find(name: &str) -> Result<Dialect, Failure> {
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
    Dialect::parse_with(&text, base).map_err(|error| {
        Failure::refused(format!("{}: {}", file.display(), explained(&text, &error)))
    })
}
