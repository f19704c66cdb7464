//! The keys of authentication codes, and how the host renews them.
//!
//! ```text
//!   signed on ──▶ keying ──▶ up ◀────────────────────────┐
//!                   │         │ due, or asked by the host │ a good key; or a bad one: the old stays
//!                   │         └────── key exchange ───────┘
//!                   └─ no good key, and none before: closed, tried again after a pause
//! ```
//!
//! With a key exchange nothing but network messages leaves before the host has sent a key whose
//! check value is right. One exchange is under way at a time, on one connection; the key is of all.

use std::sync::Arc;

use super::super::limits::{KEY_EXCHANGE_PAUSE, KEYS_FORMER_MAX, REMEMBERED};
use super::super::messages::is_authentic;
use super::super::profile::{KeyExchange, Profile};
use super::link::{Purpose, State};
use super::{Connection, Host, Note, Now, Shared};
use crate::time::Moment;
use tillgate_codec::iso8583::{KeyEncryptionKey, MacKey, View};

/// Keys of codes, newest first.
#[derive(Clone, Default)]
pub(super) struct Keys {
    /// Of the configuration. Network messages that carry codes have its, for a host that has started
    /// anew knows no other.
    pub(super) fixed: Option<Arc<MacKey>>,
    /// What session keys travel under.
    pub(super) encryption: Option<Arc<KeyEncryptionKey>>,
    /// Of the last good exchange.
    session: Option<Arc<MacKey>>,
    /// Those before it, and until when answers made with them count.
    former: Vec<(Arc<MacKey>, Moment)>,
}

/// When the key is renewed.
#[derive(Default)]
pub(super) struct Renewal {
    /// Where an exchange is under way.
    link: Option<usize>,
    due: Option<Moment>,
    /// No exchange before that.
    not_before: Option<Moment>,
    /// The key in force as the host sent it: sent again, it is no other one.
    sealed: Vec<u8>,
}

impl Keys {
    /// The configured key alone.
    pub(super) fn of(fixed: Option<MacKey>) -> Self {
        Self { fixed: fixed.map(Arc::new), ..Self::default() }
    }

    /// The key of requests and advices; `None` without codes.
    pub(super) fn signing(&self, profile: &Profile) -> Option<&MacKey> {
        match profile.has_key_exchange() {
            true => self.session.as_deref(),
            false => self.fixed.as_deref(),
        }
    }

    /// Whether an answer or advice has the code that it must have, by one of the keys that count.
    pub(super) fn accept(&self, now: Moment, profile: &Profile, message: &View<'_>) -> bool {
        if !profile.has_mac() {
            return true;
        }
        let former = self.former.iter().filter(|(_, until)| now < *until).map(|(key, _)| &**key);
        let mut keys = self.signing(profile).into_iter().chain(former);
        keys.any(|key| is_authentic(Some(key), message))
    }
}

impl Host {
    /// The same, with the key that session keys travel under, where the profile has an exchange.
    #[must_use]
    pub fn with_key_exchange(mut self, key: Option<KeyEncryptionKey>) -> Self {
        let keys = Keys { encryption: key.map(Arc::new), ..self.shared.keys.clone() };
        self.set_keys(keys);
        self
    }

    fn set_keys(&mut self, keys: Keys) {
        let profile = Arc::clone(&self.shared.profile);
        self.shared = Arc::new(Shared { profile, keys });
    }

    fn key_exchange(shared: &Shared) -> Option<&KeyExchange> {
        shared.profile.network.as_ref()?.key_exchange.as_ref()
    }

    /// A connection is signed on: it takes requests once there is a key. The first connection after
    /// none asks for a new one, for the host may have started anew.
    pub(super) fn on_signed_on(&mut self, now: Now, index: usize) {
        let shared = Arc::clone(&self.shared);
        let is_alone = self.connections_up() == 0;
        if Self::key_exchange(&shared).is_none() || (shared.keys.session.is_some() && !is_alone) {
            return self.enter_service(index);
        }
        self.links[index].state = State::Keying;
        self.exchange_keys(now, index);
    }

    /// Asks for a key, unless that is under way.
    fn exchange_keys(&mut self, now: Now, index: usize) {
        if self.renewal.link.is_none() && self.links[index].pending.is_none() {
            self.renewal.link = Some(index);
            self.renewal.due = None;
            self.send_network(now, index, Purpose::KeyExchange);
        }
    }

    /// The key is old, or the host has asked for a new one.
    pub(super) fn tick_keys(&mut self, now: Now) {
        if self.renewal_due().is_none_or(|due| due > now.at) {
            return;
        }
        let is_free =
            |link: &super::link::Link| matches!(link.state, State::Up) && link.pending.is_none();
        if let Some(index) = self.links.iter().position(is_free) {
            self.exchange_keys(now, index);
        }
    }

    /// When [`Host::tick_keys`] has something to do.
    pub(super) fn renewal_due(&self) -> Option<Moment> {
        let is_free =
            self.links.iter().any(|link| matches!(link.state, State::Up) && link.pending.is_none());
        let may = is_free && self.renewal.link.is_none() && !self.is_draining;
        let due = self.renewal.due.filter(|_| may)?;
        Some(self.renewal.not_before.map_or(due, |at| due.max(at)))
    }

    /// The host signs with another key: it may have lost ours.
    pub(super) fn doubt_key(&mut self, now: Now) {
        if Self::key_exchange(&self.shared).is_some() {
            self.renewal.due = Some(now.at);
        }
    }

    /// The answer to a key exchange: `key` is the field that carries it, if the host approved.
    pub(super) fn on_key_answer(&mut self, now: Now, index: usize, key: Option<Vec<u8>>) {
        let taken = match key {
            Some(key) => self.take_key(now, index, &key),
            None => {
                self.refuse_key(now, index, "the host has refused the exchange".to_owned());
                false
            }
        };
        if !taken && self.shared.keys.session.is_none() {
            return self.fail(now, index, "the host has sent no key to sign with");
        }
        self.renewal.link = None;
        self.enter_service_with_key();
    }

    fn enter_service_with_key(&mut self) {
        for index in 0..self.links.len() {
            if matches!(self.links[index].state, State::Keying) {
                self.enter_service(index);
            }
        }
    }

    /// Takes a key that the host has sent, if its check value is right; else the old one stays.
    fn take_key(&mut self, now: Now, index: usize, sealed: &[u8]) -> bool {
        let shared = Arc::clone(&self.shared);
        let (Some(exchange), Some(encryption)) =
            (Self::key_exchange(&shared), shared.keys.encryption.as_ref())
        else {
            return false;
        };
        let opened = encryption.open(sealed).map_err(|error| error.to_string());
        let key = opened.and_then(|key| shared.profile.mac_key(&key).map_err(str::to_owned));
        let key = match key {
            Ok(key) => Arc::new(key),
            Err(what) => {
                self.refuse_key(now, index, what);
                return false;
            }
        };
        self.renewal.due = Some(now.at.after(exchange.every));
        self.renewal.not_before = Some(now.at.after(KEY_EXCHANGE_PAUSE));
        if self.renewal.sealed == sealed {
            return true;
        }
        self.renewal.sealed = sealed.to_vec();
        let mut keys = shared.keys.clone();
        keys.former.retain(|(_, until)| now.at < *until);
        if let Some(old) = keys.session.replace(key) {
            keys.former.insert(0, (old, now.at.after(REMEMBERED)));
            keys.former.truncate(KEYS_FORMER_MAX);
        }
        self.set_keys(keys);
        self.note(Note::KeyChanged(self.handle(index)));
        true
    }

    fn refuse_key(&mut self, now: Now, index: usize, what: String) {
        let again = now.at.after(KEY_EXCHANGE_PAUSE);
        (self.renewal.due, self.renewal.not_before) = (Some(again), Some(again));
        self.note(Note::KeyRefused(self.handle(index), what));
    }

    fn handle(&self, index: usize) -> Connection {
        Connection { index, attempt: self.links[index].attempt }
    }

    /// A network message of the host about keys: whether it is granted. `None` if it is another.
    pub(super) fn on_host_key(
        &mut self,
        now: Now,
        connection: Connection,
        said: &str,
        message: &View<'_>,
    ) -> Option<bool> {
        let shared = Arc::clone(&self.shared);
        let exchange = Self::key_exchange(&shared)?;
        if exchange.request.as_deref() == Some(said) {
            self.renewal.due = Some(now.at);
            return Some(true);
        }
        if exchange.code != said {
            return None;
        }
        let taken = sealed(&shared, message)
            .is_some_and(|sealed| self.take_key(now, connection.index, &sealed));
        if taken {
            self.enter_service_with_key();
        }
        Some(taken)
    }

    /// A connection is gone, and the exchange that was under way on it: another begins one.
    pub(super) fn on_key_link_lost(&mut self, now: Now, index: usize) {
        if self.renewal.link.take_if(|link| *link == index).is_none() {
            return;
        }
        self.renewal.due = Some(now.at.after(KEY_EXCHANGE_PAUSE));
        let waits = |link: &super::link::Link| matches!(link.state, State::Keying);
        if let Some(next) = self.links.iter().position(waits) {
            self.exchange_keys(now, next);
        }
    }
}

/// What a message carries in the field of keys, as bytes.
pub(super) fn sealed(shared: &Shared, message: &View<'_>) -> Option<Vec<u8>> {
    let field = Host::key_exchange(shared)?.field;
    let value = message.value(field)?;
    match shared.profile.dialect.field(field)?.kind {
        "b" => Some(value),
        _ => hex::decode(value.trim_ascii()).ok(),
    }
}
