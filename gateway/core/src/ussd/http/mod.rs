//! One link to an aggregator that calls over HTTP. Sans-I/O: [`HttpLink::handle`] takes one
//! [`Input`], [`HttpLink::poll`] is drained to `None` after it, [`HttpLink::deadline`] says when to
//! come back.
//!
//! ```text
//!   request ──▶ known? ──▶ Begin, Input ──▶ owner ──▶ Say ──▶ answer ──▶ kept for repeats
//!                 │                                     │ too late: a text of the profile ends it
//!                 └──▶ denied, repeated, over, busy: answered at once
//! ```
//!
//! Every request has exactly one [`Output::Respond`]. A session has one request that waits; another
//! with the same text waits for the same answer, and one with the same text later gets the answer
//! again. Where an aggregator sends all inputs of a session, the newest is what the last text does not
//! have; it is never split.
//!
//! `config` is what it is made with, `event` what goes in and out, `profile` how an aggregator calls,
//! `request` reads, `object` keeps what answers repeat, `answer` makes, `session` decides.

mod answer;
mod config;
mod event;
mod object;
pub mod profile;
mod request;
mod session;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use http::{HeaderValue, StatusCode};
use tillgate_codec::ussd::http::Turn;
use zeroize::Zeroizing;

use self::answer::{Made, index, make};
pub use self::config::{HttpConfig, SecretPlace, SharedSecret};
pub use self::event::{HttpAnswer, HttpRequest, HttpStats, HttpStatus, Input, Output};
use self::object::Repeated;
use self::session::{Id, Session};
use super::dialog::{DialogAddress, DialogEvent, EndReason, SayResult};
use super::limits::HTTP_SESSIONS_MAX;
use crate::time::Moment;

/// Of an answer without a text.
static PLAIN: HeaderValue = HeaderValue::from_static("text/plain");

/// See the module.
pub struct HttpLink {
    config: HttpConfig,
    sessions: BTreeMap<Id, Session>,
    due: BTreeSet<(Moment, Id)>,
    queue: VecDeque<Queued>,
    /// What was given out last.
    current: Option<Queued>,
    /// Requests without an answer, and their sessions.
    waiting: BTreeMap<u64, Id>,
    /// When it was made.
    since: Moment,
    /// Of the last input.
    now: Moment,
    is_draining: bool,
    stats: HttpStats,
}

enum Queued {
    Answer { ticket: u64, made: Made },
    Status { ticket: u64, status: StatusCode },
    Event(Event),
}

enum Event {
    Begin(DialogAddress, Zeroizing<String>),
    Input(DialogAddress, Zeroizing<String>),
    Ended(DialogAddress, EndReason),
    Said(u64, SayResult),
    Ready,
}

impl HttpLink {
    /// Without sessions; it is ready at once.
    #[must_use]
    pub fn new(mut config: HttpConfig, now: Moment) -> Self {
        config.sessions_max = config.sessions_max.min(HTTP_SESSIONS_MAX);
        Self {
            config,
            sessions: BTreeMap::new(),
            due: BTreeSet::new(),
            queue: VecDeque::from([Queued::Event(Event::Ready)]),
            current: None,
            waiting: BTreeMap::new(),
            since: now,
            now,
            is_draining: false,
            stats: HttpStats::default(),
        }
    }

    /// Takes one input. Drain [`HttpLink::poll`] to `None` before the next.
    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        self.now = now;
        match input {
            Input::Request { ticket, request } => self.on_request(ticket, &request),
            Input::Gone { ticket } => self.on_gone(ticket),
            Input::Say(say) => self.say(&say),
            Input::Deadline => self.tick(),
            Input::Drain => self.is_draining = true,
        }
    }

    /// The next thing to do; `None` until the next [`HttpLink::handle`].
    pub fn poll(&mut self) -> Option<Output<'_>> {
        self.current = self.queue.pop_front();
        let answer = &self.config.profile.answer;
        Some(match self.current.as_ref()? {
            Queued::Answer { ticket, made } => {
                let answer = HttpAnswer {
                    status: StatusCode::OK,
                    content_type: &answer.content_type,
                    headers: &answer.headers[index(made.turn)],
                    body: &made.body,
                };
                Output::Respond { ticket: *ticket, answer }
            }
            Queued::Status { ticket, status } => {
                let content_type = &PLAIN;
                let answer = HttpAnswer { status: *status, content_type, headers: &[], body: "" };
                Output::Respond { ticket: *ticket, answer }
            }
            Queued::Event(event) => Output::Event(match event {
                Event::Begin(at, dialled) => DialogEvent::Begin { at, dialled },
                Event::Input(at, text) => DialogEvent::Input { at, text },
                Event::Ended(at, why) => DialogEvent::Ended { at, why: *why },
                Event::Said(ticket, result) => {
                    DialogEvent::Said { ticket: *ticket, result: *result }
                }
                Event::Ready => DialogEvent::Ready,
            }),
        })
    }

    /// When to send [`Input::Deadline`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The profile of its aggregator.
    #[must_use]
    pub fn profile(&self) -> &profile::HttpProfile {
        &self.config.profile
    }

    /// Whether every request has its answer, after [`Input::Drain`].
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.is_draining && self.waiting.is_empty()
    }

    /// Gauges and counters.
    #[must_use]
    pub fn status(&self) -> HttpStatus {
        let sessions = self.sessions.values().filter(|session| !session.is_over).count();
        HttpStatus { sessions, waiting: self.waiting.len(), stats: self.stats }
    }

    fn on_request(&mut self, ticket: u64, request: &HttpRequest<'_>) {
        self.stats.requests += 1;
        if !self.config.admits(request.peer, request.query, request.headers) {
            self.stats.denied += 1;
            return self.refuse(ticket, StatusCode::FORBIDDEN);
        }
        match request::read(&self.config.profile, request) {
            Ok(call) => self.on_call(ticket, call),
            Err(status) => {
                self.stats.unreadable += 1;
                self.refuse(ticket, status);
            }
        }
    }

    fn on_gone(&mut self, ticket: u64) {
        let Some(id) = self.waiting.remove(&ticket) else { return };
        let session = self.sessions.get_mut(&id);
        if let Some(pending) = session.and_then(|session| session.pending.as_mut()) {
            pending.tickets.retain(|known| *known != ticket);
        }
    }

    fn tick(&mut self) {
        while let Some((due, id)) = self.due.first().cloned()
            && due <= self.now
        {
            self.expire(&id);
        }
    }

    fn respond(&mut self, ticket: u64, made: Made) {
        self.queue.push_back(Queued::Answer { ticket, made });
    }

    /// An answer without a text.
    fn refuse(&mut self, ticket: u64, status: StatusCode) {
        self.queue.push_back(Queued::Status { ticket, status });
    }

    /// A text of the profile that ends it.
    fn end_with(&mut self, ticket: u64, text: fn(&Self) -> &String, repeat: &Repeated) {
        let made = make(&self.config.profile, Turn::End, text(self), repeat);
        self.respond(ticket, made);
    }

    fn queue_event(&mut self, event: Event) {
        self.queue.push_back(Queued::Event(event));
    }
}
