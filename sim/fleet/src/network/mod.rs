//! Whole networks of sellers and terminals as CSV files: made from a seed, and read again.
//!
//! The files are those that `tillgate import` takes. What one import may hold is bounded, so a
//! large network has further parts in subdirectories, to be imported one after the other.

mod generate;
mod read;

pub use generate::{LISTENER, Made, NetworkOptions, PROFILE, generate};
pub use read::{IsoNetworkTerminal, Network, NetworkTerminal, Service, parts};
pub(crate) use read::{minor, unhex};
pub use tillgate_types::Currency;

#[cfg(test)]
mod tests;
