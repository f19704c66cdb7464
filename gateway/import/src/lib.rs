//! CSV files, and services and routes as TOML, to one [`Change`] of the registry: all of it or nothing.
//!
//! [`plan`] reads every row of every file, in the order in which tables refer to each other, over
//! what the store [`Known`]s already. Errors are collected as [`Faults`] with file, line
//! and column; a [`Plan`] is returned only if there are none. Keys and PINs are sealed row by
//! row and never leave this crate in clear. The ledger checks the change once more against the
//! store; [`Plan::explain`] names the rows of its rejections. The texts and the random bytes
//! are arguments: nothing here reads a file or a clock.

#![forbid(unsafe_code)]

mod batches;
#[cfg(test)]
mod batches_tests;
mod book;
mod charges;
mod draft;
pub mod encrypted;
mod handsets;
#[cfg(test)]
mod handsets_tests;
mod keys;
pub mod limits;
mod prices;
mod receipts;
mod records;
mod report;
mod routes;
#[cfg(test)]
mod routes_tests;
mod row;
mod services;
mod source;
mod stock;
mod terminals;
mod terms;
#[cfg(test)]
mod terms_tests;
#[cfg(test)]
mod tests;
mod tree;
#[cfg(test)]
mod update_tests;

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tillgate_store_core::limits::{CHANGE_ITEMS_MAX, REJECTIONS_MAX};
use tillgate_store_core::{
    BusinessDate, Change, Language, ProductId, RegistryRecord, Rejection, ServiceId, Vault,
};

pub use draft::{Existing, Known};
pub use encrypted::Identity;
pub use keys::make_missing_keys;
pub use report::{Fault, Faults};
pub use source::{Form, Source, Table, is_toml, known_files, table_of_path};

use batches::Batches;
use draft::{Draft, Given};
use report::RowPlace;
use row::{Files, Row};
use source::Column;
use stock::{Floats, Stock};

/// What an import is checked against and sealed with.
pub struct Context<'a> {
    /// What the store has.
    pub known: &'a dyn Known,
    /// Names of the configured bridges.
    pub bridges: &'a [String],
    /// Names of the configured ISO 8583 listeners.
    pub listeners: &'a [String],
    /// Seals keys and PINs.
    pub vault: &'a Vault,
    /// The business date in force.
    pub today: BusinessDate,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// What happens to records that the store has.
    pub existing: Existing,
    /// Gives a number that no seal has had, for each key and PIN.
    pub nonce: &'a dyn Fn() -> [u8; 12],
    /// Gives bytes that nobody can foresee, for the key of each handset's PIN.
    pub random: &'a dyn Fn() -> [u8; 32],
}

impl Context<'_> {
    /// What is expected where none of the configured listeners is named.
    fn configured_listeners(&self) -> String {
        let names = self.listeners.join(" or ");
        let allowed = if names.is_empty() { "none is".to_owned() } else { names };
        format!(
            "the name of an iso8583_listener of the configuration, or none; configured: {allowed}"
        )
    }

    /// What is expected where none of the configured bridges is named.
    fn configured_bridges(&self) -> String {
        let names = self.bridges.join(" or ");
        let allowed = if names.is_empty() { "none is".to_owned() } else { names };
        format!("a bridge of the configuration; configured: {allowed}")
    }

    /// What a row replaces, if it may: there, an empty optional cell means that what is stored
    /// stays. An empty `status` must not unblock a stolen terminal.
    fn kept<'r, T>(&self, stored: Option<&'r T>) -> Option<&'r T> {
        stored.filter(|_| self.existing == Existing::Replace)
    }
}

/// A change that may be committed, and how to lead its rejections back.
pub struct Plan {
    /// For the ledger; `actor` and `note` are filled in.
    pub change: Change,
    /// What is in it.
    pub counts: Counts,
    names: Vec<String>,
    registry: BTreeMap<String, RowPlace>,
    vouchers: Vec<RowPlace>,
    batches: Vec<RowPlace>,
    floats: Vec<RowPlace>,
}

/// Rows taken in, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    distributors: usize,
    sellers: usize,
    routes: usize,
    services: usize,
    products: usize,
    commissions: usize,
    charges: usize,
    receipts: usize,
    terminals: usize,
    handsets: usize,
    vouchers: usize,
    batches: usize,
    floats: usize,
}

impl Counts {
    /// As one line for people; tables without rows are left out.
    pub fn sentence(&self) -> String {
        let parts: Vec<String> = [
            (self.distributors, "distributor", "distributors"),
            (self.sellers, "seller", "sellers"),
            (self.routes, "route", "routes"),
            (self.services, "service", "services"),
            (self.products, "product", "products"),
            (self.commissions, "commission rule", "commission rules"),
            (self.charges, "charge", "charges"),
            (self.receipts, "receipt", "receipts"),
            (self.terminals, "terminal", "terminals"),
            (self.handsets, "handset", "handsets"),
            (self.vouchers, "voucher", "vouchers"),
            (self.batches, "control total", "control totals"),
            (self.floats, "float load", "float loads"),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
        parts.join(", ")
    }
}

/// Remembers what was given where, so that a second one is a fault.
pub(crate) struct Once<T>(BTreeMap<T, RowPlace>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Once<T> {
    /// Whether it was given.
    fn has(&self, what: &T) -> bool {
        self.0.contains_key(what)
    }

    /// Whether this is the first; tells what was found otherwise, unless it is secret.
    fn first(&mut self, row: &Row<'_>, column: Column, what: T) -> bool {
        match self.0.entry(what) {
            Entry::Vacant(free) => {
                free.insert(row.place());
                true
            }
            Entry::Occupied(taken) => {
                let found = if column.secret { "the same value" } else { row.text(column) };
                let place = taken.get().seen_from(row.place());
                row.wrong(column, format!("{found} was given before, in {place}"));
                false
            }
        }
    }
}

/// What the parts of services were given as.
#[derive(Default)]
struct Parts {
    products: Once<(ServiceId, ProductId)>,
    commissions: Once<(ServiceId, u8, BusinessDate)>,
    charges: Once<(ServiceId, u8, BusinessDate)>,
    receipts: Once<(ServiceId, Language)>,
}

/// Reads everything. Of TOML that is not in the form of a service nothing more is read.
///
/// # Errors
/// Every wrong place, up to a bound, and how many there are.
pub fn plan(sources: &[Source], context: &Context<'_>, actor: &str) -> Result<Plan, Faults> {
    let mut faults = Faults::default();
    check_open(sources, &mut faults);
    let books = book::read_all(sources, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let files = Files { context, sources, books: &books, faults: RefCell::new(faults) };
    let (mut draft, mut stock, mut floats) =
        (Draft::default(), Stock::default(), Floats::default());
    let (mut parts, mut told) = (Parts::default(), BTreeSet::new());
    for table in Table::ALL {
        files.each_row(table, &files.faults, |row| match table {
            Table::Distributors => tree::distributor(row, &mut draft),
            Table::Sellers => tree::seller(row, &mut draft),
            Table::Routes => routes::rule(row, &mut draft),
            Table::Services => services::service(row, &mut draft),
            Table::Products => prices::product(row, &mut draft, &mut parts.products),
            Table::Commissions => prices::commission(row, &mut draft, &mut parts.commissions),
            Table::Charges => charges::charge(row, &mut draft, &mut parts.charges),
            Table::Receipts => receipts::receipt(row, &mut draft, &mut parts.receipts),
            Table::Terminals => terminals::terminal(row, &mut draft),
            Table::Handsets => handsets::handset(row, &mut draft),
            Table::Vouchers => stock::voucher(row, &draft, &mut stock),
            Table::Batches => batches::batch(row, &draft, &mut stock),
            Table::Floats => stock::float(row, &draft, &mut floats),
        });
        // Looks at a table as a whole, once all its rows are known. A header that is wrong was
        // told by the first pass.
        files.each_row(table, &RefCell::default(), |row| match table {
            Table::Distributors => tree::check_parents(row, &draft),
            Table::Commissions => prices::check_sum(row, &draft, &mut told),
            _ => {}
        });
    }
    let mut faults = files.faults.into_inner();
    stock.batches.check_encrypted(sources, &mut faults);
    let plan = Plan::of(sources, context.at_ms, actor, (draft, &parts), stock, floats);
    plan.check_size(&mut faults);
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// A file that is closed has no rows to read.
fn check_open(sources: &[Source], faults: &mut Faults) {
    for source in sources.iter().filter(|source| source.form == Form::Closed) {
        let (file, text) = (source.name.clone(), "is encrypted, and was not opened".to_owned());
        faults.push(|| Fault { file, line: 0, column: 0, name: "", text });
    }
}

/// The registry records of a plan, and the places of their rows by what the ledger calls them.
struct Records<'a> {
    places: &'a mut BTreeMap<String, RowPlace>,
    records: &'a mut Vec<RegistryRecord>,
}

impl Records<'_> {
    fn all<I, T>(
        &mut self,
        given: BTreeMap<I, Given<T>>,
        name: impl Fn(I) -> String,
        record: impl Fn(T) -> RegistryRecord,
    ) {
        for (id, given) in given {
            self.places.insert(name(id), given.place);
            self.records.extend(given.record.map(&record));
        }
    }
}

impl Plan {
    fn of(
        sources: &[Source],
        at_ms: u64,
        actor: &str,
        (draft, parts): (Draft, &Parts),
        stock: Stock,
        floats: Floats,
    ) -> Self {
        let counts = Counts {
            distributors: draft.distributors.len(),
            sellers: draft.sellers.len(),
            routes: draft.routes.len(),
            services: draft.services.len(),
            products: parts.products.0.len(),
            commissions: parts.commissions.0.len(),
            charges: parts.charges.0.len(),
            receipts: draft.receipts.values().filter(|given| given.record.is_some()).count(),
            terminals: draft.terminals.len(),
            handsets: draft.handsets.len(),
            vouchers: stock.vouchers.len(),
            batches: stock.batches.batches.len(),
            floats: floats.funds.len(),
        };
        let (mut registry, mut records) = (BTreeMap::new(), Vec::new());
        let mut add = Records { places: &mut registry, records: &mut records };
        add.all(draft.distributors, |id| format!("distributor {id}"), RegistryRecord::Distributor);
        add.all(draft.sellers, |id| format!("seller {id}"), RegistryRecord::Seller);
        add.all(draft.routes, |name| format!("route {name}"), RegistryRecord::Route);
        add.all(draft.services, |id| format!("service {id}"), RegistryRecord::Service);
        add.all(draft.receipts, |tag| format!("receipt {:08x}", tag.0), RegistryRecord::Receipt);
        add.all(draft.terminals, |id| format!("terminal {id}"), RegistryRecord::Terminal);
        add.all(draft.handsets, |number| format!("handset {number}"), RegistryRecord::Handset);
        let note = format!("import: {}", counts.sentence());
        let (vouchers, funds) = (stock.vouchers, floats.funds);
        let Batches { batches, places, .. } = stock.batches;
        let actor = actor.to_owned();
        let change = Change { at_ms, actor, note, records, vouchers, batches, funds };
        let names = sources.iter().map(|source| source.name.clone()).collect();
        Self {
            change,
            counts,
            names,
            registry,
            vouchers: stock.places,
            batches: places,
            floats: floats.places,
        }
    }

    fn check_size(&self, faults: &mut Faults) {
        let change = &self.change;
        let items = change.records.len() + change.vouchers.len() + change.funds.len();
        if items > CHANGE_ITEMS_MAX {
            faults.push(|| Fault {
                file: "import".to_owned(),
                line: 0,
                column: 0,
                name: "",
                text: format!(
                    "found {items} records, expected at most {CHANGE_ITEMS_MAX} at once; split \
                     the files"
                ),
            });
        }
    }

    /// The ledger's rejections as faults of the rows they come from.
    pub fn explain(&self, rejections: Vec<Rejection>) -> Faults {
        let is_cut = rejections.len() >= REJECTIONS_MAX;
        let mut faults = Faults { is_cut, ..Faults::default() };
        for Rejection { what, index, why } in rejections {
            let place = if what.starts_with("voucher ") {
                self.vouchers.get(index)
            } else if what.starts_with("batch ") {
                self.batches.get(index)
            } else if what.starts_with("float load ") {
                self.floats.get(index)
            } else {
                self.registry.get(&what)
            };
            let file = place.and_then(|place| self.names.get(usize::from(place.file)));
            faults.push(|| Fault {
                file: file.cloned().unwrap_or_else(|| "import".to_owned()),
                line: place.map_or(0, |place| place.line),
                column: 0,
                name: "",
                text: format!("{what}: {why}"),
            });
        }
        faults
    }
}
