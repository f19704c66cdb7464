//! What `tillgate decode` and `tillgate encode` do: messages are found in dumps, raw files and
//! captures, decoded, shown as JSON or tables, matched with a dialect, and encoded.
//!
//! ```text
//! input --Piece--> stream --message--> reading --JSON, table--> out
//!                                  `-> guess
//! ```
//!
//! Readers and writers are arguments: nothing here opens a file or depends on the gateway.

#![forbid(unsafe_code)]

pub mod decode;
pub mod dialect;
pub mod encode;
pub mod frame;
pub mod guess;
pub mod input;
pub mod limits;
mod out;
mod place;
pub mod reading;
mod stream;

pub use out::{Out, Stop};

/// A length as offsets have it.
fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
