//! What pool threads do between a front and the desk: plain functions over plain data, so that
//! the simulator calls the very same ones.
//!
//! * [`handshake`] — public-key arithmetic, the one dear thing a stranger can ask for.
//! * [`request`] — decode a body, verify it against the [`Directory`], hand it to the desk.
//! * [`reply`] — open a voucher's PIN and encode the answer.
//! * [`push`] — encode a command for a terminal.

mod handshake;
mod reply;
mod request;
pub mod verify;

use tillgate_codec::link::channel::{Channel, StaticSecret};
use tillgate_store_core::TerminalId;
use tillgate_store_core::vault::Vault;

pub use self::handshake::handshake;
pub use self::reply::{push, reply};
pub use self::request::request;
use crate::desk::{Ask, Reply};
#[cfg(doc)]
use crate::directory::Directory;

/// The secrets of the gateway; neither printed nor logged.
pub struct Keys {
    /// Opens terminal keys and voucher PINs.
    pub vault: Vault,
    /// The gateway's end of every handshake.
    pub secret: StaticSecret,
}

/// What a terminal is told about the link when it logs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Seconds of silence after which the gateway closes; ping before.
    pub idle_s: u16,
    /// Seconds within which the gateway answers.
    pub answer_s: u16,
    /// Version of the catalogue; 0 for none.
    pub catalogue: u32,
}

/// A handshake that succeeded.
pub struct Opened {
    /// Whose channel it is.
    pub terminal: TerminalId,
    /// Its handshake counter, to be made durable.
    pub counter: u64,
    /// The channel, for the front.
    pub channel: Channel,
}

/// A handshake that succeeded, with the record that the terminal waits for.
pub struct Handshaken<'a> {
    /// The channel and whose it is.
    pub opened: Opened,
    /// The hello reply record.
    pub reply: &'a [u8],
}

/// Where a request goes on.
#[expect(clippy::large_enum_variant, reason = "asks are what nearly every one of them is")]
pub enum Worked {
    /// To the desk.
    Ask(Ask),
    /// Answered without it.
    Reply(Reply),
}
