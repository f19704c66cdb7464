//! One deadline per station, the earliest first.
//!
//! Each station is there at most once, so this never grows beyond the fleet. A deadline that moves
//! *later* is left where it is: it comes up too early, the engine asks the station again, and it is
//! put back. At full load that happens once per answer timeout and station instead of once per sale.

use std::collections::BTreeSet;

use tillsim_core::time::Moment;

/// The deadlines of stations 0 to n-1.
pub(super) struct Deadlines {
    order: BTreeSet<(Moment, u32)>,
    /// By station.
    times: Vec<Option<Moment>>,
}

impl Deadlines {
    /// No deadlines yet, for `clients` stations.
    pub(super) fn new(clients: usize) -> Self {
        Self { order: BTreeSet::new(), times: vec![None; clients] }
    }

    /// The station's deadline is `at`, or later.
    pub(super) fn set(&mut self, client: u32, at: Moment) {
        match self.times[index(client)] {
            Some(before) if before <= at => return,
            Some(before) => {
                self.order.remove(&(before, client));
            }
            None => {}
        }
        self.times[index(client)] = Some(at);
        self.order.insert((at, client));
    }

    pub(super) fn first(&self) -> Option<Moment> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out a station whose deadline is not after `now`.
    pub(super) fn due(&mut self, now: Moment) -> Option<u32> {
        self.first().filter(|at| *at <= now)?;
        let (_, client) = self.order.pop_first()?;
        self.times[index(client)] = None;
        Some(client)
    }
}

/// A `u32` as an index; every platform that has sockets has at least 32-bit indices.
pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).expect("indices have at least 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(deadlines: &mut Deadlines, now: u64) -> Vec<u32> {
        std::iter::from_fn(|| deadlines.due(Moment(now))).collect()
    }

    #[test]
    fn stations_come_in_the_order_of_their_deadlines() {
        let mut deadlines = Deadlines::new(8);
        for (client, at) in [(0, 50), (1, 10), (2, 40), (3, 20), (4, 30)] {
            deadlines.set(client, Moment(at));
        }
        assert_eq!(deadlines.first(), Some(Moment(10)));
        assert_eq!(taken(&mut deadlines, 35), [1, 3, 4]);
        assert_eq!(taken(&mut deadlines, 99), [2, 0]);
        assert_eq!(deadlines.first(), None);
    }

    #[test]
    fn an_earlier_deadline_moves_a_station_up_and_a_later_one_leaves_it() {
        let mut deadlines = Deadlines::new(3);
        for (client, at) in [(0, 50), (1, 60), (2, 70), (2, 10), (0, 90)] {
            deadlines.set(client, Moment(at));
        }
        assert_eq!(taken(&mut deadlines, 99), [2, 0, 1]);
    }

    #[test]
    fn ten_thousand_scrambled_deadlines_come_out_sorted() {
        let count = 10_000;
        let mut deadlines = Deadlines::new(10_000);
        let scrambled = |client: u32| u64::from(client.wrapping_mul(2_654_435_761) % 1_000);
        for client in 0..count {
            deadlines.set(client, Moment(scrambled(client)));
        }
        let order: Vec<u64> = taken(&mut deadlines, 1_000).into_iter().map(scrambled).collect();
        assert_eq!(order.len(), 10_000);
        assert!(order.is_sorted());
    }
}
