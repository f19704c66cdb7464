//! Requests on their way to a connection and in flight on it.

use super::super::limits::{FRAME_BYTES_MAX, MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX};
use super::super::memory::{MuxKey, Owed};
use super::super::messages::encode;
use super::link::{State, Unsent};
use super::{Action, Connection, Host, Note, Now, Shared};
use crate::card::{CardData, append, reserve};
use crate::provider::{Exchange, ProviderRequest, ProviderResult};
use crate::time::Moment;
use tillgate_codec::iso8583::{Fields, Mti, View};
use zeroize::{Zeroize as _, Zeroizing};

pub(super) struct InFlight {
    pub(super) exchange: Exchange,
    /// Without its frame and without card data: what answers are compared with.
    pub(super) sent: Zeroizing<Vec<u8>>,
    /// The same with card data, if it has any, until it is written.
    pub(super) whole: Option<Zeroizing<Vec<u8>>>,
    /// The connection.
    pub(super) index: usize,
    /// Whether a byte of it may have left.
    pub(super) is_written: bool,
    /// Earlier attempts whose answers are still owed.
    pub(super) owed: Owed,
}

/// What an answer of this type finds its request by; `None` if a field is missing.
pub(super) fn mux_key(shared: &Shared, answer: Mti, message: &View<'_>) -> Option<MuxKey> {
    let mut key = MuxKey::new();
    key.try_extend_from_slice(&answer.0).ok()?;
    for number in &shared.profile.key {
        let wire = message.wire(*number)?;
        key.try_push(u8::try_from(wire.len()).ok()?).ok()?;
        key.try_extend_from_slice(wire).ok()?;
    }
    Some(key)
}

impl Host {
    /// Puts a request where its turn is by its deadline.
    pub(super) fn wait(&mut self, exchange: Exchange) {
        let due = exchange.due();
        let at = self.waiting.partition_point(|other| other.due() <= due);
        self.waiting.insert(at, exchange);
    }

    pub(super) fn expire_waiting(&mut self, now: Moment) {
        while self.waiting.front().is_some_and(|exchange| exchange.due() <= now) {
            if let Some(exchange) = self.waiting.pop_front() {
                self.refuse(exchange);
            }
        }
    }

    /// No connection is there, or will be soon: nobody waits for one until the deadline.
    pub(super) fn refuse_waiting(&mut self) {
        while let Some(exchange) = self.waiting.pop_front() {
            self.refuse(exchange);
        }
    }

    /// Waiting requests to the connections that have room, in turn.
    pub(super) fn dispatch(&mut self) {
        while !self.waiting.is_empty() {
            let count = self.links.len();
            let has_room = |index: &usize| {
                let link = &self.links[*index];
                matches!(link.state, State::Up) && link.in_flight < self.window
            };
            let turns = (0..count).map(|step| (self.turn + step) % count);
            let Some(index) = turns.into_iter().find(has_room) else { return };
            self.turn = (index + 1) % count;
            if let Some(exchange) = self.waiting.pop_front() {
                self.send(index, exchange);
            }
        }
    }

    fn send(&mut self, index: usize, exchange: Exchange) {
        let shared = std::sync::Arc::clone(&self.shared);
        let mut sent = self.spare.pop().unwrap_or_default();
        let request = *exchange.request();
        let mut whole = None;
        let made = self.made(&shared, (&request, None), &mut sent).and_then(|()| {
            let Some(card) = exchange.card() else { return Ok(()) };
            let with_card = whole.insert(Zeroizing::new(Vec::new()));
            self.made(&shared, (&request, Some(card)), with_card)
        });
        if let Err(what) = made {
            return self.cannot_say(exchange, what);
        }
        let answer = shared.profile.plan(request.kind).map(|plan| plan.answer);
        let mut fields = Fields::new();
        let view = shared.profile.dialect.view(&sent, &mut fields).ok();
        let key = view.zip(answer).and_then(|(view, answer)| mux_key(&shared, answer, &view));
        let Some(key) = key else {
            return self.cannot_say(exchange, "the message cannot be read back".to_owned());
        };
        let is_owed_to_another =
            self.unanswered.get(&key).is_some_and(|old| old.request.reference != request.reference);
        if is_owed_to_another || self.in_flight.contains_key(&key) {
            self.note(Note::Duplicate);
            return self.refuse(exchange);
        }
        let owed = self.unanswered.take(&key).map_or(Owed::default(), |old| old.owed);
        let due = exchange.due();
        let at = self.timers.partition_point(|(other, _)| *other <= due);
        self.timers.insert(at, (due, key.clone()));
        self.links[index].unsent.push_back(Unsent::Request(key.clone()));
        self.links[index].in_flight += 1;
        let entry = InFlight { exchange, sent, whole, index, is_written: false, owed };
        self.in_flight.insert(key, entry);
    }

    /// A request's message, without its frame. It is made in a buffer that never grows, so that no card
    /// data is left in freed memory.
    fn made(
        &mut self,
        shared: &Shared,
        of: (&ProviderRequest, Option<&CardData>),
        out: &mut Zeroizing<Vec<u8>>,
    ) -> Result<(), String> {
        let mut scratch = std::mem::take(&mut self.scratch);
        reserve(&mut scratch, MESSAGE_BYTES_MAX);
        let made = encode(shared.subjects(), of, &mut scratch);
        let most = shared.profile.dialect.framing().message_bytes_max.min(REQUEST_BYTES_MAX);
        let made = made.and_then(|()| match scratch.len() {
            length if length <= most => {
                append(out, &scratch);
                Ok(())
            }
            length => Err(format!("it has {length} bytes; allowed are {most}")),
        });
        scratch.zeroize();
        self.scratch = scratch;
        made
    }

    /// No byte of it has left.
    fn refuse(&mut self, exchange: Exchange) {
        let result = exchange.request().not_sent();
        self.actions.push_back(Action::Done(exchange, result));
    }

    /// Its values have no place in the profile's fields: a fault of the data, not of the host, so
    /// that one terminal with odd accounts does not open the breaker for all.
    fn cannot_say(&mut self, mut exchange: Exchange, what: String) {
        self.note(Note::Unsendable(what));
        let result = exchange.has_no_form();
        self.actions.push_back(Action::Done(exchange, result));
    }

    /// Appends everything that is to be written to a connection. From now on it may have arrived.
    pub fn take_output(&mut self, connection: Connection, out: &mut Vec<u8>) {
        if !self.is_current(connection) {
            return;
        }
        let framing = self.shared.profile.dialect.framing();
        while let Some(unsent) = self.links[connection.index].unsent.pop_front() {
            // What is longer than the dialect's frame was refused before it came here.
            match unsent {
                Unsent::Reply(bytes) => framing.append_frame(&bytes, out).unwrap_or_default(),
                Unsent::Request(key) => {
                    let entry = self.in_flight.get_mut(&key);
                    let entry = entry.filter(|entry| entry.index == connection.index);
                    if let Some(entry) = entry.filter(|entry| !entry.is_written) {
                        entry.is_written = true;
                        entry.exchange.forget_card();
                        let whole = entry.whole.take();
                        let message = whole.as_ref().unwrap_or(&entry.sent);
                        reserve(out, message.len().saturating_add(FRAME_BYTES_MAX));
                        framing.append_frame(message, out).unwrap_or_default();
                    }
                }
            }
        }
    }

    /// Requests in flight whose time is over.
    pub(super) fn expire(&mut self, now: Moment) {
        while self.timers.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, key)) = self.timers.pop_front() else { return };
            if self.in_flight.get(&key).is_some_and(|entry| entry.exchange.due() <= now) {
                self.give_up(now, &key);
            }
        }
    }

    /// What was in flight on a connection that is gone: what was never written waits for another.
    pub(super) fn give_up_requests(&mut self, now: Now, index: usize) {
        let mut keys: Vec<(Moment, MuxKey)> = Vec::new();
        for (key, entry) in self.in_flight.iter().filter(|(_, entry)| entry.index == index) {
            keys.push((entry.exchange.due(), key.clone()));
        }
        // In the order of their deadlines, so that a run can be repeated.
        keys.sort();
        for (_, key) in keys {
            let is_written = self.in_flight.get(&key).is_some_and(|entry| entry.is_written);
            if is_written {
                self.give_up(now.at, &key);
            } else if let Some(entry) = self.in_flight.remove(&key) {
                self.owe_again(now.at, &key, &entry);
                self.recycle(Some(entry.sent));
                self.wait(entry.exchange);
            }
        }
    }

    /// Ends a request without an answer.
    fn give_up(&mut self, now: Moment, key: &MuxKey) {
        let Some(entry) = self.in_flight.remove(key) else { return };
        let link = &mut self.links[entry.index];
        link.in_flight = link.in_flight.saturating_sub(1);
        if !entry.is_written {
            let is_it = |unsent: &Unsent| matches!(unsent, Unsent::Request(other) if other == key);
            link.unsent.retain(|unsent| !is_it(unsent));
            self.owe_again(now, key, &entry);
            self.recycle(Some(entry.sent));
            return self.refuse(entry.exchange);
        }
        let request = *entry.exchange.request();
        let owed = entry.owed.and_one(now, request.attempt);
        self.unanswered.keep(now, key.clone(), (request, entry.sent, owed));
        let result: ProviderResult = request.unknown();
        self.actions.push_back(Action::Done(entry.exchange, result));
    }

    /// What earlier attempts are owed is not forgotten over one that never left.
    fn owe_again(&mut self, now: Moment, key: &MuxKey, entry: &InFlight) {
        if entry.owed.is_any(now) {
            let request = *entry.exchange.request();
            self.unanswered.keep(now, key.clone(), (request, entry.sent.clone(), entry.owed));
        }
    }

    /// Keeps a buffer for the next request, wiped.
    pub(super) fn recycle(&mut self, buffer: Option<Zeroizing<Vec<u8>>>) {
        if self.spare.len() < self.window {
            self.spare.extend(buffer.map(|mut buffer| {
                buffer.zeroize();
                buffer
            }));
        }
    }
}
