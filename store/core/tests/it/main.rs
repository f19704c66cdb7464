//! The tests of this crate from outside, in one program.

mod allocations;
mod conformance;
mod records;
mod secrets;
mod shop;
mod verify;
mod walk;
mod work;
