//! The handshake by snow alone, from the page: nothing of the code under test.

use snow::Builder;
use snow::params::{CipherChoice, DHChoice, HashChoice, NoiseParams};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};

/// snow's own arithmetic, and no random numbers: every ephemeral key is given.
struct Plain;

impl CryptoResolver for Plain {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Nothing))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

struct Nothing;

impl Random for Nothing {
    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), snow::Error> {
        Err(snow::Error::Rng)
    }
}

/// What snow makes of a handshake.
pub(crate) struct Noise {
    pub(crate) message_1: Vec<u8>,
    pub(crate) message_2: Vec<u8>,
    pub(crate) k_up: [u8; 32],
    pub(crate) k_down: [u8; 32],
}

/// What both ends of it bring along.
pub(crate) struct Parts<'a> {
    pub(crate) name: &'a str,
    pub(crate) clear: &'a [u8],
    pub(crate) psk: &'a [u8; 32],
    /// Private and public key of the gateway; `None` in suite 2.
    pub(crate) gateway: Option<(&'a [u8], &'a [u8])>,
    pub(crate) terminal_ephemeral: &'a [u8],
    pub(crate) gateway_ephemeral: &'a [u8],
    /// The version chosen; nothing without an offer.
    pub(crate) choice: &'a [u8],
}

/// Both ends, driven by snow.
pub(crate) fn shake(parts: &Parts<'_>) -> Noise {
    let params: NoiseParams = parts.name.parse().expect("a name of the framework");
    let builder = |ephemeral| {
        Builder::with_resolver(params.clone(), Box::new(Plain))
            .prologue(parts.clear)
            .and_then(|builder| builder.psk(0, parts.psk))
            .expect("once each")
            .fixed_ephemeral_key_for_testing_only(ephemeral)
    };
    let mut terminal = builder(parts.terminal_ephemeral);
    let mut gateway = builder(parts.gateway_ephemeral);
    if let Some((private, public)) = parts.gateway {
        terminal = terminal.remote_public_key(public).expect("once");
        gateway = gateway.local_private_key(private).expect("once");
    }
    let mut terminal = terminal.build_initiator().expect("sound keys");
    let mut gateway = gateway.build_responder().expect("sound keys");
    let (mut message, mut payload) = ([0; 256], [0; 256]);
    let length = terminal.write_message(&[], &mut message).expect("it is the terminal's turn");
    let message_1 = message[..length].to_vec();
    gateway.read_message(&message_1, &mut payload).expect("the same keys");
    let length = gateway.write_message(parts.choice, &mut message).expect("the gateway's turn");
    let message_2 = message[..length].to_vec();
    let length = terminal.read_message(&message_2, &mut payload).expect("the same keys");
    assert_eq!(&payload[..length], parts.choice);
    let (k_up, k_down) = terminal.dangerously_get_raw_split();
    assert_eq!(gateway.dangerously_get_raw_split(), (k_up, k_down));
    Noise { message_1, message_2, k_up, k_down }
}
