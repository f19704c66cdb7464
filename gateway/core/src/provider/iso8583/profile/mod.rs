//! Host profiles: how one host's messages carry requests and results. A profile is a TOML file
//! over a dialect table; docs/bridges.md explains its keys.
//!
//! `document` is the file as it is written, `build` checks it and makes a [`Profile`] of it,
//! `check` compares what it says with the dialect and with itself, `usable` finds what no message
//! would ever have.

mod build;
mod check;
mod document;
mod sample;
#[cfg(test)]
mod tests;
mod usable;

use tillgate_codec::iso8583::{Dialect, KeyEncryptionKey, MacKey, Mti, Tpdu};

use self::document::Document;
use super::super::{Capabilities, ProviderRequestKind};
use super::limits::PROFILE_BYTES_MAX;
use super::template::Template;
use crate::iso8583::fault::{ProfileError, document};
use crate::iso8583::mac::MacWord;
use crate::time::Span;

/// Names and texts of the profiles that are built in.
const BUILTINS: [(&str, &str); 2] = [
    ("iso87-host", include_str!("../../../../profiles/iso87-host.toml")),
    ("nac-host", include_str!("../../../../profiles/nac-host.toml")),
];

/// How a host's messages carry requests and results; checked.
#[derive(Debug)]
pub struct Profile {
    pub(super) name: String,
    about: String,
    pub(super) dialect: Dialect,
    pub(super) tpdu: Option<Tpdu>,
    pub(super) offset_min: i32,
    pub(super) institutions: String,
    mac: Option<MacWord>,
    /// The fields by which an answer finds its request.
    pub(super) key: Vec<u8>,
    /// Where the provider's reference is, the preferred field first.
    pub(super) reference: Vec<u8>,
    pub(super) network: Option<Network>,
    /// By [`index`].
    messages: [Option<MessagePlan>; 5],
}

/// Network messages: sign-on, sign-off, echo.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) mti: Mti,
    pub(super) answer: Mti,
    pub(super) sign_on: Option<String>,
    pub(super) sign_off: Option<String>,
    pub(super) echo: Option<String>,
    /// Whether they carry an authentication code, too.
    pub(super) mac: bool,
    /// Without a message from the host for this long, an echo test goes out.
    pub(super) idle: Span,
    /// A network message without an answer for this long costs the connection.
    pub(super) patience: Span,
    pub(super) approved: Vec<String>,
    pub(super) key_exchange: Option<KeyExchange>,
    pub(super) fields: Vec<(u8, Template)>,
}

/// How the key of authentication codes is renewed.
#[derive(Debug)]
pub(super) struct KeyExchange {
    /// The code of a network message by which a key is asked for, or delivered by the host.
    pub(super) code: String,
    /// The code by which the host asks the gateway to ask.
    pub(super) request: Option<String>,
    /// Carries the key.
    pub(super) field: u8,
    pub(super) every: Span,
}

/// The message of one kind of request, and what its answers mean.
#[derive(Debug)]
pub(super) struct MessagePlan {
    pub(super) mti: Mti,
    pub(super) repeat: Mti,
    pub(super) answer: Mti,
    pub(super) fields: Vec<(u8, Template)>,
    /// What every answer repeats as it was sent.
    pub(super) echo: Vec<u8>,
    pub(super) codes: Vec<(String, Meaning)>,
    /// Of a sale: the field of its answer with what the chip receives.
    pub(super) chip: Option<u8>,
    pub(super) processing: Processing,
    pub(super) found: Found,
}

/// What a response code says about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Approved,
    /// With the code that the terminal receives.
    Declined(String),
    Pending,
    NotFound,
    Reversed,
    Refused,
    Acknowledged,
    Found,
}

/// Processing codes (field 3) by service and product.
#[derive(Debug, Default)]
pub(super) struct Processing {
    /// Service, product (`None`: all of them), code.
    pub(super) rows: Vec<(u16, Option<u16>, String)>,
    pub(super) usual: Option<String>,
}

/// Where a lookup's answer has what was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) reference: Option<u8>,
    pub(super) amount: Option<u8>,
    pub(super) amount_min: Option<u8>,
    pub(super) amount_max: Option<u8>,
    pub(super) name: Option<u8>,
    pub(super) text: Option<u8>,
}

/// Kinds in the order of [`Profile::messages`], with the words of a profile.
const KINDS: [(ProviderRequestKind, &str); 5] = [
    (ProviderRequestKind::Authorize, "authorize"),
    (ProviderRequestKind::Lookup, "lookup"),
    (ProviderRequestKind::Inquire, "inquire"),
    (ProviderRequestKind::Reverse, "reverse"),
    (ProviderRequestKind::Advise, "advise"),
];

fn index(kind: ProviderRequestKind) -> usize {
    KINDS.iter().position(|(known, _)| *known == kind).unwrap_or(0)
}

fn word(kind: ProviderRequestKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, word)| word)
}

impl Profile {
    /// Reads and checks a profile. Its dialect is asked for by its name, which fails with what is
    /// wrong with it.
    ///
    /// # Errors
    /// It is not TOML, or all that is wrong with it, by line.
    pub fn parse(
        text: &str,
        dialect: impl FnOnce(&str) -> Result<Dialect, String>,
    ) -> Result<Self, ProfileError> {
        let document: Document = document(text, PROFILE_BYTES_MAX)?;
        build::profile(text, document, dialect)
    }

    /// The text of a profile that is built in, to use or to start another from.
    #[must_use]
    pub fn builtin(name: &str) -> Option<&'static str> {
        BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// Names of the profiles that are built in.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTINS.iter().map(|(name, _)| *name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The dialect of its messages.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Whether its messages carry an authentication code.
    #[must_use]
    pub fn has_mac(&self) -> bool {
        self.mac.is_some()
    }

    /// The key of its authentication codes from its bytes; the error says how many are expected.
    ///
    /// # Errors
    /// The key has another length, or the profile has no codes.
    pub fn mac_key(&self, key: &[u8]) -> Result<MacKey, &'static str> {
        self.mac.ok_or("the profile has no `mac`")?.key(key)
    }

    /// Whether the host sends the key of authentication codes.
    #[must_use]
    pub fn has_key_exchange(&self) -> bool {
        self.network.as_ref().is_some_and(|network| network.key_exchange.is_some())
    }

    /// Whether codes are needed before a key can have been exchanged: of the exchange itself.
    #[must_use]
    pub fn needs_fixed_key(&self) -> bool {
        let signs = self.network.as_ref().is_some_and(|network| network.mac);
        self.has_mac() && (signs || !self.has_key_exchange())
    }

    /// The key that session keys travel under, from its bytes; the error says how many are
    /// expected.
    ///
    /// # Errors
    /// The key has another length, or the profile has no codes.
    pub fn key_encryption_key(&self, key: &[u8]) -> Result<KeyEncryptionKey, &'static str> {
        match self.mac {
            Some(MacWord::Retail | MacWord::Retail2) => KeyEncryptionKey::triple_des(key)
                .ok_or("a triple DES key of 32 or 48 hexadecimal digits is expected"),
            Some(MacWord::Cmac) => KeyEncryptionKey::aes(key)
                .ok_or("an AES key of 32, 48 or 64 hexadecimal digits is expected"),
            None => Err("the profile has no `mac`"),
        }
    }

    /// The first capability that is claimed of the host and that the profile has no message for:
    /// the capability, and the message's kind.
    #[must_use]
    pub fn lacks(&self, claimed: Capabilities) -> Option<(&'static str, &'static str)> {
        let needs = [
            (claimed.inquiry, "inquiry", ProviderRequestKind::Inquire),
            (claimed.reversal, "reversal", ProviderRequestKind::Reverse),
            (claimed.advice, "confirmation", ProviderRequestKind::Advise),
            (claimed.lookup, "lookup", ProviderRequestKind::Lookup),
        ];
        let missing =
            |(claimed, _, kind): &&(bool, &str, _)| *claimed && self.plan(*kind).is_none();
        needs.iter().find(missing).map(|(_, capability, kind)| (*capability, word(*kind)))
    }

    pub(super) fn plan(&self, kind: ProviderRequestKind) -> Option<&MessagePlan> {
        self.messages[index(kind)].as_ref()
    }
}

impl Processing {
    /// The code of a product: its own, else its service's, else the usual one.
    pub(super) fn code(&self, service: u16, product: u16) -> Option<&str> {
        let row = |wanted| {
            let found = self.rows.iter().find(|row| (row.0, row.1) == (service, wanted));
            found.map(|row| row.2.as_str())
        };
        row(Some(product)).or_else(|| row(None)).or(self.usual.as_deref())
    }

    fn codes(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.2.as_str()).chain(self.usual.as_deref())
    }
}
