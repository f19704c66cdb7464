//! Keys of datagrams, and what they seal and open. They have no `Debug`, and are wiped on drop.
//!
//! ```text
//! prk  = HMAC-SHA256(32 zero bytes, psk)                                  RFC 5869, no salt
//! up   = HMAC-SHA256(prk, "tillgate datagram up 1" | 01)
//! down = HMAC-SHA256(prk, "tillgate datagram down 1" | 01)
//!
//! request: nonce = 7 zero bytes | counter (5 bytes)               AAD = its header (12 bytes)
//! reply:   nonce = salt (8) | the counter's low 4 bytes           AAD = the request's header
//! ```
//!
//! A reply has a salt because a request may be answered twice, before and after a restart, with
//! other bytes: under its counter alone both would have one nonce.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::error::{BodyTooLong, TagError};
use super::frame::{Header, Request};
use super::{
    HEADER_BYTES, PARTS_MAX, REPLY_OVERHEAD_BYTES, REQUEST_BODY_BYTES_MAX, REQUEST_OVERHEAD_BYTES,
    SALT_BYTES,
};
use crate::link::channel::Psk;
use crate::ussd::armour::FRAME_BYTES_MAX;

const UP_LABEL: &[u8] = b"tillgate datagram up 1";
const DOWN_LABEL: &[u8] = b"tillgate datagram down 1";

/// Longest body of a reply, in bytes: what all parts carry on the widest bearer.
const REPLY_BODY_BYTES_MAX: usize =
    PARTS_MAX * (FRAME_BYTES_MAX - super::PART_HEADER_BYTES) - REPLY_OVERHEAD_BYTES;

/// The keys of both directions that a pre-shared key gives.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Keys {
    up: [u8; 32],
    down: [u8; 32],
}

/// One request and its reply: the key of the reply, and the header that the reply belongs to.
///
/// The terminal has it from [`Keys::seal`], the gateway from [`Keys::open`].
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Exchange {
    down: [u8; 32],
    header: [u8; HEADER_BYTES],
}

impl Keys {
    /// Derives both keys.
    #[must_use]
    pub fn new(psk: &Psk) -> Self {
        let sign =
            |key: &[u8], data: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
        let prk = sign(&[0; 32], psk.bytes());
        let derived = |label: &[u8]| {
            let mut key = [0; 32];
            key.copy_from_slice(sign(prk.as_ref(), &[label, &[1]].concat()).as_ref());
            key
        };
        Self { up: derived(UP_LABEL), down: derived(DOWN_LABEL) }
    }

    /// Seals `body` and appends the whole request to `out`; gives what opens its reply.
    ///
    /// # Errors
    /// [`BodyTooLong`]; `out` is as it was.
    ///
    /// # Panics
    /// When the counter is 0 or over [`super::COUNTER_MAX`].
    pub fn seal(
        &self,
        header: &Header,
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Exchange, BodyTooLong> {
        if body.len() > REQUEST_BODY_BYTES_MAX {
            return Err(BodyTooLong { length: body.len() });
        }
        let exchange = self.exchange(header);
        out.reserve(body.len() + REQUEST_OVERHEAD_BYTES);
        out.extend_from_slice(&exchange.header);
        seal(&self.up, up_nonce(&exchange.header), &exchange.header, body, out);
        Ok(exchange)
    }

    /// Opens a request and appends its body to `out`; gives what seals its reply.
    ///
    /// # Errors
    /// [`TagError`]; `out` is as it was.
    pub fn open(&self, request: &Request<'_>, out: &mut Vec<u8>) -> Result<Exchange, TagError> {
        let exchange = self.exchange(&request.header);
        open(&self.up, up_nonce(&exchange.header), &exchange.header, request.sealed, out)?;
        Ok(exchange)
    }

    fn exchange(&self, header: &Header) -> Exchange {
        Exchange { down: self.down, header: header.bytes() }
    }
}

impl Exchange {
    /// Seals the body of a reply and appends it to `out`, to be sent as [`super::Parts`].
    ///
    /// The salt must be random: nobody may use one again for the same request.
    ///
    /// # Errors
    /// [`BodyTooLong`]; `out` is as it was.
    pub fn seal(
        &self,
        salt: [u8; SALT_BYTES],
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), BodyTooLong> {
        if body.len() > REPLY_BODY_BYTES_MAX {
            return Err(BodyTooLong { length: body.len() });
        }
        out.reserve(body.len() + REPLY_OVERHEAD_BYTES);
        out.extend_from_slice(&salt);
        seal(&self.down, self.nonce(salt), &self.header, body, out);
        Ok(())
    }

    /// Opens a reply, all of its parts joined, and appends its body to `out`.
    ///
    /// # Errors
    /// [`TagError`] when it is not the reply to this request; `out` is as it was.
    pub fn open(&self, reply: &[u8], out: &mut Vec<u8>) -> Result<(), TagError> {
        let (salt, sealed) = reply.split_first_chunk().ok_or(TagError)?;
        open(&self.down, self.nonce(*salt), &self.header, sealed, out)
    }

    fn nonce(&self, salt: [u8; SALT_BYTES]) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[..SALT_BYTES].copy_from_slice(&salt);
        nonce[SALT_BYTES..].copy_from_slice(&self.header[7..11]);
        Nonce::assume_unique_for_key(nonce)
    }
}

fn up_nonce(header: &[u8; HEADER_BYTES]) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[7..].copy_from_slice(&header[6..11]);
    Nonce::assume_unique_for_key(nonce)
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key);
    LessSafeKey::new(key.expect("the cipher's keys have 32 bytes"))
}

fn seal(key: &[u8; 32], nonce: Nonce, header: &[u8], body: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(body);
    let tag = cipher(key)
        .seal_in_place_separate_tag(nonce, Aad::from(header), &mut out[start..])
        .expect("a body within its bound is far below the cipher's own limit");
    out.extend_from_slice(tag.as_ref());
}

fn open(
    key: &[u8; 32],
    nonce: Nonce,
    header: &[u8],
    sealed: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), TagError> {
    let start = out.len();
    out.extend_from_slice(sealed);
    let opened = cipher(key).open_in_place(nonce, Aad::from(header), &mut out[start..]);
    let length = opened.map(|body| body.len()).map_err(|_| TagError);
    out.truncate(start + length.unwrap_or(0));
    length.map(|_| ())
}
