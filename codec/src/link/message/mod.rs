//! Message bodies: one type byte, then tagged values.
//!
//! One file per message, each with the same members: the struct, `TYPE`, `NAME`, `decode`,
//! `encode`. [`TerminalMessage`] is what terminals say, [`GatewayMessage`] what the gateway says. Decoding borrows
//! from the body and does not allocate; encoding appends to the caller's buffer.
//!
//! Unknown tags are skipped, so that a later version can add fields. Integers are written without
//! leading zero bytes, and fields that would be zero or empty by default are left out: on 2G every
//! byte is paid for. Fields that may be left out are written first and those that may not last, so
//! that no body that was cut short can be read as another one.

mod acknowledge;
mod answer;
mod balance;
mod canonical;
mod command;
mod confirm;
mod error;
mod logon;
mod outline;
mod ping;
mod pong;
pub(super) mod reader;
mod reject;
mod repeat;
mod reversal;
mod sale;
mod settle;
mod settled;
pub(super) mod tag;
mod totals;
mod welcome;
pub(super) mod writer;

pub use acknowledge::Acknowledge;
pub use answer::{Answer, AnswerKind, VoucherSlip};
pub use balance::Balance;
pub use canonical::Canonical;
pub use command::{Command, TerminalCommand};
pub use confirm::Confirm;
pub use error::{BodyError, BodyErrorKind};
pub use logon::Logon;
pub use outline::Outline;
pub use ping::Ping;
pub use pong::Pong;
pub use reject::Reject;
pub use repeat::Repeat;
pub use reversal::Reversal;
pub use sale::Sale;
pub use settle::Settle;
pub use settled::Settled;
pub use tillgate_types::{BusinessDate, ResponseCode, Totals};
pub use welcome::Welcome;

use reader::Fields;

/// The highest version of the message layer spoken here; see [`Logon::versions`].
pub const MESSAGE_VERSION: u8 = 1;

/// Type and name of every message, as in `docs/wire.md`; the gateway's types are 0x80 and above.
pub(super) const MESSAGES: [(u8, &str); 15] = [
    (Logon::TYPE, Logon::NAME),
    (Sale::TYPE, Sale::NAME),
    (Confirm::TYPE, Confirm::NAME),
    (Repeat::TYPE, Repeat::NAME),
    (Reversal::TYPE, Reversal::NAME),
    (Balance::TYPE, Balance::NAME),
    (Ping::TYPE, Ping::NAME),
    (Acknowledge::TYPE, Acknowledge::NAME),
    (Settle::TYPE, Settle::NAME),
    (Welcome::TYPE, Welcome::NAME),
    (Answer::TYPE, Answer::NAME),
    (Pong::TYPE, Pong::NAME),
    (Command::TYPE, Command::NAME),
    (Settled::TYPE, Settled::NAME),
    (Reject::TYPE, Reject::NAME),
];

/// What a terminal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalMessage<'a> {
    /// First message of a session.
    Logon(Logon<'a>),
    /// Sell a voucher, a top-up or pay a bill.
    Sale(Sale<'a>),
    /// The receipt of a sale was printed.
    Confirm(Confirm),
    /// Give the answer of a sale again.
    Repeat(Repeat),
    /// Take a sale back.
    Reversal(Reversal),
    /// Ask for the seller's float.
    Balance(Balance),
    /// Still here.
    Ping(Ping),
    /// A command was carried out, or not.
    Acknowledge(Acknowledge),
    /// Close a business date.
    Settle(Settle),
}

impl<'a> TerminalMessage<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`BodyError`] names message, field and offset of the first thing found wrong.
    pub fn decode(body: &'a [u8]) -> Result<Self, BodyError> {
        let mut fields = Fields::new(body);
        match message_type(body)? {
            Logon::TYPE => Logon::decode(fields.find(Logon::NAME)?).map(Self::Logon),
            Sale::TYPE => Sale::decode(fields.find(Sale::NAME)?).map(Self::Sale),
            Confirm::TYPE => Confirm::decode(fields.find(Confirm::NAME)?).map(Self::Confirm),
            Repeat::TYPE => Repeat::decode(fields.find(Repeat::NAME)?).map(Self::Repeat),
            Reversal::TYPE => Reversal::decode(fields.find(Reversal::NAME)?).map(Self::Reversal),
            Balance::TYPE => Balance::decode(fields.find(Balance::NAME)?).map(Self::Balance),
            Ping::TYPE => Ping::decode(fields.find(Ping::NAME)?).map(Self::Ping),
            Acknowledge::TYPE => {
                Acknowledge::decode(fields.find(Acknowledge::NAME)?).map(Self::Acknowledge)
            }
            Settle::TYPE => Settle::decode(fields.find(Settle::NAME)?).map(Self::Settle),
            found => Err(unknown(found)),
        }
    }

    /// Appends the body to `out`.
    ///
    /// # Panics
    /// If a text is over its bound in [`crate::limits`]: whoever took it from outside did not cut
    /// it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Logon(message) => message.encode(out),
            Self::Sale(message) => message.encode(out),
            Self::Confirm(message) => message.encode(out),
            Self::Repeat(message) => message.encode(out),
            Self::Reversal(message) => message.encode(out),
            Self::Balance(message) => message.encode(out),
            Self::Ping(message) => message.encode(out),
            Self::Acknowledge(message) => message.encode(out),
            Self::Settle(message) => message.encode(out),
        }
    }
}

/// What the gateway says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayMessage<'a> {
    /// Answers a logon.
    Welcome(Welcome),
    /// Answers a sale, confirm, repeat, reversal or balance.
    Answer(Answer<'a>),
    /// Answers a ping.
    Pong(Pong),
    /// An order to the terminal, to be acknowledged.
    Command(Command<'a>),
    /// Answers a settle.
    Settled(Settled<'a>),
    /// Answers what was not understood and has no answer of its own.
    Reject(Reject),
}

impl<'a> GatewayMessage<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`BodyError`] names message, field and offset of the first thing found wrong.
    pub fn decode(body: &'a [u8]) -> Result<Self, BodyError> {
        let mut fields = Fields::new(body);
        match message_type(body)? {
            Welcome::TYPE => Welcome::decode(fields.find(Welcome::NAME)?).map(Self::Welcome),
            Answer::TYPE => Answer::decode(fields.find(Answer::NAME)?).map(Self::Answer),
            Pong::TYPE => Pong::decode(fields.find(Pong::NAME)?).map(Self::Pong),
            Command::TYPE => Command::decode(fields.find(Command::NAME)?).map(Self::Command),
            Settled::TYPE => Settled::decode(fields.find(Settled::NAME)?).map(Self::Settled),
            Reject::TYPE => Reject::decode(fields.find(Reject::NAME)?).map(Self::Reject),
            found => Err(unknown(found)),
        }
    }

    /// Appends the body to `out`.
    ///
    /// # Panics
    /// If a text is over its bound in [`crate::limits`]: whoever took it from outside did not cut
    /// it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Welcome(message) => message.encode(out),
            Self::Answer(message) => message.encode(out),
            Self::Pong(message) => message.encode(out),
            Self::Command(message) => message.encode(out),
            Self::Settled(message) => message.encode(out),
            Self::Reject(message) => message.encode(out),
        }
    }
}

fn message_type(body: &[u8]) -> Result<u8, BodyError> {
    let kind = BodyErrorKind::Empty;
    body.first().copied().ok_or(BodyError { message: "", field: "", tag: 0, offset: 0, kind })
}

fn unknown(found: u8) -> BodyError {
    let kind = BodyErrorKind::UnknownMessage { found };
    BodyError { message: "", field: "", tag: 0, offset: 0, kind }
}
