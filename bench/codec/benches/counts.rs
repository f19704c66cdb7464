//! The instructions of every case, counted by callgrind: the same on any day and any machine that
//! runs the same binary.

#![expect(missing_docs, reason = "what gungraun's macros make has none")]

use gungraun::{library_benchmark, library_benchmark_group, main};
use tillgate_bench_codec::Work;
use tillgate_bench_codec::cases::CASES;

/// A case that has run once, so that lazy tables are made and buffers have their room.
fn start(index: usize) -> Box<dyn Work> {
    let mut work = CASES[index].start();
    work.prepare(1);
    work.run(1);
    work.prepare(1);
    work
}

#[library_benchmark]
#[benches::case(iter = 0..CASES.len(), setup = start)]
fn count(mut work: Box<dyn Work>) -> Box<dyn Work> {
    work.run(1);
    work
}

library_benchmark_group!(name = cases, benchmarks = count);
main!(library_benchmark_groups = cases);
