//! Walks that proptest draws and, where one fails, shrinks.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::proptest;
use tillgate_store_conformance::{MemoryFactory, walk};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: crate::effort::cases(128, 16),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_walk_keeps_to_the_model(draws in vec(any::<walk::Draw>(), 1..250)) {
        walk::run(MemoryFactory, draws);
    }
}
