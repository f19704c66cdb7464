//! A histogram with fixed buckets, as Prometheus reads it.

use tillgate_core::time::Span;

use super::{Count, Page};

/// Upper bounds in nanoseconds, and how they are written in seconds.
const TIMES: [(u64, &str); 16] = [
    (50_000, "0.00005"),
    (100_000, "0.0001"),
    (200_000, "0.0002"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_000_000, "0.002"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (20_000_000, "0.02"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (200_000_000, "0.2"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1"),
    (5_000_000_000, "5"),
    (30_000_000_000, "30"),
];

/// Upper bounds of batch sizes.
const SIZES: [(u64, &str); 11] = [
    (1, "1"),
    (2, "2"),
    (4, "4"),
    (8, "8"),
    (16, "16"),
    (32, "32"),
    (64, "64"),
    (128, "128"),
    (256, "256"),
    (512, "512"),
    (4_096, "4096"),
];

/// Values sorted into buckets; adding touches two counters.
pub(crate) struct Histogram {
    bounds: &'static [(u64, &'static str)],
    /// One more than the bounds: what is above all of them.
    buckets: Vec<Count>,
    sum: Count,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Nanoseconds,
    Items,
}

impl Histogram {
    /// From 50 us to 30 s.
    pub(crate) fn of_times() -> Self {
        Self::new(&TIMES, Unit::Nanoseconds)
    }

    /// From 1 to 4,096.
    pub(crate) fn of_sizes() -> Self {
        Self::new(&SIZES, Unit::Items)
    }

    fn new(bounds: &'static [(u64, &'static str)], unit: Unit) -> Self {
        let buckets = (0..=bounds.len()).map(|_| Count::default()).collect();
        Self { bounds, buckets, sum: Count::default(), unit }
    }

    pub(crate) fn record(&self, took: Span) {
        self.record_number(took.0);
    }

    pub(crate) fn record_number(&self, value: u64) {
        let bucket = self.bounds.partition_point(|(bound, _)| *bound < value);
        self.buckets[bucket].add(1);
        self.sum.add(value);
    }

    /// Appends the series; `labels` is empty or ends with a comma.
    pub(super) fn render(&self, name: &str, labels: &str, page: &mut Page) {
        let (mut total, only) = (0, labels.trim_end_matches(','));
        let bounds = self.bounds.iter().map(|(_, bound)| *bound).chain(["+Inf"]);
        for (bucket, bound) in self.buckets.iter().zip(bounds) {
            total += bucket.read();
            page.line(format_args!("{name}_bucket{{{labels}le=\"{bound}\"}} {total}"));
        }
        let sum = self.sum.read();
        let sum = match self.unit {
            Unit::Items => sum.to_string(),
            Unit::Nanoseconds => format!("{}.{:09}", sum / 1_000_000_000, sum % 1_000_000_000),
        };
        page.line(format_args!("{name}_sum{{{only}}} {sum}"));
        page.line(format_args!("{name}_count{{{only}}} {total}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_their_bounds_inclusive() {
        let sizes = Histogram::of_sizes();
        for size in [1, 2, 3, 5_000] {
            sizes.record_number(size);
        }
        let mut page = Page::default();
        sizes.render("batch", "stage=\"a\",", &mut page);
        let out = page.text();
        assert!(out.contains("batch_bucket{stage=\"a\",le=\"1\"} 1\n"), "{out}");
        assert!(out.contains("batch_bucket{stage=\"a\",le=\"2\"} 2\n"), "{out}");
        assert!(out.contains("batch_bucket{stage=\"a\",le=\"4096\"} 3\n"), "{out}");
        assert!(out.contains("batch_bucket{stage=\"a\",le=\"+Inf\"} 4\n"), "{out}");
        assert!(out.contains("batch_sum{stage=\"a\"} 5006\n"), "{out}");
        assert!(out.contains("batch_count{stage=\"a\"} 4\n"), "{out}");
    }
}
