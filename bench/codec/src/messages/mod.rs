//! The messages that are measured: ours, of the shapes that other codecs were measured with.

mod iso8583;
mod link;
mod smpp;

pub use iso8583::{Golden, ascii64, bcd64, mixed, nac_sale, open_ascii};
pub use link::{answer, channels, sale};
pub use smpp::{PAGE, deliver_sm, deliver_sm_bytes};
