//! Promise 7: what the operator has ordered about bridges. No sale goes to a bridge that drains or
//! is suspended once that is durable, and nothing at all leaves for one that is suspended.

use rustc_hash::FxHashMap;
use tillgate_core::provider::{ProviderRequest, ProviderRequestKind};
use tillgate_store_core::{BridgeStatus, BridgeTag, Key, RegistryRecord, Transaction};

use super::Checker;
use super::rows::is_unknown;
use crate::time::{Moment, Span};

/// How long after an order about a bridge a sale may still go on to it: that is decided before it
/// is durable, and commits take seconds at worst.
const UNDER_WAY: Span = Span::s(10);

/// The durable orders about each bridge, in their order.
#[derive(Default)]
pub(super) struct Suspensions(FxHashMap<BridgeTag, Vec<(Moment, BridgeStatus)>>);

impl Suspensions {
    /// A change is durable.
    pub(super) fn change(&mut self, at: Moment, records: &[RegistryRecord]) {
        for record in records {
            if let RegistryRecord::Bridge(order) = record {
                let orders = self.0.entry(BridgeTag::of(&order.bridge)).or_default();
                orders.push((at, order.status));
            }
        }
    }

    /// What a bridge may do, and since when.
    fn now(&self, bridge: BridgeTag) -> (Moment, BridgeStatus) {
        let last = self.0.get(&bridge).and_then(|orders| orders.last()).copied();
        last.unwrap_or((Moment::default(), BridgeStatus::Active))
    }

    /// Whether it may have been kept from new sales at some moment since then.
    pub(super) fn was_closed(&self, since: Moment, bridge: BridgeTag) -> bool {
        let orders = self.0.get(&bridge).map(Vec::as_slice).unwrap_or_default();
        let first = orders.partition_point(|(at, _)| *at <= since).saturating_sub(1);
        orders[first..].iter().any(|(_, status)| *status != BridgeStatus::Active)
    }
}

impl Checker {
    /// A row took another's place: a bridge that it names for the first time takes sales, by what
    /// was durable before.
    pub(super) fn read_bridge(
        &self,
        at: Moment,
        old: Option<&Transaction>,
        new: &Transaction,
    ) -> Option<(u8, String)> {
        let is_new = old.is_none_or(|old| old.bridge != new.bridge);
        let goes = new.kind.is_sale() && new.kind.has_provider() && is_unknown(new) && is_new;
        let (since, status) = self.suspensions.now(new.bridge);
        let is_late = match old {
            None => !self.came_before(&new.key, since),
            Some(_) => since.after(UNDER_WAY) <= at,
        };
        let closed = goes && status != BridgeStatus::Active && is_late;
        closed.then(|| (7, format!("{}: goes to a bridge that is {}", new.key, status.label())))
    }

    /// Whether a sale had come by then: its bridge may have been chosen before an order about it
    /// was durable, and have become durable after that.
    fn came_before(&self, key: &Key, at: Moment) -> bool {
        let asked = self.requests.sales.get(key);
        asked.is_some_and(|asked| asked.iter().any(|asked| asked.since <= at))
    }

    /// An order leaves for a bridge that is to get none of its kind.
    pub(super) fn is_held_up(&self, now: Moment, order: &ProviderRequest) -> Option<(u8, String)> {
        let bridge = self.orders.bridges.get(usize::from(order.bridge))?;
        let (since, status) = self.suspensions.now(*bridge);
        let is_new = match order.kind {
            ProviderRequestKind::Authorize if order.attempt <= 1 => {
                if self.came_before(&order.key, since) {
                    return None;
                }
                true
            }
            ProviderRequestKind::Lookup => true,
            _ => false,
        };
        let closed = match status {
            BridgeStatus::Active => false,
            BridgeStatus::Draining => is_new,
            BridgeStatus::Suspended => true,
        };
        // What became durable with it leaves together.
        let text = || format!("to a bridge that is {}", status.label());
        (closed && since < now).then(|| (7, text()))
    }
}
