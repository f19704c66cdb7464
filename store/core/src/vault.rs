//! Sealing of terminal keys and voucher PINs at rest: AES-256-GCM by ring, under a key-encryption
//! key (KEK) that is never in the store.
//!
//! A value is sealed *for a place*: its [`Context`] (table and ids) and the KEK's number are
//! authenticated with it, so a sealed PIN copied to another voucher, or relabelled with another
//! KEK, does not open. Several KEKs may be live at a time: [`Vault::new`] takes the current one,
//! [`Vault::with_old`] adds those still needed to open what was sealed before the last change,
//! and [`Vault::rewrap`] moves a value to the current one.
//!
//! The caller brings the nonce (12 random bytes per sealing): this crate has no randomness of its
//! own. Random nonces bound one KEK to 2^32 sealings (NIST SP 800-38D, 8.3).

#[cfg(test)]
mod tests;

use std::fmt;

use arrayvec::ArrayVec;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey};
use ring::hmac;
use zeroize::{Zeroize, Zeroizing};

use crate::ids::{StoreId, Text};
use crate::limits::{SEALED_BYTES_MAX, SERIAL_BYTES_MAX};
use tillgate_types::{Msisdn, ProductId, ServiceId, TerminalId};

/// Length of the authentication tag that ends [`Sealed::bytes`].
pub const TAG_BYTES: usize = 16;
/// Longest plaintext in bytes: a 32-byte terminal key or a voucher PIN.
pub const PLAIN_BYTES_MAX: usize = SEALED_BYTES_MAX - TAG_BYTES;
/// Longest context: `voucher|`, service, product and serial, with the KEK's number behind it.
const CONTEXT_BYTES_MAX: usize = 8 + 2 + 2 + SERIAL_BYTES_MAX + 4;

/// A secret as it lies in the store; safe to copy, back up and show the size of.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Number of the KEK it is sealed under.
    pub kek_id: u32,
    /// Nonce of this sealing.
    pub nonce: [u8; 12],
    /// Ciphertext followed by the tag of [`TAG_BYTES`].
    pub bytes: ArrayVec<u8, SEALED_BYTES_MAX>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed(kek {}, {} bytes)", self.kek_id, self.bytes.len())
    }
}

/// A secret in the clear: at most [`PLAIN_BYTES_MAX`] bytes, wiped when overwritten or dropped.
///
/// It has neither `Debug` nor `Display`, so that it reaches no log by accident.
pub struct Secret {
    bytes: [u8; PLAIN_BYTES_MAX],
    len: usize,
}

impl Secret {
    /// Room for a secret, empty.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; PLAIN_BYTES_MAX], len: 0 }
    }

    /// The bytes in the clear.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Wipes the bytes and leaves it empty.
    pub fn wipe(&mut self) {
        self.bytes.zeroize();
        self.len = 0;
    }
}

impl Default for Secret {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// The place a secret belongs to; a value sealed for one place opens in no other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context(ArrayVec<u8, CONTEXT_BYTES_MAX>);

impl Context {
    fn of(table: &[u8; 8], ids: &[&[u8]]) -> Self {
        let mut bytes = ArrayVec::new();
        bytes.extend(table.iter().copied());
        for id in ids {
            bytes.extend(id.iter().copied());
        }
        Self(bytes)
    }

    /// What ring authenticates: the place, then the KEK's number, big-endian.
    fn with_kek(&self, kek_id: u32) -> ArrayVec<u8, CONTEXT_BYTES_MAX> {
        let mut bytes = self.0.clone();
        bytes.extend(kek_id.to_be_bytes());
        bytes
    }
}

/// The place of a terminal's key: the terminal and the number of its key.
#[must_use]
pub fn terminal_context(terminal: TerminalId, key_id: u8) -> Context {
    Context::of(b"terminal", &[&terminal.0.to_be_bytes(), &[key_id]])
}

/// The place of a voucher's PIN: the voucher by service, product and serial.
///
/// The serial comes last and everything before it is of fixed length, so no two vouchers share
/// a context.
#[must_use]
pub fn voucher_context(
    service: ServiceId,
    product: ProductId,
    serial: &Text<SERIAL_BYTES_MAX>,
) -> Context {
    let ids: [&[u8]; 3] = [&service.0.to_be_bytes(), &product.0.to_be_bytes(), serial.as_bytes()];
    Context::of(b"voucher|", &ids)
}

/// The place of the key of a handset's PIN: the handset.
#[must_use]
pub fn handset_context(msisdn: Msisdn) -> Context {
    Context::of(b"handset|", &[&msisdn.number().to_be_bytes()])
}

/// The hash of a PIN under a key that is sealed for [`handset_context`]: HMAC-SHA-256 over the number
/// and the PIN. It is cheap on purpose: PINs are so short that no slow hash would protect them; the
/// key does.
#[must_use]
pub fn pin_tag(key: &[u8], msisdn: Msisdn, pin: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&pin_key(key), &pin_text(msisdn, pin));
    tag.as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes")
}

/// Whether a hash is that of a PIN. How long it takes does not depend on where they differ.
#[must_use]
pub fn is_pin(key: &[u8], msisdn: Msisdn, pin: &[u8], tag: &[u8; 32]) -> bool {
    hmac::verify(&pin_key(key), &pin_text(msisdn, pin), tag).is_ok()
}

fn pin_key(key: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key)
}

fn pin_text(msisdn: Msisdn, pin: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([&msisdn.number().to_be_bytes(), pin].concat())
}

/// The place of a canary: the store it is in.
#[must_use]
pub fn canary_context(store: StoreId) -> Context {
    Context::of(b"canary||", &[&store.0])
}

/// Why a secret could not be sealed or opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VaultError {
    /// It is sealed under a KEK that this process was not given.
    #[error(
        "sealed under key-encryption key {0}, which is not configured; add its key file to the \
         configuration"
    )]
    UnknownKek(u32),
    /// The tag does not match: damaged, sealed for another place, or under another key that
    /// carries the same number.
    #[error(
        "does not open with key-encryption key {kek_id}: the value is damaged, was moved from \
         another row, or the key file is not the one it was sealed with"
    )]
    DoesNotOpen {
        /// The number of the KEK it names.
        kek_id: u32,
    },
    /// The plaintext is longer than [`PLAIN_BYTES_MAX`].
    #[error("{bytes} bytes are too long to seal; {PLAIN_BYTES_MAX} are the most")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
}

/// The KEKs of this process. No `Debug`; ring keeps the expanded keys, so core dumps stay off
/// in a process that holds one.
pub struct Vault {
    /// The current KEK first, then the old ones.
    keks: Vec<(u32, LessSafeKey)>,
}

impl Vault {
    /// A vault whose current KEK is number `kek_id`; the copy of `kek` made here is wiped.
    #[must_use]
    pub fn new(kek_id: u32, kek: [u8; 32]) -> Self {
        Self { keks: vec![(kek_id, expand(kek))] }
    }

    /// Adds a KEK that opens but never seals; a number already there is replaced.
    #[must_use]
    pub fn with_old(mut self, kek_id: u32, kek: [u8; 32]) -> Self {
        let key = expand(kek);
        match self.keks.iter_mut().find(|(id, _)| *id == kek_id) {
            Some(slot) => slot.1 = key,
            None => self.keks.push((kek_id, key)),
        }
        self
    }

    /// The number of the KEK that [`Vault::seal`] uses.
    #[must_use]
    pub fn current_kek(&self) -> u32 {
        self.keks[0].0
    }

    /// The numbers of all its KEKs, the current one first.
    #[must_use]
    pub fn kek_ids(&self) -> Vec<u32> {
        self.keks.iter().map(|(id, _)| *id).collect()
    }

    /// Seals `plain` for `context` under the current KEK. `nonce` must never repeat under it.
    ///
    /// # Errors
    /// [`VaultError::TooLong`] over [`PLAIN_BYTES_MAX`].
    pub fn seal(
        &self,
        context: &Context,
        nonce: [u8; 12],
        plain: &[u8],
    ) -> Result<Sealed, VaultError> {
        self.seal_under(self.current_kek(), context, nonce, plain)
    }

    /// As [`Vault::seal`], under any of its KEKs: an old one seals nothing but its canary.
    pub(crate) fn seal_under(
        &self,
        kek_id: u32,
        context: &Context,
        nonce: [u8; 12],
        plain: &[u8],
    ) -> Result<Sealed, VaultError> {
        if plain.len() > PLAIN_BYTES_MAX {
            return Err(VaultError::TooLong { bytes: plain.len() });
        }
        let (kek_id, key) =
            self.keks.iter().find(|(id, _)| *id == kek_id).ok_or(VaultError::UnknownKek(kek_id))?;
        let mut bytes: ArrayVec<u8, SEALED_BYTES_MAX> = plain.iter().copied().collect();
        let aad = Aad::from(context.with_kek(*kek_id));
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes)
            .expect("AES-GCM seals any text this short");
        bytes.extend(tag.as_ref().iter().copied());
        Ok(Sealed { kek_id: *kek_id, nonce, bytes })
    }

    /// Opens `sealed` into `out`, which is wiped first and stays empty on an error.
    ///
    /// # Errors
    /// [`VaultError::UnknownKek`] and [`VaultError::DoesNotOpen`].
    pub fn open(
        &self,
        context: &Context,
        sealed: &Sealed,
        out: &mut Secret,
    ) -> Result<(), VaultError> {
        out.wipe();
        let kek_id = sealed.kek_id;
        let (_, key) =
            self.keks.iter().find(|(id, _)| *id == kek_id).ok_or(VaultError::UnknownKek(kek_id))?;
        let refused = VaultError::DoesNotOpen { kek_id };
        let (text, tag) = sealed.bytes.split_last_chunk::<TAG_BYTES>().ok_or(refused)?;
        let room = out.bytes.get_mut(..text.len()).ok_or(refused)?;
        room.copy_from_slice(text);
        let opened = key.open_in_place_separate_tag(
            Nonce::assume_unique_for_key(sealed.nonce),
            Aad::from(context.with_kek(kek_id)),
            Tag::from(*tag),
            room,
            0..,
        );
        match opened {
            Ok(plain) => {
                out.len = plain.len();
                Ok(())
            }
            Err(ring::error::Unspecified) => {
                out.wipe();
                Err(refused)
            }
        }
    }

    /// Seals an old value again under the current KEK, for the same place.
    ///
    /// # Errors
    /// Those of [`Vault::open`].
    pub fn rewrap(
        &self,
        context: &Context,
        sealed: &Sealed,
        nonce: [u8; 12],
    ) -> Result<Sealed, VaultError> {
        let mut plain = Secret::new();
        self.open(context, sealed, &mut plain)?;
        self.seal(context, nonce, plain.as_bytes())
    }
}

fn expand(mut kek: [u8; 32]) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, &kek).expect("32 bytes are an AES-256 key");
    kek.zeroize();
    LessSafeKey::new(key)
}
