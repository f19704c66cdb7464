//! Promises 2, 5 and 6 at the providers' doors: an order leaves only when its intent is durable,
//! and twice only to who knows it again.

use rustc_hash::FxHashMap;
use tillgate_core::provider::{Capabilities, ProviderRequest, ProviderRequestKind};
use tillgate_store_core::{BridgeTag, FollowUp, Key, Kind};

use super::Checker;
use super::rows::is_unknown;
use super::rules::journalled;
use crate::time::{Moment, Span};
use crate::world::config::Config;

/// The orders so far.
pub(super) struct Orders {
    store: [u8; 8],
    /// How often what was said about each transaction, at each bridge.
    said: FxHashMap<(Key, ProviderRequestKind, u16), u32>,
    pub(super) bridges: Vec<BridgeTag>,
    /// The last order about each transaction of this life, and how many inquiries.
    last: FxHashMap<Key, (Moment, u32)>,
    inquiry_first: Span,
    inquiry_longest: Span,
}

impl Orders {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            store: config.seed.to_be_bytes(),
            said: FxHashMap::default(),
            bridges: config.bridges.iter().map(|bridge| BridgeTag::of(&bridge.name)).collect(),
            last: FxHashMap::default(),
            inquiry_first: config.writer.inquiry_first,
            inquiry_longest: config.writer.inquiry_longest,
        }
    }

    /// What a new process does not know: when it was asked last.
    pub(super) fn crashed(&mut self) {
        self.last.clear();
    }

    /// Whether a question comes too soon after the last order about the same transaction: the
    /// pause doubles with each, and half of it is certain.
    fn is_hasty(&mut self, now: Moment, key: Key, kind: ProviderRequestKind) -> bool {
        let inquires = kind == ProviderRequestKind::Inquire;
        let last = self.last.get(&key).copied();
        let asked = last.map_or(0, |(_, asked)| asked);
        self.last.insert(key, (now, asked + u32::from(inquires)));
        let doubled = self.inquiry_first.0.saturating_mul(1 << asked.min(16));
        let pause = Span(doubled.min(self.inquiry_longest.0) / 2);
        inquires && last.is_some_and(|(at, _)| now < at.after(pause))
    }
}

impl Checker {
    /// An order leaves for a bridge.
    pub(in super::super) fn ordered(
        &mut self,
        now: Moment,
        order: &ProviderRequest,
        capabilities: Capabilities,
    ) {
        let ProviderRequest { key, kind, .. } = *order;
        let wrong = self.check_order(order, capabilities);
        let wrong = wrong.or_else(|| {
            let asks = kind == ProviderRequestKind::Lookup;
            if asks { self.looks_up(now, order) } else { None }
        });
        *self.orders.said.entry((key, kind, order.bridge)).or_default() += 1;
        let wrong = wrong.or_else(|| self.goes_astray(order));
        let wrong = wrong.or_else(|| self.is_held_up(now, order));
        let hasty = self.orders.is_hasty(now, key, kind);
        let wrong = wrong.or_else(|| hasty.then(|| (6, "so soon after the last time".to_owned())));
        if let Some((promise, text)) = wrong {
            self.violate(now, promise, format!("{key}: {kind:?} leaves, {text}"));
        }
    }

    /// The outcome of a sale only the bridge knows that its durable row names, wherever its service
    /// is routed by now.
    fn goes_astray(&mut self, order: &ProviderRequest) -> Option<(u8, String)> {
        let row = self.journal.get(&order.key)?;
        let sale = row.original.map_or(Some(row), |original| self.journal.get(&original))?;
        let bridge = self.orders.bridges.get(usize::from(order.bridge));
        let text = format!("to bridge {}, which its row does not name", order.bridge);
        (bridge != Some(&sale.bridge)).then_some((6, text))
    }

    fn check_order(
        &self,
        order: &ProviderRequest,
        capabilities: Capabilities,
    ) -> Option<(u8, String)> {
        if order.kind == ProviderRequestKind::Lookup {
            let able = capabilities.lookup;
            return (!able).then(|| (6, "to a bridge that cannot do that".to_owned()));
        }
        let Some(row) = self.journal.get(&order.key) else {
            return Some((5, "and what it rests on is not durable".to_owned()));
        };
        let owes = row.due.map(|due| due.what);
        let wanted = match order.kind {
            ProviderRequestKind::Authorize => {
                is_unknown(row) && row.kind.is_sale() && owes.is_none()
            }
            ProviderRequestKind::Inquire => is_unknown(row) && row.kind.is_sale(),
            ProviderRequestKind::Reverse => owes == Some(FollowUp::Reversal),
            ProviderRequestKind::Advise => owes == Some(FollowUp::Advice) && row.confirmed_ms > 0,
            ProviderRequestKind::Lookup => false,
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
        let content = (order.service, order.amount_minor, order.lookup);
        let masked = sale.terms.masked;
        if content != (sale.service, sale.amount_minor, sale.terms.lookup)
            || journalled(&order.subscriber, masked) != sale.subscriber[..]
        {
            return Some((1, "and not with its own content".to_owned()));
        }
        // The number of a card leaves with the first order, and with nothing else.
        let first = order.kind == ProviderRequestKind::Authorize && order.attempt <= 1;
        if masked && first == (order.subscriber == sale.subscriber) {
            return Some((7, "with the number of a card, or without it".to_owned()));
        }
        let able = match order.kind {
            ProviderRequestKind::Authorize => true,
            ProviderRequestKind::Inquire => capabilities.inquiry,
            ProviderRequestKind::Reverse => capabilities.reversal,
            ProviderRequestKind::Advise => capabilities.advice,
            ProviderRequestKind::Lookup => capabilities.lookup,
        };
        if !able {
            return Some((6, "to a bridge that cannot do that".to_owned()));
        }
        let before =
            self.orders.said.get(&(order.key, order.kind, order.bridge)).copied().unwrap_or(0);
        if before > 0 && order.kind == ProviderRequestKind::Authorize && !capabilities.idempotent {
            return Some((2, "again, to a provider that would do it again".to_owned()));
        }
        if before > 0 && order.kind != ProviderRequestKind::Inquire && order.attempt <= 1 {
            return Some((6, "again, as if for the first time".to_owned()));
        }
        None
    }
}
