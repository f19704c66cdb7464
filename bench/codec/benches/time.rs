//! The time of every case: of the processor that the thread used, because other work on the machine
//! is not the codec's. `scripts/run` runs it several rounds and `table` takes their medians.

use criterion::{Criterion, criterion_group, criterion_main};
use nix::time::ClockId;
use std::time::Duration;
use tillgate_bench_codec::Work;
use tillgate_bench_codec::cases::CASES;

fn used() -> Duration {
    ClockId::CLOCK_THREAD_CPUTIME_ID.now().expect("every thread has its clock").into()
}

/// How long so many repetitions take. What they use up is made between batches, off the clock.
fn time(work: &mut dyn Work, times: u64) -> Duration {
    let (mut left, mut total) = (times, Duration::ZERO);
    while left > 0 {
        let batch = usize::try_from(left).map_or(work.batch(), |left| left.min(work.batch()));
        work.prepare(batch);
        let start = used();
        work.run(batch);
        total += used() - start;
        left -= u64::try_from(batch).expect("a batch is no more than was asked for");
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
