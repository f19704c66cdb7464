//! Bytes from the host: frames, messages, and whose answer each of them is.

use super::super::memory::{Memory, MuxKey};
use super::super::messages::{CODE, Reading, chip_answer, interpret, is_authentic};
use super::requests::mux_key;
use super::{Action, Connection, Host, Note, Now, Shared};
use crate::card::append;
use crate::provider::{ProviderRequest, ProviderResult};
use tillgate_codec::iso8583::{Fields, View};
use tillgate_store_core::ProviderOutcome;
use zeroize::Zeroize as _;

impl Host {
    /// Whole frames out of what has come; a bad one costs the connection.
    pub(super) fn read(&mut self, now: Now, connection: Connection, bytes: &[u8]) {
        let mut inbound = std::mem::take(&mut self.links[connection.index].inbound);
        append(&mut inbound, bytes);
        let framing = self.shared.profile.dialect.framing();
        let mut at = 0;
        loop {
            let rest = inbound.get(at..).unwrap_or(&[]);
            match framing.deframe(rest) {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    self.links[connection.index].last = now.at;
                    // An empty one keeps the connection alive; it is never answered.
                    if let Some(message) = rest.get(frame.message).filter(|bytes| !bytes.is_empty())
                    {
                        self.on_message(now, connection, message);
                    }
                    at += frame.end;
                }
                Err(_) => {
                    self.fail(now, connection.index, "a frame's length makes no sense");
                }
            }
            if !self.is_current(connection) {
                return;
            }
        }
        // What has been read is wiped: `drain` moves the rest forward, and leaves a copy behind it.
        let left = inbound.len().saturating_sub(at);
        inbound.copy_within(at.., 0);
        inbound[left..].zeroize();
        inbound.truncate(left);
        self.links[connection.index].inbound = inbound;
    }

    fn on_message(&mut self, now: Now, connection: Connection, bytes: &[u8]) {
        let shared = std::sync::Arc::clone(&self.shared);
        let mut fields = Fields::new();
        let message = match shared.profile.dialect.view(bytes, &mut fields) {
            Ok(message) => message,
            Err(error) => {
                let what = shared.profile.dialect.explain(&error);
                return self.note(Note::Unreadable(connection, what));
            }
        };
        let is_authentic = match message.mti().class() {
            b'8' => is_authentic(shared.network_subjects().mac, &message),
            _ => shared.keys.accept(now.at, &shared.profile, &message),
        };
        if !is_authentic {
            if message.mti().class() != b'8' {
                self.doubt_key(now);
            }
            return self.note(Note::Unauthentic(connection));
        }
        if message.mti().is_request() {
            return self.on_host_request(now, connection, &message);
        }
        if !self.on_network_answer(now, connection.index, &message)
            && !self.on_answer((now, connection), &shared, &message)
        {
            self.note(Note::Unmatched(connection, described(&shared, &message)));
        }
    }

    /// Whether it is an answer to a request.
    fn on_answer(
        &mut self,
        (now, connection): (Now, Connection),
        shared: &Shared,
        answer: &View<'_>,
    ) -> bool {
        let Some(key) = mux_key(shared, answer.mti(), answer) else { return false };
        let Some(entry) = self.in_flight.get_mut(&key) else {
            return self.on_late_answer((now, connection), shared, &key, answer);
        };
        let request = *entry.exchange.request();
        let reading = interpret(&shared.profile, &request, &entry.sent, answer);
        let Reading::Result(result) = reading else { return false };
        if !entry.is_written {
            // Before a byte of it has left it answers an attempt before, or nothing.
            let is_owed = entry.owed.is_any(now.at);
            entry.owed = entry.owed.less_one();
            if is_owed {
                self.hand_on((connection, shared), request, result, answer);
            }
            return is_owed;
        }
        let Some(entry) = self.in_flight.remove(&key) else { return false };
        self.note_withheld(connection, shared, &request, answer);
        let link = &mut self.links[entry.index];
        link.in_flight = link.in_flight.saturating_sub(1);
        // Of several questions this may be the answer to an earlier one.
        let result = match result {
            ProviderResult::NotFound { attempt } => {
                ProviderResult::NotFound { attempt: entry.owed.earliest(now.at, attempt) }
            }
            result => result,
        };
        let is_owed = entry.owed.is_any(now.at);
        let memory = if is_owed { &mut self.unanswered } else { &mut self.answered };
        let buffer = memory.keep(now.at, key, (request, entry.sent, entry.owed));
        self.recycle(buffer);
        self.actions.push_back(Action::Done(entry.exchange, result));
        true
    }

    /// An answer to a request that has its result already: it is handed on once.
    fn on_late_answer(
        &mut self,
        (now, connection): (Now, Connection),
        shared: &Shared,
        key: &MuxKey,
        answer: &View<'_>,
    ) -> bool {
        let read = |memory: &Memory| {
            let old = memory.get(key)?;
            let reading = interpret(&shared.profile, &old.request, &old.sent, answer);
            match reading {
                Reading::Result(result) => Some((old.request, result)),
                Reading::Foreign(_) => None,
            }
        };
        let found = read(&self.unanswered).or_else(|| read(&self.answered));
        let Some((request, result)) = found else { return false };
        if let Some(old) = self.unanswered.take(key) {
            let owed = old.owed.less_one();
            let memory =
                if owed.is_any(now.at) { &mut self.unanswered } else { &mut self.answered };
            memory.keep(now.at, key.clone(), (old.request, old.sent, owed));
        } else {
            self.answered.take(key);
        }
        self.hand_on((connection, shared), request, result, answer);
        true
    }

    /// A result that nobody waits for.
    fn hand_on(
        &mut self,
        (connection, shared): (Connection, &Shared),
        request: ProviderRequest,
        result: ProviderResult,
        answer: &View<'_>,
    ) {
        if is_news(&result) {
            self.note_withheld(connection, shared, &request, answer);
            self.actions.push_back(Action::Late(request, result));
        }
    }

    /// Says that what an answer has for the chip is not kept.
    fn note_withheld(
        &mut self,
        connection: Connection,
        shared: &Shared,
        request: &ProviderRequest,
        answer: &View<'_>,
    ) {
        let plan = shared.profile.plan(request.kind);
        if let Some(Err(why)) = plan.and_then(|plan| chip_answer(plan, answer)) {
            self.note(Note::ChipWithheld(connection, why));
        }
    }
}

/// Whether a late result says something for good. Nobody waits for a lookup's any more.
fn is_news(result: &ProviderResult) -> bool {
    match result {
        ProviderResult::Outcome(ProviderOutcome::Unknown | ProviderOutcome::NotSent { .. })
        | ProviderResult::Pending
        | ProviderResult::NotFound { .. }
        | ProviderResult::Lookup(_) => false,
        ProviderResult::Outcome(_) => true,
    }
}

/// Type, key and code of a message for the log. What the dialect hides is hidden.
fn described(shared: &Shared, message: &View<'_>) -> String {
    use std::fmt::Write as _;
    let dialect = &shared.profile.dialect;
    let mut text = message.mti().to_string();
    for number in shared.profile.key.iter().copied().chain([CODE]) {
        let value = match message.text(number) {
            Some(_) if dialect.is_masked(number) => "hidden".to_owned(),
            Some(value) => format!("{:?}", value.chars().take(32).collect::<String>()),
            None => "none".to_owned(),
        };
        // Writing to a text cannot fail.
        _ = write!(text, ", field {number} {value}");
    }
    text
}
