//! One connection: its session with the host, from sign-on to sign-off.

use std::collections::VecDeque;

use super::super::memory::MuxKey;
use super::super::messages::{CODE, encode_network, repeats};
use super::super::template::{Source, Subject};
use super::keys::sealed;
use super::{Action, Connection, Host, Note, Now};
use crate::provider::iso8583::limits::{
    CONNECT, CONNECT_HOPE, FAILURES_MAX, REPLIES_MAX, SIGN_OFF,
};
use crate::time::{Moment, Span};
use tillgate_codec::iso8583::{Fields, View};
use zeroize::Zeroizing;

pub(super) struct Link {
    pub(super) attempt: u32,
    pub(super) state: State,
    /// What came and is no whole frame yet; wiped, as card data may be in it.
    pub(super) inbound: Zeroizing<Vec<u8>>,
    pub(super) unsent: VecDeque<Unsent>,
    /// Requests in flight on it.
    pub(super) in_flight: usize,
    pub(super) pending: Option<Pending>,
    /// When the host was last known to be there.
    pub(super) last: Moment,
    pub(super) failures: u32,
}

pub(super) enum State {
    /// Tried again then.
    Waiting(Moment),
    /// Given up then.
    Connecting(Moment),
    SigningOn,
    /// Signed on, without a key to sign with.
    Keying,
    Up,
    SigningOff,
    Closed,
}

/// What is to be written.
pub(super) enum Unsent {
    /// A network message, or an answer to the host, without its frame.
    Reply(Vec<u8>),
    Request(MuxKey),
}

/// A network message whose answer is owed.
pub(super) struct Pending {
    purpose: Purpose,
    sent: Vec<u8>,
    due: Moment,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    SignOn,
    Echo,
    KeyExchange,
    SignOff,
}

impl Link {
    pub(super) fn new() -> Self {
        Self {
            attempt: 0,
            state: State::Waiting(Moment(0)),
            inbound: Zeroizing::default(),
            unsent: VecDeque::new(),
            in_flight: 0,
            pending: None,
            last: Moment(0),
            failures: 0,
        }
    }

    /// Its handle, while there is a socket or one is being opened.
    pub(super) fn open(&self, index: usize) -> Option<Connection> {
        let is_open = !matches!(self.state, State::Waiting(_) | State::Closed);
        is_open.then_some(Connection { index, attempt: self.attempt })
    }

    /// Whether requests may wait for it: it takes them, or may do so soon.
    pub(super) fn is_worth_waiting_for(&self, now: Moment) -> bool {
        match self.state {
            State::Up => true,
            State::SigningOff | State::Closed => false,
            _ if self.failures >= FAILURES_MAX => false,
            State::Connecting(_) => self.hope().is_none_or(|until| now < until),
            State::Waiting(_) | State::SigningOn | State::Keying => true,
        }
    }

    /// Until when it is worth waiting for while it is being opened.
    pub(super) fn hope(&self) -> Option<Moment> {
        let State::Connecting(until) = self.state else { return None };
        let began = until.0.saturating_sub(CONNECT.0);
        (self.failures < FAILURES_MAX).then(|| Moment(began).after(CONNECT_HOPE))
    }

    pub(super) fn deadline(&self, idle: Option<Span>) -> Option<Moment> {
        let state = match self.state {
            State::Waiting(until) | State::Connecting(until) => Some(until),
            State::Up if self.pending.is_none() => idle.map(|idle| self.last.after(idle)),
            _ => None,
        };
        self.pending.as_ref().map(|pending| pending.due).into_iter().chain(state).min()
    }
}

impl Host {
    pub(super) fn begin_session(&mut self, now: Now, index: usize) {
        self.links[index].last = now.at;
        let network = self.shared.profile.network.as_ref();
        if network.is_some_and(|network| network.sign_on.is_some()) {
            self.links[index].state = State::SigningOn;
            self.send_network(now, index, Purpose::SignOn);
        } else {
            self.on_signed_on(now, index);
        }
    }

    pub(super) fn enter_service(&mut self, index: usize) {
        let link = &mut self.links[index];
        (link.state, link.failures) = (State::Up, 0);
        let connection = Connection { index, attempt: link.attempt };
        self.note(Note::Up(connection));
    }

    pub(super) fn tick_link(&mut self, now: Now, index: usize) {
        let link = &self.links[index];
        let connection = Connection { index, attempt: link.attempt };
        if let Some(pending) = link.pending.as_ref().filter(|pending| pending.due <= now.at) {
            let why = match pending.purpose {
                Purpose::SignOn => "the sign-on has no answer",
                Purpose::KeyExchange => "the key exchange has no answer",
                Purpose::SignOff => "signed off",
                Purpose::Echo => {
                    self.note(Note::EchoMissed(connection));
                    "the echo test has no answer"
                }
            };
            return self.fail(now, index, why);
        }
        match link.state {
            State::Waiting(until) if until <= now.at => self.open(now, index),
            State::Connecting(until) if until <= now.at => {
                self.fail(now, index, "cannot be opened in time");
            }
            State::Up => {
                let network = self.shared.profile.network.as_ref();
                let idle = network.filter(|network| network.echo.is_some());
                let is_idle = idle.is_some_and(|network| link.last.after(network.idle) <= now.at);
                if is_idle && link.pending.is_none() {
                    self.send_network(now, index, Purpose::Echo);
                }
            }
            _ => {}
        }
    }

    /// On the way down, with nothing in flight.
    pub(super) fn sign_off(&mut self, now: Now, index: usize) {
        let network = self.shared.profile.network.as_ref();
        let says_it = network.is_some_and(|network| network.sign_off.is_some());
        match self.links[index].state {
            State::SigningOff | State::Closed => {}
            State::Up if says_it => {
                self.links[index].state = State::SigningOff;
                self.send_network(now, index, Purpose::SignOff);
            }
            State::Waiting(_) => self.links[index].state = State::Closed,
            _ => self.fail(now, index, "the gateway goes down"),
        }
    }

    pub(super) fn send_network(&mut self, now: Now, index: usize, purpose: Purpose) {
        let shared = std::sync::Arc::clone(&self.shared);
        let Some(network) = &shared.profile.network else { return };
        let code = match purpose {
            Purpose::SignOn => &network.sign_on,
            Purpose::Echo => &network.echo,
            Purpose::KeyExchange => &None,
            Purpose::SignOff => &network.sign_off,
        };
        self.stan = self.stan % 999_999 + 1;
        let keys = network.key_exchange.as_ref().filter(|_| purpose == Purpose::KeyExchange);
        let code = keys.map(|keys| &keys.code).or(code.as_ref()).map_or("", String::as_str);
        let of = Subject::Network { code, stan: self.stan, at_ms: now.wall_ms };
        let mut sent = Vec::new();
        if encode_network(shared.network_subjects(), network, of, &mut sent).is_err() {
            // The profile was checked with the longest values.
            return self.fail(now, index, "a network message cannot be made");
        }
        let patience = if purpose == Purpose::SignOff { SIGN_OFF } else { network.patience };
        self.links[index].unsent.push_back(Unsent::Reply(sent.clone()));
        self.links[index].pending = Some(Pending { purpose, sent, due: now.at.after(patience) });
    }

    /// Whether `answer` is the one that a network message waits for; what comes of it.
    pub(super) fn on_network_answer(&mut self, now: Now, index: usize, answer: &View<'_>) -> bool {
        let shared = std::sync::Arc::clone(&self.shared);
        let (Some(network), Some(pending)) = (&shared.profile.network, &self.links[index].pending)
        else {
            return false;
        };
        let named = network
            .fields
            .iter()
            .filter(|(_, template)| template.has(Source::Stan) || template.has(Source::Network));
        let numbers: Vec<u8> = named.map(|(number, _)| *number).collect();
        let mut fields = Fields::new();
        let sent = shared.profile.dialect.view(&pending.sent, &mut fields);
        if answer.mti() != network.answer
            || !sent.is_ok_and(|sent| repeats(&numbers, &sent, answer))
        {
            return false;
        }
        let said = answer.text(CODE).unwrap_or_default();
        let is_approved = network.approved.contains(&said);
        let purpose = pending.purpose;
        self.links[index].pending = None;
        match purpose {
            // Whatever the code, the host is there.
            Purpose::Echo => {}
            Purpose::SignOn if is_approved => self.on_signed_on(now, index),
            Purpose::KeyExchange => {
                let key = is_approved.then(|| sealed(&shared, answer).unwrap_or_default());
                self.on_key_answer(now, index, key);
            }
            Purpose::SignOn => self.fail(now, index, "the host refuses the sign-on"),
            Purpose::SignOff => self.fail(now, index, "signed off"),
        }
        true
    }

    /// Puts an answer to the host behind what is to be written.
    pub(super) fn reply(&mut self, now: Now, index: usize, bytes: Vec<u8>) {
        let replies = self.links[index].unsent.iter();
        if replies.filter(|unsent| matches!(unsent, Unsent::Reply(_))).count() >= REPLIES_MAX {
            return self.fail(now, index, "the host asks and does not read the answers");
        }
        self.links[index].unsent.push_back(Unsent::Reply(bytes));
    }

    /// Closes a connection for a reason of ours.
    pub(super) fn fail(&mut self, now: Now, index: usize, why: &'static str) {
        if let Some(connection) = self.links[index].open(index) {
            self.actions.push_back(Action::Close(connection));
        }
        self.drop_connection(now, index, why);
    }

    /// A connection is gone; what was in flight on it has its result or waits for another.
    pub(super) fn drop_connection(&mut self, now: Now, index: usize, why: &'static str) {
        self.give_up_requests(now, index);
        let failures = self.links[index].failures;
        let pause = self.pause(failures);
        let is_last = self.is_draining && self.waiting.is_empty() && self.in_flight.is_empty();
        let link = &mut self.links[index];
        let connection = Connection { index, attempt: link.attempt };
        link.state = if is_last { State::Closed } else { State::Waiting(now.at.after(pause)) };
        link.failures = failures.saturating_add(1);
        link.inbound = Zeroizing::default();
        link.unsent.clear();
        (link.pending, link.in_flight) = (None, 0);
        self.note(Note::Down(connection, why));
        self.on_key_link_lost(now, index);
    }
}
