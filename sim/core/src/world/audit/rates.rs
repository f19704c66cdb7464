//! Promise 9: how fast one peer may go on, as a bucket that fills while time passes.

use crate::time::{Moment, Span};

/// What is left in a bucket, and since when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    left: u64,
    at: Moment,
}

/// A bucket's size and how fast it fills.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    every: Span,
    depth: u64,
}

impl Rate {
    /// A burst, then one every interval.
    pub(super) fn new(every: Span, burst: u32) -> Self {
        Self { every, depth: every.0 * u64::from(burst) }
    }

    pub(super) fn full(&self, now: Moment) -> Bucket {
        Bucket { left: self.depth, at: now }
    }

    /// Whether there is one left in it.
    pub(super) fn has_one(&self, now: Moment, bucket: &Bucket) -> bool {
        self.left(now, bucket) >= self.every.0
    }

    /// Takes one if there is one.
    pub(super) fn take(&self, now: Moment, bucket: &mut Bucket) -> bool {
        let left = self.left(now, bucket);
        let has_one = left >= self.every.0;
        *bucket = Bucket { left: if has_one { left - self.every.0 } else { left }, at: now };
        has_one
    }

    /// What a peer begins with that was here before: all but the one that announces it, or what it
    /// had left then, if that was less.
    pub(super) fn come_back(&self, now: Moment, bucket: &mut Bucket) {
        let left = self.left(now, bucket).min(self.depth - self.every.0);
        *bucket = Bucket { left, at: now };
    }

    fn left(&self, now: Moment, bucket: &Bucket) -> u64 {
        bucket.left.saturating_add(now.since(bucket.at).0).min(self.depth)
    }
}
