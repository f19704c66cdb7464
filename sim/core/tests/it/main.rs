//! The tests of this crate from outside, in one program.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod allocations;
#[path = "../../../../codec/tests/it/counting/mod.rs"]
mod counting;
#[path = "../../../../codec/tests/it/effort.rs"]
mod effort;
mod world;
