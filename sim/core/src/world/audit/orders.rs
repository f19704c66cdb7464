//! Promises 2, 5 and 6 at the providers' doors: an order leaves only when its intent is durable,
//! and twice only to who knows it again.

use rustc_hash::FxHashMap;
use tillgate_core::desk::{Capabilities, Order};
use tillgate_store_core::Key;

use super::Witness;
use super::rows::is_unknown;
use crate::time::Moment;
use crate::world::config::Config;
use crate::world::lines::Purpose;

/// The orders so far.
pub(super) struct Orders {
    store: [u8; 8],
    /// How often each sale was forwarded.
    forwards: FxHashMap<Key, u32>,
    /// Our references and the sales they stand for.
    pub(super) references: FxHashMap<String, Key>,
}

impl Orders {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            store: config.seed.to_be_bytes(),
            forwards: FxHashMap::default(),
            references: FxHashMap::default(),
        }
    }
}

impl Witness {
    /// An order leaves for a bridge.
    pub(in super::super) fn ordered(
        &mut self,
        now: Moment,
        order: &Order,
        purpose: Purpose,
        capabilities: Capabilities,
    ) {
        let key = order.key;
        let wrong = self.check_order(order, purpose, capabilities);
        self.orders.references.insert(order.reference.to_string(), key);
        if purpose == Purpose::Forward {
            *self.orders.forwards.entry(key).or_default() += 1;
        }
        if let Some((promise, text)) = wrong {
            self.violate(now, promise, format!("{key}: {purpose:?} leaves, {text}"));
        }
    }

    fn check_order(
        &self,
        order: &Order,
        purpose: Purpose,
        capabilities: Capabilities,
    ) -> Option<(u8, String)> {
        let Some(row) = self.journal.get(&order.key) else {
            return Some((5, "and its intent is not durable".to_owned()));
        };
        if !is_unknown(row) {
            return Some((2, format!("and it is {:?}", row.state)));
        }
        let store = u64::from_be_bytes(self.orders.store);
        if order.reference[..] != format!("{store:016x}{:016x}", row.seq) {
            return Some((6, "and not by its own reference".to_owned()));
        }
        let content = (order.service, order.amount_minor, order.subscriber);
        if content != (row.service, row.amount_minor, row.subscriber) {
            return Some((1, "and not with its own content".to_owned()));
        }
        let before = self.orders.forwards.get(&order.key).copied().unwrap_or(0);
        if purpose == Purpose::Forward && before > 0 {
            if !capabilities.idempotent {
                return Some((2, "again, to a provider that would do it again".to_owned()));
            }
            if order.attempt <= 1 {
                return Some((6, "again, as if for the first time".to_owned()));
            }
        }
        None
    }
}
