//! The calendar of a world: its zone, its cut-off, and whether clocks change in the middle of it.

use tillgate_core::time::{Calendar, Shift, UnixMillis};

use super::{Stream, number};
use crate::world::fault::{Fault, Faults};

/// What a calendar is made of: the auditors make their own of it.
#[derive(Clone, Debug)]
pub(in crate::world) struct Days {
    /// Earliest first.
    pub(in crate::world) shifts: Vec<Shift>,
    pub(in crate::world) cutoff_min: u16,
}

impl Days {
    /// The gateway's.
    pub(in crate::world) fn calendar(&self) -> Calendar {
        Calendar::zoned(&self.shifts, self.cutoff_min)
    }
}

/// An hour east of UTC all year and a cut-off at two; or anything, so that what is special about
/// it happens while customers come.
pub(super) fn draw(seed: u64, faults: Faults, wall: UnixMillis) -> Days {
    let plain =
        Days { shifts: vec![Shift { from: UnixMillis(0), offset_s: 3_600 }], cutoff_min: 120 };
    if !faults.has(Fault::Calendar) {
        return plain;
    }
    let mut rng = Stream::Calendar.rng(seed);
    let zones = [0, 3_600, 20_700, -18_000, 46_800];
    let offset_s = zones[usize::from(number(&mut rng, 5))];
    let change_s = [0, 3_600, -3_600][usize::from(number(&mut rng, 3))];
    let changed = UnixMillis(wall.0 + 10_000 + rng.below(80_000));
    let shifts = vec![
        Shift { from: UnixMillis(0), offset_s },
        Shift { from: changed, offset_s: offset_s + change_s },
    ];
    let minute = Calendar::zoned(&shifts, 0).minute_of_day(wall);
    // In a minute or less; within the hour that comes twice, or never; half an hour ago; at noon.
    let cutoffs = [minute + 1, minute + 1, minute + 1_381, minute + 31, minute + 1_410, 720];
    let cutoff_min = cutoffs[usize::from(number(&mut rng, 6))] % 1_440;
    Days { shifts, cutoff_min }
}
