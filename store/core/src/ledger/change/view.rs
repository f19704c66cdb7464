//! The registry as it would be after a change: its records over the stored ones.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use crate::error::{Result, StoreError};
use crate::record::{KeyBytes, Record, RegistryRecord, Seller, Service};
use crate::rows::{Family, ReadRows};
use tillgate_types::{SellerId, ServiceId};

pub(super) struct View<'a> {
    rows: &'a dyn ReadRows,
    records: &'a [RegistryRecord],
    changed: FxHashMap<KeyBytes, &'a RegistryRecord>,
}

impl<'a> View<'a> {
    pub(super) fn new(rows: &'a dyn ReadRows, records: &'a [RegistryRecord]) -> Self {
        let changed = records.iter().map(|record| (record.key(), record)).collect();
        Self { rows, records, changed }
    }

    pub(super) fn rows(&self) -> &'a dyn ReadRows {
        self.rows
    }

    pub(super) fn exists(&self, key: &KeyBytes) -> Result<bool> {
        Ok(self.changed.contains_key(key)
            || self.rows.get(Family::Registry, key, &mut Vec::new())?)
    }

    pub(super) fn seller(&self, id: SellerId) -> Result<Option<Seller>> {
        Ok(match self.record(&Seller::key_of(id))? {
            Some(RegistryRecord::Seller(seller)) => Some(seller),
            _ => None,
        })
    }

    pub(super) fn service(&self, id: ServiceId) -> Result<Option<Service>> {
        Ok(match self.record(&Service::key_of(id))? {
            Some(RegistryRecord::Service(service)) => Some(service),
            _ => None,
        })
    }

    /// Visits every service as the change leaves it.
    pub(super) fn each_service(&self, mut visit: impl FnMut(&Service)) -> Result<()> {
        self.rows.try_scan(Family::Registry, &[Service::LETTER], |key, value| {
            if key.first() != Some(&Service::LETTER) {
                return Ok(ControlFlow::Break(()));
            }
            if !self.changed.contains_key(key) {
                visit(&Service::decode(key, value)?);
            }
            Ok::<_, StoreError>(ControlFlow::Continue(()))
        })?;
        for record in self.records {
            if let RegistryRecord::Service(service) = record {
                visit(service);
            }
        }
        Ok(())
    }

    /// A record as stored, whatever the change makes of it.
    pub(super) fn stored(&self, key: &KeyBytes) -> Result<Option<RegistryRecord>> {
        let mut value = Vec::new();
        if self.rows.get(Family::Registry, key, &mut value)? {
            RegistryRecord::decode(key, &value).map(Some)
        } else {
            Ok(None)
        }
    }

    fn record(&self, key: &KeyBytes) -> Result<Option<RegistryRecord>> {
        match self.changed.get(key) {
            Some(record) => Ok(Some((*record).clone())),
            None => self.stored(key),
        }
    }
}
