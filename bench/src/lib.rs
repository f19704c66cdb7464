//! Measurements of Tillgate.
//!
//! `ratio` compares the whole gateway with a bare echo server under the same generator: see [`ratio`].

pub mod echo;
pub mod gateway;
pub mod ratio;
