//! What is special about `[[bridge]]`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use tillgate_core::provider::iso8583::limits::CONNECTIONS_MAX;
use tillgate_store_core::BridgeTag;

use super::error::place;
use super::reader::{Key, Reader};
use super::sections::{
    Address, BridgeKind, Callback, ListenerTls, Profile, ProfileSource, Secret, Tls,
};
use super::{HttpUrl, Scheme};

/// An example of `bridge.secrets`.
const SECRET: &str = "token = { file = \"keys/provider.token\" }";

/// A bridge's name is a column of `services.csv` and a metric label.
const NAME_BYTES_MAX: usize = 32;

impl<'a> Reader<'a> {
    pub(super) fn bridge_kind(&mut self, key: Key<'a>) -> BridgeKind {
        self.require(&key, "\"http\"");
        let kinds = [("http", BridgeKind::Http), ("iso8583", BridgeKind::Iso8583)];
        self.kind = self.choice(key, &kinds);
        self.kind
    }

    /// Whether bridges of the kind that is read have this key; a key of another kind is refused.
    fn has(&mut self, key: &Key<'a>, kind: BridgeKind) -> bool {
        let has = self.kind == kind;
        if !has && key.is_there() {
            let (word, other) = match kind {
                BridgeKind::Http => ("http", "iso8583"),
                BridgeKind::Iso8583 => ("iso8583", "http"),
            };
            let name = &key.name;
            let text =
                format!("{name} is of bridges of kind {word:?}, this one is {other:?}; remove it");
            self.fault(key.place(), text);
        }
        has
    }

    /// A name without slash or dot is one of the gateway's own profiles.
    pub(super) fn profile(&mut self, key: Key<'a>) -> Option<Profile> {
        let (at, text) = match self.kind {
            BridgeKind::Http => self.text_if(key, "profiles/provider.toml"),
            BridgeKind::Iso8583 => self.text(key, "profiles/acquirer.toml"),
        }?;
        Some(self.profile_at(at, text))
    }

    /// The profile of this name, or in this file.
    pub(super) fn profile_at(&self, at: usize, text: String) -> Profile {
        let source = if text.contains(['/', '.']) {
            ProfileSource::File(self.base.join(text))
        } else {
            ProfileSource::Builtin(text)
        };
        Profile { source, place: place(self.source, at) }
    }

    /// Where each secret is. What a value is instead is never shown: it may be the secret itself.
    pub(super) fn secrets(&mut self, key: Key<'a>) -> BTreeMap<String, Secret> {
        if !self.has(&key, BridgeKind::Http) {
            return BTreeMap::new();
        }
        self.named(key, SECRET, |reader, name, value| {
            let table = value.as_ref().as_table().filter(|table| table.len() == 1);
            let said = table.and_then(|table| {
                let (kind, text) = table.iter().next()?;
                Some((kind.as_ref().as_ref(), text.as_ref().as_str()?))
            });
            match said {
                Some(("file", file)) if !file.is_empty() => {
                    Some(Secret::File(reader.base.join(file)))
                }
                Some(("credential", id)) if !id.is_empty() && !id.contains('/') => {
                    Some(Secret::Credential(id.to_owned()))
                }
                _ => {
                    let text = format!(
                        "{name}: expected {{ file = \"FILE\" }} or {{ credential = \"NAME\" }}, \
                         where the secret is; it is never written into this file"
                    );
                    reader.fault(value.span().start, text);
                    None
                }
            }
        })
    }

    /// Texts by the operator's own names.
    pub(super) fn bridge_words(&mut self, key: Key<'a>, example: &str) -> BTreeMap<String, String> {
        if self.has(&key, BridgeKind::Http) { self.words(key, example) } else { BTreeMap::new() }
    }

    pub(super) fn addresses(&mut self, key: Key<'a>) -> Vec<Address> {
        if !self.has(&key, BridgeKind::Iso8583) {
            return Vec::new();
        }
        let mut addresses = Vec::new();
        for (at, text) in self.texts(key, "10.0.0.1:8583") {
            match address(&text) {
                Some(address) => addresses.push(address),
                None => {
                    let text = format!(
                        "bridge.addresses has {text:?}; write HOST:PORT, for example \
                         \"10.0.0.1:8583\", \"host.example:8583\" or \"[::1]:8583\""
                    );
                    self.fault(at, text);
                }
            }
        }
        self.addresses = addresses.len();
        addresses
    }

    pub(super) fn callback_tls(&mut self, key: Key<'a>) -> Option<ListenerTls> {
        self.table_if(key, "bridge.callback.tls")
    }

    pub(super) fn connections(&mut self, key: Key<'a>) -> u16 {
        match self.kind {
            BridgeKind::Http => self.number(key, 1..=1_024, 32),
            BridgeKind::Iso8583 => {
                let most = i64::try_from(CONNECTIONS_MAX).unwrap_or(i64::MAX);
                let usual = u16::try_from(self.addresses.clamp(1, CONNECTIONS_MAX)).unwrap_or(1);
                self.number(key, 1..=most, usual)
            }
        }
    }

    pub(super) fn window(&mut self, key: Key<'a>, allowed: RangeInclusive<i64>, usual: u16) -> u16 {
        if self.has(&key, BridgeKind::Iso8583) { self.number(key, allowed, usual) } else { usual }
    }

    pub(super) fn mac_key(&mut self, key: Key<'a>, example: &str) -> Option<PathBuf> {
        if self.has(&key, BridgeKind::Iso8583) { self.path_if(key, example) } else { None }
    }

    pub(super) fn tls(&mut self, key: Key<'a>) -> Option<Tls> {
        let at = key.place();
        let tls: Option<Tls> = self.table_if(key, "bridge.tls");
        match (self.scheme, &tls) {
            (Some(Scheme::Https), None) => self.fault(
                at,
                "bridge.tls is missing, and bridge.url begins with https: name the authorities \
                 that the provider's certificate may come from, for example tls = { ca = \
                 \"keys/provider-ca.pem\" }; those of the system are not trusted",
            ),
            (Some(Scheme::Http), Some(_)) => self.fault(
                at,
                "bridge.tls has no effect on a bridge.url that begins with http: write https, or \
                 remove tls",
            ),
            _ => {}
        }
        tls
    }

    pub(super) fn callback(&mut self, key: Key<'a>) -> Option<Callback> {
        if self.has(&key, BridgeKind::Http) { self.table_if(key, "bridge.callback") } else { None }
    }

    pub(super) fn word_if(&mut self, key: Key<'a>, example: &str) -> Option<String> {
        self.text_if(key, example).map(|(_, text)| text)
    }

    pub(super) fn bridge_name(&mut self, key: Key<'a>) -> String {
        let Some((at, name)) = self.text(key, "topup") else { return String::new() };
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let tag = BridgeTag::of(&name);
        if name.len() > NAME_BYTES_MAX || !name.bytes().all(letter) {
            let allowed = format!("allowed are 1 to {NAME_BYTES_MAX} of a-z 0-9 _ -");
            self.fault(at, format!("bridge.name is {name:?}; {allowed}"));
        } else if self.bridges.contains(&name) {
            self.fault(at, format!("two bridges are called {name:?}; names are unique"));
        } else if let Some(other) = self.bridges.iter().find(|other| BridgeTag::of(other) == tag) {
            let text = format!(
                "{name:?} cannot be distinguished from {other:?} in the journal, which keeps a hash \
                 of the name; rename the newer bridge"
            );
            self.fault(at, text);
        }
        self.bridges.insert(name.clone());
        name
    }

    pub(super) fn url(&mut self, key: Key<'a>, example: &str) -> HttpUrl {
        self.scheme = None;
        let (host, path) = (String::new(), String::new());
        let nowhere = HttpUrl { scheme: Scheme::Http, host, port: 0, path };
        if !self.has(&key, BridgeKind::Http) {
            return nowhere;
        }
        let read = self.text(key, example).and_then(|(at, text)| {
            HttpUrl::parse(&text).map_err(|why| self.fault(at, format!("bridge.url: {why}"))).ok()
        });
        self.scheme = read.as_ref().map(|url| url.scheme);
        read.unwrap_or(nowhere)
    }

    /// A bridge must give up before the terminal's answer is due.
    pub(super) fn deadline(
        &mut self,
        key: Key<'a>,
        allowed: RangeInclusive<i64>,
        usual: u16,
    ) -> u16 {
        let (at, answer_s) = (key.place(), self.answer_s);
        let deadline_s = self.number(key, allowed, usual);
        if deadline_s >= answer_s {
            let text = format!(
                "bridge.deadline_s is {deadline_s} and transactions.answer_s is {answer_s}; a \
                 bridge must give up before the terminal's answer is due: allowed are 1 to {}",
                answer_s - 1
            );
            self.fault(at, text);
        }
        deadline_s
    }
}

/// `HOST:PORT`, an IPv6 address in brackets.
pub(super) fn address(text: &str) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = inner.unwrap_or(host);
    let is_plain = inner.is_some() || !host.contains(':');
    let port = port.parse().ok().filter(|port| *port > 0)?;
    (is_plain && !host.is_empty() && !host.contains(['/', ' ', '[', ']', '@']))
        .then(|| Address { host: host.to_owned(), port })
}
