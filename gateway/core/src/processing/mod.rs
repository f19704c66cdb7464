//! What pool threads do between a session manager and the writer: plain functions over plain data,
//! so that the simulator calls the very same ones.
//!
//! * [`handshake`] — public-key arithmetic, the one dear thing a stranger can ask for.
//! * [`decode_request`] — decode a body, verify it against the [`Directory`], hand it to the transaction manager.
//! * [`decode_frame`] — the same of an ISO 8583 listener's message.
//! * [`open_datagram`] — open a datagram of a USSD terminal, then as [`decode_request`].
//! * [`decode_handset`] — the same of what is asked from a handset.
//! * [`encode_reply`] — open a voucher's PIN and encode the answer.
//! * [`encode_command`] — encode a command for a terminal.

mod card;
mod datagram;
mod handset;
mod handshake;
mod listener;
mod receipt;
mod reply;
mod request;
mod route;
pub mod verify;

use tillgate_codec::link::channel::{Channel, StaticSecret};
use tillgate_store_core::vault::Vault;
use tillgate_store_core::{ResponseCode, TerminalId};

pub use self::datagram::{Datagram, DatagramRefusal, NoAnswer, Opening, SALT_BYTES, open_datagram};
pub use self::handset::{HandsetAsk, HandsetOrigin, PIN_ENTROPY_BYTES, decode_handset};
pub use self::handshake::{Greeting, HelloRefusal, Shaken, handshake};
pub use self::listener::{answer_key, chip_answer, decode_frame};
pub use self::reply::{encode_command, encode_reply};
pub use self::request::decode_request;
pub use self::route::{RouteExplained, RouteQuestion, explain_route};
#[cfg(doc)]
use crate::directory::Directory;
use crate::id::SessionAge;
use crate::transaction::{Ask, Content, Reply};

/// The secrets of the gateway; neither printed nor logged.
pub struct Keys {
    /// Opens terminal keys and voucher PINs.
    pub vault: Vault,
    /// The gateway's end of every handshake.
    pub secret: StaticSecret,
}

/// What a terminal receives about the link when it logs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkParameters {
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
    /// With which key and handshake counter, to be made durable.
    pub age: SessionAge,
    /// The channel, for the session manager.
    pub channel: Channel,
}

/// A handshake that succeeded, with the record that the terminal waits for.
pub struct Handshaken<'a> {
    /// The channel and whose it is.
    pub opened: Opened,
    /// The hello reply record.
    pub reply: &'a [u8],
}

/// What an answer means for the session that it goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// The terminal has logged on: it is served from now on.
    LoggedOn,
    /// It has not, or not again.
    LoggedOff,
    /// Its key is not in force any more: the session ends.
    End,
}

/// The effect of an answer. A terminal that may not trade now has logged on all the same: each of
/// its requests is verified anew, so that an unblocking is in force with the next one, and what
/// gives money back is taken from it.
#[must_use]
pub fn effect(content: &Content) -> Effect {
    match content {
        Content::Welcome { code, .. } => match *code {
            ResponseCode::APPROVED
            | ResponseCode::TERMINAL_INACTIVE
            | ResponseCode::SELLER_INACTIVE
            | ResponseCode::DISTRIBUTOR_INACTIVE => Effect::LoggedOn,
            _ => Effect::LoggedOff,
        },
        Content::KeyEnded => Effect::End,
        _ => Effect::None,
    }
}

/// Where a request goes on.
#[expect(clippy::large_enum_variant, reason = "a request that goes on is what nearly all are")]
pub enum Processed {
    /// To the transaction manager.
    Ask(Ask),
    /// Answered without it.
    Reply(Reply),
}
