//! The tests of this crate from outside, in one program.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod fleet;
mod gateway;
mod stub;
mod ussdc;
mod world;
