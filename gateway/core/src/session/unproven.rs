//! Sessions that have proved nothing yet, oldest first, of all addresses and of each.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::slot::Slot;
use super::{index, slot::Session};
use crate::id::Peer;
use crate::limits::EVICTION_TRIES_MAX;

/// See the module. Entries of sessions that have ended or proved themselves stay until they are
/// met.
#[derive(Default)]
pub(super) struct Unproven {
    all: Line,
    peers: FxHashMap<Peer, Line>,
}

/// Slots and generations in the order of their connections.
#[derive(Default)]
struct Line {
    live: u32,
    order: VecDeque<(u32, u32)>,
}

/// Stale entries that a line may have beside as many as there are live ones.
const STALE_MAX: usize = 32;

impl Unproven {
    pub(super) fn add(&mut self, slots: &[Slot], peer: Peer, place: (u32, u32)) {
        self.all.add(slots, place);
        self.peers.entry(peer).or_default().add(slots, place);
    }

    /// One of this address has proved itself or ended.
    pub(super) fn remove(&mut self, peer: Peer) {
        self.all.live -= 1;
        let line = self.peers.get_mut(&peer).expect("counted when it came");
        line.live -= 1;
        if line.live == 0 {
            self.peers.remove(&peer);
        }
    }

    pub(super) fn count(&self) -> u32 {
        self.all.live
    }

    pub(super) fn count_of(&self, peer: Peer) -> u32 {
        self.peers.get(&peer).map_or(0, |line| line.live)
    }

    /// The oldest that may make room.
    pub(super) fn oldest(&mut self, slots: &[Slot]) -> Option<(u32, u32)> {
        self.all.oldest(slots)
    }

    /// The oldest of an address that may make room.
    pub(super) fn oldest_of(&mut self, slots: &[Slot], peer: Peer) -> Option<(u32, u32)> {
        self.peers.get_mut(&peer)?.oldest(slots)
    }
}

impl Line {
    fn add(&mut self, slots: &[Slot], place: (u32, u32)) {
        let live = usize::try_from(self.live).unwrap_or(usize::MAX);
        if self.order.len() > live.saturating_mul(2).saturating_add(STALE_MAX) {
            self.order.retain(|place| unproven(slots, *place).is_some());
        }
        self.live += 1;
        self.order.push_back(place);
    }

    fn oldest(&mut self, slots: &[Slot]) -> Option<(u32, u32)> {
        let mut tries = 0;
        while tries < EVICTION_TRIES_MAX {
            let place = self.order.pop_front()?;
            let Some(session) = unproven(slots, place) else { continue };
            if session.is_evictable() {
                return Some(place);
            }
            // It waits for us; whoever came after it may be silent.
            self.order.push_back(place);
            tries += 1;
        }
        None
    }
}

fn unproven(slots: &[Slot], (slot, generation): (u32, u32)) -> Option<&Session> {
    let place = slots.get(index(slot)).filter(|place| place.generation == generation)?;
    place.session.as_ref().filter(|session| !session.online)
}
