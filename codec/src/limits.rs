//! Every bound of the wires, with its reason and what it costs in memory.
//!
//! A value longer than its bound is refused on decoding and is a bug of ours on encoding: whoever
//! takes a text from outside (a provider's reference, an operator's message) cuts it first, for
//! example with [`str::floor_char_boundary`].

use crate::link::channel::{MAC_BYTES, NOISE_MESSAGE_BYTES, SEAL_OVERHEAD_BYTES, TAG_BYTES};
use crate::link::message::{Answer, Command};
use crate::link::record::HEADER_BYTES;

/// Longest payload of an outer record, in bytes.
///
/// A session may have to hold one whole record while it trickles in over a 2G link: this bounds
/// what is kept of an unfinished one. The longest message of today ([`ANSWER_BYTES_MAX`]) needs
/// less than half; the rest is for later chunks of catalogues and firmware.
pub const PAYLOAD_BYTES_MAX: usize = 2048;

/// Longest whole record, in bytes: header and payload.
pub const RECORD_BYTES_MAX: usize = HEADER_BYTES + PAYLOAD_BYTES_MAX;

/// Longest message body that fits a sealed record, in bytes.
pub const BODY_BYTES_MAX: usize = PAYLOAD_BYTES_MAX - TAG_BYTES;

/// Terminal's firmware name and version: `maker-model-1.2.3` with room to spare.
pub const FIRMWARE_BYTES_MAX: usize = 24;
/// A telephone number (15 digits, ITU-T E.164) or a utility's account number.
pub const SUBSCRIBER_BYTES_MAX: usize = 24;
/// Retrieval reference number: exactly 12 characters in ISO 8583 field 37, or empty.
pub const RRN_BYTES_MAX: usize = 12;
/// The provider's own reference; UUIDs without hyphens are the longest seen (32).
pub const REFERENCE_BYTES_MAX: usize = 32;
/// Serial number printed on a voucher.
pub const SERIAL_BYTES_MAX: usize = 24;
/// Voucher PIN; prepaid electricity tokens (20 digits) with separators are the longest seen.
pub const PIN_BYTES_MAX: usize = 32;
/// Receipt text: 16 lines of the 32 columns of a 58 mm printer.
pub const LINES_BYTES_MAX: usize = 512;
/// Name of an account's holder, as a receipt shows it: two lines of a 58 mm printer.
pub const NAME_BYTES_MAX: usize = 64;
/// Text of a pushed command (a message to the seller, the reason of a block): one SMS's length.
pub const TEXT_BYTES_MAX: usize = 160;

/// The longest message: an answer with a voucher and a full receipt.
pub const ANSWER_BYTES_MAX: usize = Answer::LAYOUT.bytes_max();

const _: () = assert!(PAYLOAD_BYTES_MAX <= 0xFFFF, "the record's length field has 16 bits");
const _: () = assert!(ANSWER_BYTES_MAX <= BODY_BYTES_MAX);
const _: () = assert!(ANSWER_BYTES_MAX * 2 <= PAYLOAD_BYTES_MAX, "as PAYLOAD_BYTES_MAX says");
const _: () = assert!(Command::LAYOUT.bytes_max() <= BODY_BYTES_MAX);
const _: () = assert!(14 + MAC_BYTES + NOISE_MESSAGE_BYTES <= PAYLOAD_BYTES_MAX);
const _: () = assert!(SEAL_OVERHEAD_BYTES == HEADER_BYTES + TAG_BYTES);
const _: () = assert!(LINES_BYTES_MAX > 254 && TEXT_BYTES_MAX <= 254, "long and short lengths");
