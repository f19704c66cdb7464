//! The sessions of a link: which request begins one, goes on with it, repeats another.

use arrayvec::ArrayVec;
use http::StatusCode;
use tillgate_codec::ussd::Alphabet;
use tillgate_codec::ussd::http::{Turn, newest_input};
use tillgate_types::Msisdn;
use zeroize::Zeroizing;

use super::answer::{Made, make};
use super::object::Repeated;
use super::request::Call;
use super::{Event, HttpLink};
use crate::time::Moment;
use crate::ussd::dialog::{DialogAddress, EndReason, Say, SayKind, SayResult, SessionKey};
use crate::ussd::limits::REPEATS_MAX;
use crate::ussd::profile::service_code_of;

/// What names a session on its link.
pub(super) type Id = (Msisdn, SessionKey);

pub(super) struct Session {
    at: DialogAddress,
    /// As it came last.
    text: Zeroizing<String>,
    request_id: Option<SessionKey>,
    /// Nothing has followed the request that began it.
    is_new: bool,
    /// Requests that wait for the next answer.
    pub(super) pending: Option<Pending>,
    answer: Option<Made>,
    pub(super) is_over: bool,
    /// The answer is due, or the session is forgotten.
    due: Moment,
}

pub(super) struct Pending {
    pub(super) tickets: ArrayVec<u64, REPEATS_MAX>,
    repeat: Repeated,
}

impl Session {
    /// Whether a request is the last one again. Inputs that come one by one may be equal.
    fn is_repeated_by(&self, call: &Call, is_cumulative: bool) -> bool {
        match (&self.request_id, &call.request_id) {
            (Some(known), Some(id)) => known == id,
            _ => {
                let is_certain = is_cumulative || self.pending.is_some() || self.is_begun_by(call);
                is_certain && self.text == call.text
            }
        }
    }

    /// Whether a request may be the one that began it: its answer was lost.
    fn is_begun_by(&self, call: &Call) -> bool {
        self.is_new && call.begins && !self.at.key.is_empty()
    }
}

impl HttpLink {
    pub(super) fn on_call(&mut self, ticket: u64, call: Call) {
        if call.ended {
            return self.on_ended(ticket, &call);
        }
        let is_cumulative = self.config.profile.is_cumulative;
        let begins = self.begins(&call);
        if let Some(session) = self.sessions.get_mut(&call.id) {
            let is_repeat = session.is_repeated_by(&call, is_cumulative);
            match (&mut session.pending, &session.answer) {
                (Some(pending), _) if is_repeat && !pending.tickets.is_full() => {
                    pending.tickets.push(ticket);
                    self.stats.repeats += 1;
                    self.waiting.insert(ticket, call.id);
                    return;
                }
                // Who dials again has no session any more that could be answered.
                (Some(_), _) if begins && self.config.profile.session.is_none() => {
                    if let Some(pending) = session.pending.take() {
                        let answer = make(&self.config.profile, Turn::End, "", &pending.repeat);
                        self.respond_all(pending.tickets, &answer);
                    }
                }
                (Some(_), _) => {
                    self.stats.conflicts += 1;
                    return self.refuse(ticket, StatusCode::CONFLICT);
                }
                (None, Some(answer)) if is_repeat => {
                    let answer = answer.clone();
                    self.stats.repeats += 1;
                    return self.respond(ticket, answer);
                }
                (None, _) if !begins && !session.is_over => {
                    let text = newest(is_cumulative, &session.text, &call.text);
                    return self.on_input(ticket, call, text);
                }
                (None, _) => {}
            }
        }
        if !begins {
            self.stats.over += 1;
            return self.end_with(ticket, |link| &link.config.profile.over, &call.repeat);
        }
        let is_new = !self.sessions.contains_key(&call.id);
        if self.is_draining || (is_new && self.sessions.len() >= self.config.sessions_max) {
            self.stats.busy += 1;
            return self.end_with(ticket, |link| &link.config.profile.busy, &call.repeat);
        }
        self.on_begin(ticket, call);
    }

    /// Whether a request begins a session, if it does not go on with one.
    fn begins(&self, call: &Call) -> bool {
        let profile = &self.config.profile;
        let known = self.sessions.get(&call.id);
        if profile.begin.is_some() {
            return call.begins;
        }
        if profile.is_cumulative {
            // A session of before a start may go on with all its inputs, which must not be done again:
            // within its time nothing that has inputs is taken for a begin.
            let is_old = self.now.since(self.since) > profile.session_time;
            return call.text.is_empty() || (profile.has_shortcut && known.is_none() && is_old);
        }
        match known {
            None => true,
            Some(session) => {
                profile.session.is_none() && (session.is_over || is_dialled(&call.text))
            }
        }
    }

    fn on_begin(&mut self, ticket: u64, mut call: Call) {
        let code = call.at.service_code.as_str();
        let dialled = if is_dialled(&call.text) || code.is_empty() {
            call.text.clone()
        } else if self.config.profile.has_shortcut && !call.text.is_empty() {
            Zeroizing::new(format!("{}*{}#", code.trim_end_matches('#'), *call.text))
        } else {
            Zeroizing::new(code.to_owned())
        };
        if code.is_empty() {
            call.at.service_code = service_code_of(&dialled).unwrap_or_default();
        }
        self.stats.begins += 1;
        self.queue_event(Event::Begin(call.at.clone(), dialled));
        if let Some(session) = self.sessions.remove(&call.id) {
            self.due.remove(&(session.due, call.id.clone()));
        }
        let due = self.now.after(self.config.profile.answer_time);
        self.waiting.insert(ticket, call.id.clone());
        self.due.insert((due, call.id.clone()));
        let pending = Pending { tickets: [ticket].into_iter().collect(), repeat: call.repeat };
        let session = Session {
            at: call.at,
            text: call.text,
            request_id: call.request_id,
            is_new: true,
            pending: Some(pending),
            answer: None,
            is_over: false,
            due,
        };
        self.sessions.insert(call.id, session);
    }

    fn on_input(&mut self, ticket: u64, call: Call, text: Zeroizing<String>) {
        let Some(session) = self.sessions.get_mut(&call.id) else { return };
        let pending = Pending { tickets: [ticket].into_iter().collect(), repeat: call.repeat };
        (session.text, session.request_id) = (call.text, call.request_id);
        (session.pending, session.answer) = (Some(pending), None);
        session.is_new = false;
        session.at.renew(&call.at);
        let at = session.at.clone();
        self.stats.inputs += 1;
        self.waiting.insert(ticket, call.id.clone());
        self.arm(&call.id, self.now.after(self.config.profile.answer_time));
        self.queue_event(Event::Input(at, text));
    }

    /// The aggregator says that the session is over; it gets an empty answer.
    fn on_ended(&mut self, ticket: u64, call: &Call) {
        self.refuse(ticket, StatusCode::OK);
        let Some(session) = self.sessions.get_mut(&call.id) else { return };
        let was_over = std::mem::replace(&mut session.is_over, true);
        let (pending, at) = (session.pending.take(), session.at.clone());
        if !was_over {
            self.stats.aborts += 1;
            self.queue_event(Event::Ended(at, EndReason::SubscriberAbort));
        }
        self.arm(&call.id, self.now.after(self.config.profile.session_time));
        if let Some(pending) = pending {
            let answer = make(&self.config.profile, Turn::End, "", &pending.repeat);
            self.respond_all(pending.tickets, &answer);
        }
    }

    pub(super) fn say(&mut self, say: &Say<'_>) {
        let result = self.say_now(say);
        if result == SayResult::Unsayable {
            self.stats.unsayable += 1;
        }
        self.queue_event(Event::Said(say.ticket, result));
    }

    fn say_now(&mut self, say: &Say<'_>) -> SayResult {
        let turn = match say.kind {
            SayKind::Continue => Turn::Continue,
            SayKind::End => Turn::End,
            SayKind::Notify => return SayResult::Unsayable,
        };
        let profile = std::sync::Arc::clone(&self.config.profile);
        let alphabet = Alphabet::choose(say.text);
        let length = alphabet.length(say.text);
        if length.is_none_or(|length| length > profile.room.of(alphabet)) {
            return SayResult::Unsayable;
        }
        let id = (say.at.msisdn, say.at.key.clone());
        let Some(session) = self.sessions.get_mut(&id).filter(|_| say.by > self.now) else {
            return SayResult::Late;
        };
        let Some(pending) = session.pending.take() else { return SayResult::Late };
        let answer = make(&profile, turn, say.text, &pending.repeat);
        session.is_over = turn == Turn::End;
        session.answer = Some(answer.clone());
        self.stats.ends += u64::from(turn == Turn::End);
        self.arm(&id, self.now.after(profile.session_time));
        // A client that has gone may ask again.
        let is_there = !pending.tickets.is_empty();
        self.respond_all(pending.tickets, &answer);
        if is_there { SayResult::Accepted } else { SayResult::Unknown }
    }

    /// A session whose time has come: its answer is late, or nothing came for too long.
    pub(super) fn expire(&mut self, id: &Id) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let at = session.at.clone();
        if let Some(pending) = session.pending.take() {
            let profile = std::sync::Arc::clone(&self.config.profile);
            let answer = make(&profile, Turn::End, &profile.late, &pending.repeat);
            (session.is_over, session.answer) = (true, Some(answer.clone()));
            self.stats.late += 1;
            self.arm(id, self.now.after(profile.session_time));
            self.respond_all(pending.tickets, &answer);
            self.queue_event(Event::Ended(at, EndReason::ApplicationTimeout));
        } else {
            let is_over = session.is_over;
            self.due.remove(&(session.due, id.clone()));
            self.sessions.remove(id);
            if !is_over {
                self.stats.aborts += 1;
                self.queue_event(Event::Ended(at, EndReason::SubscriberTimeout));
            }
        }
    }

    fn arm(&mut self, id: &Id, due: Moment) {
        if let Some(session) = self.sessions.get_mut(id) {
            self.due.remove(&(session.due, id.clone()));
            session.due = due;
            self.due.insert((due, id.clone()));
        }
    }

    fn respond_all(&mut self, tickets: ArrayVec<u64, REPEATS_MAX>, answer: &Made) {
        for ticket in tickets {
            self.waiting.remove(&ticket);
            self.respond(ticket, answer.clone());
        }
    }
}

/// What the subscriber has just entered.
fn newest(is_cumulative: bool, before: &str, now: &str) -> Zeroizing<String> {
    let text = if is_cumulative { newest_input(before, now) } else { now };
    Zeroizing::new(text.to_owned())
}

/// Whether a text is one that is dialled: `*123#`.
fn is_dialled(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('*') && text.ends_with('#')
}
