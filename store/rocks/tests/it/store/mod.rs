//! RocksDB as a store, in temporary directories: its life, its damages, its sudden deaths.

mod crash;
mod damage;
mod life;
mod marks;
mod place;
#[path = "../../../../core/tests/it/shop/mod.rs"]
mod shop;
