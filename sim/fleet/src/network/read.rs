//! Reads a network's files again, as far as a fleet needs them.

use std::fs;
use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};

use super::{Currency, NetworkError};
use crate::files;

/// What a fleet knows of its network.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Terminals that are active and have a key.
    pub terminals: Vec<NetworkTerminal>,
    /// Active services.
    pub services: Vec<Service>,
}

/// A terminal of a network.
#[derive(Clone)]
pub struct NetworkTerminal {
    /// Its number.
    pub id: u32,
    /// Which of its keys `psk` is.
    pub key_id: u8,
    /// Its pre-shared key.
    pub psk: [u8; 32],
}

impl std::fmt::Debug for NetworkTerminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkTerminal").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A service of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its number.
    pub id: u16,
    /// Whether vouchers are sold, and not top-ups.
    pub is_voucher: bool,
    /// Whether every sale needs a lookup before it.
    pub needs_lookup: bool,
    /// Of its amounts.
    pub currency: Currency,
    /// Lowest and highest amount in minor units, if the amount is open.
    pub open: Option<(u64, u64)>,
    /// Products: number and amount in minor units.
    pub products: Vec<(u16, u64)>,
}

/// The directories of a network: itself and its parts, in order.
///
/// # Errors
/// [`NetworkError`] when the directory cannot be read.
pub fn parts(directory: &Path) -> Result<Vec<PathBuf>, NetworkError> {
    let wrong = |error: std::io::Error| NetworkError::whole(directory, error);
    let mut parts = Vec::new();
    for entry in fs::read_dir(directory).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name.starts_with("part-") {
            parts.push(path);
        }
    }
    parts.sort();
    parts.insert(0, directory.to_owned());
    Ok(parts)
}

impl Network {
    /// Reads `terminals.csv`, `services.csv` or `services.toml`, and `products.csv` of the directory
    /// and its parts.
    ///
    /// # Errors
    /// [`NetworkError`] with file and line.
    pub fn read(directory: &Path) -> Result<Self, NetworkError> {
        let mut network = Self::default();
        for part in parts(directory)? {
            for file in files(&part, "services")? {
                each(&file, SERVICE, |row| network.service(row))?;
            }
            for file in files_of(&part, "services", ".toml")? {
                network.service_tables(&file)?;
            }
            for file in files(&part, "products")? {
                each(&file, &["service", "id", "amount"], |row| network.product(row))?;
            }
            for file in files(&part, "terminals")? {
                each(&file, &["id", "psk", "status"], |row| network.terminal(row))?;
            }
            for file in files(&part, "terminal-keys")? {
                each(&file, &["terminal", "key_id", "psk"], |row| network.key(row))?;
            }
        }
        if network.terminals.is_empty() {
            let text = "no active terminal with a key in terminals.csv or terminal-keys.csv";
            return Err(NetworkError::whole(directory, text));
        }
        network.terminals.sort_by_key(|terminal| terminal.id);
        Ok(network)
    }

    /// Reads the vouchers of the directory and its parts: service, product, serial, PIN.
    ///
    /// # Errors
    /// [`NetworkError`] with file and line.
    pub fn vouchers(
        directory: &Path,
        mut take: impl FnMut(u16, u16, &str, &str),
    ) -> Result<(), NetworkError> {
        let columns = &["service", "product", "serial", "pin"];
        for part in parts(directory)? {
            for file in files(&part, "vouchers")? {
                each(&file, columns, |row| {
                    take(row.number(0)?, row.number(1)?, row.text(2), row.text(3));
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// The services of a TOML file that are looked up first; `tillgate import` says what else is
    /// wrong with it.
    fn service_tables(&mut self, file: &Path) -> Result<(), NetworkError> {
        let wrong = |text: String| NetworkError::whole(file, text);
        let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        let table: toml::Table = text.parse().map_err(|error| wrong(format!("{error}")))?;
        let services = table.get("service").and_then(toml::Value::as_array);
        for service in services.into_iter().flatten() {
            let word = |key: &str| service.get(key).and_then(toml::Value::as_str).unwrap_or("");
            if word("lookup") != "required" || word("status") == "blocked" {
                continue;
            }
            let id = service.get("id").and_then(toml::Value::as_integer);
            let id = id.and_then(|id| u16::try_from(id).ok());
            let id = id.ok_or_else(|| wrong("a service without a number as its id".to_owned()))?;
            let currency = currency(word("currency")).map_err(wrong)?;
            let (open, products) = (Some((1, 1)), Vec::new());
            let (is_voucher, needs_lookup) = (false, true);
            self.services.push(Service { id, is_voucher, needs_lookup, currency, open, products });
        }
        Ok(())
    }

    fn service(&mut self, row: &Row<'_>) -> Result<(), String> {
        if row.text(6) != "active" {
            return Ok(());
        }
        let currency = currency(row.text(2))?;
        let open = match row.text(5) {
            "yes" | "true" => Some((row.money(3, currency)?, row.money(4, currency)?)),
            // What is to be paid is looked up.
            "lookup" => Some((1, 1)),
            _ => None,
        };
        self.services.push(Service {
            id: row.number(0)?,
            is_voucher: matches!(row.text(1), "voucher" | "stock"),
            needs_lookup: row.text(7) == "required",
            currency,
            open,
            products: Vec::new(),
        });
        Ok(())
    }

    fn product(&mut self, row: &Row<'_>) -> Result<(), String> {
        let service: u16 = row.number(0)?;
        if let Some(service) = self.services.iter_mut().find(|found| found.id == service) {
            let amount_minor = row.money(2, service.currency)?;
            service.products.push((row.number(1)?, amount_minor));
        }
        Ok(())
    }

    fn terminal(&mut self, row: &Row<'_>) -> Result<(), String> {
        if row.text(2) != "active" || row.text(1).is_empty() {
            return Ok(());
        }
        self.terminals.push(NetworkTerminal { id: row.number(0)?, key_id: 1, psk: row.psk(1)? });
        Ok(())
    }

    /// A key that `tillgate import --keys-out` made.
    fn key(&mut self, row: &Row<'_>) -> Result<(), String> {
        let (id, key_id, psk) = (row.number(0)?, row.number(1)?, row.psk(2)?);
        self.terminals.push(NetworkTerminal { id, key_id, psk });
        Ok(())
    }
}

const SERVICE: &[&str] =
    &["id", "kind", "currency", "amount_min", "amount_max", "open_amount", "status", "lookup"];

/// Columns that need not be there; empty then.
const OPTIONAL: &[&str] = &["lookup"];

/// A row, with its columns in the order in which they were asked for.
struct Row<'a> {
    record: &'a StringRecord,
    columns: &'a [&'a str],
    places: &'a [Option<usize>],
}

impl Row<'_> {
    fn text(&self, column: usize) -> &str {
        self.places[column].and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    fn number<T: std::str::FromStr>(&self, column: usize) -> Result<T, String> {
        let wrong = |_| format!("{} {:?} is not a number", self.columns[column], self.text(column));
        self.text(column).parse().map_err(wrong)
    }

    fn money(&self, column: usize, currency: Currency) -> Result<u64, String> {
        let wrong = |text| format!("{} {:?}, {text}", self.columns[column], self.text(column));
        minor(currency, self.text(column)).map_err(wrong)
    }

    fn psk(&self, column: usize) -> Result<[u8; 32], String> {
        // The key itself is not repeated to whoever reads the error.
        unhex(self.text(column)).ok_or_else(|| "psk is not 64 hexadecimal digits".to_owned())
    }
}

/// An amount of zero or more in major units as minor units.
pub(crate) fn minor(currency: Currency, text: &str) -> Result<u64, String> {
    let minor = currency.minor(text).map_err(|expected| format!("expected {expected}"))?;
    u64::try_from(minor).map_err(|_| "expected an amount that is not negative".to_owned())
}

fn currency(text: &str) -> Result<Currency, String> {
    Currency::parse(text)
        .ok_or_else(|| format!("currency {text:?}, expected an ISO 4217 currency as EUR or 978"))
}

/// The CSV files of a directory that hold this table.
fn files(directory: &Path, table: &str) -> Result<Vec<PathBuf>, NetworkError> {
    files_of(directory, table, ".csv")
}

fn files_of(directory: &Path, table: &str, end: &str) -> Result<Vec<PathBuf>, NetworkError> {
    let wrong = |error: std::io::Error| NetworkError::whole(directory, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let rest = name.strip_suffix(end).and_then(|stem| stem.strip_prefix(table));
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.'])) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn each(
    file: &Path,
    columns: &[&str],
    mut take: impl FnMut(&Row<'_>) -> Result<(), String>,
) -> Result<(), NetworkError> {
    let mut reader: Reader<fs::File> = ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(files::open(file).map_err(|error| NetworkError::whole(file, error))?);
    let header = reader.headers().map_err(|error| NetworkError::whole(file, error))?.clone();
    let mut places = Vec::new();
    for column in columns {
        let place = header.iter().position(|name| name == *column);
        if place.is_none() && !OPTIONAL.contains(column) {
            return Err(NetworkError::new(file, 1, format!("the column {column:?} is missing")));
        }
        places.push(place);
    }
    let mut record = StringRecord::new();
    loop {
        let more = reader.read_record(&mut record);
        let line = record.position().map_or(0, csv::Position::line);
        if !more.map_err(|error| NetworkError::new(file, line, error))? {
            return Ok(());
        }
        let row = Row { record: &record, columns, places: &places };
        take(&row).map_err(|text| NetworkError::new(file, line, text))?;
    }
}

/// 64 hexadecimal digits as 32 bytes.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(bytes)
}
