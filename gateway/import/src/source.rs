//! The files of an import and the columns each of them has.

use zeroize::Zeroizing;

/// One CSV file in memory; wiped when dropped, because keys and PINs are in it.
pub struct Source {
    /// As errors name it.
    pub name: String,
    /// What it holds.
    pub table: Table,
    /// Its text, without a byte order mark.
    pub text: Zeroizing<String>,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
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
pub struct Column {
    /// As the header names it.
    pub name: &'static str,
    /// Whether the header must name it.
    pub required: bool,
    /// Whether its values are never shown.
    pub secret: bool,
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
    pub const ALL: [Self; 8] = [
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
    pub const fn name(self) -> &'static str {
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
    pub const fn columns(self) -> &'static [Column] {
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

    /// The table of a file by the last part of its path.
    ///
    /// # Errors
    /// The name is not one of the known files.
    pub fn of_path(path: &str) -> Result<Self, String> {
        let name = path.rsplit('/').next().unwrap_or(path);
        Self::of_file(name).ok_or_else(|| {
            let known = known_files();
            format!("{path}: not a known file; known are {known} and files such as vouchers-2.csv")
        })
    }

    /// The table of a file: `vouchers.csv`, `vouchers-2026-11.csv`, `vouchers_new.csv`.
    fn of_file(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".csv")?;
        Self::ALL.into_iter().find(|table| {
            stem.strip_prefix(table.name())
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    }
}

impl Source {
    /// A text that came from somewhere else than a file.
    ///
    /// # Errors
    /// The name is not one of the known files.
    pub fn of_text(name: &str, mut text: Zeroizing<String>) -> Result<Self, String> {
        let table = Table::of_path(name)?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Ok(Self { name: name.to_owned(), table, text })
    }
}

/// The names of all tables' files, for an error.
pub fn known_files() -> String {
    Table::ALL.map(|table| format!("{}.csv", table.name())).join(", ")
}

#[cfg(test)]
mod tests {
    use crate::Table;

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
        let page = include_str!("../../../docs/operations.md");
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
