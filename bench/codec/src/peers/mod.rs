//! Other codecs of the same messages, as a user of theirs would call them.
//!
//! Left out is iso8583_parser 0.2.6: a library whose graphical program is not optional, which
//! brings 350 packages with it. pyiso8583 and npm's iso_8583 are timed by `scripts/`.

mod core;
mod rs;
mod smpp;

pub use self::core::Core;
pub use rs::Rs;
pub use smpp::{RUSMPP_TLVS_MAX, rusmpp, rusmpp_bytes, smpp_codec, smpp_codec_bytes};

/// The values of a message by number, for comparison.
pub type Values = std::collections::BTreeMap<u8, Vec<u8>>;
