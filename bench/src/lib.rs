//! What Tillgate is measured with.

pub mod echo;
