//! Promise 9 at the writer: how many transactions wait for a bridge, by the durable rows. A top-up
//! is granted only while there was room, and refused with 91 only while there was none.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tillgate_store_core::{BridgeTag, FollowUp, Key, Transaction};

use super::Checker;
use super::rows::is_unknown;
use crate::time::Moment;
use crate::world::config::Config;

pub(super) struct Room {
    /// Transactions that may wait, for all bridges and for one.
    most: usize,
    share: usize,
    /// In which life of the gateway each sale came.
    born: FxHashMap<Key, u32>,
    pub(super) life: u32,
    /// What waited after each write of this life.
    loads: Vec<(Moment, Load)>,
}

/// What waits, by bridge: certainly, and at most; and how much of it may be held for another bridge.
#[derive(Clone, Default)]
struct Load(BTreeMap<BridgeTag, (usize, usize)>, usize);

impl Load {
    fn surely(&self) -> usize {
        self.0.values().map(|(surely, _)| surely).sum()
    }

    fn at_most(&self) -> usize {
        self.0.values().map(|(_, at_most)| at_most).sum()
    }

    fn of(&self, bridge: BridgeTag) -> (usize, usize) {
        let (surely, at_most) = self.0.get(&bridge).copied().unwrap_or_default();
        (surely, at_most + self.1)
    }
}

impl Room {
    pub(super) fn new(config: &Config) -> Self {
        let most = config.writer.pending_max;
        let share = if config.bridges.len() > 1 { most.div_ceil(2) } else { most };
        let loads = vec![(Moment::default(), Load::default())];
        Self { most, share, born: FxHashMap::default(), life: 0, loads }
    }

    /// What waited at any moment from `since` on.
    fn loads(&self, since: Moment) -> impl Iterator<Item = &Load> {
        let first = self.loads.partition_point(|(at, _)| *at <= since).saturating_sub(1);
        self.loads[first..].iter().map(|(_, load)| load)
    }

    /// Whether there may have been room for one more at some moment since then.
    pub(super) fn had_room(&self, since: Moment, bridge: BridgeTag) -> bool {
        let has = |load: &Load| load.surely() < self.most && load.of(bridge).0 < self.share;
        self.loads(since).any(has)
    }

    /// Whether there may have been none at some moment since then.
    pub(super) fn was_full(&self, since: Moment, bridge: BridgeTag) -> bool {
        let full = |load: &Load| load.at_most() >= self.most || load.of(bridge).1 >= self.share;
        self.loads(since).any(full)
    }

    /// Whether there may have been no room even for what is owed.
    pub(super) fn was_crowded(&self, since: Moment) -> bool {
        self.loads(since).any(|load| load.at_most() >= 2 * self.most)
    }

    /// Whether the gateway may have forgotten this sale since it began.
    pub(super) fn is_of_before(&self, key: &Key) -> bool {
        self.born.get(key).is_none_or(|life| *life != self.life)
    }

    /// The process is gone; what waits is what a new one will find.
    pub(super) fn crashed(&mut self) {
        self.life += 1;
        let last = self.loads.pop();
        self.loads.clear();
        self.loads.extend(last);
    }
}

impl Checker {
    /// A write was read: what waits from now on.
    pub(super) fn weigh(&mut self, at: Moment, rows: &[(Option<Transaction>, Transaction)]) {
        for (old, new) in rows {
            if old.is_none() && new.kind.has_provider() && is_unknown(new) {
                self.room.born.insert(new.key, self.room.life);
            }
        }
        self.weigh_again(at);
    }

    /// What waits now. A sale that its bridge did not send anything for may be held for another one
    /// already, while its row still names the first.
    pub(super) fn weigh_again(&mut self, at: Moment) {
        let mut load = Load::default();
        #[expect(clippy::iter_over_hash_type, reason = "they are only counted")]
        for key in &self.open {
            let Some(row) = self.journal.get(key) else { continue };
            if row.owes() == Some(FollowUp::Operator) {
                continue;
            }
            let original = row.original.and_then(|original| self.journal.get(&original));
            let counts = load.0.entry(original.unwrap_or(row).bridge).or_default();
            let goes = self.may_go_on(key);
            let here = row.kind.has_provider() && is_unknown(row) && !goes;
            counts.0 += usize::from(here);
            counts.1 += 1;
            load.1 += usize::from(goes);
        }
        self.room.loads.push((at, load));
    }

    /// How many transactions the writer holds: none that is settled, or the operator's.
    pub(in super::super) fn writer(&mut self, at: Moment, pending: usize) {
        let open = self.room.loads.last().map_or(0, |(_, load)| load.at_most());
        if pending > open {
            self.violate(at, 9, format!("{pending} transactions pending, and {open} are open"));
        }
    }
}
