//! What the fuzz targets do with their bytes: each function panics if a promise is broken.
//!
//! The targets in `fuzz_targets` hand the fuzzer's bytes over; `tests/replay.rs` hands over the
//! committed corpora, so that a finding, once it is a file there, is tested for ever. How to run:
//!
//! ```text
//! cargo +nightly fuzz run link_body                            # look for findings
//! cargo run --bin link_body -- artifacts/link_body/crash-...   # repeat one, stable compiler
//! cargo test                                                   # replay the corpora
//! ```
//!
//! New inputs that the fuzzer keeps are named by their hash and ignored by git; one that shows
//! something is committed under a name that says what.

mod datagram;
mod http_edge;
mod iso8583;
mod link;
mod link_print;
mod smpp;
mod ussd;

use std::io;

pub use datagram::datagram;
pub use http_edge::http_edge;
pub use iso8583::{dialect_table, iso8583, iso8583_in, iso8583_roundtrip};
pub use link::{link_body, link_channel, link_deframe};
pub use link_print::link_print;
pub use smpp::smpp;
pub use ussd::{armour, gsm7};

/// Runs `target` on each file named on the command line.
///
/// # Errors
/// When a file cannot be read.
pub fn replay_arguments(target: fn(&[u8])) -> io::Result<()> {
    for path in std::env::args_os().skip(1) {
        target(&std::fs::read(&path)?);
        println!("{}: no finding", path.display());
    }
    Ok(())
}
