//! The registry in memory: what a request is verified against.

use std::ops::ControlFlow;

use arrayvec::ArrayVec;
use rustc_hash::FxHashMap;

use crate::error::{Result, StoreError};
use crate::limits::CHAIN_MAX;
use crate::record::{
    BridgeName, BridgeOrder, Distributor, Handset, ReceiptTag, RegistryRecord, Route, Seller,
    Service, Terminal,
};
use crate::rows::{Family, ReadRows};
use tillgate_types::{DistributorId, Msisdn, SellerId, ServiceId, TerminalId};

/// Every registry record by its id. A terminal takes about 200 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    distributors: FxHashMap<DistributorId, Distributor>,
    sellers: FxHashMap<SellerId, Seller>,
    terminals: FxHashMap<TerminalId, Terminal>,
    services: FxHashMap<ServiceId, Service>,
    receipts: FxHashMap<ReceiptTag, String>,
    routes: FxHashMap<BridgeName, Route>,
    bridges: FxHashMap<BridgeName, BridgeOrder>,
    handsets: FxHashMap<Msisdn, Handset>,
}

/// Why a distributor has no chain to the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainError {
    /// This one is not in the registry.
    Missing(DistributorId),
    /// More than [`CHAIN_MAX`] levels, or a cycle.
    TooDeep,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything in the store's registry family.
    pub fn load(rows: &dyn ReadRows) -> Result<Self> {
        let mut registry = Self::new();
        rows.try_scan(Family::Registry, &[], |key, value| {
            registry.insert(RegistryRecord::decode(key, value)?);
            Ok::<_, StoreError>(ControlFlow::Continue(()))
        })?;
        Ok(registry)
    }

    /// Takes a record in, in the place of one of the same id.
    pub fn apply(&mut self, record: &RegistryRecord) {
        self.insert(record.clone());
    }

    fn insert(&mut self, record: RegistryRecord) {
        match record {
            RegistryRecord::Distributor(record) => {
                self.distributors.insert(record.id, record);
            }
            RegistryRecord::Seller(record) => {
                self.sellers.insert(record.id, record);
            }
            RegistryRecord::Terminal(record) => {
                self.terminals.insert(record.id, record);
            }
            RegistryRecord::Service(record) => {
                self.services.insert(record.id, record);
            }
            RegistryRecord::Receipt(record) => {
                self.receipts.insert(record.tag, record.text);
            }
            RegistryRecord::Route(record) => {
                self.routes.insert(record.name, record);
            }
            RegistryRecord::Bridge(record) => {
                self.bridges.insert(record.bridge, record);
            }
            RegistryRecord::Handset(record) => {
                self.handsets.insert(record.msisdn, record);
            }
        }
    }

    /// The distributor of an id.
    pub fn distributor(&self, id: DistributorId) -> Option<&Distributor> {
        self.distributors.get(&id)
    }

    /// The seller of an id.
    pub fn seller(&self, id: SellerId) -> Option<&Seller> {
        self.sellers.get(&id)
    }

    /// The terminal of an id.
    pub fn terminal(&self, id: TerminalId) -> Option<&Terminal> {
        self.terminals.get(&id)
    }

    /// The service of an id.
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(&id)
    }

    /// The template of a receipt.
    pub fn receipt(&self, tag: ReceiptTag) -> Option<&str> {
        self.receipts.get(&tag).map(String::as_str)
    }

    /// The route of a name.
    pub fn route(&self, name: &str) -> Option<&Route> {
        BridgeName::from(name).ok().and_then(|name| self.routes.get(&name))
    }

    /// What was ordered about a bridge; nothing of one that always was in service.
    pub fn bridge(&self, name: &str) -> Option<&BridgeOrder> {
        BridgeName::from(name).ok().and_then(|name| self.bridges.get(&name))
    }

    /// The handset of a number.
    pub fn handset(&self, msisdn: Msisdn) -> Option<&Handset> {
        self.handsets.get(&msisdn)
    }

    /// Every handset, by no order.
    pub fn handsets(&self) -> impl Iterator<Item = &Handset> {
        self.handsets.values()
    }

    /// Every order about a bridge, by no order.
    pub fn bridges(&self) -> impl Iterator<Item = &BridgeOrder> {
        self.bridges.values()
    }

    /// Every route, by no order.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.values()
    }

    /// A distributor and everybody above it, bottom first.
    pub fn chain(
        &self,
        bottom: DistributorId,
    ) -> Result<ArrayVec<&Distributor, CHAIN_MAX>, ChainError> {
        let mut chain = ArrayVec::new();
        let mut next = Some(bottom);
        while let Some(id) = next {
            let distributor = self.distributor(id).ok_or(ChainError::Missing(id))?;
            chain.try_push(distributor).map_err(|_| ChainError::TooDeep)?;
            next = distributor.parent;
        }
        Ok(chain)
    }

    /// Every distributor, by no order.
    pub fn distributors(&self) -> impl Iterator<Item = &Distributor> {
        self.distributors.values()
    }

    /// Every seller, by no order.
    pub fn sellers(&self) -> impl Iterator<Item = &Seller> {
        self.sellers.values()
    }

    /// Every terminal, by no order.
    pub fn terminals(&self) -> impl Iterator<Item = &Terminal> {
        self.terminals.values()
    }

    /// Every service, by no order.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }
}
