//! Which bridge a sale goes to.
//!
//! A service names a bridge, or a route: rules that each name a bridge and the sales that it may be
//! given. [`Routes`] is compiled when the registry changes; a sale then costs a few look-ups in
//! hash tables, however many rules its route has:
//!
//! ```text
//!   account, seller ──▶ the buckets (prefix, distributor) that may match ──▶ merged by rank
//!                                        amount, currency, hours of each rule ──▶ candidates
//! ```
//!
//! Rules of lower priority numbers come first, among them the longest prefix, and where rules are
//! equal in both their weights share the sales out, by a hash of the transaction's key: a retry, or
//! the same sale after a restart, finds the same order.

mod compiled;
mod explain;
#[cfg(test)]
mod tests;

use arrayvec::ArrayVec;
use rustc_hash::FxHashMap;
use tillgate_store_core::{
    BridgeName, BridgeOrder, BridgeStatus, DistributorId, Key, Registry, Route, TerminalId,
};

use self::compiled::Compiled;
pub use self::explain::{Explained, ExplainedRule, Finding};
use crate::limits::{CANDIDATES_MAX, DISTRIBUTOR_LEVELS_MAX};

/// Indices of the bridges that a sale may go to, the first choice first; each once.
pub type Candidates = ArrayVec<u16, CANDIDATES_MAX>;

/// A seller's distributor and everybody above it, bottom first.
pub type Chain = ArrayVec<DistributorId, DISTRIBUTOR_LEVELS_MAX>;

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub account: &'a str,
    /// Minor units; `None`: a lookup, whose amount is not known yet. Every amount matches then.
    pub amount_minor: Option<u64>,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Above the seller.
    pub chain: &'a [DistributorId],
    /// Minutes after local midnight.
    pub minute: u16,
    /// Shares the sales out; see [`spread`].
    pub spread: u64,
}

/// A bridge of the configuration: its index, and what it may do.
type Place = (u16, BridgeStatus);

/// What a service's `route` may name.
#[derive(Debug, Default)]
pub struct Routes {
    bridges: FxHashMap<String, Place>,
    routes: FxHashMap<BridgeName, Compiled>,
}

impl Routes {
    /// A bridge's index is its place in `bridges`.
    ///
    /// # Panics
    /// If there are more than 65,536 bridges.
    #[must_use]
    pub fn new(bridges: &[String], registry: &Registry) -> Self {
        let index = |at: usize| u16::try_from(at).expect("a bridge index is a u16");
        let status = |name: &str| registry.bridge(name).map(|order| order.status);
        let named = bridges.iter().enumerate().map(|(at, name)| {
            (name.clone(), (index(at), status(name).unwrap_or(BridgeStatus::Active)))
        });
        let mut routes = Self { bridges: named.collect(), routes: FxHashMap::default() };
        registry.routes().for_each(|route| routes.apply(route));
        routes
    }

    /// Takes in a route, in the place of one of the same name.
    pub fn apply(&mut self, route: &Route) {
        let compiled = Compiled::of(route, &self.bridges);
        self.routes.insert(route.name, compiled);
    }

    /// Takes in what a bridge may do from now on.
    pub fn order(&mut self, order: &BridgeOrder) {
        if let Some((index, status)) = self.bridges.get_mut(order.bridge.as_str()) {
            *status = order.status;
            let index = *index;
            // They are a handful, and what changes them is a person.
            #[expect(clippy::iter_over_hash_type, reason = "each is changed by itself")]
            for route in self.routes.values_mut() {
                route.order(index, order.status);
            }
        }
    }

    /// The bridges that a sale of a service with this `route` may go to; none where nothing of the
    /// name exists or no rule takes it. A bridge's name goes before a route's.
    #[must_use]
    pub fn choose(&self, route: &str, question: &Question<'_>) -> Candidates {
        match self.bridges.get(route) {
            Some((bridge, BridgeStatus::Active)) => Candidates::from_iter([*bridge]),
            Some(_) => Candidates::new(),
            None => self.route(route).map(|route| route.choose(question)).unwrap_or_default(),
        }
    }

    /// Whether a rule of the route looks at the distributors above the seller.
    #[must_use]
    pub fn asks_for_chain(&self, route: &str) -> bool {
        self.route(route).is_some_and(Compiled::asks_for_chain)
    }

    /// Why [`Routes::choose`] chooses what it does: every rule in the order in which it is tried.
    /// `None` where nothing of the name exists.
    #[must_use]
    pub fn explain(&self, route: &str, question: &Question<'_>) -> Option<Explained> {
        if let Some((_, status)) = self.bridges.get(route) {
            return Some(Explained::bridge(route, *status));
        }
        self.route(route).map(|compiled| compiled.explain(question))
    }

    fn route(&self, name: &str) -> Option<&Compiled> {
        BridgeName::from(name).ok().and_then(|name| self.routes.get(&name))
    }
}

/// The [`Question::spread`] of a transaction. It is the same in every build: a sale that is sent
/// again after an update goes where it went before.
#[must_use]
pub fn spread(key: &Key) -> u64 {
    let TerminalId(terminal) = key.terminal;
    mix(u64::from(terminal) << 32 | u64::from(key.stan)) ^ mix(u64::from(key.date.0))
}

/// The finalizer of MurmurHash3: each bit of the input changes half of the output's.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let value = (value ^ (value >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    value ^ (value >> 33)
}
