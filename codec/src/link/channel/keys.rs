//! Keys of the channel. They have no `Debug` and no `Display`, and are wiped on drop.

use curve25519_dalek::montgomery::MontgomeryPoint;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A terminal's pre-shared key: 32 bytes, one per terminal and key id.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Psk([u8; 32]);

impl Psk {
    /// Takes the 32 bytes of the key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, for sealing the key at rest.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The gateway's static X25519 key (RFC 7748). Its public half is computed once, here.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct StaticSecret {
    private: [u8; 32],
    #[zeroize(skip)]
    public: StaticPublic,
}

impl StaticSecret {
    /// Takes 32 bytes of entropy, or a key that was made from such; clamping is done at use.
    #[must_use]
    pub fn new(private: [u8; 32]) -> Self {
        let public = StaticPublic(MontgomeryPoint::mul_base_clamped(private).to_bytes());
        Self { private, public }
    }

    /// The public half, to be put into terminals.
    #[must_use]
    pub fn public(&self) -> StaticPublic {
        self.public
    }

    pub(super) fn private(&self) -> &[u8; 32] {
        &self.private
    }
}

/// The public half of [`StaticSecret`]: an X25519 u-coordinate, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaticPublic(pub [u8; 32]);
