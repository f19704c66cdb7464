//! Measurements of Tillgate.
//!
//! `ratio` compares the whole gateway with a bare echo server under the same generator: see [`ratio`].

//! [`ways`] does so for each way that a sale can take, and beside a provider that is dead.

pub mod command;
pub mod echo;
pub mod gateway;
mod hops;
pub mod process;
pub mod ratio;
pub mod ways;
