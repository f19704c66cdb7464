//! The files of an import, and the columns of each table.

use zeroize::Zeroizing;

use crate::encrypted::{self, ENDING, Identity};

/// One file in memory; wiped when dropped, because keys and PINs are in it.
pub struct Source {
    /// As errors name it.
    pub name: String,
    /// The table of a CSV file; `None`: services with all that belongs to them and routes, as TOML.
    pub table: Option<Table>,
    /// Its text, without a byte order mark; of a file that is [`Form::Closed`], as it came.
    pub text: Zeroizing<String>,
    /// Whether it came encrypted.
    pub form: Form,
}

/// How a file came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As text.
    Plain,
    /// Encrypted, and it is not open yet.
    Closed,
    /// Encrypted, and it was opened.
    Opened,
}

/// One column of a file. Rows know it by its name.
#[derive(Clone, Copy, Debug)]
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

/// The tables: what the file is called without `.csv`, and its columns, as [`Table::columns`] and
/// as constants of a module of their own.
macro_rules! tables {
    ($(
        $(#[$doc:meta])*
        $Table:ident = $file:literal, $row:ident {
            $($NAME:ident = $kind:ident($name:literal),)*
        }
    )*) => {
        /// What a file holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Table {
            $($(#[$doc])* $Table,)*
        }

        impl Table {
            /// Every table, in the order in which they refer to each other.
            pub const ALL: [Self; [$($file),*].len()] = [$(Self::$Table),*];

            /// The file's name without `.csv`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Table => $file,)*
                }
            }

            /// Its columns.
            pub const fn columns(self) -> &'static [Column] {
                match self {
                    $(Self::$Table => const { &[$($kind($name)),*] },)*
                }
            }
        }

        $(
            pub(crate) mod $row {
                #![allow(dead_code, reason = "some columns are read for several tables at once")]
                use super::Column;

                $(pub(crate) const $NAME: Column = super::$kind($name);)*
            }
        )*
    };
}

tables! {
    /// Nodes of the tree above the sellers.
    Distributors = "distributors", distributor {
        ID = column("id"),
        PARENT = column("parent"),
        NAME = column("name"),
        STATUS = column("status"),
    }
    /// Owners of terminals and float.
    Sellers = "sellers", seller {
        ID = column("id"),
        DISTRIBUTOR = column("distributor"),
        NAME = column("name"),
        CURRENCY = column("currency"),
        CREDIT_LIMIT = column("credit_limit"),
        STATUS = column("status"),
    }
    /// Which bridges a service's sales may take.
    Routes = "routes", route {
        ROUTE = column("route"),
        BRIDGE = column("bridge"),
        PRIORITY = optional("priority"),
        WEIGHT = optional("weight"),
        PREFIX = optional("prefix"),
        CURRENCY = optional("currency"),
        AMOUNT_FROM = optional("amount_from"),
        AMOUNT_TO = optional("amount_to"),
        DISTRIBUTOR = optional("distributor"),
        HOURS = optional("hours"),
    }
    /// What is sold.
    Services = "services", service {
        ID = column("id"),
        NAME = column("name"),
        KIND = column("kind"),
        CURRENCY = column("currency"),
        ROUTE = column("route"),
        AMOUNT_MIN = column("amount_min"),
        AMOUNT_MAX = column("amount_max"),
        OPEN_AMOUNT = column("open_amount"),
        HOURS = column("hours"),
        STATUS = column("status"),
        VELOCITY_COUNT = column("velocity_count"),
        VELOCITY_WINDOW = column("velocity_window_s"),
        VELOCITY_DAY_AMOUNT = column("velocity_day_amount"),
        ACCOUNT = optional("account"),
        ACCOUNT_LABEL = optional("account_label"),
        ACCOUNT_LENGTH = optional("account_length"),
        ACCOUNT_PICTURE = optional("account_picture"),
        ACCOUNT_CHECK = optional("account_check"),
        LOOKUP = optional("lookup"),
        MONEY = optional("money"),
        REVERSAL = optional("reversal"),
        ISSUER = optional("issuer"),
    }
    /// Denominations and plans.
    Products = "products", product {
        SERVICE = column("service"),
        ID = column("id"),
        NAME = column("name"),
        AMOUNT = column("amount"),
        LEAST_DAYS = optional("least_days"),
        LOW_STOCK = optional("low_stock"),
        NEAR_DAYS = optional("near_days"),
    }
    /// Who earns what.
    Commissions = "commissions", commission {
        SERVICE = column("service"),
        LEVEL = column("level"),
        PERCENT = column("percent"),
        FROM = column("from"),
        FIXED = optional("fixed"),
        ROUNDING = optional("rounding"),
    }
    /// Fees and taxes.
    Charges = "charges", charge {
        SERVICE = column("service"),
        KIND = column("kind"),
        PERCENT = column("percent"),
        FROM = column("from"),
        FIXED = optional("fixed"),
        ROUNDING = optional("rounding"),
        OF = optional("of"),
    }
    /// How receipts are printed.
    Receipts = "receipts", receipt {
        SERVICE = column("service"),
        LANGUAGE = column("language"),
        TEXT = column("text"),
    }
    /// Terminals and their keys.
    Terminals = "terminals", terminal {
        ID = column("id"),
        SELLER = column("seller"),
        PSK = secret("psk"),
        SERVICES = column("services"),
        STATUS = column("status"),
        KEY_ID = optional("key_id"),
        LANGUAGE = optional("language"),
        LISTENER = optional("listener"),
    }
    /// Numbers that sell for terminals over USSD.
    Handsets = "handsets", handset {
        MSISDN = column("msisdn"),
        TERMINAL = column("terminal"),
        PIN = secret("pin"),
        STATUS = optional("status"),
        INITIAL = optional("initial"),
    }
    /// Voucher stock.
    Vouchers = "vouchers", voucher {
        SERVICE = column("service"),
        PRODUCT = column("product"),
        SERIAL = column("serial"),
        PIN = secret("pin"),
        EXPIRY = column("expiry"),
    }
    /// Control totals of vouchers.
    Batches = "batch", batch {
        BATCH = column("batch"),
        SERVICE = column("service"),
        PRODUCT = column("product"),
        COUNT = column("count"),
        AMOUNT = column("amount"),
        FIRST = column("first_serial"),
        LAST = column("last_serial"),
    }
    /// Float loads.
    Floats = "floats", float {
        REFERENCE = column("reference"),
        SELLER = column("seller"),
        AMOUNT = column("amount"),
    }
}

impl Table {
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

/// The last part of a path, without the ending of a file that is encrypted.
fn name_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(ENDING).unwrap_or(name)
}

/// Whether a path is that of a TOML file of services or routes: `services.toml`, `routes-2.toml`.
pub fn is_toml(path: &str) -> bool {
    let name = name_of(path);
    let of =
        |stem: &str| [Table::Services, Table::Routes].iter().any(|it| is_named(stem, it.name()));
    name.strip_suffix(".toml").is_some_and(of)
}

/// What a file holds, by the last part of its path: a table, or `None` for a TOML file.
///
/// # Errors
/// The name is not one of the known files.
pub fn table_of_path(path: &str) -> Result<Option<Table>, String> {
    if is_toml(path) {
        return Ok(None);
    }
    let name = name_of(path);
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
        strip_mark(&mut text);
        let form = if name.ends_with(ENDING) { Form::Closed } else { Form::Plain };
        Ok(Self { name: name.to_owned(), table, text, form })
    }

    /// Opens a file that came encrypted; of another one, nothing happens.
    ///
    /// # Errors
    /// There is no key, it is another one, or the file is damaged.
    pub fn open(&mut self, identity: Option<&Identity>) -> Result<(), String> {
        if self.form != Form::Closed {
            return Ok(());
        }
        let name = &self.name;
        let identity = identity.ok_or_else(|| {
            format!(
                "{name}: is encrypted, and this installation has no key for such files: name the \
                 file of one in the configuration, as [import] age_identity"
            )
        })?;
        let bytes = encrypted::open(self.text.as_bytes(), identity);
        let text = encrypted::text(bytes.map_err(|what| format!("{name}: {what}"))?);
        self.text = text.map_err(|line| format!("{name}:{line}: is not UTF-8"))?;
        strip_mark(&mut self.text);
        self.form = Form::Opened;
        Ok(())
    }
}

fn strip_mark(text: &mut String) {
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
}

/// The names of all files, for an error.
pub fn known_files() -> String {
    let tables = Table::ALL.map(|table| format!("{}.csv", table.name())).join(", ");
    format!("{tables}, services.toml, routes.toml")
}

#[cfg(test)]
mod tests {
    use super::{Table, table_of_path};

    #[test]
    fn a_file_is_known_by_the_beginning_of_its_name() {
        assert_eq!(Table::of_file("vouchers.csv"), Some(Table::Vouchers));
        assert_eq!(Table::of_file("vouchers-2026-11.csv"), Some(Table::Vouchers));
        assert_eq!(Table::of_file("floats_monday.csv"), Some(Table::Floats));
        assert_eq!(table_of_path("new/vouchers-17.csv.age"), Ok(Some(Table::Vouchers)));
        assert_eq!(table_of_path("services.toml.age"), Ok(None));
        for wrong in ["vouchers", "vouchers.txt", "vouchers2.csv", "terminal-keys.csv", ".csv"] {
            assert_eq!(Table::of_file(wrong), None, "{wrong}");
        }
        assert_eq!(table_of_path("new/services.toml"), Ok(None));
        assert_eq!(table_of_path("services-2.toml"), Ok(None));
        assert_eq!(table_of_path("routes.toml"), Ok(None));
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
