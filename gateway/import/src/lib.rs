//! CSV files, and services as TOML, to one [`Change`] of the registry: all of it or nothing.
//!
//! [`plan`] reads every row of every file, in the order in which tables refer to each other, over
//! what the store [`Known`]s already. Errors are collected as [`Faults`] with file, line
//! and column; a [`Plan`] is returned only if there are none. Keys and PINs are sealed row by
//! row and never leave this crate in clear. The ledger checks the change once more against the
//! store; [`Plan::explain`] names the rows of its rejections. The texts and the random bytes
//! are arguments: nothing here reads a file or a clock.

#![forbid(unsafe_code)]

mod book;
mod charges;
mod draft;
mod keys;
pub mod limits;
mod prices;
mod receipts;
mod records;
mod report;
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

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde::Serialize;
use tillgate_store_core::limits::{CHANGE_ITEMS_MAX, REJECTIONS_MAX};
use tillgate_store_core::{
    BusinessDate, Change, Language, ProductId, RegistryRecord, Rejection, ServiceId, Vault,
};

pub use draft::{Existing, Known};
pub use keys::make_missing_keys;
pub use report::{Fault, Faults};
pub use source::{Source, Table, is_services_toml, known_files, table_of_path};

use book::BookRow;
use draft::Draft;
use report::RowPlace;
use row::Row;
use stock::{Floats, Stock};

/// What an import is checked against and sealed with.
pub struct Context<'a> {
    /// What the store has.
    pub known: &'a dyn Known,
    /// Names of the configured bridges.
    pub bridges: &'a [String],
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
}

impl Context<'_> {
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
    floats: Vec<RowPlace>,
}

/// Rows taken in, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    distributors: usize,
    sellers: usize,
    services: usize,
    receipts: usize,
    terminals: usize,
    vouchers: usize,
    floats: usize,
}

impl Counts {
    /// As one line for people; tables without rows are left out.
    pub fn sentence(&self) -> String {
        let parts: Vec<String> = [
            (self.distributors, "distributors"),
            (self.sellers, "sellers"),
            (self.services, "services"),
            (self.receipts, "receipts"),
            (self.terminals, "terminals"),
            (self.vouchers, "vouchers"),
            (self.floats, "float loads"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
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
    /// Whether this is the first; tells what was found otherwise.
    fn first(&mut self, row: &Row<'_>, column: usize, what: T, faults: &mut Faults) -> bool {
        let found = row.text(column).to_owned();
        self.note(row, column, what, faults, &found)
    }

    /// As [`Once::first`], without repeating the value.
    fn first_secret(&mut self, row: &Row<'_>, column: usize, what: T, faults: &mut Faults) -> bool {
        self.note(row, column, what, faults, &"the same value")
    }

    fn note(
        &mut self,
        row: &Row<'_>,
        column: usize,
        what: T,
        faults: &mut Faults,
        found: &dyn Display,
    ) -> bool {
        match self.0.entry(what) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(row.place());
                true
            }
            std::collections::btree_map::Entry::Occupied(taken) => {
                let place = taken.get().seen_from(row.place());
                row.wrong(faults, column, format!("{found} was given before, in {place}"));
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
    let books = book::read_all(sources, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let files = Files { sources, books: &books };
    let (mut draft, mut stock, mut floats) =
        (Draft::default(), Stock::default(), Floats::default());
    let (mut parts, mut told) = (Parts::default(), BTreeSet::new());
    for table in Table::ALL {
        files.each_row(table, &mut faults, |row, faults| match table {
            Table::Distributors => tree::distributor(row, context, &mut draft, faults),
            Table::Sellers => tree::seller(row, context, &mut draft, faults),
            Table::Services => services::service(row, context, &mut draft, faults),
            Table::Products => {
                prices::product(row, context, &mut draft, faults, &mut parts.products);
            }
            Table::Commissions => {
                prices::commission(row, context, &mut draft, faults, &mut parts.commissions);
            }
            Table::Charges => {
                charges::charge(row, context, &mut draft, faults, &mut parts.charges);
            }
            Table::Receipts => {
                receipts::receipt(row, context, &mut draft, faults, &mut parts.receipts);
            }
            Table::Terminals => terminals::terminal(row, context, &mut draft, faults),
            Table::Vouchers => stock::voucher(row, context, &draft, faults, &mut stock),
            Table::Floats => stock::float(row, context, &draft, faults, &mut floats),
        });
        // Looks at a table as a whole, once all its rows are known. A header that is wrong was
        // told by the first pass.
        files.each_row(table, &mut Faults::default(), |row, _| match table {
            Table::Distributors => tree::check_parents(row, context, &draft, &mut faults),
            Table::Commissions => prices::check_sum(row, &draft, &mut faults, &mut told),
            _ => {}
        });
    }
    let plan = Plan::of(sources, context.at_ms, actor, draft, stock, floats);
    plan.check_size(&mut faults);
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// The sources, with the rows of those that are TOML.
struct Files<'a> {
    sources: &'a [Source],
    books: &'a [Vec<BookRow>],
}

impl Files<'_> {
    fn each_row(
        &self,
        table: Table,
        faults: &mut Faults,
        mut visit: impl FnMut(&Row<'_>, &mut Faults),
    ) {
        for (file, (source, book)) in (0_u16..).zip(self.sources.iter().zip(self.books)) {
            match source.table {
                None => row::each_of_book((source, file), (book, table), faults, &mut visit),
                Some(found) if found == table => {
                    row::each((source, file), table, faults, &mut visit);
                }
                Some(_) => {}
            }
        }
    }
}

impl Plan {
    fn of(
        sources: &[Source],
        at_ms: u64,
        actor: &str,
        draft: Draft,
        stock: Stock,
        floats: Floats,
    ) -> Self {
        let counts = Counts {
            distributors: draft.distributors.len(),
            sellers: draft.sellers.len(),
            services: draft.services.len(),
            receipts: draft.receipts.values().filter(|given| given.record.is_some()).count(),
            terminals: draft.terminals.len(),
            vouchers: stock.vouchers.len(),
            floats: floats.funds.len(),
        };
        let mut registry = BTreeMap::new();
        let mut records = Vec::new();
        let mut add = |name: String, place: RowPlace, record: Option<RegistryRecord>| {
            registry.insert(name, place);
            records.extend(record);
        };
        for (id, given) in draft.distributors {
            let record = given.record.map(RegistryRecord::Distributor);
            add(format!("distributor {id}"), given.place, record);
        }
        for (id, given) in draft.sellers {
            add(format!("seller {id}"), given.place, given.record.map(RegistryRecord::Seller));
        }
        for (id, given) in draft.services {
            add(format!("service {id}"), given.place, given.record.map(RegistryRecord::Service));
        }
        for (tag, given) in draft.receipts {
            let record = given.record.map(RegistryRecord::Receipt);
            add(format!("receipt {:08x}", tag.0), given.place, record);
        }
        for (id, given) in draft.terminals {
            let record = given.record.map(RegistryRecord::Terminal);
            add(format!("terminal {id}"), given.place, record);
        }
        let note = format!("import: {}", counts.sentence());
        let (vouchers, funds) = (stock.vouchers, floats.funds);
        let change = Change { at_ms, actor: actor.to_owned(), note, records, vouchers, funds };
        let names = sources.iter().map(|source| source.name.clone()).collect();
        Self { change, counts, names, registry, vouchers: stock.places, floats: floats.places }
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
