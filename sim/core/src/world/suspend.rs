//! The operator takes bridges out of service and back.

use tillgate_core::orders;
use tillgate_store_core::{BridgeOrder, BridgeStatus, RegistryRecord, Text};

use super::config::{Config, number};
use super::fault::Fault;
use super::operator::{Operator, Plan};

/// Of 1000 orders, how many are about a bridge.
const SUSPENDS_PERMILLE: u16 = 150;

/// How many of the operator's orders are about a bridge.
pub(super) fn share(config: &Config) -> u16 {
    let has_any = config.faults.has(Fault::Operator) && !config.bridges.is_empty();
    if has_any { SUSPENDS_PERMILLE } else { 0 }
}

impl Operator {
    /// Whether the next order is about a bridge.
    pub(super) fn suspends(&mut self) -> bool {
        let share = self.suspend_permille;
        self.suspend.chance(share)
    }

    /// Suspends a bridge, drains it, or has it serve again.
    pub(super) fn order_bridge(&mut self, bridges: &[String]) -> Option<Plan> {
        let count = u16::try_from(bridges.len()).unwrap_or(0);
        let name = bridges.get(usize::from(number(&mut self.suspend, count)))?;
        let known = |record: &&RegistryRecord| match record {
            RegistryRecord::Bridge(order) => order.bridge[..] == name[..],
            _ => false,
        };
        let serves = match self.records.iter().find(known) {
            Some(RegistryRecord::Bridge(order)) => order.status == BridgeStatus::Active,
            _ => true,
        };
        let status = match number(&mut self.suspend, 3) {
            0 => BridgeStatus::Draining,
            1 => BridgeStatus::Suspended,
            _ if serves => BridgeStatus::Suspended,
            _ => BridgeStatus::Active,
        };
        let (bridge, reason) = (Text::from(name).ok()?, "its provider asks for it".to_owned());
        Plan::of(orders::order_bridge(BridgeOrder { bridge, status, reason }))
    }
}
