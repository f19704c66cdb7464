//! The handshake: one message each way, from [`Hello`] to two [`Channel`]s.

use snow::params::NoiseParams;
use snow::{Builder, HandshakeState};
use zeroize::Zeroizing;

use super::hello::{Hello, NOISE_MESSAGE_BYTES, Suite, Versions};
use super::keys::{Psk, StaticPublic, StaticSecret};
use super::resolver::Resolver;
use super::sealed::Channel;
use crate::link::record::{RecordType, header};

/// Bytes of the gateway's choice of a version.
const CHOICE_BYTES: usize = 1;

/// What a gateway has after an accepted hello.
pub struct Accepted {
    /// The gateway's end of the channel.
    pub channel: Channel,
    /// The hello's handshake counter: the new `counter_high` of this terminal and key id, to be
    /// kept before the next hello is accepted.
    pub counter: u64,
}

/// Why a handshake failed. The connection closes; nothing was appended to the output.
#[expect(missing_docs, reason = "the text of each error says it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The keyed MAC is wrong: another key, or changed bytes. No Diffie-Hellman was done.
    #[error("the hello's MAC is wrong")]
    Mac,
    /// The counter is not higher than the highest one accepted. No Diffie-Hellman was done.
    #[error("handshake counter {counter} is not above {high}")]
    Replayed { counter: u64, high: u64 },
    /// Noise refused the message: another gateway key or prologue, or a public key of small order.
    #[error("the Noise message was refused")]
    Noise,
    /// The message has another length than a Noise message of these patterns.
    #[error(
        "a Noise message has {NOISE_MESSAGE_BYTES} bytes, one more in the reply to an offer of \
             versions, not {length}"
    )]
    Malformed { length: usize },
    #[error("NKpsk0 needs the gateway's public key")]
    GatewayKeyMissing,
    /// No version is spoken by both ends, or the gateway chose one that was not offered.
    #[error("no version of the link is spoken by both ends")]
    Version,
}

impl From<snow::Error> for HandshakeError {
    fn from(_: snow::Error) -> Self {
        // snow's reasons differ by where its arithmetic stopped; a peer must not learn which.
        Self::Noise
    }
}

/// The gateway's side: checks `hello`, appends the whole HELLO_REPLY record to `out`.
///
/// A hello that offers versions is answered with the highest that both ends speak, as the payload
/// of the second Noise message: who changes the offer or the choice breaks the handshake.
///
/// The checks come cheapest first: keyed MAC (constant time), counter above `counter_high`, and
/// only then the Noise message with its Diffie-Hellman. `entropy` becomes the ephemeral key and
/// must never be used twice.
///
/// # Errors
/// [`HandshakeError`]; `out` is then as it was.
pub fn accept(
    hello: &Hello<'_>,
    psk: &Psk,
    secret: &StaticSecret,
    counter_high: u64,
    entropy: [u8; 32],
    out: &mut Vec<u8>,
) -> Result<Accepted, HandshakeError> {
    accept_speaking(Versions::SPOKEN, hello, psk, secret, counter_high, entropy, out)
}

/// As [`accept`], speaking these versions instead of [`Versions::SPOKEN`].
///
/// # Errors
/// [`HandshakeError`]; `out` is then as it was.
pub fn accept_speaking(
    spoken: Versions,
    hello: &Hello<'_>,
    psk: &Psk,
    secret: &StaticSecret,
    counter_high: u64,
    entropy: [u8; 32],
    out: &mut Vec<u8>,
) -> Result<Accepted, HandshakeError> {
    let version = hello.version(spoken).ok_or(HandshakeError::Version)?;
    if !hello.verifies(psk) {
        return Err(HandshakeError::Mac);
    }
    let counter = hello.counter;
    if counter <= counter_high {
        return Err(HandshakeError::Replayed { counter, high: counter_high });
    }
    let clear = hello.clear();
    let (resolver, private) = match hello.suite {
        Suite::NkPsk0 => (Resolver::new(entropy, Some(secret.public())), Some(secret.private())),
        Suite::NnPsk0 => (Resolver::new(entropy, None), None),
    };
    let mut builder = Builder::with_resolver(params(hello.suite), Box::new(resolver))
        .prologue(&clear)?
        .psk(0, psk.bytes())?;
    if let Some(private) = private {
        builder = builder.local_private_key(private)?;
    }
    let mut noise = builder.build_responder()?;
    read(&mut noise, hello.noise, &mut [])?;
    let choice = [version];
    let choice = if hello.offer.is_some() { &choice[..] } else { &[] };
    let mut reply = [0; NOISE_MESSAGE_BYTES + CHOICE_BYTES];
    let reply = write(&mut noise, choice, &mut reply)?;
    let keys = split(&mut noise);
    let (from_terminal, from_gateway) = &*keys;

    out.extend_from_slice(&header(RecordType::HELLO_REPLY, reply.len()));
    out.extend_from_slice(reply);
    Ok(Accepted { channel: Channel::new(from_gateway, from_terminal, version), counter })
}

/// The terminal's side, between its HELLO and the gateway's HELLO_REPLY.
pub struct Initiator {
    noise: HandshakeState,
    offer: Option<Versions>,
}

impl Initiator {
    /// Starts a handshake and appends the whole HELLO record to `out`.
    ///
    /// `counter` must be higher than in any hello before it with this key; `entropy` becomes the
    /// ephemeral key and must never be used twice. `gateway` is needed for [`Suite::NkPsk0`] and
    /// ignored for [`Suite::NnPsk0`].
    ///
    /// # Errors
    /// [`HandshakeError::GatewayKeyMissing`], or [`HandshakeError::Noise`] when the gateway's key
    /// is a point of small order; `out` is then as it was.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call per connection; each is a fact of its own"
    )]
    pub fn start(
        suite: Suite,
        terminal: u32,
        key_id: u8,
        psk: &Psk,
        gateway: Option<&StaticPublic>,
        counter: u64,
        entropy: [u8; 32],
        out: &mut Vec<u8>,
    ) -> Result<Self, HandshakeError> {
        let hello =
            Hello { suite, terminal, key_id, counter, offer: None, mac: [0; 16], noise: &[] };
        Self::begin(hello, psk, gateway, entropy, out)
    }

    /// As [`Initiator::start`], offering a range of versions: the gateway's choice is then
    /// [`Channel::version`].
    ///
    /// # Errors
    /// As [`Initiator::start`]; [`HandshakeError::Version`] when the range is empty.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call per connection; each is a fact of its own"
    )]
    pub fn offer(
        offer: Versions,
        suite: Suite,
        terminal: u32,
        key_id: u8,
        psk: &Psk,
        gateway: Option<&StaticPublic>,
        counter: u64,
        entropy: [u8; 32],
        out: &mut Vec<u8>,
    ) -> Result<Self, HandshakeError> {
        if offer.choose(offer).is_none_or(|version| version == 0) {
            return Err(HandshakeError::Version);
        }
        let offer = Some(offer);
        let hello = Hello { suite, terminal, key_id, counter, offer, mac: [0; 16], noise: &[] };
        Self::begin(hello, psk, gateway, entropy, out)
    }

    /// Makes the first Noise message and signs the hello over it.
    fn begin(
        hello: Hello<'_>,
        psk: &Psk,
        gateway: Option<&StaticPublic>,
        entropy: [u8; 32],
        out: &mut Vec<u8>,
    ) -> Result<Self, HandshakeError> {
        let (suite, offer, clear) = (hello.suite, hello.offer, hello.clear());
        let resolver = Resolver::new(entropy, None);
        let mut builder = Builder::with_resolver(params(suite), Box::new(resolver))
            .prologue(&clear)?
            .psk(0, psk.bytes())?;
        if suite == Suite::NkPsk0 {
            let StaticPublic(key) = gateway.ok_or(HandshakeError::GatewayKeyMissing)?;
            builder = builder.remote_public_key(key)?;
        }
        let mut noise = builder.build_initiator()?;
        let mut message = [0; NOISE_MESSAGE_BYTES];
        let message = write(&mut noise, &[], &mut message)?;
        let hello = Hello { noise: message, ..hello }.signed(psk);

        out.extend_from_slice(&header(RecordType::HELLO, hello.payload_bytes()));
        hello.encode(out);
        Ok(Self { noise, offer })
    }

    /// Reads the payload of the HELLO_REPLY record and gives the terminal's end of the channel.
    ///
    /// # Errors
    /// [`HandshakeError::Malformed`] or [`HandshakeError::Noise`]: the peer does not hold the keys.
    /// [`HandshakeError::Version`]: it chose a version that was not offered.
    pub fn finish(mut self, payload: &[u8]) -> Result<Channel, HandshakeError> {
        let mut choice = [1];
        let length = if self.offer.is_some() { CHOICE_BYTES } else { 0 };
        read(&mut self.noise, payload, &mut choice[..length])?;
        let [version] = choice;
        let chosen = Versions { lowest: version, highest: version };
        if chosen.choose(self.offer.unwrap_or(Versions::FIRST)).is_none() {
            return Err(HandshakeError::Version);
        }
        let keys = split(&mut self.noise);
        let (from_terminal, from_gateway) = &*keys;
        Ok(Channel::new(from_terminal, from_gateway, version))
    }
}

fn params(suite: Suite) -> NoiseParams {
    suite.noise_name().parse().expect("both names are of snow's own grammar")
}

/// Writes a Noise message; both patterns give the same length for the same payload.
fn write<'m>(
    noise: &mut HandshakeState,
    payload: &[u8],
    message: &'m mut [u8],
) -> Result<&'m [u8], HandshakeError> {
    let written = noise.write_message(payload, message)?;
    assert_eq!(written, NOISE_MESSAGE_BYTES + payload.len(), "a Noise message of ours is as long");
    Ok(&message[..written])
}

/// Reads a Noise message whose payload must fill `payload`.
fn read(
    noise: &mut HandshakeState,
    message: &[u8],
    payload: &mut [u8],
) -> Result<(), HandshakeError> {
    if message.len() != NOISE_MESSAGE_BYTES + payload.len() {
        return Err(HandshakeError::Malformed { length: message.len() });
    }
    let payload_bytes = noise.read_message(message, payload)?;
    assert_eq!(payload_bytes, payload.len(), "a message of this length has that payload");
    Ok(())
}

/// The two transport keys (Noise, section 5.2, `Split`): terminal's sending key, gateway's.
fn split(noise: &mut HandshakeState) -> Zeroizing<([u8; 32], [u8; 32])> {
    assert!(noise.is_handshake_finished(), "keys are taken from a whole handshake only");
    Zeroizing::new(noise.dangerously_get_raw_split())
}
