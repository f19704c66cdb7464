//! A histogram with fixed buckets, as Prometheus reads it.

use std::fmt::Write;

use tillgate_core::time::Span;

use super::Count;

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

    /// Adds a time.
    pub(crate) fn record(&self, took: Span) {
        self.record_number(took.0);
    }

    /// Adds a number of items.
    pub(crate) fn record_number(&self, value: u64) {
        let bucket = self.bounds.partition_point(|(bound, _)| *bound < value);
        self.buckets[bucket].add(1);
        self.sum.add(value);
    }

    /// Appends the series; `labels` is empty or ends with a comma.
    pub(super) fn render(&self, name: &str, labels: &str, out: &mut String) {
        let mut total = 0;
        for (bucket, (_, bound)) in self.buckets.iter().zip(self.bounds) {
            total += bucket.read();
            line(out, format_args!("{name}_bucket{{{labels}le=\"{bound}\"}} {total}"));
        }
        total += self.buckets.last().map_or(0, Count::read);
        let only = labels.trim_end_matches(',');
        line(out, format_args!("{name}_bucket{{{labels}le=\"+Inf\"}} {total}"));
        match self.unit {
            Unit::Items => line(out, format_args!("{name}_sum{{{only}}} {}", self.sum.read())),
            Unit::Nanoseconds => {
                let (whole, rest) =
                    (self.sum.read() / 1_000_000_000, self.sum.read() % 1_000_000_000);
                line(out, format_args!("{name}_sum{{{only}}} {whole}.{rest:09}"));
            }
        }
        line(out, format_args!("{name}_count{{{only}}} {total}"));
    }
}

/// Appends one line.
pub(super) fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("writing to a String does not fail");
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
        let mut out = String::new();
        sizes.render("batch", "stage=\"a\",", &mut out);
        assert!(out.contains("batch_bucket{stage=\"a\",le=\"1\"} 1\n"), "{out}");
        assert!(out.contains("batch_bucket{stage=\"a\",le=\"2\"} 2\n"), "{out}");
        assert!(out.contains("batch_bucket{stage=\"a\",le=\"4096\"} 3\n"), "{out}");
        assert!(out.contains("batch_bucket{stage=\"a\",le=\"+Inf\"} 4\n"), "{out}");
        assert!(out.contains("batch_sum{stage=\"a\"} 5006\n"), "{out}");
        assert!(out.contains("batch_count{stage=\"a\"} 4\n"), "{out}");
    }
}
