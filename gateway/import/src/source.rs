//! The files of an import, and the columns of each table.

use zeroize::Zeroizing;

/// One file in memory; wiped when dropped, because keys and PINs are in it.
pub struct Source {
    /// As errors name it.
    pub name: String,
    /// The table of a CSV file; `None`: services with all that belongs to them, as TOML.
    pub table: Option<Table>,
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
    /// Fees and taxes.
    Charges,
    /// How receipts are printed.
    Receipts,
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

const SERVICES: &[Column] = &[
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
    optional("account_label"),
    optional("account_length"),
    optional("account_picture"),
    optional("account_check"),
    optional("lookup"),
    optional("money"),
    optional("reversal"),
];

const TERMINALS: &[Column] = &[
    column("id"),
    column("seller"),
    secret("psk"),
    column("services"),
    column("status"),
    optional("key_id"),
    optional("language"),
];

const COMMISSIONS: &[Column] = &[
    column("service"),
    column("level"),
    column("percent"),
    column("from"),
    optional("fixed"),
    optional("rounding"),
];

const CHARGES: &[Column] = &[
    column("service"),
    column("kind"),
    column("percent"),
    column("from"),
    optional("fixed"),
    optional("rounding"),
    optional("of"),
];

const SELLERS: &[Column] = &[
    column("id"),
    column("distributor"),
    column("name"),
    column("currency"),
    column("credit_limit"),
    column("status"),
];

const VOUCHERS: &[Column] =
    &[column("service"), column("product"), column("serial"), secret("pin"), column("expiry")];

impl Table {
    /// Every table, in the order in which they refer to each other.
    pub const ALL: [Self; 10] = [
        Self::Distributors,
        Self::Sellers,
        Self::Services,
        Self::Products,
        Self::Commissions,
        Self::Charges,
        Self::Receipts,
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
            Self::Charges => "charges",
            Self::Receipts => "receipts",
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
            Self::Sellers => SELLERS,
            Self::Services => SERVICES,
            Self::Products => {
                const { &[column("service"), column("id"), column("name"), column("amount")] }
            }
            Self::Commissions => COMMISSIONS,
            Self::Charges => CHARGES,
            Self::Receipts => const { &[column("service"), column("language"), column("text")] },
            Self::Terminals => TERMINALS,
            Self::Vouchers => VOUCHERS,
            Self::Floats => const { &[column("reference"), column("seller"), column("amount")] },
        }
    }

    /// The table of a file: `vouchers.csv`, `vouchers-2026-11.csv`, `vouchers_new.csv`.
    fn of_file(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".csv")?;
        Self::ALL.into_iter().find(|table| is_named(stem, table.name()))
    }
}

/// Whether a file's name without its extension is `name`, or begins with it as a word.
fn is_named(stem: &str, name: &str) -> bool {
    let rest = stem.strip_prefix(name);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

/// Whether a path is that of a TOML file of services: `services.toml`, `services-2.toml`.
pub fn is_services_toml(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".toml").is_some_and(|stem| is_named(stem, Table::Services.name()))
}

/// What a file holds, by the last part of its path: a table, or `None` for a TOML file of services.
///
/// # Errors
/// The name is not one of the known files.
pub fn table_of_path(path: &str) -> Result<Option<Table>, String> {
    if is_services_toml(path) {
        return Ok(None);
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    Table::of_file(name).map(Some).ok_or_else(|| {
        let known = known_files();
        format!("{path}: not a known file; known are {known} and files such as vouchers-2.csv")
    })
}

impl Source {
    /// A text that came from somewhere else than a file.
    ///
    /// # Errors
    /// The name is not one of the known files.
    pub fn of_text(name: &str, mut text: Zeroizing<String>) -> Result<Self, String> {
        let table = table_of_path(name)?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Ok(Self { name: name.to_owned(), table, text })
    }
}

/// The names of all files, for an error.
pub fn known_files() -> String {
    let tables = Table::ALL.map(|table| format!("{}.csv", table.name())).join(", ");
    format!("{tables}, services.toml")
}

#[cfg(test)]
mod tests {
    use super::{Table, table_of_path};

    #[test]
    fn a_file_is_known_by_the_beginning_of_its_name() {
        assert_eq!(Table::of_file("vouchers.csv"), Some(Table::Vouchers));
        assert_eq!(Table::of_file("vouchers-2026-11.csv"), Some(Table::Vouchers));
        assert_eq!(Table::of_file("floats_monday.csv"), Some(Table::Floats));
        for wrong in ["vouchers", "vouchers.txt", "vouchers2.csv", "terminal-keys.csv", ".csv"] {
            assert_eq!(Table::of_file(wrong), None, "{wrong}");
        }
        assert_eq!(table_of_path("new/services.toml"), Ok(None));
        assert_eq!(table_of_path("services-2.toml"), Ok(None));
        for wrong in ["tillgate.toml", "services2.toml", "products.toml", "services"] {
            let refused = table_of_path(wrong).unwrap_err();
            assert!(refused.starts_with(&format!("{wrong}: not a known file; known are")));
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
