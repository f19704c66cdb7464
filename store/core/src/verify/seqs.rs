//! Which transaction numbers were seen: a bitmap in pages, so that one wild number in a damaged
//! row does not ask for the memory of all numbers below it.

use std::collections::BTreeMap;

const PAGE_WORDS: usize = 1_024;
const PAGE_BITS: u64 = 65_536;

/// Numbers seen so far.
#[derive(Default)]
pub(super) struct Seqs {
    pages: BTreeMap<u64, Box<[u64; PAGE_WORDS]>>,
}

impl Seqs {
    /// Notes `seq`; whether it is new.
    pub(super) fn insert(&mut self, seq: u64) -> bool {
        let page = self.pages.entry(seq / PAGE_BITS).or_insert_with(|| Box::new([0; PAGE_WORDS]));
        let (word, mask) = place(seq);
        let new = page[word] & mask == 0;
        page[word] |= mask;
        new
    }

    /// Calls `missing` with each unbroken range of numbers from 1 to `last` that was not seen,
    /// both ends included.
    pub(super) fn gaps(&self, last: u64, mut missing: impl FnMut(u64, u64)) {
        let mut gap: Option<u64> = None;
        let mut close = |gap: &mut Option<u64>, end: u64| {
            if let Some(start) = gap.take() {
                missing(start, end);
            }
        };
        let mut seq = 1;
        while seq <= last {
            let page_end = (seq / PAGE_BITS + 1) * PAGE_BITS - 1;
            let Some(page) = self.pages.get(&(seq / PAGE_BITS)) else {
                gap.get_or_insert(seq);
                seq = page_end + 1;
                continue;
            };
            while seq <= page_end.min(last) {
                let (word, mask) = place(seq);
                if page[word] & mask == 0 {
                    gap.get_or_insert(seq);
                } else {
                    close(&mut gap, seq - 1);
                }
                seq += 1;
            }
        }
        close(&mut gap, last);
    }
}

fn place(seq: u64) -> (usize, u64) {
    let bit = seq % PAGE_BITS;
    (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64))
}

#[cfg(test)]
mod tests {
    use super::{PAGE_BITS, Seqs};

    fn gaps(seqs: &Seqs, last: u64) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        seqs.gaps(last, |from, to| found.push((from, to)));
        found
    }

    #[test]
    fn every_gap_is_found_and_a_number_is_new_once() {
        let mut seqs = Seqs::default();
        for seq in (1..=PAGE_BITS + 10).filter(|seq| !(5..=7).contains(seq)) {
            assert!(seqs.insert(seq));
        }
        assert!(!seqs.insert(9));
        assert_eq!(gaps(&seqs, PAGE_BITS + 10), [(5, 7)]);
        assert_eq!(gaps(&seqs, PAGE_BITS + 12), [(5, 7), (PAGE_BITS + 11, PAGE_BITS + 12)]);
    }

    #[test]
    fn a_missing_stretch_over_pages_is_one_gap() {
        let mut seqs = Seqs::default();
        seqs.insert(1);
        seqs.insert(4 * PAGE_BITS);
        assert_eq!(gaps(&seqs, 4 * PAGE_BITS), [(2, 4 * PAGE_BITS - 1)]);
        assert_eq!(seqs.pages.len(), 2);
        assert_eq!(gaps(&Seqs::default(), 3), [(1, 3)]);
        assert_eq!(gaps(&Seqs::default(), 0), []);
    }
}
