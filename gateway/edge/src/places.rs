//! Places: how many peers may be in which stage, in all and per address. A peer that has not said
//! what it wants holds nothing: the oldest such peer makes room for a new connection. A peer that
//! has is counted in its class, so that none of the classes can take the places of another.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tillgate_types::network;
use tokio::sync::oneshot;

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Over a network.
    Remote(IpAddr),
    /// A user of this machine, whom the kernel vouches for.
    Local {
        /// The number that the kernel gave.
        uid: u32,
        /// The name for the audit log.
        name: Arc<str>,
    },
}

/// Whose places a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Health and metrics: no body, answered at once.
    Health,
    /// Somebody who has shown nothing yet.
    Stranger,
    /// Somebody who has.
    Known,
}

impl Class {
    /// What each class has, in their order: this one's.
    pub(crate) fn of<T>(self, [health, stranger, known]: [T; 3]) -> T {
        match self {
            Self::Health => health,
            Self::Stranger => stranger,
            Self::Known => known,
        }
    }
}

/// Most of one class.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// In all.
    pub all: usize,
    /// From one address.
    pub address: usize,
}

/// Where a peer counts; `None` for this machine.
type Origin = Option<IpAddr>;

fn origin(peer: &Peer) -> Origin {
    match peer {
        Peer::Local { .. } => None,
        Peer::Remote(ip) => Some(network(*ip)),
    }
}

/// Peers whose request's head has not arrived.
pub(crate) struct Waiting {
    share: Share,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    next: u64,
    by_age: BTreeMap<u64, Silent>,
}

struct Silent {
    origin: Origin,
    cut: oneshot::Sender<()>,
}

/// A silent peer's place; given back when dropped.
pub(crate) struct WaitingPlace {
    number: u64,
    table: Arc<Mutex<Table>>,
}

impl Waiting {
    pub(crate) fn new(share: Share) -> Self {
        Self { share, table: Arc::default() }
    }

    /// A place for a new connection, which always gets one; what resolves when a newer one takes it;
    /// and whether another peer lost its own.
    pub(crate) fn enter(&self, peer: &Peer) -> (WaitingPlace, oneshot::Receiver<()>, bool) {
        let origin = origin(peer);
        let mut table = self.table.lock();
        let cut = table.make_room(origin, self.share);
        let (sender, receiver) = oneshot::channel();
        let number = table.next;
        table.next += 1;
        table.by_age.insert(number, Silent { origin, cut: sender });
        (WaitingPlace { number, table: Arc::clone(&self.table) }, receiver, cut)
    }
}

impl Table {
    /// An address beyond its share loses its own oldest; beyond the whole, the address with the
    /// most peers does.
    fn make_room(&mut self, origin: Origin, share: Share) -> bool {
        let mut counts: BTreeMap<Origin, usize> = BTreeMap::new();
        for silent in self.by_age.values() {
            *counts.entry(silent.origin).or_default() += 1;
        }
        let from = if counts.get(&origin).is_some_and(|count| *count >= share.address) {
            Some(origin)
        } else if self.by_age.len() >= share.all {
            counts.into_iter().max_by_key(|(_, count)| *count).map(|(origin, _)| origin)
        } else {
            None
        };
        let Some(from) = from else { return false };
        let oldest = self.by_age.iter().find(|(_, silent)| silent.origin == from);
        let Some(number) = oldest.map(|(number, _)| *number) else { return false };
        if let Some(silent) = self.by_age.remove(&number) {
            // It may have ended in this moment.
            silent.cut.send(()).unwrap_or_default();
        }
        true
    }
}

impl Drop for WaitingPlace {
    fn drop(&mut self) {
        self.table.lock().by_age.remove(&self.number);
    }
}

/// Peers that are being answered.
pub(crate) struct Places {
    shares: [Share; 3],
    held: Arc<Mutex<BTreeMap<(Class, Origin), usize>>>,
}

/// One of them; given back when dropped.
pub(crate) struct Place {
    of: (Class, Origin),
    held: Arc<Mutex<BTreeMap<(Class, Origin), usize>>>,
}

impl Places {
    pub(crate) fn new(shares: [Share; 3]) -> Self {
        Self { shares, held: Arc::default() }
    }

    /// A place, unless all of the class or of the address are taken.
    pub(crate) fn take(&self, class: Class, peer: &Peer) -> Option<Place> {
        let of = (class, origin(peer));
        let share = class.of(self.shares);
        let mut held = self.held.lock();
        let all: usize = held.iter().filter(|(of, _)| of.0 == class).map(|(_, count)| count).sum();
        let own = held.get(&of).copied().unwrap_or_default();
        if all >= share.all || own >= share.address {
            return None;
        }
        held.insert(of, own + 1);
        Some(Place { of, held: Arc::clone(&self.held) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.held.lock();
        match held.get_mut(&self.of) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(held.remove(&self.of)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> Peer {
        Peer::Remote(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn an_address_beyond_its_share_loses_its_own_oldest_and_nobody_elses() {
        let waiting = Waiting::new(Share { all: 10, address: 2 });
        let (_other, mut other, _) = waiting.enter(&from(1));
        let (_first, mut first, _) = waiting.enter(&from(2));
        let (_second, mut second, cut) = waiting.enter(&from(2));
        assert!(!cut);
        let (_third, _, cut) = waiting.enter(&from(2));
        assert!(cut && first.try_recv().is_ok());
        assert!(second.try_recv().is_err() && other.try_recv().is_err());
    }

    #[test]
    fn beyond_the_whole_the_address_with_the_most_silent_peers_makes_room() {
        let waiting = Waiting::new(Share { all: 3, address: 3 });
        let (_a, mut a, _) = waiting.enter(&from(1));
        let (_b, mut b, _) = waiting.enter(&from(2));
        let (_c, mut c, _) = waiting.enter(&from(2));
        let (_d, _, cut) = waiting.enter(&from(3));
        assert!(cut && b.try_recv().is_ok(), "the oldest of the two from one address");
        assert!(a.try_recv().is_err() && c.try_recv().is_err());
    }

    #[test]
    fn one_class_full_leaves_the_others_their_places_and_a_place_comes_back() {
        let share = Share { all: 2, address: 2 };
        let places = Places::new([share; 3]);
        let held: Vec<_> =
            (0..2).map(|_| places.take(Class::Stranger, &from(1)).expect("free")).collect();
        assert!(places.take(Class::Stranger, &from(2)).is_none());
        assert!(places.take(Class::Health, &from(1)).is_some());
        assert!(places.take(Class::Known, &from(1)).is_some());
        drop(held);
        assert!(places.take(Class::Stranger, &from(2)).is_some());
    }

    #[test]
    fn a_peer_with_a_whole_ipv6_network_counts_as_one() {
        let at = |text: &str| origin(&Peer::Remote(text.parse().expect("an address")));
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), origin(&from(1)));
    }
}
