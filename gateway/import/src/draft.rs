//! What the files say so far, over what the store knows already.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use tillgate_core::directory::Directory;
use tillgate_store_core::{
    Distributor, DistributorId, Registry, Seller, SellerId, Service, ServiceId, Terminal,
    TerminalId,
};

use super::report::{Faults, RowPlace};
use super::row::Row;

/// What an import may look up: the registry as of now.
pub(crate) trait Known {
    /// The stored distributor.
    fn distributor(&self, id: DistributorId) -> Option<Distributor>;
    /// The stored seller.
    fn seller(&self, id: SellerId) -> Option<Seller>;
    /// The stored service.
    fn service(&self, id: ServiceId) -> Option<Service>;
    /// The stored terminal.
    fn terminal(&self, id: TerminalId) -> Option<Terminal>;
}

impl Known for Registry {
    fn distributor(&self, id: DistributorId) -> Option<Distributor> {
        Registry::distributor(self, id).cloned()
    }

    fn seller(&self, id: SellerId) -> Option<Seller> {
        Registry::seller(self, id).cloned()
    }

    fn service(&self, id: ServiceId) -> Option<Service> {
        Registry::service(self, id).cloned()
    }

    fn terminal(&self, id: TerminalId) -> Option<Terminal> {
        Registry::terminal(self, id).cloned()
    }
}

/// Looks up one record at a time, so that the writer never waits for a whole import.
impl Known for RwLock<Directory> {
    fn distributor(&self, id: DistributorId) -> Option<Distributor> {
        let directory = self.read().unwrap_or_else(PoisonError::into_inner);
        directory.registry.distributor(id).cloned()
    }

    fn seller(&self, id: SellerId) -> Option<Seller> {
        let directory = self.read().unwrap_or_else(PoisonError::into_inner);
        directory.registry.seller(id).cloned()
    }

    fn service(&self, id: ServiceId) -> Option<Service> {
        let directory = self.read().unwrap_or_else(PoisonError::into_inner);
        directory.registry.service(id).cloned()
    }

    fn terminal(&self, id: TerminalId) -> Option<Terminal> {
        let directory = self.read().unwrap_or_else(PoisonError::into_inner);
        directory.registry.terminal(id).cloned()
    }
}

/// Whether an import may replace what the store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// An id that the store has already is a fault: most likely the wrong file.
    Refuse,
    /// Its record is replaced.
    Replace,
}

/// One record as the files have it; `None` when its row is wrong, so that what refers to it is
/// not wrong too.
pub(super) struct Given<T> {
    /// The row that names it first.
    pub(super) place: RowPlace,
    /// The record.
    pub(super) record: Option<T>,
}

/// What an id leads to.
pub(super) enum Look<T> {
    /// A record, of the files or of the store.
    Found(T),
    /// A row that is wrong itself; nothing more is said about what refers to it.
    Faulty,
    /// Nothing.
    Unknown,
}

/// The registry records of the files, by id.
#[derive(Default)]
pub(super) struct Draft {
    /// Distributors.
    pub(super) distributors: BTreeMap<DistributorId, Given<Distributor>>,
    /// Sellers.
    pub(super) sellers: BTreeMap<SellerId, Given<Seller>>,
    /// Services, with products and commissions.
    pub(super) services: BTreeMap<ServiceId, Given<Service>>,
    /// Terminals.
    pub(super) terminals: BTreeMap<TerminalId, Given<Terminal>>,
}

impl Draft {
    /// A distributor of the files, or else of the store.
    pub(super) fn distributor(&self, known: &dyn Known, id: DistributorId) -> Look<Distributor> {
        look(self.distributors.get(&id), || known.distributor(id))
    }

    /// A seller of the files, or else of the store.
    pub(super) fn seller(&self, known: &dyn Known, id: SellerId) -> Look<Seller> {
        look(self.sellers.get(&id), || known.seller(id))
    }

    /// A service of the files, or else of the store.
    pub(super) fn service(&self, known: &dyn Known, id: ServiceId) -> Look<Service> {
        look(self.services.get(&id), || known.service(id))
    }
}

fn look<T: Clone>(given: Option<&Given<T>>, known: impl FnOnce() -> Option<T>) -> Look<T> {
    match given {
        Some(Given { record: Some(record), .. }) => Look::Found(record.clone()),
        Some(Given { record: None, .. }) => Look::Faulty,
        None => known().map_or(Look::Unknown, Look::Found),
    }
}

/// Takes a row in under its id, unless an earlier row or (when refused) the store has that id.
pub(super) fn take<I: Ord + Copy + std::fmt::Display, T>(
    into: &mut BTreeMap<I, Given<T>>,
    (row, faults): (&Row<'_>, &mut Faults),
    (id, record): (I, Option<T>),
    (stored, existing): (bool, Existing),
) {
    if let Some(earlier) = into.get(&id) {
        let line = earlier.place.line;
        row.wrong(faults, 0, format!("{id} was given before, in line {line}"));
        return;
    }
    if stored && existing == Existing::Refuse {
        let text = format!("{id} is in the store already; --update replaces what is there");
        row.wrong(faults, 0, text);
    }
    into.insert(id, Given { place: row.place(), record });
}
