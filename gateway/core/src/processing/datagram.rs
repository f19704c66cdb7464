//! A datagram into a request: opened with the terminal's key, then what a session that has logged on
//! asks.

use strum::{IntoStaticStr, VariantArray};
use tillgate_codec::link::datagram::{Exchange, FrameError, Keys as DatagramKeys, TerminalFrame};
use tillgate_codec::link::message::{Acknowledge, TerminalMessage};
use tillgate_codec::link::record::RefusalCode;
use tillgate_store_core::{ResponseCode, TerminalId};
use zeroize::Zeroizing;

use super::handshake::open_psk;
use super::reply::refused;
use super::request::{decode_request, named};
use super::{Keys, Processed};
use crate::claims::ClaimRefusal;
use crate::directory::Directory;
use crate::id::{SessionAge, SessionId};
use crate::time::{Calendar, Moment, UnixMillis};
use crate::transaction::Origin;

/// Bytes of the salt that a reply is sealed with.
pub use tillgate_codec::link::datagram::SALT_BYTES;

/// Why a datagram is refused. The labels are for the metrics; a terminal gets [`Self::code`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum DatagramRefusal {
    /// No whole armour, or no frame of a terminal.
    Malformed,
    /// A frame of another version.
    Version,
    /// More requests of one subscriber than their rate.
    SubscriberTooFast,
    /// No such terminal, or no such key of it in force.
    UnknownKey,
    /// The key does not open: the key-encryption key is not here.
    SealedKey,
    /// A wrong tag: another key, or changed bytes.
    WrongTag,
    /// The counter was there before, or is too far behind the highest.
    Replayed,
    /// More requests than the terminal's rate.
    TooFast,
    /// No room for another dialog, no answer in time, or the gateway goes down.
    Busy,
}

impl DatagramRefusal {
    /// Every reason, for the metrics table.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }

    /// What the terminal is answered: nothing that tells strangers which terminals and keys there
    /// are.
    #[must_use]
    pub fn code(self) -> RefusalCode {
        match self {
            Self::Malformed => RefusalCode::MALFORMED,
            Self::Version => RefusalCode::VERSION,
            Self::Busy => RefusalCode::BUSY,
            _ => RefusalCode::DENIED,
        }
    }
}

impl From<FrameError> for DatagramRefusal {
    fn from(error: FrameError) -> Self {
        let is_version = error.refusal() == RefusalCode::VERSION;
        if is_version { Self::Version } else { Self::Malformed }
    }
}

impl From<ClaimRefusal> for DatagramRefusal {
    fn from(refusal: ClaimRefusal) -> Self {
        match refusal {
            ClaimRefusal::Replayed | ClaimRefusal::TooFar => Self::Replayed,
            ClaimRefusal::TooFast => Self::TooFast,
        }
    }
}

/// A datagram as it arrived.
#[derive(Clone, Copy)]
pub struct Datagram<'a> {
    /// The dialog's request that it is.
    pub session: SessionId,
    pub received: Moment,
    /// Without its armour.
    pub frame: &'a [u8],
}

/// A datagram that was opened: what its one reply is sealed with.
pub struct Opening {
    /// Whose it is.
    pub terminal: TerminalId,
    pub exchange: Exchange,
    /// Of the one reply.
    pub salt: [u8; SALT_BYTES],
    /// What the reply carries if there is no answer: see [`NoAnswer`].
    pub no_answer: NoAnswer,
}

/// What is replied when no body comes, or none in time.
#[derive(Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// This body: the request is in progress, and its sender asks again.
    InProgress(Vec<u8>),
    /// No body is the answer.
    Empty,
    /// Nothing: the dialog is refused.
    Refused,
}

/// Opens, decodes and verifies a datagram. `claim` takes its counter, once and for all threads
/// ([`crate::claims::Claims::claim_datagram`]), after the tag was right. `salt` is random.
///
/// # Errors
/// Why not.
pub fn open_datagram(
    datagram: Datagram<'_>,
    (wall, calendar): (UnixMillis, &Calendar),
    (directory, keys): (&Directory, &Keys),
    claim: impl FnOnce(TerminalId, SessionAge) -> Result<(), ClaimRefusal>,
    salt: [u8; SALT_BYTES],
) -> Result<(Opening, Processed), DatagramRefusal> {
    let Datagram { session, received, frame } = datagram;
    let TerminalFrame::Request(request) = TerminalFrame::decode(frame)? else {
        return Err(DatagramRefusal::Malformed);
    };
    let terminal = TerminalId(request.header.terminal);
    let key = directory.key(terminal, request.header.key_id).ok_or(DatagramRefusal::UnknownKey)?;
    let psk = open_psk(keys, terminal, key.id, &key.sealed).ok_or(DatagramRefusal::SealedKey)?;
    let mut body = Zeroizing::new(Vec::with_capacity(frame.len()));
    let exchange =
        DatagramKeys::new(&psk).open(&request, &mut body).map_err(|_| DatagramRefusal::WrongTag)?;
    let generation = key.generation;
    claim(terminal, SessionAge { generation, counter: request.header.counter })?;
    let opening = Opening { terminal, exchange, salt, no_answer: no_answer(&body) };
    // Each datagram is proved by its own tag.
    let origin = Origin { session, terminal, received, generation, logged_on: true };
    Ok((opening, decode_request(&body, origin, wall, calendar, directory)))
}

fn no_answer(body: &[u8]) -> NoAnswer {
    let Ok(message) = TerminalMessage::decode(body) else {
        // It is answered by the pool itself.
        return NoAnswer::Refused;
    };
    if let TerminalMessage::Acknowledge(Acknowledge { .. }) = message {
        return NoAnswer::Empty;
    }
    let Some((kind, stan, date)) = named(&message) else { return NoAnswer::Refused };
    let mut body = Vec::new();
    refused(kind, stan, date, ResponseCode::IN_PROGRESS, &mut body);
    NoAnswer::InProgress(body)
}
