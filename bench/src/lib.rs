//! What Tillgate is measured with.
//!
//! `ratio` holds the whole gateway against a bare echo under one generator: see [`ratio`].

pub mod echo;
pub mod gateway;
pub mod ratio;
