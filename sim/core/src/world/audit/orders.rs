//! Promises 2, 5 and 6 at the providers' doors: an order leaves only when its intent is durable,
//! and twice only to who knows it again.

use rustc_hash::FxHashMap;
use tillgate_core::desk::{Capabilities, Order};
use tillgate_store_core::{Key, Kind, Obligation};

use super::Witness;
use super::rows::is_unknown;
use crate::time::Moment;
use crate::world::config::Config;
use crate::world::lines::Purpose;

/// The orders so far.
pub(super) struct Orders {
    store: [u8; 8],
    /// How often what was said about each transaction.
    said: FxHashMap<(Key, Purpose), u32>,
}

impl Orders {
    pub(super) fn new(config: &Config) -> Self {
        Self { store: config.seed.to_be_bytes(), said: FxHashMap::default() }
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
        *self.orders.said.entry((key, purpose)).or_default() += 1;
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
            return Some((5, "and what it rests on is not durable".to_owned()));
        };
        let owes = row.due.map(|due| due.what);
        let wanted = match purpose {
            Purpose::Forward => is_unknown(row) && row.kind.is_sale() && owes.is_none(),
            Purpose::Inquire => is_unknown(row) && row.kind.is_sale(),
            Purpose::Reverse => owes == Some(Obligation::Reversal),
            Purpose::Advise => owes == Some(Obligation::Advice) && row.confirmed_ms > 0,
        };
        if !wanted {
            return Some((2, format!("and it is {:?}, owing {owes:?}", row.state)));
        }
        let sale = match row.kind {
            Kind::Reversal => row.original.and_then(|original| self.journal.get(&original)),
            _ => Some(row),
        };
        let Some(sale) = sale else {
            return Some((6, "and its original is not durable".to_owned()));
        };
        let store = u64::from_be_bytes(self.orders.store);
        if order.reference[..] != format!("{store:016x}{:016x}", sale.seq) {
            return Some((6, "and not by its own reference".to_owned()));
        }
        let content = (order.service, order.amount_minor, order.subscriber);
        if content != (sale.service, sale.amount_minor, sale.subscriber) {
            return Some((1, "and not with its own content".to_owned()));
        }
        let able = match purpose {
            Purpose::Forward => true,
            Purpose::Inquire => capabilities.inquiry,
            Purpose::Reverse => capabilities.reversal,
            Purpose::Advise => capabilities.advice,
        };
        if !able {
            return Some((6, "to a bridge that cannot do that".to_owned()));
        }
        let before = self.orders.said.get(&(order.key, purpose)).copied().unwrap_or(0);
        if before > 0 && purpose == Purpose::Forward && !capabilities.idempotent {
            return Some((2, "again, to a provider that would do it again".to_owned()));
        }
        if before > 0 && purpose != Purpose::Inquire && order.attempt <= 1 {
            return Some((6, "again, as if for the first time".to_owned()));
        }
        None
    }
}
