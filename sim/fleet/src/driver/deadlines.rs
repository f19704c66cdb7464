//! One deadline per station, the earliest first.
//!
//! A binary heap in which each station is at most once, so it never grows beyond the fleet.
//! A deadline that moves *later* is left where it is: it comes up too early, the engine asks
//! the station again, and it is put back. At full load that happens once per answer timeout and
//! station instead of once per sale.

use tillsim_core::time::Moment;

/// Where a station that is not in the heap has.
const NOWHERE: u32 = u32::MAX;

/// The deadlines of stations 0 to n-1.
pub(super) struct Deadlines {
    heap: Vec<(Moment, u32)>,
    /// Of each station, its place in `heap`.
    places: Vec<u32>,
}

impl Deadlines {
    /// No deadlines yet, for `clients` stations.
    #[must_use]
    pub(super) fn new(clients: usize) -> Self {
        Self { heap: Vec::with_capacity(clients), places: vec![NOWHERE; clients] }
    }

    /// The station's deadline is `at`, or later.
    pub(super) fn set(&mut self, client: u32, at: Moment) {
        let place = self.places[index(client)];
        if place == NOWHERE {
            self.heap.push((at, client));
            self.up(self.heap.len() - 1);
        } else if at < self.heap[index(place)].0 {
            self.heap[index(place)].0 = at;
            self.up(index(place));
        }
    }

    /// The earliest deadline.
    #[must_use]
    pub(super) fn first(&self) -> Option<Moment> {
        self.heap.first().map(|(at, _)| *at)
    }

    /// Takes out a station whose deadline is not after `now`.
    pub(super) fn due(&mut self, now: Moment) -> Option<u32> {
        let (_, client) = *self.heap.first().filter(|(at, _)| *at <= now)?;
        self.places[index(client)] = NOWHERE;
        let last = self.heap.pop().expect("the heap was not empty");
        if last.1 != client {
            self.heap[0] = last;
            self.down(0);
        }
        Some(client)
    }

    fn up(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].0 <= self.heap[place].0 {
                break;
            }
            self.heap.swap(parent, place);
            self.stands(place);
            place = parent;
        }
        self.stands(place);
    }

    fn down(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let Some(mut child) = self.heap.get(left).map(|_| left) else {
                break;
            };
            if self.heap.get(left + 1).is_some_and(|right| right.0 < self.heap[left].0) {
                child = left + 1;
            }
            if self.heap[place].0 <= self.heap[child].0 {
                break;
            }
            self.heap.swap(place, child);
            self.stands(place);
            place = child;
        }
        self.stands(place);
    }

    fn stands(&mut self, place: usize) {
        let client = self.heap[place].1;
        self.places[index(client)] = u32::try_from(place).expect("stations are counted by u32");
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
