//! The files of an import and the columns each of them has.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::limits::{FILE_BYTES_MAX, FILES_MAX};
use crate::exit::Failure;
use crate::files::{self, Trust};

/// One CSV file in memory; wiped when dropped, because keys and PINs are in it.
pub(crate) struct Source {
    /// As errors name it.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) table: Table,
    /// Its text, without a byte order mark.
    pub(crate) text: Zeroizing<String>,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    /// Nodes of the tree above the sellers.
    Distributors,
    /// Owners of terminals and float.
    Sellers,
    /// What is sold.
    Services,
    /// Denominations and plans.
    Products,
    /// Who earns what.
    Commissions,
    /// Terminals and their keys.
    Terminals,
    /// Voucher stock.
    Vouchers,
    /// Float loads.
    Floats,
}

/// One column of a file.
pub(crate) struct Column {
    /// As the header names it.
    pub(crate) name: &'static str,
    /// Whether the header must name it.
    pub(crate) required: bool,
    /// Whether its values are never shown.
    pub(crate) secret: bool,
}

const fn column(name: &'static str) -> Column {
    Column { name, required: true, secret: false }
}

const fn secret(name: &'static str) -> Column {
    Column { name, required: true, secret: true }
}

const fn optional(name: &'static str) -> Column {
    Column { name, required: false, secret: false }
}

impl Table {
    /// Every table, in the order in which they refer to each other.
    pub(crate) const ALL: [Self; 8] = [
        Self::Distributors,
        Self::Sellers,
        Self::Services,
        Self::Products,
        Self::Commissions,
        Self::Terminals,
        Self::Vouchers,
        Self::Floats,
    ];

    /// The file's name without `.csv`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Distributors => "distributors",
            Self::Sellers => "sellers",
            Self::Services => "services",
            Self::Products => "products",
            Self::Commissions => "commissions",
            Self::Terminals => "terminals",
            Self::Vouchers => "vouchers",
            Self::Floats => "floats",
        }
    }

    /// Its columns; rows refer to them by their place here.
    pub(crate) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Distributors => {
                const { &[column("id"), column("parent"), column("name"), column("status")] }
            }
            Self::Sellers => {
                const {
                    &[
                        column("id"),
                        column("distributor"),
                        column("name"),
                        column("currency"),
                        column("credit_limit"),
                        column("status"),
                    ]
                }
            }
            Self::Services => {
                const {
                    &[
                        column("id"),
                        column("name"),
                        column("kind"),
                        column("currency"),
                        column("route"),
                        column("amount_min"),
                        column("amount_max"),
                        column("open_amount"),
                        column("hours"),
                        column("status"),
                        column("velocity_count"),
                        column("velocity_window_s"),
                        column("velocity_day_amount"),
                        optional("account"),
                    ]
                }
            }
            Self::Products => {
                const { &[column("service"), column("id"), column("name"), column("amount")] }
            }
            Self::Commissions => {
                const { &[column("service"), column("level"), column("percent"), column("from")] }
            }
            Self::Terminals => {
                const {
                    &[
                        column("id"),
                        column("seller"),
                        secret("psk"),
                        column("services"),
                        column("status"),
                        optional("key_id"),
                    ]
                }
            }
            Self::Vouchers => {
                const {
                    &[
                        column("service"),
                        column("product"),
                        column("serial"),
                        secret("pin"),
                        column("expiry"),
                    ]
                }
            }
            Self::Floats => const { &[column("reference"), column("seller"), column("amount")] },
        }
    }

    /// The table of a file: `vouchers.csv`, `vouchers-2026-11.csv`, `vouchers_new.csv`.
    pub(crate) fn of_file(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".csv")?;
        Self::ALL.into_iter().find(|table| {
            stem.strip_prefix(table.name())
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    }
}

/// Where generated keys go by default; in a directory that is imported it is passed over.
const KEYS_FILE: &str = "terminal-keys.csv";

impl Source {
    /// A text that came from somewhere else than a file.
    ///
    /// # Errors
    /// The name is not one of the known files.
    pub(crate) fn of_text(name: &str, mut text: Zeroizing<String>) -> Result<Self, String> {
        let last = name.rsplit('/').next().unwrap_or(name);
        let table = Table::of_file(last).ok_or_else(|| unknown_file(name))?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Ok(Self { name: name.to_owned(), table, text })
    }

    fn read(file: &Path) -> Result<Self, String> {
        let shown = file.display();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        Table::of_file(&name).ok_or_else(|| unknown_file(&shown.to_string()))?;
        let bytes = files::read(file, FILE_BYTES_MAX, Trust::Anybody);
        let text = files::text(bytes.map_err(|e| unreadable(file, &e))?);
        let text =
            text.map_err(|line| format!("{shown}:{line}: is not UTF-8; save the file as UTF-8"))?;
        Ok(Self { name: shown.to_string(), ..Self::of_text(&name, text)? })
    }
}

/// Reads files, and all known files of directories.
///
/// # Errors
/// Every file that cannot be read or is not known, with the names that are.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(csv_files(path).map_err(Failure::refused)?);
        } else {
            files.push(path.clone());
        }
    }
    if files.len() > FILES_MAX {
        let text = format!("{} files; one import takes at most {FILES_MAX}", files.len());
        return Err(Failure::refused(text));
    }
    let (mut sources, mut wrong) = (Vec::new(), Vec::new());
    for file in &files {
        match Source::read(file) {
            Ok(source) => sources.push(source),
            Err(what) => wrong.push(what),
        }
    }
    if wrong.is_empty() { Ok(sources) } else { Err(Failure::refused(wrong.join("\n"))) }
}

fn csv_files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| unreadable(dir, &e))? {
        let path = entry.map_err(|e| unreadable(dir, &e))?.path();
        let is_csv = path.extension().is_some_and(|extension| extension == "csv");
        let is_keys = path.file_name().is_some_and(|name| name == KEYS_FILE);
        if is_csv && !is_keys {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(format!("{}: no CSV files; known are {}", dir.display(), known_files()));
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("{}: there is no such file", path.display()),
        _ => format!("{}: {error}", path.display()),
    }
}

fn unknown_file(name: &str) -> String {
    format!("{name}: not a known file; known are {} and the like of vouchers-2.csv", known_files())
}

fn known_files() -> String {
    Table::ALL.map(|table| format!("{}.csv", table.name())).join(", ")
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn a_file_is_known_by_the_beginning_of_its_name() {
        assert_eq!(Table::of_file("vouchers.csv"), Some(Table::Vouchers));
        assert_eq!(Table::of_file("vouchers-2026-11.csv"), Some(Table::Vouchers));
        assert_eq!(Table::of_file("floats_monday.csv"), Some(Table::Floats));
        for wrong in ["vouchers", "vouchers.txt", "vouchers2.csv", "terminal-keys.csv", ".csv"] {
            assert_eq!(Table::of_file(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_column_is_explained_in_the_operators_page() {
        let page = include_str!("../../../../docs/operations.md");
        for table in Table::ALL {
            let heading = format!("\n### {}.csv\n", table.name());
            let section = page.split_once(&heading).map(|(_, rest)| rest).unwrap_or_default();
            let section = section.split("\n### ").next().unwrap_or_default();
            for column in table.columns() {
                let row = format!("\n| `{}` |", column.name);
                assert!(section.contains(&row), "{}.csv: {}", table.name(), column.name);
            }
        }
    }
}
