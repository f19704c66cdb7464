//! Many vouchers in little memory: a 64-bit print of each, sorted.
//!
//! Equal prints may be two different vouchers, once in ten billion stores of ten million
//! vouchers; so a print only raises a suspicion, which is then checked on the vouchers' names.

use std::hash::{DefaultHasher, Hasher};

/// Bits of a print that choose its bucket.
const BUCKET_BITS: u32 = 16;
const BUCKETS: usize = 1 << BUCKET_BITS;

/// The print of a voucher, from its key in the serials family.
pub(super) fn print(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.finish()
}

/// Prints that can be looked up, each with a mark.
pub(super) struct Prints {
    sorted: Vec<u64>,
    /// Where the prints of each bucket start, and the end.
    starts: Vec<usize>,
    marked: Vec<u64>,
}

impl Prints {
    /// Sorts `prints`.
    pub(super) fn new(mut prints: Vec<u64>) -> Self {
        prints.sort_unstable();
        let mut starts = Vec::with_capacity(BUCKETS + 1);
        for (place, print) in prints.iter().enumerate() {
            let bucket = bucket(*print);
            while starts.len() <= bucket {
                starts.push(place);
            }
        }
        starts.resize(BUCKETS + 1, prints.len());
        let marked = vec![0; prints.len().div_ceil(64)];
        Self { sorted: prints, starts, marked }
    }

    /// How many there are, doubles counted as often as they occur.
    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether `print` is among them.
    pub(super) fn contains(&self, print: u64) -> bool {
        self.find(print).is_some()
    }

    /// Marks `print`; whether it is among them.
    pub(super) fn mark(&mut self, print: u64) -> bool {
        let Some(place) = self.find(print) else {
            return false;
        };
        self.marked[place / 64] |= 1 << (place % 64);
        true
    }

    /// Prints that occur twice or more, each once.
    pub(super) fn doubles(&self) -> impl Iterator<Item = u64> {
        let after = |place: usize| self.sorted.get(place).copied();
        self.sorted.windows(2).enumerate().filter_map(move |(place, pair)| {
            let ends = pair[0] == pair[1] && after(place + 2) != Some(pair[1]);
            ends.then_some(pair[0])
        })
    }

    /// Prints that were never marked.
    pub(super) fn unmarked(&self) -> impl Iterator<Item = u64> {
        let marked = |place: usize| self.marked[place / 64] & (1 << (place % 64)) != 0;
        // Of equal prints only the first carries the mark.
        self.sorted.iter().enumerate().filter_map(move |(place, print)| {
            let first = place == 0 || self.sorted[place - 1] != *print;
            (first && !marked(place)).then_some(*print)
        })
    }

    /// The first place of `print`.
    fn find(&self, print: u64) -> Option<usize> {
        let bucket = bucket(print);
        let (start, end) = (self.starts[bucket], self.starts[bucket + 1]);
        let place = start + self.sorted[start..end].partition_point(|other| *other < print);
        (self.sorted.get(place) == Some(&print)).then_some(place)
    }
}

fn bucket(print: u64) -> usize {
    usize::try_from(print >> (64 - BUCKET_BITS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Prints;

    #[test]
    fn prints_are_found_doubled_ones_named_once_and_marks_kept() {
        let high = u64::MAX - 3;
        let mut prints = Prints::new(vec![high, 7, 7, 7, 0, 1 << 50, u64::MAX]);
        for present in [0, 7, 1 << 50, high, u64::MAX] {
            assert!(prints.contains(present), "{present}");
        }
        for absent in [1, 8, (1 << 50) + 1, high + 1] {
            assert!(!prints.contains(absent), "{absent}");
        }
        assert_eq!(prints.doubles().collect::<Vec<_>>(), [7]);
        assert!(prints.mark(7) && prints.mark(u64::MAX) && !prints.mark(9));
        assert_eq!(prints.unmarked().collect::<Vec<_>>(), [0, 1 << 50, high]);
    }

    #[test]
    fn no_prints_contain_nothing() {
        let mut prints = Prints::new(Vec::new());
        assert!(!prints.contains(0) && !prints.mark(u64::MAX));
        assert_eq!(prints.doubles().count() + prints.unmarked().count(), 0);
    }
}
