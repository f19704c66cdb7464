//! What the link's tests share: samples of every message, and two ends that shake hands.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part of these")]

mod ends;
pub(crate) mod noise;
mod samples;

use std::fs;
use std::path::PathBuf;

pub(crate) use ends::{Ends, counting, ends, mac_of, payload, sealed, signed};
pub(crate) use samples::{VOUCHER, bodies, down_bytes, downward, up_bytes, upward};

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file below `codec/testdata/link`, as text.
pub(crate) fn testdata(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/link").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
