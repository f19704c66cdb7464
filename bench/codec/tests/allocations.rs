//! What is measured allocates nothing: counted over the same cases.

#[path = "../../../codec/tests/it/counting/mod.rs"]
mod counting;

use counting::allocations;
use tillgate_bench_codec::cases::{CASES, Step, TILLGATE};

/// How often each step is repeated.
const BATCH: usize = 64;

/// How often one step of Tillgate's allocates, for every message; a first run has made room.
fn each(step: Step) -> Vec<(String, u64)> {
    let ours = CASES.iter().filter(|case| case.by == TILLGATE && case.step == step);
    let counted = ours.map(|case| {
        let mut work = case.start();
        work.prepare(BATCH);
        work.run(BATCH);
        work.prepare(BATCH);
        (case.id(), allocations(|| work.run(BATCH)))
    });
    counted.collect()
}

#[test]
fn decoding_any_message_allocates_nothing() {
    let found = each(Step::Decode);
    assert!(found.len() >= 8);
    assert!(found.iter().all(|(_, calls)| *calls == 0), "{found:?}");
}

#[test]
fn encoding_any_message_into_room_allocates_nothing() {
    let found = each(Step::Encode);
    assert!(found.len() >= 8);
    assert!(found.iter().all(|(_, calls)| *calls == 0), "{found:?}");
}

#[test]
fn owning_a_message_takes_at_most_three_allocations() {
    let found = each(Step::Owned);
    let most = u64::try_from(BATCH * 3).unwrap();
    assert!(!found.is_empty() && found.iter().all(|(_, calls)| *calls <= most), "{found:?}");
}
