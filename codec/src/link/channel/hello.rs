//! The first record of a connection, and the keyed MAC in it.
//!
//! ```text
//!  0       1        2          6            14         30                        78
//! +-------+--------+----------+------------+----------+--------------------------+
//! | suite | key id | terminal | counter    | mac      | Noise message 1          |
//! |       |        | (u32 BE) | (u64 BE)   | (16)     | e (32), tag (16)         |
//! +-------+--------+----------+------------+----------+--------------------------+
//! '------------- clear part: prologue ------'
//!
//! mac key = HMAC-SHA256(psk, "tillgate link 1 hello")
//! mac     = first 16 bytes of HMAC-SHA256(mac key, clear part | Noise message 1)
//! ```
//!
//! A terminal that speaks other versions than 1 puts two more bytes behind the counter, the lowest
//! and the highest it speaks, and so makes the clear part 16 bytes long. The clear part is also the
//! prologue of the Noise handshake, so both ends agree on it or fail.

use arrayvec::ArrayVec;
use nom::Parser;
use nom::bytes::complete::take;
use nom::combinator::{all_consuming, cond};
use nom::number::complete::{be_u8, be_u32, be_u64};
use ring::hmac;
use subtle::ConstantTimeEq;

use super::keys::Psk;
use super::sealed::TAG_BYTES;

/// Bytes of the keyed MAC.
pub const MAC_BYTES: usize = 16;
/// Bytes of each Noise message: an X25519 public key and the tag over an empty payload.
pub const NOISE_MESSAGE_BYTES: usize = 32 + TAG_BYTES;
/// Bytes of the payload of a HELLO that speaks version 1 only.
pub const HELLO_BYTES: usize = CLEAR_BYTES + MAC_BYTES + NOISE_MESSAGE_BYTES;
/// Bytes of the payload of a HELLO that offers a range of versions.
pub const HELLO_OFFER_BYTES: usize = HELLO_BYTES + OFFER_BYTES;
/// Bytes of the clear part, without an offer.
const CLEAR_BYTES: usize = 1 + 1 + 4 + 8;
/// Bytes of an offer of versions.
const OFFER_BYTES: usize = 2;

/// Separates the MAC key from every other use of the pre-shared key.
const MAC_LABEL: &[u8] = b"tillgate link 1 hello";

/// Which Noise pattern the terminal speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `Noise_NKpsk0_25519_ChaChaPoly_SHA256`: the terminal holds the gateway's public key.
    NkPsk0 = 1,
    /// `Noise_NNpsk0_25519_ChaChaPoly_SHA256`: the terminal holds its pre-shared key only.
    NnPsk0 = 2,
}

impl Suite {
    /// The name that the Noise framework hashes first.
    #[must_use]
    pub fn noise_name(self) -> &'static str {
        match self {
            Self::NkPsk0 => "Noise_NKpsk0_25519_ChaChaPoly_SHA256",
            Self::NnPsk0 => "Noise_NNpsk0_25519_ChaChaPoly_SHA256",
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::NkPsk0 => 1,
            Self::NnPsk0 => 2,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::NkPsk0, Self::NnPsk0].into_iter().find(|suite| suite.code() == code)
    }
}

/// A range of versions of the link, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Versions {
    /// The lowest, at least 1.
    pub lowest: u8,
    /// The highest.
    pub highest: u8,
}

impl Versions {
    /// Version 1 alone: what a hello without an offer speaks.
    pub const FIRST: Self = Self { lowest: 1, highest: 1 };
    /// What this code speaks.
    pub const SPOKEN: Self = Self::FIRST;

    /// The highest version of both ranges.
    #[must_use]
    pub fn choose(self, other: Self) -> Option<u8> {
        let chosen = self.highest.min(other.highest);
        (chosen >= self.lowest.max(other.lowest)).then_some(chosen)
    }

    fn is_sound(self) -> bool {
        1 <= self.lowest && self.lowest <= self.highest
    }
}

/// The clear part of a hello, as it travels.
pub(super) type Clear = ArrayVec<u8, { CLEAR_BYTES + OFFER_BYTES }>;

/// A terminal's hello, read but not yet believed: only [`super::accept`] checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello<'a> {
    /// Which pattern.
    pub suite: Suite,
    /// Which terminal says it is calling.
    pub terminal: u32,
    /// Which of that terminal's pre-shared keys.
    pub key_id: u8,
    /// Handshake counter; each hello of a terminal and key id must be higher than the one before.
    pub counter: u64,
    /// The versions offered; `None` speaks version 1 only and expects no choice in the reply.
    pub offer: Option<Versions>,
    /// Keyed MAC over everything else.
    pub mac: [u8; MAC_BYTES],
    /// Noise message 1.
    pub noise: &'a [u8],
}

/// Why a HELLO's payload could not be read.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    #[error("a hello has {HELLO_BYTES} or {HELLO_OFFER_BYTES} bytes, not {length}")]
    Length { length: usize },
    /// The suite at offset 0 is not spoken here; a gateway answers with the refusal `VERSION`.
    #[error("hello suite {code} at offset 0 is unknown")]
    Suite { code: u8 },
    /// The range of versions at offset 14 is empty, or begins below 1.
    #[error(
        "hello versions {} to {} at offset 14 are no range from 1 on",
        offer.lowest,
        offer.highest
    )]
    Versions { offer: Versions },
}

impl<'a> Hello<'a> {
    /// Reads the payload of a HELLO record.
    ///
    /// # Errors
    /// [`HelloError`] when the length, the suite or the range of versions is wrong.
    pub fn decode(payload: &'a [u8]) -> Result<Self, HelloError> {
        let offers = payload.len() == HELLO_OFFER_BYTES;
        let offer = cond(offers, (be_u8, be_u8));
        let keyed = (take(MAC_BYTES), take(NOISE_MESSAGE_BYTES));
        let (_, (code, key_id, terminal, counter, offer, (mac, noise))) =
            all_consuming((be_u8, be_u8, be_u32, be_u64, offer, keyed))
                .parse(payload)
                .map_err(|_: nom::Err<()>| HelloError::Length { length: payload.len() })?;
        let mac = <[u8; MAC_BYTES]>::try_from(mac).expect("take gives what it was asked for");
        let suite = Suite::from_code(code).ok_or(HelloError::Suite { code })?;
        let offer = offer.map(|(lowest, highest)| Versions { lowest, highest });
        if let Some(offer) = offer.filter(|offer| !offer.is_sound()) {
            return Err(HelloError::Versions { offer });
        }
        Ok(Self { suite, terminal, key_id, counter, offer, mac, noise })
    }

    /// The version to speak with this terminal: the highest of both ranges.
    #[must_use]
    pub fn version(&self, spoken: Versions) -> Option<u8> {
        spoken.choose(self.offer.unwrap_or(Versions::FIRST))
    }

    /// The hello with its MAC computed, for the terminal's side.
    pub(super) fn signed(self, psk: &Psk) -> Self {
        Self { mac: self.expected_mac(psk), ..self }
    }

    /// Appends the payload of a HELLO record.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.clear());
        out.extend_from_slice(&self.mac);
        out.extend_from_slice(self.noise);
    }

    /// Bytes of the payload.
    pub(super) fn payload_bytes(&self) -> usize {
        if self.offer.is_some() { HELLO_OFFER_BYTES } else { HELLO_BYTES }
    }

    /// Whether the MAC is right, in time that does not depend on where it differs.
    #[must_use]
    pub fn verifies(&self, psk: &Psk) -> bool {
        self.expected_mac(psk).ct_eq(&self.mac).into()
    }

    /// The clear part, which is the prologue of the Noise handshake.
    pub(super) fn clear(&self) -> Clear {
        let mut clear = Clear::from_iter([self.suite.code(), self.key_id]);
        clear.extend(self.terminal.to_be_bytes());
        clear.extend(self.counter.to_be_bytes());
        if let Some(Versions { lowest, highest }) = self.offer {
            clear.extend([lowest, highest]);
        }
        clear
    }

    fn expected_mac(&self, psk: &Psk) -> [u8; MAC_BYTES] {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, psk.bytes()), MAC_LABEL);
        let mut context =
            hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()));
        context.update(&self.clear());
        context.update(self.noise);
        let full = context.sign();
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&full.as_ref()[..MAC_BYTES]);
        mac
    }
}
