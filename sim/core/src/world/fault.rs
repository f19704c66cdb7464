//! The kinds of trouble a world can have. Each seed draws its own subset (swarm testing: a run
//! with half of them finds what a run with all of them hides), and shrinking takes them away.

use strum::{IntoStaticStr, VariantArray};

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Fault {
    /// Connections end at any byte: reset, closed for one end only, or silently dead.
    Cuts,
    /// What is sent arrives in pieces.
    Splits,
    /// Connections stall for a while.
    Stalls,
    /// Bytes are flipped, sent twice, or recorded and played again.
    Tamper,
    /// The gateway's process ends at any moment.
    Crashes,
    /// The disk is slow, full, or fails.
    Disk,
    /// Bits flip in the rows at rest.
    Flips,
    /// The pool's threads overtake each other.
    Pool,
    /// Providers decline, time out, drop requests, are slow, contradict themselves.
    Provider,
    /// Messages between bridges and providers get lost, late, or come twice.
    Line,
    /// The operator blocks, unblocks, changes prices, commissions and limits.
    Operator,
    /// Terminals reverse, repeat, re-use STANs, send other content under the same STAN.
    Habits,
    /// The wall clock jumps.
    Clock,
    /// The gateway's limits are small.
    Limits,
    /// Bridges drop requests: the gateway never receives their result.
    Bridge,
    /// Terminals are in hands that keep no rule.
    Thief,
    /// The gateway's process is ordered to end in good order, and started again.
    Drain,
    /// The operator moves terminals and sellers, changes prices and routes; a second currency.
    Market,
    /// A provider never responds again; bridges that wait long, and say what never left.
    Dead,
    /// Any zone, any cut-off, and clocks that are changed in the middle of it.
    Calendar,
    /// Terminals get new keys while they are online: beside the old one, or in its place.
    Keys,
    /// Thieves send requests and handshakes without a pause, with counters that leap.
    Flood,
    /// Orders wait in their bridge's queue for nearly as long as the bridge has.
    Queue,
    /// USSD centres throttle, deliver twice, refuse and lose connections; subscribers err, hang up, guess
    /// PINs and are lost.
    Ussd,
}

impl Fault {
    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}

/// A set of kinds of trouble.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults(u32);

impl Faults {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// With this one too.
    #[must_use]
    pub fn with(self, fault: Fault) -> Self {
        Self(self.0 | bit(fault))
    }

    /// Without those.
    #[must_use]
    pub const fn minus(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether it is among them.
    #[must_use]
    pub fn has(self, fault: Fault) -> bool {
        self.0 & bit(fault) != 0
    }

    /// Those in it.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.iter().copied().filter(move |fault| self.has(*fault))
    }
}

fn bit(fault: Fault) -> u32 {
    let place = Fault::ALL.iter().position(|other| *other == fault);
    1 << place.expect("ALL lists every kind")
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};

    #[test]
    fn every_fault_has_a_name_and_a_place_of_its_own() {
        for fault in Fault::ALL.iter().copied() {
            assert_eq!(Fault::named(fault.name()), Some(fault));
            let one = Faults::NONE.with(fault);
            assert_eq!(one.iter().collect::<Vec<_>>(), [fault]);
            assert_eq!(one.minus(one), Faults::NONE);
        }
        assert_eq!(Fault::named("floods"), None);
    }
}
