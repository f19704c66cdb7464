//! Datagrams: a terminal's messages one by one, each sealed by itself, for bearers without a stream.
//!
//! ```text
//! terminal                                            gateway
//! Keys::seal     ------ REQUEST -------------------->  TerminalFrame::decode, look up the key, Keys::open
//! Gathered::take <----- REPLY, its first part -------  Exchange::seal, Parts::frame
//!                ------ NEXT ----------------------->
//! Gathered::take <----- REPLY, another part ---------
//! Exchange::open
//! ```
//!
//! A USSD dialog carries the frames in [armour](crate::ussd::armour). Sans-I/O and without
//! randomness: the caller brings a salt for each reply. Bodies are those of [`super::message`]; keys
//! come from the pre-shared key that the handshake uses, so that a terminal has one key for both
//! bearers. Specified in `docs/wire.md`, section 16.
//!
//! What this module does not know is whether a request was there before: the receiver keeps a window
//! of counters for that.

mod error;
mod frame;
mod keys;
mod reply;

pub use error::{BodyTooLong, FrameError, PartError, TagError};
pub use frame::{GatewayFrame, Header, Request, TerminalFrame};
pub use keys::{Exchange, Keys};
pub use reply::{Gathered, Parts};

use super::channel::TAG_BYTES;
use super::message::{GatewayMessage, TerminalMessage, longest};
use crate::ussd::armour::{FRAME_BYTES_MAX, Form};

/// Bytes of a request's header, in clear and authenticated.
pub const HEADER_BYTES: usize = 1 + 1 + 4 + 5 + 1;
/// Bytes of the salt of a reply.
pub const SALT_BYTES: usize = 8;
/// What sealing adds to the body of a request, in bytes.
pub const REQUEST_OVERHEAD_BYTES: usize = HEADER_BYTES + TAG_BYTES;
/// What sealing adds to the body of a reply, in bytes.
pub const REPLY_OVERHEAD_BYTES: usize = SALT_BYTES + TAG_BYTES;
/// Longest body of a request, in bytes: what the longest frame holds. Bodies of today are shorter;
/// the rest is for fields of later versions.
pub const REQUEST_BODY_BYTES_MAX: usize = FRAME_BYTES_MAX - REQUEST_OVERHEAD_BYTES;
/// Parts of a reply at most: their numbers have 4 bits.
pub const PARTS_MAX: usize = 16;
/// Highest counter: it has 40 bits.
pub const COUNTER_MAX: u64 = (1 << 40) - 1;
/// Bytes of a part before its chunk.
pub const PART_HEADER_BYTES: usize = 2;
/// Symbols of text that a bearer must carry, so that the longest answer of today fits [`PARTS_MAX`]
/// parts and the longest request one frame.
pub const SYMBOLS_MIN: usize = Form::Text.symbols(REQUEST_OVERHEAD_BYTES + BODY_UP_BYTES);

/// Longest body of today in either direction.
const BODY_UP_BYTES: usize = longest(TerminalMessage::LAYOUTS, false);
const BODY_DOWN_BYTES: usize = longest(GatewayMessage::LAYOUTS, false);

const fn chunk_bytes_max(symbols: usize) -> usize {
    match Form::Text.frame_bytes_max(symbols) {
        Some(bytes) => bytes - PART_HEADER_BYTES,
        None => 0,
    }
}

const _: () = assert!(BODY_UP_BYTES <= REQUEST_BODY_BYTES_MAX);
const _: () = assert!(SYMBOLS_MIN <= 160, "the least that operators allow on good links");
const _: () =
    assert!(BODY_DOWN_BYTES + REPLY_OVERHEAD_BYTES <= PARTS_MAX * chunk_bytes_max(SYMBOLS_MIN));
