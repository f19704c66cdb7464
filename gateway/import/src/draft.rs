//! What the files say so far, over what the store knows already.

use std::collections::BTreeMap;

use tillgate_store_core::{
    BridgeName, Distributor, DistributorId, Handset, Msisdn, ReceiptTag, ReceiptTemplate, Registry,
    Route, Seller, SellerId, Service, ServiceId, Terminal, TerminalId,
};

use crate::report::RowPlace;
use crate::row::Row;
use crate::source::{self, Column};

/// What an import may look up: the registry as of now.
pub trait Known {
    /// Lets `look` see the registry. Each record is looked up by itself, so that whoever lends a
    /// registry that is in use lends it for one look only.
    fn lend(&self, look: &mut dyn FnMut(&Registry));
}

impl dyn Known + '_ {
    /// What the store has.
    pub fn stored<T: ToOwned + ?Sized>(
        &self,
        look: impl Fn(&Registry) -> Option<&T>,
    ) -> Option<T::Owned> {
        let mut found = None;
        self.lend(&mut |registry| found = look(registry).map(ToOwned::to_owned));
        found
    }
}

impl Known for Registry {
    fn lend(&self, look: &mut dyn FnMut(&Registry)) {
        look(self);
    }
}

/// Whether an import may replace what the store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// An id that the store has already is a fault: most likely the wrong file.
    Refuse,
    /// Its record is replaced.
    Replace,
}

/// One record as the files have it; `None` when its row is wrong, so that what refers to it is
/// not wrong too.
pub(crate) struct Given<T> {
    /// The row that names it first.
    pub(crate) place: RowPlace,
    pub(crate) record: Option<T>,
}

/// What an id leads to.
pub(crate) enum Look<T> {
    /// A record, of the files or of the store.
    Found(T),
    /// A row that is wrong itself; nothing more is said about what refers to it.
    Faulty,
    /// Nothing.
    Unknown,
}

/// The registry records of the files, by id.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) distributors: BTreeMap<DistributorId, Given<Distributor>>,
    pub(crate) sellers: BTreeMap<SellerId, Given<Seller>>,
    pub(crate) routes: BTreeMap<BridgeName, Given<Route>>,
    /// Templates of receipts.
    pub(crate) receipts: BTreeMap<ReceiptTag, Given<ReceiptTemplate>>,
    /// Services, with products, commissions, charges and receipts.
    pub(crate) services: BTreeMap<ServiceId, Given<Service>>,
    pub(crate) terminals: BTreeMap<TerminalId, Given<Terminal>>,
    pub(crate) handsets: BTreeMap<Msisdn, Given<Handset>>,
}

impl Draft {
    /// A distributor of the files, or else of the store.
    pub(crate) fn distributor(&self, known: &dyn Known, id: DistributorId) -> Look<Distributor> {
        look(self.distributors.get(&id), || known.stored(|stored| stored.distributor(id)))
    }

    /// Whether a route is in the files or in the store.
    pub(crate) fn has_route(&self, known: &dyn Known, name: &str) -> bool {
        let given = BridgeName::from(name).is_ok_and(|name| self.routes.contains_key(&name));
        given || known.stored(|stored| stored.route(name)).is_some()
    }

    /// A seller of the files, or else of the store.
    pub(crate) fn seller(&self, known: &dyn Known, id: SellerId) -> Look<Seller> {
        look(self.sellers.get(&id), || known.stored(|stored| stored.seller(id)))
    }

    /// A terminal of the files, or else of the store.
    pub(crate) fn terminal(&self, known: &dyn Known, id: TerminalId) -> Look<Terminal> {
        look(self.terminals.get(&id), || known.stored(|stored| stored.terminal(id)))
    }

    /// A service of the files, or else of the store.
    pub(crate) fn service(&self, known: &dyn Known, id: ServiceId) -> Look<Service> {
        look(self.services.get(&id), || known.stored(|stored| stored.service(id)))
    }
}

fn look<T: Clone>(given: Option<&Given<T>>, stored: impl FnOnce() -> Option<T>) -> Look<T> {
    match given {
        Some(Given { record: Some(record), .. }) => Look::Found(record.clone()),
        Some(Given { record: None, .. }) => Look::Faulty,
        None => stored().map_or(Look::Unknown, Look::Found),
    }
}

/// Takes a row in under its id, unless an earlier row or (when refused) the store has that id.
pub(crate) fn take<I: Ord + Copy + std::fmt::Display, T>(
    into: &mut BTreeMap<I, Given<T>>,
    row: &Row<'_>,
    (id, record): (I, Option<T>),
    is_stored: bool,
) {
    // In all these files the id is the first column.
    const ID: Column = source::service::ID;
    if let Some(earlier) = into.get(&id) {
        let place = earlier.place.seen_from(row.place());
        row.wrong(ID, format!("{id} was given before, in {place}"));
        return;
    }
    if is_stored && row.context.existing == Existing::Refuse {
        row.wrong(ID, format!("{id} is in the store already; --update replaces what is there"));
    }
    into.insert(id, Given { place: row.place(), record });
}
