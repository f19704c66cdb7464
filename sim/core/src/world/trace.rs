//! What happened, folded into one number: two runs of a seed are the same run if and only if
//! their traces end in the same number.

use crate::time::Moment;

/// A running 64-bit hash of every event (multiply and rotate, eight bytes at a time). It tells
/// runs apart; it is not meant to withstand anybody.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace {
    hash: u64,
}

const FACTOR: u64 = 0x9FB2_1C65_1E98_DF25;

impl Trace {
    pub(super) fn new(seed: u64) -> Self {
        Self { hash: seed ^ FACTOR }
    }

    /// Notes that something of this kind happened, with its bytes.
    pub(super) fn note(&mut self, now: Moment, kind: u8, bytes: &[u8]) {
        self.fold(now.0);
        self.fold(u64::from(kind));
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.fold(u64::from_le_bytes(*chunk));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.fold(u64::from_le_bytes(last));
        self.fold(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    fn fold(&mut self, word: u64) {
        let mixed = (self.hash ^ word).wrapping_mul(FACTOR);
        self.hash = mixed.rotate_left(29) ^ (mixed >> 32);
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, Trace};

    #[test]
    fn another_moment_kind_or_byte_is_another_trace() {
        let of = |at, kind, bytes: &[u8]| {
            let mut trace = Trace::new(1);
            trace.note(Moment(at), kind, bytes);
            trace.hash()
        };
        let one = of(1, 2, b"a sale of ten bytes");
        assert_eq!(one, of(1, 2, b"a sale of ten bytes"));
        for other in [of(2, 2, b"a sale of ten bytes"), of(1, 3, b"a sale of ten bytes")] {
            assert_ne!(one, other);
        }
        assert_ne!(of(1, 2, b""), of(1, 2, &[0]));
        assert_ne!(one, of(1, 2, b"a sale of ten bytez"));
    }
}
