//! The simulator's time is the gateway's: a monotonic [`Moment`] and a [`Span`] between two of
//! them.
//!
//! One pair of types for both, so that a simulated world hands the same clock to either side.

pub use tillgate_core::time::{Moment, Span};
