//! Reads a network's files again, as far as a fleet needs them.

use std::fs::File;
use std::iter;
use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};
use hex::FromHex;

use super::Currency;
use crate::exit::{About, Refusal};
use crate::files;

/// What a fleet knows of its network.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Terminals of the sealed link that are active and have a key.
    pub terminals: Vec<NetworkTerminal>,
    /// Active terminals that are enabled for an ISO 8583 listener.
    pub iso_terminals: Vec<IsoNetworkTerminal>,
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

/// A terminal of another maker.
#[derive(Clone)]
pub struct IsoNetworkTerminal {
    /// Its number.
    pub id: u32,
    /// The name of its listener.
    pub listener: String,
    /// The key that it was given; a listener without authentication codes needs none.
    pub psk: Option<[u8; 32]>,
}

impl std::fmt::Debug for IsoNetworkTerminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("IsoNetworkTerminal");
        shown.field("id", &self.id).field("listener", &self.listener).finish_non_exhaustive()
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
    /// Whether its accounts are payment cards.
    pub takes_card: bool,
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
/// [`Refusal`] when the directory cannot be read.
pub fn parts(directory: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let is_part = |(path, name): &(PathBuf, String)| path.is_dir() && name.starts_with("part-");
    let parts = files::listed(directory)?.into_iter().filter(is_part).map(|(path, _)| path);
    Ok(iter::once(directory.to_owned()).chain(parts).collect())
}

impl Network {
    /// Reads `terminals.csv`, `services.csv` or `services.toml`, and `products.csv` of the directory
    /// and its parts.
    ///
    /// # Errors
    /// [`Refusal`] with file and line.
    pub fn read(directory: &Path) -> Result<Self, Refusal> {
        let mut network = Self::default();
        each(directory, "services", SERVICE, |row| network.service(row))?;
        for file in files(directory, "services", ".toml")? {
            network.service_tables(&file)?;
        }
        each(directory, "products", &["service", "id", "amount"], |row| network.product(row))?;
        let columns = ["id", "psk", "status", "listener"];
        each(directory, "terminals", &columns, |row| network.terminal(row))?;
        network.iso_terminals.sort_by_key(|terminal| terminal.id);
        each(directory, "terminal-keys", KEY, |row| network.key(row))?;
        if network.terminals.is_empty() && network.iso_terminals.is_empty() {
            let text = "no active terminal with a key in terminals.csv or terminal-keys.csv";
            return Err(Refusal::about(directory.display(), text));
        }
        network.terminals.sort_by_key(|terminal| terminal.id);
        Ok(network)
    }

    /// Takes further keys, from a file as `tillgate import --keys-out` writes it.
    ///
    /// # Errors
    /// [`Refusal`] with file and line.
    pub fn keys(&mut self, file: &Path) -> Result<(), Refusal> {
        rows(file, KEY, &mut |row| self.key(row))
    }

    /// Reads the vouchers of the directory and its parts: service, product, serial, PIN.
    ///
    /// # Errors
    /// [`Refusal`] with file and line.
    pub fn vouchers(
        directory: &Path,
        mut take: impl FnMut(u16, u16, &str, &str),
    ) -> Result<(), Refusal> {
        each(directory, "vouchers", &["service", "product", "serial", "pin"], |row| {
            take(row.number(0)?, row.number(1)?, row.text(2), row.text(3));
            Ok(())
        })
    }

    /// The services of a TOML file that are looked up first or have an open amount; `tillgate
    /// import` says what else is wrong with it.
    fn service_tables(&mut self, file: &Path) -> Result<(), Refusal> {
        let wrong = |text: String| Refusal::about(file.display(), text);
        let table: toml::Table = files::read_text(file)?.parse().about(file.display())?;
        let services = table.get("service").and_then(toml::Value::as_array);
        for service in services.into_iter().flatten() {
            let word = |key: &str| service.get(key).and_then(toml::Value::as_str).unwrap_or("");
            let needs_lookup = word("lookup") == "required";
            let is_open = matches!(word("open_amount"), "yes" | "true")
                || service.get("open_amount").and_then(toml::Value::as_bool) == Some(true);
            if (!needs_lookup && !is_open) || word("status") == "blocked" {
                continue;
            }
            let id = service.get("id").and_then(toml::Value::as_integer);
            let id = id.and_then(|id| u16::try_from(id).ok());
            let id = id.ok_or_else(|| wrong("a service without a number as its id".to_owned()))?;
            let currency = currency(word("currency")).map_err(wrong)?;
            let amount = |key: &str| {
                let value = service.get(key);
                let word = value.and_then(toml::Value::as_str).map(str::to_owned);
                let text = word.or(value.map(ToString::to_string)).unwrap_or_default();
                let minor = currency.minor(&text).ok().and_then(|minor| u64::try_from(minor).ok());
                minor.ok_or_else(|| wrong(format!("service {id}: {key} is {text:?}")))
            };
            let form = service.get("account");
            let form = form.and_then(|form| form.get("form")).or(form);
            self.services.push(Service {
                id,
                is_voucher: false,
                needs_lookup,
                takes_card: form.and_then(toml::Value::as_str) == Some("card"),
                currency,
                // What is to be paid is looked up.
                open: Some(match needs_lookup {
                    true => (1, 1),
                    false => (amount("amount_min")?, amount("amount_max")?),
                }),
                products: Vec::new(),
            });
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
            takes_card: row.text(8) == "card",
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
        if row.text(2) != "active" {
            return Ok(());
        }
        let has_key = !row.text(1).is_empty();
        if !matches!(row.text(3), "" | "none") {
            let psk = has_key.then(|| row.psk(1)).transpose()?;
            let (id, listener) = (row.number(0)?, row.text(3).to_owned());
            self.iso_terminals.push(IsoNetworkTerminal { id, listener, psk });
            return Ok(());
        }
        if !has_key {
            return Ok(());
        }
        self.terminals.push(NetworkTerminal { id: row.number(0)?, key_id: 1, psk: row.psk(1)? });
        Ok(())
    }

    /// A key that `tillgate import --keys-out` made.
    fn key(&mut self, row: &Row<'_>) -> Result<(), String> {
        let (id, key_id, psk) = (row.number(0)?, row.number(1)?, row.psk(2)?);
        let place = self.iso_terminals.binary_search_by_key(&id, |terminal| terminal.id);
        if let Ok(place) = place {
            self.iso_terminals[place].psk = Some(psk);
            return Ok(());
        }
        self.terminals.push(NetworkTerminal { id, key_id, psk });
        Ok(())
    }
}

/// Of a file of keys.
const KEY: &[&str] = &["terminal", "key_id", "psk"];

const SERVICE: &[&str] = &[
    "id",
    "kind",
    "currency",
    "amount_min",
    "amount_max",
    "open_amount",
    "status",
    "lookup",
    "account",
];

/// Columns that need not be there; empty then.
const OPTIONAL: &[&str] = &["lookup", "account", "listener"];

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

/// The files of a network that hold this table, part by part.
fn files(directory: &Path, table: &str, end: &str) -> Result<Vec<PathBuf>, Refusal> {
    let holds = |(_, name): &(PathBuf, String)| {
        let rest = name.strip_suffix(end).and_then(|stem| stem.strip_prefix(table));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
    };
    let mut found = Vec::new();
    for part in parts(directory)? {
        found.extend(files::listed(&part)?.into_iter().filter(holds).map(|(path, _)| path));
    }
    Ok(found)
}

/// Gives every row of a table to `take`.
fn each(
    directory: &Path,
    table: &str,
    columns: &[&str],
    mut take: impl FnMut(&Row<'_>) -> Result<(), String>,
) -> Result<(), Refusal> {
    files(directory, table, ".csv")?.iter().try_for_each(|file| rows(file, columns, &mut take))
}

fn rows(
    file: &Path,
    columns: &[&str],
    take: &mut impl FnMut(&Row<'_>) -> Result<(), String>,
) -> Result<(), Refusal> {
    let at = |line: u64, text| Refusal::about(format_args!("{}:{line}", file.display()), text);
    let mut reader: Reader<File> = ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(files::open(file).about(file.display())?);
    let header = reader.headers().about(file.display())?.clone();
    let mut places = Vec::new();
    for column in columns {
        let place = header.iter().position(|name| name == *column);
        if place.is_none() && !OPTIONAL.contains(column) {
            return Err(at(1, format!("the column {column:?} is missing")));
        }
        places.push(place);
    }
    let mut record = StringRecord::new();
    loop {
        let more = reader.read_record(&mut record);
        let line = record.position().map_or(0, csv::Position::line);
        if !more.map_err(|error| at(line, error.to_string()))? {
            return Ok(());
        }
        let row = Row { record: &record, columns, places: &places };
        take(&row).map_err(|text| at(line, text))?;
    }
}

/// 64 hexadecimal digits as 32 bytes.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    <[u8; 32]>::from_hex(text.trim()).ok()
}
