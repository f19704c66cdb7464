//! RocksDB as a store, in temporary directories: its life, its damages, its sudden deaths.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash;
mod damage;
mod life;
mod marks;
mod place;
#[path = "../../../../core/tests/it/shop/mod.rs"]
mod shop;
