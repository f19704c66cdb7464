//! The bridges: which one a row goes through, what it can do, and what is under way at it.
//!
//! Each bridge has a queue of its own: bounded numbers of questions, repeats, reversals, advices,
//! the rest wait. A provider that is dead fills its own queue and nobody else's.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use tillgate_store_core::{
    BridgeOrder, BridgeStatus, BridgeTag, Key, Registry, RegistryRecord, ServiceId, Transaction,
};

use crate::provider::{Bridge, Capabilities};
use crate::time::Moment;

/// Whether somebody waits for the answer of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attended {
    Yes,
    No,
}

/// All bridges by index, and one more that can do nothing: for rows whose bridge is gone.
pub(super) struct Bridges {
    queues: Vec<ProviderQueue>,
    tags: FxHashMap<BridgeTag, u16>,
    names: FxHashMap<String, u16>,
    /// Where rows of version 1 went, which do not say.
    routes: FxHashMap<ServiceId, u16>,
}

struct ProviderQueue {
    tag: BridgeTag,
    capabilities: Capabilities,
    /// What the operator lets it do.
    status: BridgeStatus,
    /// Sales had better go elsewhere until then.
    shunned_until: Moment,
    /// Requests whose result is still to come, first orders aside.
    busy: u32,
    /// Transactions of this process that wait for it; those found at the start do not count.
    held: usize,
    /// Whose time has come while its places were taken.
    ready: VecDeque<Key>,
}

impl Bridges {
    /// # Panics
    /// If there are more than 65,535 bridges, or two have the same tag: rename one.
    pub(super) fn new(bridges: Vec<Bridge>, registry: &Registry) -> Self {
        let (mut tags, mut names) = (FxHashMap::default(), FxHashMap::default());
        let mut queues = Vec::with_capacity(bridges.len() + 1);
        for Bridge { name, capabilities } in bridges {
            let index = u16::try_from(queues.len()).expect("a bridge index is a u16");
            let tag = BridgeTag::of(&name);
            let before = tags.insert(tag, index);
            assert!(before.is_none(), "two bridges have the tag of {name}: rename one of them");
            names.insert(name, index);
            queues.push(ProviderQueue::new(tag, capabilities));
        }
        queues.push(ProviderQueue::new(BridgeTag::NONE, Capabilities::default()));
        let mut bridges = Self { queues, tags, names, routes: FxHashMap::default() };
        for service in registry.services() {
            bridges.route(service.id, &service.route);
        }
        for order in registry.bridges() {
            bridges.order(order);
        }
        bridges
    }

    /// Takes in what was changed; the bridges that may act again.
    pub(super) fn changed(&mut self, records: &[RegistryRecord]) -> Vec<u16> {
        let mut resumed = Vec::new();
        for record in records {
            match record {
                RegistryRecord::Service(service) => self.route(service.id, &service.route),
                RegistryRecord::Bridge(order) => resumed.extend(self.order(order)),
                _ => {}
            }
        }
        resumed
    }

    /// What a bridge may do from now on; its index if it was suspended and is not any more.
    fn order(&mut self, order: &BridgeOrder) -> Option<u16> {
        let bridge = *self.names.get(order.bridge.as_str())?;
        let was = std::mem::replace(&mut self.queue_mut(bridge).status, order.status);
        let resumed = was == BridgeStatus::Suspended && order.status != BridgeStatus::Suspended;
        resumed.then_some(bridge)
    }

    /// Whether it gets new sales and lookups.
    pub(super) fn is_active(&self, bridge: u16) -> bool {
        self.queue_of(bridge).status == BridgeStatus::Active
    }

    /// Sales had better go elsewhere until then. A bridge that is unknown says nothing.
    pub(super) fn shun(&mut self, bridge: u16, until: Moment) {
        if let Some(queue) = self.queues.get_mut(usize::from(bridge)) {
            queue.shunned_until = until;
        }
    }

    /// Puts the bridges that are likely to take a sale first; among them, and among the others, the
    /// route's order stays.
    pub(super) fn prefer_well(&self, now: Moment, bridges: &mut [u16]) {
        bridges.sort_by_key(|bridge| now < self.queue_of(*bridge).shunned_until);
    }

    fn route(&mut self, service: ServiceId, name: &str) {
        match self.names.get(name) {
            Some(bridge) => self.routes.insert(service, *bridge),
            None => self.routes.remove(&service),
        };
    }

    /// The tag of the bridge of an index, for rows.
    pub(super) fn tag(&self, bridge: u16) -> BridgeTag {
        self.queues.get(usize::from(bridge)).map_or(BridgeTag::NONE, |queue| queue.tag)
    }

    /// The bridge that a row went through; the last one, which can do nothing, if it is gone.
    pub(super) fn of(&self, row: &Transaction) -> u16 {
        let found = match row.bridge {
            BridgeTag::NONE => self.routes.get(&row.service),
            tag => self.tags.get(&tag),
        };
        let nobody = || u16::try_from(self.queues.len() - 1).expect("checked when they were made");
        found.copied().unwrap_or_else(nobody)
    }

    pub(super) fn capabilities(&self, bridge: u16) -> Capabilities {
        self.queue_of(bridge).capabilities
    }

    /// Whether any bridge takes confirmations.
    pub(super) fn any_advice(&self) -> bool {
        self.queues.iter().any(|queue| queue.capabilities.advice)
    }

    /// Bridges that there are, the one that can do nothing aside.
    pub(super) fn count(&self) -> usize {
        self.queues.len() - 1
    }

    /// Transactions that wait for it.
    pub(super) fn held(&self, bridge: u16) -> usize {
        self.queue_of(bridge).held
    }

    pub(super) fn hold(&mut self, bridge: u16) {
        self.queue_mut(bridge).held += 1;
    }

    pub(super) fn let_go(&mut self, bridge: u16) {
        self.queue_mut(bridge).held -= 1;
    }

    /// Takes one of the queue's places; `false` when all are taken, or it is suspended.
    pub(super) fn enter(&mut self, bridge: u16, busy_max: u32) -> bool {
        let queue = self.queue_mut(bridge);
        let room = queue.has_place(busy_max);
        queue.busy += u32::from(room);
        room
    }

    /// Gives a place back.
    pub(super) fn leave(&mut self, bridge: u16) {
        self.queue_mut(bridge).busy -= 1;
    }

    /// Waits for a place; who has somebody waiting for it comes first.
    pub(super) fn queue(&mut self, bridge: u16, key: Key, attended: Attended) {
        let ready = &mut self.queue_mut(bridge).ready;
        match attended {
            Attended::Yes => ready.push_front(key),
            Attended::No => ready.push_back(key),
        }
    }

    /// Bridges that somebody waits for a place at.
    pub(super) fn waiting(&self) -> Vec<u16> {
        let bridges = (0..).zip(&self.queues).filter(|(_, queue)| !queue.ready.is_empty());
        bridges.map(|(bridge, _)| bridge).collect()
    }

    /// The next that waits, if there is a place.
    pub(super) fn next(&mut self, bridge: u16, busy_max: u32) -> Option<Key> {
        let queue = self.queue_mut(bridge);
        if queue.has_place(busy_max) { queue.ready.pop_front() } else { None }
    }

    fn queue_of(&self, bridge: u16) -> &ProviderQueue {
        &self.queues[usize::from(bridge)]
    }

    fn queue_mut(&mut self, bridge: u16) -> &mut ProviderQueue {
        &mut self.queues[usize::from(bridge)]
    }
}

impl ProviderQueue {
    fn new(tag: BridgeTag, capabilities: Capabilities) -> Self {
        let status = BridgeStatus::Active;
        let (shunned_until, ready) = (Moment::default(), VecDeque::new());
        Self { tag, capabilities, status, shunned_until, busy: 0, held: 0, ready }
    }

    /// Nothing leaves for a suspended bridge.
    fn has_place(&self, busy_max: u32) -> bool {
        self.status != BridgeStatus::Suspended && self.busy < busy_max
    }
}
