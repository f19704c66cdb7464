//! The secure channel of the link: a Noise handshake with a pre-shared key, then sealed records.
//!
//! ```text
//! terminal                                        gateway
//! Initiator::start  ------ HELLO ------------->   Hello::decode, look up the key, accept
//! Initiator::finish <----- HELLO_REPLY --------
//!        both ends now hold a Channel: seal, open
//! ```
//!
//! Sans-I/O and without randomness: the caller brings 32 bytes of entropy for each handshake and
//! carries the records. The patterns are `Noise_NKpsk0_25519_ChaChaPoly_SHA256` and, for terminals
//! that cannot hold a server key, `Noise_NNpsk0_25519_ChaChaPoly_SHA256` (Noise Protocol Framework,
//! revision 34, sections 7.5 and 9).
//!
//! What the pattern alone does not give, [`Hello`] adds in the clear part of the first message: a
//! keyed MAC and a handshake counter, both checked before any Diffie-Hellman, so that neither
//! garbage nor a recorded hello costs the gateway curve arithmetic.

mod handshake;
mod hello;
mod keys;
mod resolver;
mod sealed;

pub use handshake::{Accepted, HandshakeError, Initiator, accept, accept_speaking};
pub use hello::{
    HELLO_BYTES, HELLO_OFFER_BYTES, Hello, HelloError, MAC_BYTES, NOISE_MESSAGE_BYTES, Suite,
    Versions,
};
pub use keys::{Psk, StaticPublic, StaticSecret};
pub use sealed::{Channel, ChannelError, SEAL_OVERHEAD_BYTES, TAG_BYTES};
