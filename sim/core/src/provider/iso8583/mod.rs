//! A simulated ISO 8583 host, without its sockets: bytes of connections in, bytes and ends of
//! connections out, each at its time.
//!
//! ```text
//!  connected, receive, disconnected        poll
//!  ──────────────────────────────▶ IsoHost ─────▶ Log, Send, Close, Note
//!                                   │   │
//!        request ─▶ script ─▶ serve ┘   └ outbox: answers by the moment at which they are due
//!                      book ◀───┘
//! ```
//!
//! It shares the codec with the gateway and nothing else: what a request, a repeat and a reversal
//! mean is written here a second time, so that two implementations meet. A line of the log precedes
//! the answer that it is about.

mod book;
mod keys;
mod outbox;
mod reply;
mod request;
mod respond;
mod serve;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tillgate_codec::iso8583::{Fields, MacKey, MacVerdict, View};

use self::outbox::{Act, Outbox};
use self::request::Asked;
use super::script::{Director, Reach, Rule, Script};
use crate::limits::HOST_CONNECTIONS_MAX;
use crate::time::Moment;

pub use self::book::{Deal, DealKey, DealKind, IsoBook};
pub use self::keys::{MacAlgorithm, SESSION_KEY_BYTES};
pub use self::settings::{HostSettings, MacSettings};

/// A connection, as the shell numbers them; never used twice.
pub type ConnectionId = u64;

/// What the shell has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Append this line to the log, before anything that follows.
    Log(String),
    Send {
        connection: ConnectionId,
        bytes: Vec<u8>,
    },
    Close {
        connection: ConnectionId,
    },
    /// Something that a person who watches wants to know; holds no card data.
    Note(String),
}

/// A host with its book.
pub struct IsoHost {
    settings: HostSettings,
    director: Director,
    book: IsoBook,
    connections: BTreeMap<ConnectionId, Connection>,
    outbox: Outbox,
    /// Deals that are done later.
    pending: BTreeSet<(Moment, DealKey)>,
    ready: VecDeque<Output>,
    /// Session keys, the newest first: two, so that requests on their way keep theirs.
    session_keys: Vec<[u8; SESSION_KEY_BYTES]>,
    exchanges: u64,
    fields: Fields,
}

#[derive(Default)]
struct Connection {
    inbox: Vec<u8>,
    is_signed_on: bool,
    /// After half a frame nothing that is sent can be read.
    is_stuck: bool,
    /// The last honest answer.
    earlier: Option<Vec<u8>>,
}

impl IsoHost {
    /// A host with an empty book, whose script begins now.
    ///
    /// # Errors
    /// What of the settings the dialect has no room for.
    pub fn new(settings: HostSettings, script: Script, now: Moment) -> Result<Self, String> {
        settings.check()?;
        Ok(Self {
            settings,
            director: Director::new(script, now),
            book: IsoBook::default(),
            connections: BTreeMap::new(),
            outbox: Outbox::default(),
            pending: BTreeSet::new(),
            ready: VecDeque::new(),
            session_keys: Vec::new(),
            exchanges: 0,
            fields: Fields::new(),
        })
    }

    #[must_use]
    pub fn book(&self) -> &IsoBook {
        &self.book
    }

    /// The script at work, for the shell that opens and closes the listener.
    #[must_use]
    pub fn director(&self) -> &Director {
        &self.director
    }

    /// It follows other rules from now on.
    pub fn follow(&mut self, rules: Vec<Rule>) {
        self.director.follow(rules);
    }

    /// A connection was accepted.
    pub fn connected(&mut self, now: Moment, connection: ConnectionId) {
        let refuses = self.director.outage(now).is_some_and(|(reach, _)| reach == Reach::Refuse);
        if refuses || self.connections.len() >= HOST_CONNECTIONS_MAX {
            self.ready.push_back(Output::Close { connection });
        } else {
            self.connections.insert(connection, Connection::default());
        }
    }

    /// A connection ended.
    pub fn disconnected(&mut self, connection: ConnectionId) {
        self.connections.remove(&connection);
        self.outbox.forget(connection);
    }

    /// Bytes of a connection arrived, in any pieces.
    pub fn receive(&mut self, now: Moment, connection: ConnectionId, bytes: &[u8]) {
        if self.director.outage(now).is_some() {
            return;
        }
        let Some(link) = self.connections.get_mut(&connection) else { return };
        link.inbox.extend_from_slice(bytes);
        let mut inbox = std::mem::take(&mut link.inbox);
        let framing = self.settings.dialect.framing();
        let mut start = 0;
        while let Some(rest) = inbox.get(start..).filter(|rest| !rest.is_empty()) {
            match framing.deframe(rest) {
                Ok(Some(frame)) => {
                    let message = rest.get(frame.message).unwrap_or(&[]);
                    // A keep-alive is not answered.
                    if !message.is_empty() && !self.message(now, connection, message) {
                        return;
                    }
                    start += frame.end;
                }
                Ok(None) => break,
                Err(error) => return self.end(connection, &format!("no frame: {error}")),
            }
        }
        inbox.drain(..start);
        if let Some(link) = self.connections.get_mut(&connection) {
            link.inbox = inbox;
        }
    }

    /// What to do now; to be asked until there is nothing.
    pub fn poll(&mut self, now: Moment) -> Option<Output> {
        self.settle(now);
        if let Some(output) = self.ready.pop_front() {
            return Some(output);
        }
        match self.director.outage(now) {
            Some((Reach::Refuse, _)) => {
                let connection = *self.connections.keys().next()?;
                self.disconnected(connection);
                return Some(Output::Close { connection });
            }
            Some((Reach::Silent, _)) => {
                // What was due in the meantime is lost.
                while self.outbox.next(now).is_some() {}
                return None;
            }
            None => {}
        }
        loop {
            let (connection, act) = self.outbox.next(now)?;
            let Some(link) = self.connections.get_mut(&connection) else { continue };
            match act {
                Act::Close => {
                    self.disconnected(connection);
                    return Some(Output::Close { connection });
                }
                _ if link.is_stuck => {}
                Act::SendLast(bytes) => {
                    link.is_stuck = true;
                    return Some(Output::Send { connection, bytes });
                }
                Act::Send(bytes) => return Some(Output::Send { connection, bytes }),
            }
        }
    }

    /// When to ask again at the latest.
    #[must_use]
    pub fn deadline(&self, now: Moment) -> Option<Moment> {
        let outage = self.director.next_outage(now, Reach::Refuse);
        let pending = self.pending.first().map(|(at, _)| *at);
        self.outbox.deadline().into_iter().chain(outage).chain(pending).min()
    }

    /// Takes a message; `false` if its connection ended.
    fn message(&mut self, now: Moment, connection: ConnectionId, message: &[u8]) -> bool {
        let mut fields = std::mem::take(&mut self.fields);
        let read = match self.settings.dialect.view(message, &mut fields) {
            Ok(view) => Ok((Asked::read(&view, &self.settings), self.verdict(&view))),
            Err(error) => Err(self.settings.dialect.explain(&error)),
        };
        self.fields = fields;
        match read {
            Err(error) => {
                self.end(connection, &format!("no message: {error}"));
                false
            }
            Ok((asked, _)) if asked.mti.answer().is_none() => {
                self.note(connection, &format!("{} is no request and is dropped", asked.mti));
                true
            }
            Ok((asked, (verdict, key))) => {
                self.request(now, connection, &asked, verdict, key);
                true
            }
        }
    }

    /// The outcome of checking the code, and the place of the key that its answer is made with: of
    /// the session keys, then the agreed one.
    fn verdict(&self, view: &View<'_>) -> (MacVerdict, usize) {
        let mut verdict = MacVerdict::Valid;
        for place in 0..=self.session_keys.len() {
            let Some(key) = self.mac_key(place) else { return (MacVerdict::Valid, 0) };
            verdict = view.verify_mac(&key);
            if verdict == MacVerdict::Valid {
                return (verdict, place);
            }
        }
        (verdict, 0)
    }

    /// A key by its place; `None` without codes.
    fn mac_key(&self, place: usize) -> Option<MacKey> {
        let mac = self.settings.mac.as_ref()?;
        let bytes = self.session_keys.get(place).map_or(&mac.key[..], |key| &key[..]);
        mac.algorithm.key(bytes)
    }

    fn end(&mut self, connection: ConnectionId, why: &str) {
        self.note(connection, why);
        self.disconnected(connection);
        self.ready.push_back(Output::Close { connection });
    }

    fn note(&mut self, connection: ConnectionId, what: &str) {
        self.ready.push_back(Output::Note(format!("connection {connection}: {what}")));
    }
}
