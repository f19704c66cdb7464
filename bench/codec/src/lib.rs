//! The codec beside hand-written walkers and its peers.
//!
//! [`cases::CASES`] is the one list: a message, what is done with it, and by whom. Tests demand
//! that all who read a message find the same in it and that Tillgate's decoding allocates nothing;
//! `benches/time.rs` takes the time of every case, `benches/counts.rs` its instructions; [`table`]
//! makes one page of both. `make bench-codec` runs it all.

pub mod cases;
pub mod messages;
pub mod peers;
pub mod table;
pub mod walkers;
mod work;

pub use work::Work;
