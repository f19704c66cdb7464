//! A hello into a channel.

use strum::{IntoStaticStr, VariantArray};
use tillgate_codec::link::channel::{HandshakeError, Hello, HelloError, Psk, accept};
use tillgate_store_core::vault::{Secret, terminal_context};
use tillgate_store_core::{Sealed, TerminalId};

use super::{Keys, Opened};
use crate::claims::{Claim, ClaimRefusal};
use crate::directory::Directory;
use crate::id::{SessionAge, SessionId};
use crate::time::Moment;
use crate::transaction::{Ask, Asked, Origin};

/// Why a hello is refused. The peer learns nothing of it; the labels are for the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum HelloRefusal {
    /// Not a hello.
    Malformed,
    /// A suite or version that is not spoken here.
    Suite,
    /// No such terminal, or no such key of it in force.
    UnknownKey,
    /// The key does not open: the key-encryption key is not here.
    SealedKey,
    /// A wrong MAC: another key, or changed bytes.
    WrongMac,
    /// The counter has been used: a copy, or a terminal that has lost its memory.
    Replayed,
    /// The counter is too far above the last one.
    CounterTooFar,
    /// More handshakes than the terminal's rate.
    TooFast,
    /// Noise refused it: another key of the gateway.
    Noise,
}

impl HelloRefusal {
    /// Every reason, for the metrics table.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.into()
    }
}

impl From<ClaimRefusal> for HelloRefusal {
    fn from(refusal: ClaimRefusal) -> Self {
        match refusal {
            ClaimRefusal::Replayed => Self::Replayed,
            ClaimRefusal::TooFar => Self::CounterTooFar,
            ClaimRefusal::TooFast => Self::TooFast,
        }
    }
}

/// A hello as it arrived.
#[derive(Clone, Copy)]
pub struct Greeting<'a> {
    /// The session that it asks for.
    pub session: SessionId,
    pub received: Moment,
    /// Payload of the hello record.
    pub hello: &'a [u8],
}

/// A hello that was accepted.
pub struct Shaken {
    /// The session's channel.
    pub opened: Opened,
    /// For the writer: the counter is made durable.
    pub counter: Ask,
    /// The session of the terminal's hello before, to be ended if it has not proved itself.
    pub displaced: Option<SessionId>,
}

/// Answers a hello; appends the hello reply record to `out`. `claim` takes the counter, once and
/// for all threads ([`crate::claims::Claims::claim`]), after the MAC was right and before any curve
/// arithmetic. `entropy` seeds the ephemeral key and must never repeat.
///
/// # Errors
/// Why not. From outside all reasons look the same.
pub fn handshake(
    greeting: Greeting<'_>,
    directory: &Directory,
    keys: &Keys,
    claim: impl FnOnce(&Claim) -> Result<Option<SessionId>, ClaimRefusal>,
    entropy: [u8; 32],
    out: &mut Vec<u8>,
) -> Result<Shaken, HelloRefusal> {
    let Greeting { session, received, hello } = greeting;
    let hello = Hello::decode(hello).map_err(|error| match error {
        HelloError::Suite { .. } | HelloError::Versions { .. } => HelloRefusal::Suite,
        HelloError::Length { .. } => HelloRefusal::Malformed,
    })?;
    let terminal = TerminalId(hello.terminal);
    let key = directory.key(terminal, hello.key_id).ok_or(HelloRefusal::UnknownKey)?;
    let psk = open_psk(keys, terminal, key.id, &key.sealed).ok_or(HelloRefusal::SealedKey)?;
    if !hello.verifies(&psk) {
        return Err(HelloRefusal::WrongMac);
    }
    let age = SessionAge { generation: key.generation, counter: hello.counter };
    let displaced = claim(&Claim { terminal, age, session })?;
    // What was claimed is above 0.
    let high = hello.counter.saturating_sub(1);
    let accepted = accept(&hello, &psk, &keys.secret, high, entropy, out);
    let accepted = accepted.map_err(|error| match error {
        HandshakeError::Mac => HelloRefusal::WrongMac,
        HandshakeError::Replayed { .. } => HelloRefusal::Replayed,
        HandshakeError::Malformed { .. } => HelloRefusal::Malformed,
        HandshakeError::Version => HelloRefusal::Suite,
        HandshakeError::Noise | HandshakeError::GatewayKeyMissing => HelloRefusal::Noise,
    })?;
    let SessionAge { generation, counter } = age;
    let origin = Origin { session, terminal, received, generation, logged_on: false };
    Ok(Shaken {
        opened: Opened { terminal, age, channel: accepted.channel },
        counter: Ask { origin, asked: Asked::Counter { counter } },
        displaced,
    })
}

pub(super) fn open_psk(keys: &Keys, id: TerminalId, key_id: u8, sealed: &Sealed) -> Option<Psk> {
    let mut plain = Secret::new();
    keys.vault.open(&terminal_context(id, key_id), sealed, &mut plain).ok()?;
    <[u8; 32]>::try_from(plain.as_bytes()).ok().map(Psk::new)
}
