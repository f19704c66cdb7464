//! The tests of this crate from outside, in one program.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod allocations;
mod batch;
mod commission;
mod conformance;
#[path = "../../../../codec/tests/it/counting/mod.rs"]
mod counting;
#[path = "../../../../codec/tests/it/effort.rs"]
mod effort;
mod history;
mod records;
mod secrets;
mod shop;
mod verify;
mod walk;
mod work;
