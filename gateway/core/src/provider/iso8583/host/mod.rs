//! A bridge's connections to its host, without sockets and clocks.
//!
//! ```text
//!            tick            connected          answered, or no sign-on
//!   waiting ─────▶ connecting ─────▶ signing on ─────────────▶ up ─────▶ signing off ─▶ closed
//!      ▲               │                 │  (keying: keys.rs)   │ drained      │
//!      └── pause ◀─────┴─ lost, refused, unanswered, bad frame ─┘              └─ answered, lost
//! ```
//!
//! Events are methods; what is to be done comes out of [`Host::next_action`] and
//! [`Host::take_output`] until there is no more; [`Host::deadline`] is when [`Host::tick`] is due.
//!
//! Every request has exactly one [`Action::Done`]. It counts as not sent only while no byte of it
//! was taken with [`Host::take_output`]; from then on everything but an answer that repeats what it
//! must repeat leaves its outcome UNKNOWN. An answer after that is an [`Action::Late`].

mod answers;
mod incoming;
mod keys;
mod link;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tillgate_codec::iso8583::MacKey;
use zeroize::Zeroizing;

use self::keys::{Keys, Renewal};
use self::link::{Link, State};
use self::requests::InFlight;
use super::super::{Exchange, ProviderRequest, ProviderResult};
use super::limits::{ANSWERED_MAX, CONNECT, UNANSWERED_MAX};
use super::memory::{Memory, MuxKey};
use super::messages::Subjects;
use super::profile::Profile;
use crate::time::Moment;

/// When something happens: by the monotonic clock, and by the one that network messages carry.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For deadlines.
    pub at: Moment,
    /// Unix milliseconds.
    pub wall_ms: u64,
}

/// One attempt at one of the bridge's connections. Events about an earlier attempt are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    /// Which of them, from 0.
    pub index: usize,
    /// Counted from 1.
    pub attempt: u32,
}

/// How many connections, and how busy.
#[derive(Clone, Copy, Debug)]
pub struct HostSettings {
    /// Connections that are kept open.
    pub connections: usize,
    /// Most requests in flight on each.
    pub window: usize,
    /// Seed of the pauses' jitter.
    pub entropy: u64,
}

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// Open a connection; report [`Host::connected`] or [`Host::lost`].
    Connect(Connection),
    /// Close it; nothing is reported about it any more.
    Close(Connection),
    /// A request has its result.
    Done(Exchange, ProviderResult),
    /// An answer to a request that already had its result: late, or another one.
    Late(ProviderRequest, ProviderResult),
    /// Something for the log and the counters.
    Note(Note),
}

/// What the operator may want to know. No text has a value of a masked field.
#[derive(Debug, PartialEq, Eq)]
pub enum Note {
    /// A connection takes requests.
    Up(Connection),
    /// It does no longer, or could not be opened; why.
    Down(Connection, &'static str),
    /// An answer that belongs to no request; its type and key.
    Unmatched(Connection, String),
    /// A frame that is no message of the dialect; what is wrong with it.
    Unreadable(Connection, String),
    /// A message with a wrong authentication code, or without one.
    Unauthentic(Connection),
    /// An echo test without an answer; the connection was closed.
    EchoMissed(Connection),
    /// A request with the key of one in flight, or of one whose answer is still owed.
    Duplicate,
    /// What a host answered for a card's chip is not passed on; why.
    ChipWithheld(Connection, &'static str),
    /// A request whose values do not fit the profile's fields; which field.
    Unsendable(String),
    /// The host asks for something that it was refused; the message's type.
    Refused(Connection, String),
    /// The host has sent a new key of authentication codes, which is in use.
    KeyChanged(Connection),
    /// It has sent none that can be used; why. The one before stays, if there is one.
    KeyRefused(Connection, String),
}

/// A profile and its keys, shared with what is being read.
struct Shared {
    profile: Arc<Profile>,
    keys: Keys,
}

impl Shared {
    fn subjects(&self) -> Subjects<'_> {
        Subjects { profile: &self.profile, mac: self.keys.signing(&self.profile) }
    }

    /// Of network messages, which most hosts send without a code.
    fn network_subjects(&self) -> Subjects<'_> {
        let has_mac = self.profile.network.as_ref().is_some_and(|network| network.mac);
        Subjects { profile: &self.profile, mac: self.keys.fixed.as_deref().filter(|_| has_mac) }
    }
}

/// See the module.
pub struct Host {
    shared: Arc<Shared>,
    window: usize,
    links: Vec<Link>,
    /// The connection whose turn it is.
    turn: usize,
    /// For a connection; the first due in front.
    waiting: VecDeque<Exchange>,
    in_flight: FxHashMap<MuxKey, InFlight>,
    /// When each of them is due, first due in front; those that are done are still there.
    timers: VecDeque<(Moment, MuxKey)>,
    unanswered: Memory,
    answered: Memory,
    actions: VecDeque<Action>,
    /// Buffers of requests that are done.
    spare: Vec<Zeroizing<Vec<u8>>>,
    /// Where messages are made.
    scratch: Zeroizing<Vec<u8>>,
    random: u64,
    /// Trace number of the last network message.
    stan: u32,
    renewal: Renewal,
    is_draining: bool,
}

impl Host {
    /// Without a connection; the first [`Host::tick`] opens them.
    #[must_use]
    pub fn new(profile: Profile, mac: Option<MacKey>, settings: HostSettings) -> Self {
        let keys = Keys::of(mac);
        Self {
            shared: Arc::new(Shared { profile: Arc::new(profile), keys }),
            window: settings.window.max(1),
            links: (0..settings.connections.max(1)).map(|_| Link::new()).collect(),
            turn: 0,
            waiting: VecDeque::new(),
            in_flight: FxHashMap::default(),
            timers: VecDeque::new(),
            unanswered: Memory::new(UNANSWERED_MAX),
            answered: Memory::new(ANSWERED_MAX),
            actions: VecDeque::new(),
            spare: Vec::new(),
            scratch: Zeroizing::default(),
            random: settings.entropy | 1,
            stan: 0,
            renewal: Renewal::default(),
            is_draining: false,
        }
    }

    /// The connection is open.
    pub fn connected(&mut self, now: Now, connection: Connection) {
        if self.is_current(connection) {
            self.begin_session(now, connection.index);
            self.settle(now);
        }
    }

    /// The connection could not be opened, or has ended.
    pub fn lost(&mut self, now: Now, connection: Connection) {
        if self.is_current(connection) {
            let why = match self.links[connection.index].state {
                State::Connecting(_) => "cannot be opened",
                _ => "ended by the host",
            };
            self.drop_connection(now, connection.index, why);
            self.settle(now);
        }
    }

    /// Bytes came, in whatever pieces.
    pub fn received(&mut self, now: Now, connection: Connection, bytes: &[u8]) {
        if self.is_current(connection) {
            self.read(now, connection, bytes);
            self.settle(now);
        }
    }

    /// Takes a request; see [`Host::wants_request`].
    pub fn request(&mut self, now: Now, exchange: Exchange) {
        self.wait(exchange);
        self.settle(now);
    }

    /// [`Host::deadline`] has come.
    pub fn tick(&mut self, now: Now) {
        self.unanswered.tick(now.at);
        self.answered.tick(now.at);
        self.expire(now.at);
        for index in 0..self.links.len() {
            self.tick_link(now, index);
        }
        self.tick_keys(now);
        self.settle(now);
    }

    /// No request will come any more: once the last has its result, the host is signed off.
    pub fn drain(&mut self, now: Now) {
        self.is_draining = true;
        self.settle(now);
    }

    /// Every connection is treated as lost: for after a defect, when nothing is certain.
    pub fn abandon(&mut self, now: Now) {
        for index in 0..self.links.len() {
            if let Some(connection) = self.links[index].open(index) {
                self.actions.push_back(Action::Close(connection));
                self.drop_connection(now, index, "given up after a defect");
            }
        }
        self.settle(now);
    }

    /// Whether every request has its result and every connection is closed, after
    /// [`Host::drain`].
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.is_draining && self.links.iter().all(|link| matches!(link.state, State::Closed))
    }

    /// Whether there is room for a request. The others stay in the bridge's queue: only the oldest
    /// need a clock.
    #[must_use]
    pub fn wants_request(&self) -> bool {
        self.waiting.len() < super::limits::WAITING_MAX
    }

    /// Whether a request that comes now has a connection to go to, or may wait for one.
    #[must_use]
    pub fn is_within_reach(&self, now: Moment) -> bool {
        self.links.iter().any(|link| link.is_worth_waiting_for(now))
    }

    /// Connections that take requests.
    #[must_use]
    pub fn connections_up(&self) -> u64 {
        let up = self.links.iter().filter(|link| matches!(link.state, State::Up));
        up.fold(0, |count, _| count + 1)
    }

    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Connections that have something to write.
    pub fn with_output(&self) -> impl Iterator<Item = Connection> {
        let links = self.links.iter().enumerate();
        links.filter_map(|(index, link)| link.open(index).filter(|_| !link.unsent.is_empty()))
    }

    /// When [`Host::tick`] is due.
    pub fn deadline(&mut self) -> Option<Moment> {
        while let Some((due, key)) = self.timers.front()
            && self.in_flight.get(key).is_none_or(|entry| entry.exchange.due() != *due)
        {
            self.timers.pop_front();
        }
        let idle = self.shared.profile.network.as_ref();
        let idle = idle.filter(|network| network.echo.is_some()).map(|network| network.idle);
        let links = self.links.iter().filter_map(|link| link.deadline(idle));
        let waiting = self.waiting.front().map(Exchange::due);
        let hope = self.links.iter().filter_map(Link::hope);
        // Only while there is nothing else to wait for.
        let firm = |link: &Link| link.is_worth_waiting_for(Moment(u64::MAX));
        let hopes = waiting.is_some() && !self.links.iter().any(firm);
        let hope = hope.filter(|_| hopes).max();
        let timer = self.timers.front().map(|(due, _)| *due);
        links.chain(waiting).chain(hope).chain(timer).chain(self.renewal_due()).min()
    }

    fn is_current(&self, connection: Connection) -> bool {
        let link = self.links.get(connection.index);
        link.and_then(|link| link.open(connection.index)) == Some(connection)
    }

    /// After each event: requests to whoever has room, and the way down.
    fn settle(&mut self, now: Now) {
        self.expire_waiting(now.at);
        self.dispatch();
        if !self.is_within_reach(now.at) {
            self.refuse_waiting();
        }
        if !self.is_draining || !self.waiting.is_empty() || !self.in_flight.is_empty() {
            return;
        }
        for index in 0..self.links.len() {
            self.sign_off(now, index);
        }
    }

    /// A pause before a connection is tried again: doubled after each failure, half of it drawn.
    fn pause(&mut self, failures: u32) -> crate::time::Span {
        use super::limits::{PAUSE_FIRST, PAUSE_LONGEST};
        let longest = PAUSE_FIRST.0.saturating_mul(1 << failures.min(16)).min(PAUSE_LONGEST.0);
        // Marsaglia's xorshift: jitter needs no better.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        crate::time::Span(longest / 2 + self.random % (longest / 2 + 1))
    }

    fn note(&mut self, note: Note) {
        self.actions.push_back(Action::Note(note));
    }

    fn open(&mut self, now: Now, index: usize) {
        let link = &mut self.links[index];
        link.attempt = link.attempt.wrapping_add(1);
        link.state = State::Connecting(now.at.after(CONNECT));
        let connection = Connection { index, attempt: link.attempt };
        self.actions.push_back(Action::Connect(connection));
    }
}
