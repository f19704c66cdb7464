//! The operator blocks handsets, unlocks them and gives them other PINs, in the middle of their dialogs.

use tillgate_core::directory::Directory;
use tillgate_core::orders::{self, HandsetChange};
use tillgate_store_core::{Msisdn, Status};

use super::super::config::{Config, number};
use super::super::fault::Fault;
use super::super::network::Network;
use super::super::operator::{Operator, Plan};
use super::new_pin;

/// Of 1000 orders, how many are about a handset.
const ORDERS_PERMILLE: u16 = 250;

/// A PIN that an operator has given: whose, from which change on, and its digits.
pub(in super::super) type GivenPin = (u64, u32, String);

/// How many of the operator's orders are about a handset, and of how many handsets.
pub(in super::super) fn share(config: &Config) -> (u16, u16) {
    let has_any = config.faults.has(Fault::Operator) && config.handsets.count > 0;
    (if has_any { ORDERS_PERMILLE } else { 0 }, config.handsets.count)
}

impl Operator {
    /// Whether the next order is about a handset.
    pub(in super::super) fn minds_handsets(&mut self) -> bool {
        let (share, _) = self.handsets_share;
        self.handsets.chance(share)
    }

    /// Something about some handset, as it is now.
    pub(in super::super) fn order_handset(
        &mut self,
        network: &mut Network,
        directory: &Directory,
    ) -> Option<Plan> {
        let (_, count) = self.handsets_share;
        let msisdn = Network::msisdn(number(&mut self.handsets, count));
        let msisdn = Msisdn::of_number(msisdn)?;
        let handset = directory.registry.handset(msisdn)?.clone();
        let what = match number(&mut self.handsets, 10) {
            0..4 if handset.status == Status::Active => HandsetChange::Block,
            0..4 => HandsetChange::Unblock,
            4..7 => HandsetChange::Unlock,
            _ => {
                let pin = new_pin(&mut self.handsets);
                let hash = network.pin_hash(msisdn, &pin);
                self.given_pin = Some((msisdn.number(), handset.revision + 1, pin));
                HandsetChange::Pin(hash)
            }
        };
        Plan::of(orders::change_handset(handset, what)?)
    }
}
