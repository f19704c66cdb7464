//! The tests of this crate from outside, in one program.

mod fleet;
mod gateway;
mod stub;
mod world;
