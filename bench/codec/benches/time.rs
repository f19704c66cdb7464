//! The time of every case. `scripts/run` runs it several rounds and `table` takes their medians.

use criterion::{Criterion, criterion_group, criterion_main};
use std::time::{Duration, Instant};
use tillgate_bench_codec::cases::CASES;
use tillgate_bench_codec::{BATCH, Work};

/// How long so many repetitions take. What they use up is made between batches, off the clock.
fn time(work: &mut dyn Work, times: u64) -> Duration {
    let (mut left, mut total) = (times, Duration::ZERO);
    while left > 0 {
        let batch = usize::try_from(left).map_or(BATCH, |left| left.min(BATCH));
        work.prepare(batch);
        let start = Instant::now();
        work.run(batch);
        total += start.elapsed();
        left -= u64::try_from(batch).expect("a batch is small");
    }
    total
}

fn every_case(criterion: &mut Criterion) {
    for case in CASES {
        let mut work = case.start();
        criterion.bench_function(&case.id(), |bencher| {
            bencher.iter_custom(|times| time(&mut *work, times));
        });
    }
}

criterion_group! {
    name = cases;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    targets = every_case
}
criterion_main!(cases);
