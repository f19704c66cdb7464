//! What snow computes with: entropy that the caller brings, X25519 that is wiped, snow's own rest.

use curve25519_dalek::montgomery::MontgomeryPoint;
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::keys::StaticPublic;

/// Gives snow one ephemeral key's worth of entropy, and our curve.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Resolver {
    entropy: [u8; 32],
    #[zeroize(skip)]
    static_public: Option<StaticPublic>,
}

impl Resolver {
    /// `static_public` belongs to the private key that snow will be given, so that a handshake does
    /// not compute it again; `None` where there is no static key.
    pub(super) fn new(entropy: [u8; 32], static_public: Option<StaticPublic>) -> Self {
        Self { entropy, static_public }
    }
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Entropy { bytes: self.entropy, spent: false }))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        match choice {
            DHChoice::Curve25519 => Some(Box::new(X25519 {
                private: [0; 32],
                public: [0; 32],
                static_public: self.static_public,
            })),
            _ => None,
        }
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

/// 32 bytes for the one ephemeral key of a handshake; a second draw is refused, never repeated.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Entropy {
    bytes: [u8; 32],
    spent: bool,
}

impl Random for Entropy {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), snow::Error> {
        if self.spent || dest.len() != self.bytes.len() {
            return Err(snow::Error::Rng);
        }
        self.spent = true;
        dest.copy_from_slice(&self.bytes);
        Ok(())
    }
}

/// X25519 (RFC 7748) for snow: wiped on drop, and an all-zero shared secret is an error.
#[derive(Zeroize, ZeroizeOnDrop)]
struct X25519 {
    private: [u8; 32],
    public: [u8; 32],
    #[zeroize(skip)]
    static_public: Option<StaticPublic>,
}

impl Dh for X25519 {
    fn name(&self) -> &'static str {
        "25519"
    }

    fn pub_len(&self) -> usize {
        32
    }

    fn priv_len(&self) -> usize {
        32
    }

    fn set(&mut self, privkey: &[u8]) {
        self.private.copy_from_slice(privkey);
        self.public = match self.static_public {
            Some(StaticPublic(known)) => known,
            None => MontgomeryPoint::mul_base_clamped(self.private).to_bytes(),
        };
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), snow::Error> {
        rng.try_fill_bytes(&mut self.private)?;
        self.public = MontgomeryPoint::mul_base_clamped(self.private).to_bytes();
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        &self.private
    }

    fn dh(&self, pubkey: &[u8], out: &mut [u8]) -> Result<(), snow::Error> {
        let mut point = [0; 32];
        point.copy_from_slice(&pubkey[..32]);
        let mut shared = MontgomeryPoint(point).mul_clamped(self.private).to_bytes();
        // RFC 7748, section 6.1: a point of small order gives zero whatever our key is.
        let zero: bool = shared.ct_eq(&[0; 32]).into();
        out[..32].copy_from_slice(&shared);
        shared.zeroize();
        if zero { Err(snow::Error::Dh) } else { Ok(()) }
    }
}
