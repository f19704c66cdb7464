//! What a link over HTTP is configured with: its profile, and who may call.

use core::net::IpAddr;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use ring::hmac;
use tillgate_types::Subnet;

use super::profile::HttpProfile;

/// Characters of the shortest secret that is not guessed.
const SECRET_BYTES_MIN: usize = 16;

/// One link to an aggregator.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    pub profile: Arc<HttpProfile>,
    /// What every request must have. Without one the shell authenticates the caller, or `networks`
    /// is all that does.
    pub secret: Option<SharedSecret>,
    /// Where requests may come from; empty for anywhere.
    pub networks: Vec<Subnet>,
    /// Most sessions at once, those that are over lately included.
    pub sessions_max: usize,
}

/// A secret that caller and gateway share. It is not kept: only what verifies it.
#[derive(Clone)]
pub struct SharedSecret {
    place: SecretPlace,
    key: hmac::Key,
    tag: hmac::Tag,
}

/// Where a request has the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    Header(HeaderName),
    /// A field of the query, for those who can send no header of their own.
    Query(String),
}

impl SharedSecret {
    /// A secret at its place.
    ///
    /// # Errors
    /// It is too short; the text says how long it must be.
    pub fn new(place: SecretPlace, secret: &str) -> Result<Self, String> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(format!("a secret has at least {SECRET_BYTES_MIN} characters"));
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, secret.as_bytes());
        Ok(Self { place, key, tag })
    }

    /// Whether a request has it; takes the same time whatever it has.
    fn is_in(&self, query: &str, headers: &HeaderMap) -> bool {
        let is_it = |said: &[u8]| hmac::verify(&self.key, said, self.tag.as_ref()).is_ok();
        match &self.place {
            SecretPlace::Header(name) => {
                headers.get(name).is_some_and(|value| is_it(value.as_bytes()))
            }
            SecretPlace::Query(name) => {
                let mut fields = form_urlencoded::parse(query.as_bytes());
                let said = fields.find(|(known, _)| known == name);
                said.is_some_and(|(_, value)| is_it(value.as_bytes()))
            }
        }
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSecret").field("place", &self.place).finish_non_exhaustive()
    }
}

impl HttpConfig {
    /// Whether a request may be looked at; its head alone says it.
    #[must_use]
    pub fn admits(&self, peer: IpAddr, query: &str, headers: &HeaderMap) -> bool {
        self.is_near(peer) && self.secret.as_ref().is_none_or(|secret| secret.is_in(query, headers))
    }

    /// Whether a connection may come from there.
    #[must_use]
    pub fn is_near(&self, peer: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(peer))
    }
}
