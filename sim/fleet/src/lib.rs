//! Fleets of simulated terminals over real sockets.
//!
//! The binary `tillsim` is what people use; this library is what `tillgate-bench` drives with.

pub mod cpu;
pub mod driver;
pub mod number;
