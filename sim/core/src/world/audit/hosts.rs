//! Promises 2, 5 and 6 on the wires to ISO 8583 hosts, from docs/iso8583.md: every request that
//! leaves was ordered, with its own content; no two with one key are in flight; only what was
//! never written was not sent; a result is what an answer to that request says, word for word; and
//! an approval that arrives is reported, late too.

use std::collections::{BTreeMap, BTreeSet};

use tillgate_codec::iso8583::View;
use tillgate_core::provider::{Exchange, ProviderRequest, ProviderRequestKind, ProviderResult};
use tillgate_store_core::{ChipAnswer, Key, ProviderOutcome, ResponseCode};

use super::Checker;
use crate::issuer;
use crate::time::{Moment, Span};

/// For how long an answer counts after its request was written; docs/limits.md has five minutes
/// from the result on.
const REMEMBERED: Span = Span::s(290);

/// When a question's answer that has not come cannot come any more; docs/limits.md has five minutes.
const FORGOTTEN: Span = Span::s(301);

/// Answers to one request that may each say something new: the first, and one that contradicts it.
const ANSWERS_MAX: u32 = 2;

/// What a request and its answer have in common: the bridge, the kind, and the sale's terminal and
/// STAN.
type Talk = (u16, u8, u32, u32);

/// What goes over the wires to hosts.
#[derive(Default)]
pub(super) struct Hosts {
    /// Requests that a bridge has taken and not reported on.
    open: BTreeMap<Talk, Vec<Open>>,
    /// Requests that were written in this life.
    sent: BTreeMap<Talk, Vec<Sent>>,
    /// When a bridge gave the last question up that was written and not answered.
    given_up: BTreeMap<Talk, Moment>,
    /// Answers that came in this turn.
    said: Vec<Said>,
    /// Sales that were reported as approved in this life.
    approved: BTreeSet<Key>,
}

struct Open {
    request: ProviderRequest,
    due: Moment,
    is_written: bool,
}

struct Sent {
    at: Moment,
    request: ProviderRequest,
    /// What an answer must repeat.
    echo: Vec<(u8, Option<Vec<u8>>)>,
    answers: u32,
}

struct Said {
    talk: Talk,
    key: Key,
    code: String,
    /// What a provider's own reference, and a lookup's, may be.
    references: [String; 2],
    amount_minor: Option<u64>,
    /// What the chip of a card receives.
    chip: Option<Vec<u8>>,
    /// Somebody must be notified of it.
    counts: bool,
}

impl Checker {
    /// A bridge has taken a request from its queue.
    pub(in super::super) fn host_takes(&mut self, bridge: u16, exchange: &Exchange) {
        let request = exchange.request();
        let open = Open { request: *request, due: exchange.due(), is_written: false };
        self.hosts.open.entry(talk(bridge, request)).or_default().push(open);
    }

    /// A message of the gateway has been written.
    pub(super) fn host_writes(&mut self, (at, bridge): (Moment, u16), view: &View<'_>) {
        let Some(talk) = talk_of(bridge, view) else { return };
        let text = |number| view.text(number).unwrap_or_default();
        let rrn = text(37);
        let open = self.hosts.open.get_mut(&talk).into_iter().flatten();
        let (written, mut unwritten): (Vec<_>, Vec<_>) = open.partition(|open| open.is_written);
        let others: Vec<Key> = written.iter().map(|other| other.request.key).collect();
        let ordered = unwritten.iter_mut().filter(|open| open.request.rrn[..] == *rrn.trim());
        let ordered = ordered.min_by_key(|open| open.due);
        let Some(ordered) = ordered else {
            let text =
                format!("{} {} {} leaves, which nobody ordered", view.mti(), text(41), text(11));
            return self.violate(at, 5, text);
        };
        ordered.is_written = true;
        let request = ordered.request;
        let echo = [3, 4, 7, 11, 41, 49, 62].into_iter();
        let is_lookup = request.kind == ProviderRequestKind::Lookup;
        let echo = echo.filter(|number| !is_lookup || *number != 4);
        let echo = echo.map(|number| (number, view.value(number))).collect();
        self.hosts.sent.entry(talk).or_default().push(Sent { at, request, echo, answers: 0 });
        let key = request.key;
        let is_durable = is_lookup || self.journal.contains_key(&key);
        // A sale says which account and which sale it is; a lookup, which account.
        let needs = |number| match request.kind {
            ProviderRequestKind::Authorize => true,
            ProviderRequestKind::Lookup => number == 102,
            _ => false,
        };
        let is = |number, wanted: &str| match view.value(number) {
            Some(value) => value.trim_ascii_end() == wanted.as_bytes(),
            None => wanted.is_empty() || !needs(number),
        };
        let same = view.number(4).unwrap_or(0) == request.amount_minor
            && is(62, &request.reference)
            && is(102, &request.subscriber);
        let carries = self.carries_otherwise(&request, view);
        let wrong = if let Some(text) = carries {
            Some((1, text))
        } else if !is_durable {
            Some((5, "and what it rests on is not durable".to_owned()))
        } else if !same {
            Some((1, "and not with its own content".to_owned()))
        } else {
            let other = others.first();
            other.map(|other| (2, format!("while one of {other} with the same key is in flight")))
        };
        if let Some((promise, text)) = wrong {
            self.violate(at, promise, format!("{key}: {} is written, {text}", view.mti()));
        }
    }

    /// A message of a host has come, whose code may be right, or is.
    pub(super) fn host_says(
        &mut self,
        (at, bridge): (Moment, u16),
        view: &View<'_>,
        is_sure: bool,
    ) {
        let Some(talk) = talk_of(bridge, view).filter(|_| !view.mti().is_request()) else { return };
        let sent = self.hosts.sent.get_mut(&talk).into_iter().flatten();
        let repeats = |sent: &&mut Sent| {
            let same = |(number, value): &(u8, Option<Vec<u8>>)| match value {
                Some(_) if *number == 62 && !view.has(62) => true,
                Some(value) => view.value(*number).as_ref() == Some(value),
                None => true,
            };
            sent.echo.iter().all(same)
        };
        // The same bytes may have been written more than once.
        let mut alike: Vec<&mut Sent> = sent.filter(repeats).collect();
        let Some(last) = alike.last_mut() else { return };
        last.answers += 1;
        let (key, kind) = (last.request.key, last.request.kind);
        let is_remembered = at < last.at.after(REMEMBERED);
        let answers: u32 = alike.iter().map(|sent| sent.answers).sum();
        let text = |number| view.text(number).unwrap_or_default().trim().to_owned();
        let code = text(39);
        let is_approval = kind == ProviderRequestKind::Authorize && code == "00";
        // Behind an answer of another sale with the same key it is not looked for.
        let open = self.hosts.open.get(&talk).into_iter().flatten();
        let is_behind = open.filter(|open| open.is_written).any(|open| open.request.key != key);
        let counts =
            is_approval && is_sure && is_remembered && answers <= ANSWERS_MAX && !is_behind;
        self.hosts.said.push(Said {
            talk,
            key,
            code,
            references: [text(38), text(37)],
            amount_minor: view.number(4),
            chip: issuer::passed_on(view.value(55)),
            counts,
        });
    }

    /// A bridge reports on a request.
    pub(in super::super) fn host_done(
        &mut self,
        at: Moment,
        bridge: u16,
        request: &ProviderRequest,
        result: &ProviderResult,
    ) {
        let not_sent = matches!(result, ProviderResult::Outcome(ProviderOutcome::NotSent { .. }));
        if matches!(result, ProviderResult::Lookup(Ok(_))) {
            self.hosts.tell_apart(talk(bridge, request), request);
        }
        let open = self.hosts.open.entry(talk(bridge, request)).or_default();
        let place = open.iter().position(|open| open.request == *request);
        let Some(Open { is_written, .. }) = place.map(|place| open.remove(place)) else {
            let text = format!("{}: {result:?} of a request that is not open", request.key);
            return self.violate(at, 6, text);
        };
        if not_sent && is_written {
            let text = format!("{}: written, and reported as not sent", request.key);
            self.violate(at, 6, text);
        }
        let wrong = self.weighs_not_found(at, bridge, (request, is_written), result);
        if let Some(text) = wrong {
            self.violate(at, 6, format!("{}: {text}", request.key));
        }
        // A STAN that its field has no place for.
        let has_no_form = !is_written && request.sale.stan > 999_999;
        let has_no_form = has_no_form && *result == request.inexpressible();
        if !not_sent && !has_no_form && *result != request.unknown() {
            self.host_late(at, bridge, request, result);
        }
    }

    /// "Not found" is of an earlier question while one is owed its answer, which then may be this one;
    /// and of this question once none can come any more.
    fn weighs_not_found(
        &mut self,
        at: Moment,
        bridge: u16,
        (request, is_written): (&ProviderRequest, bool),
        result: &ProviderResult,
    ) -> Option<&'static str> {
        let hosts = &mut self.hosts;
        let talk = talk(bridge, request);
        if request.kind != ProviderRequestKind::Inquire || !is_written {
            return None;
        }
        let mut said = hosts.said.iter().filter(|said| said.talk == talk);
        let Some(said) = said.find(|said| said.key == request.key) else {
            hosts.given_up.insert(talk, at);
            return None;
        };
        let given_up = hosts.given_up.get(&talk)?;
        let sent = hosts.sent.get(&talk)?;
        let answers: u32 = sent.iter().map(|sent| sent.answers).sum();
        let is_owed = u32::try_from(sent.len()).is_ok_and(|sent| sent > answers);
        let ProviderResult::NotFound { attempt } = *result else {
            let is_not_found = said.code == "25" && *result == ProviderResult::UNKNOWN;
            return is_not_found.then_some("not found, which counts for nothing");
        };
        let is_of_this = attempt == request.attempt;
        if !is_of_this && given_up.after(FORGOTTEN) <= at {
            return Some("not found, of a question more than five minutes ago");
        }
        let is_early = is_of_this && is_owed && at < given_up.after(REMEMBERED);
        is_early.then_some("not found, and an earlier question is owed its answer")
    }

    /// A bridge reports what an answer says.
    pub(in super::super) fn host_late(
        &mut self,
        at: Moment,
        bridge: u16,
        request: &ProviderRequest,
        result: &ProviderResult,
    ) {
        let talk = talk(bridge, request);
        if matches!(result, ProviderResult::Outcome(ProviderOutcome::Approved { .. })) {
            self.hosts.approved.insert(request.key);
        }
        let mut said =
            self.hosts.said.iter().filter(|said| said.talk == talk && said.key == request.key);
        if !said.any(|said| said.says(request.kind, result)) {
            self.believed_a_lie(at, request.key, result);
        }
    }

    /// Everything that came of a turn has been reported.
    pub(in super::super) fn host_turn_ends(&mut self, at: Moment, bridge: u16) {
        for said in std::mem::take(&mut self.hosts.said) {
            if said.counts && !self.hosts.approved.contains(&said.key) {
                let text =
                    format!("{}: approved by bridge {bridge}, which reports nothing", said.key);
                self.violate(at, 6, text);
            }
        }
    }

    /// Whose a gateway's reference is.
    pub(in super::super) fn key_of(&self, reference: &str) -> Option<Key> {
        let seq = reference.get(16..).and_then(|seq| u64::from_str_radix(seq, 16).ok());
        seq.and_then(|seq| self.seqs.get(&seq)).copied()
    }
}

impl Hosts {
    /// Lookups of one terminal and account are the same bytes: which one was written shows only with what
    /// is reported.
    fn tell_apart(&mut self, talk: Talk, request: &ProviderRequest) {
        let is_it = |open: &&mut Open| open.request == *request && !open.is_written;
        let is_alike =
            |open: &&mut Open| open.is_written && open.request.subscriber == request.subscriber;
        let open = self.open.entry(talk).or_default();
        if request.kind != ProviderRequestKind::Lookup || !open.iter_mut().any(|open| is_it(&open))
        {
            return;
        }
        let Some(alike) = open.iter_mut().find(is_alike) else { return };
        alike.is_written = false;
        let other = alike.request;
        open.iter_mut().filter(is_it).for_each(|open| open.is_written = true);
        let sent = self.sent.entry(talk).or_default().iter_mut();
        sent.filter(|sent| sent.request == other).for_each(|sent| sent.request = *request);
        let said = self.said.iter_mut().filter(|said| said.talk == talk);
        said.filter(|said| said.key == other.key).for_each(|said| said.key = request.key);
    }
}

impl Said {
    /// Whether that is what it says about a request of this kind.
    fn says(&self, kind: ProviderRequestKind, result: &ProviderResult) -> bool {
        use ProviderRequestKind::{Advise, Authorize, Inquire, Lookup, Reverse};
        let code = |wanted: &ResponseCode| self.code.as_bytes() == wanted.0;
        let named = |reference: &str| self.references.iter().any(|one| one == reference);
        let received = |chip: &Option<ChipAnswer>| {
            chip.as_ref().map(ChipAnswer::as_bytes) == self.chip.as_deref()
        };
        match (kind, result) {
            (Authorize | Inquire, ProviderResult::Pending) => self.code == "09",
            (Inquire, ProviderResult::NotFound { .. }) => self.code == "25",
            (Authorize | Inquire, ProviderResult::Outcome(outcome)) => match outcome {
                ProviderOutcome::Approved { reference, chip } => {
                    self.code == "00" && named(reference) && received(chip)
                }
                ProviderOutcome::Declined { code: said, chip, .. } => {
                    code(said)
                        && received(chip)
                        && !matches!(self.code.as_str(), "00" | "09" | "25")
                }
                _ => false,
            },
            (Reverse, ProviderResult::Outcome(ProviderOutcome::Reversed))
            | (Advise, ProviderResult::Outcome(ProviderOutcome::AdviceAcknowledged)) => {
                self.code == "00"
            }
            (Reverse | Advise, ProviderResult::Outcome(ProviderOutcome::ReversalDeclined)) => {
                self.code == "21"
            }
            (Lookup, ProviderResult::Lookup(Ok(bill))) => {
                self.code == "00"
                    && named(&bill.reference)
                    && self.amount_minor == Some(bill.amount_minor)
            }
            (Lookup, ProviderResult::Lookup(Err(said))) => code(said),
            _ => false,
        }
    }
}

fn number(kind: ProviderRequestKind) -> u8 {
    match kind {
        ProviderRequestKind::Authorize => 0,
        ProviderRequestKind::Inquire => 1,
        ProviderRequestKind::Reverse => 2,
        ProviderRequestKind::Advise => 3,
        ProviderRequestKind::Lookup => 4,
    }
}

fn talk(bridge: u16, request: &ProviderRequest) -> Talk {
    (bridge, number(request.kind), request.sale.terminal.0, request.sale.stan)
}

/// Whose a message is; `None` for one about the connection.
fn talk_of(bridge: u16, view: &View<'_>) -> Option<Talk> {
    let text = |number| view.text(number).unwrap_or_default();
    let kind = match (view.mti().class(), view.mti().0[2]) {
        (b'1', b'0' | b'1') if text(3).starts_with("31") => ProviderRequestKind::Lookup,
        (b'1', b'0' | b'1') => ProviderRequestKind::Inquire,
        (b'2', b'0' | b'1') => ProviderRequestKind::Authorize,
        (b'2', _) => ProviderRequestKind::Advise,
        (b'4', _) => ProviderRequestKind::Reverse,
        _ => return None,
    };
    Some((bridge, number(kind), text(41).trim().parse().ok()?, text(11).trim().parse().ok()?))
}
