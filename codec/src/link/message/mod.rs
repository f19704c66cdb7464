//! Message bodies: one type byte, then tagged values.
//!
//! [`TerminalMessage`] is what terminals say, [`GatewayMessage`] what the gateway says. Each message
//! is declared once, in `terminal.rs` or `gateway.rs`; `declare.rs` says what a declaration makes.
//! Decoding borrows from the body and does not allocate; encoding appends to the caller's buffer.
//!
//! Unknown tags are skipped, so that a later version can add fields. Integers are written without
//! leading zero bytes, and fields that would be zero or empty by default are left out: on 2G every
//! byte is paid for. Fields that may be left out are written first and those that may not last, so
//! that no body that was cut short can be read as another one.

#[macro_use]
mod declare;
mod canonical;
mod error;
mod gateway;
mod layout;
mod outline;
mod parts;
pub(super) mod reader;
pub(super) mod tag;
mod terminal;
mod value;
pub(super) mod writer;

pub use canonical::Canonical;
pub use error::{BodyError, BodyErrorKind};
pub use gateway::*;
pub(super) use layout::longest;
pub use layout::{Field, Layout, Presence};
pub use outline::Outline;
pub use parts::{AnswerKind, TerminalCommand, VoucherSlip};
pub use tag::{DICTIONARY, Form, Tag};
pub use terminal::*;
pub use tillgate_types::{BusinessDate, ResponseCode, Totals};

/// The highest version of the message layer spoken here; see [`Logon::versions`].
pub const MESSAGE_VERSION: u8 = 1;

/// The first type of the gateway's messages.
pub const GATEWAY_TYPES: u8 = 0x80;

/// Every message of both directions.
pub fn layouts() -> impl Iterator<Item = &'static Layout> {
    TerminalMessage::LAYOUTS.iter().chain(GatewayMessage::LAYOUTS)
}
