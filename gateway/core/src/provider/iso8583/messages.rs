//! Requests to bytes by a [`Profile`], and what an answer says about the request it repeats.
//!
//! Everything in a message comes from the request and the profile, so that a repeat has the bytes
//! of the first one but for its type and its code of authentication.

use tillgate_codec::iso8583::{Fields, MacKey, MacVerdict, Message, Mti, View};
use tillgate_store_core::{ChipAnswer, ProviderOutcome, Text};
use zeroize::Zeroizing;

use super::super::http_json::{code, reference, shown};
use super::super::{Bill, ProviderRequest, ProviderRequestKind, ProviderResult};
use super::profile::{Meaning, MessagePlan, Network, Profile};
use super::template::{Source, Subject, Template, Values, card_part, write};
use crate::card::CardData;

/// The response code (ISO 8583:1987 field 39).
pub(super) const CODE: u8 = 39;

/// A profile and the key that its messages are authenticated with.
#[derive(Clone, Copy)]
pub(super) struct Subjects<'a> {
    pub(super) profile: &'a Profile,
    pub(super) mac: Option<&'a MacKey>,
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// It is not about this request; why.
    Foreign(&'static str),
    /// The request's result.
    Result(ProviderResult),
}

pub(super) fn values<'a>(
    profile: &'a Profile,
    plan: Option<&'a MessagePlan>,
    of: Subject<'a>,
) -> Values<'a> {
    let processing = match of {
        Subject::Request(request) => {
            plan.and_then(|plan| plan.processing.code(request.service.0, request.product.0))
        }
        Subject::Network { .. } => None,
    };
    let sale = profile.plan(ProviderRequestKind::Authorize);
    Values {
        of,
        processing: processing.unwrap_or(""),
        original_mti: sale.map_or("0000", |plan| plan.mti.as_str()),
        institutions: &profile.institutions,
        offset_min: profile.offset_min,
    }
}

/// Appends the message of a request, without its frame.
///
/// # Errors
/// A value of the request has no place in its field; the text shows no value.
pub(super) fn encode(
    subject: Subjects<'_>,
    (request, card): (&ProviderRequest, Option<&CardData>),
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let Some(plan) = subject.profile.plan(request.kind) else {
        return Err("the profile has no message for this kind of request".to_owned());
    };
    let mti = if request.attempt > 1 { plan.repeat } else { plan.mti };
    let values = values(subject.profile, Some(plan), Subject::Request(request));
    fill(subject, mti, &plan.fields, (&values, card), out)
}

/// Appends a network message.
///
/// # Errors
/// As [`encode`].
pub(super) fn encode_network(
    subject: Subjects<'_>,
    network: &Network,
    of: Subject<'_>,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let values = values(subject.profile, None, of);
    fill(subject, network.mti, &network.fields, (&values, None), out)
}

fn fill(
    subject: Subjects<'_>,
    mti: Mti,
    fields: &[(u8, Template)],
    (values, card): (&Values<'_>, Option<&CardData>),
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let mut message = Message::new(mti);
    message.tpdu = subject.profile.tpdu;
    // An account may be a card's number.
    let mut text = Zeroizing::new(String::with_capacity(512));
    let places = |part| fields.iter().any(|(_, template)| card_part(template) == Some(part));
    if let Some(part) = card.and_then(|card| card.proofs().find(|part| !places(*part))) {
        let word = part.word();
        return Err(format!("no field is {{card.{word}}}, and the terminal sent one"));
    }
    for (number, template) in fields {
        if let Some(part) = card_part(template) {
            if let Some(bytes) = card.and_then(|card| card.part(part)) {
                message.set_bytes(*number, bytes);
            }
            continue;
        }
        text.clear();
        write(template, values, &mut text);
        if !text.is_empty() {
            message.set(*number, &text);
        }
    }
    append(subject, &mut message, out)
}

/// Appends a message, with its code if there is a key.
pub(super) fn append(
    Subjects { profile, mac }: Subjects<'_>,
    message: &mut Message,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let done = match mac {
        Some(key) => profile.dialect.encode_with_mac(message, key, out),
        None => profile.dialect.encode(message, out),
    };
    done.map_err(|error| error.to_string())
}

/// Whether the message has the code that it must have.
pub(super) fn is_authentic(mac: Option<&MacKey>, message: &View<'_>) -> bool {
    mac.is_none_or(|key| message.verify_mac(key) == MacVerdict::Valid)
}

/// What `answer` says about the request that was sent as `sent`.
pub(super) fn interpret(
    profile: &Profile,
    request: &ProviderRequest,
    sent: &[u8],
    answer: &View<'_>,
) -> Reading {
    let Some(plan) = profile.plan(request.kind) else { return Reading::Foreign("kind") };
    if answer.mti() != plan.answer {
        return Reading::Foreign("another message type");
    }
    let mut fields = Fields::new();
    let Ok(sent) = profile.dialect.view(sent, &mut fields) else { return Reading::Foreign("kind") };
    if !repeats(&plan.echo, &sent, answer) {
        return Reading::Foreign("a field that it must repeat differs");
    }
    if plan.fields.iter().any(|field| names_another(plan, field, &sent, answer)) {
        return Reading::Foreign("it names another reference");
    }
    let said = answer.text(CODE).unwrap_or_default();
    let meaning = plan.codes.iter().find(|(code, _)| *code == said).map(|(_, meaning)| meaning);
    let named = || provider_reference(profile, answer);
    let chip = || chip_answer(plan, answer).transpose().ok().flatten();
    Reading::Result(match meaning {
        None => request.unknown(),
        Some(Meaning::Pending) => ProviderResult::Pending,
        Some(Meaning::NotFound) => ProviderResult::NotFound { attempt: request.attempt },
        Some(Meaning::Found) => found(plan, answer)
            .map_or_else(|| request.unknown(), |bill| ProviderResult::Lookup(Ok(Box::new(bill)))),
        Some(Meaning::Declined(text)) if request.kind == ProviderRequestKind::Lookup => {
            ProviderResult::Lookup(Err(code(text)))
        }
        Some(Meaning::Declined(text)) => ProviderResult::Outcome(ProviderOutcome::Declined {
            code: code(text),
            reference: named(),
            chip: chip(),
        }),
        Some(Meaning::Approved) => {
            ProviderResult::Outcome(ProviderOutcome::Approved { reference: named(), chip: chip() })
        }
        Some(Meaning::Reversed) => ProviderResult::Outcome(ProviderOutcome::Reversed),
        Some(Meaning::Refused) => ProviderResult::Outcome(ProviderOutcome::ReversalDeclined),
        Some(Meaning::Acknowledged) => ProviderResult::Outcome(ProviderOutcome::AdviceAcknowledged),
    })
}

/// Whether an answer has these fields as they were sent, byte for byte.
pub(super) fn repeats(numbers: &[u8], sent: &View<'_>, answer: &View<'_>) -> bool {
    let same = |number: &u8| match sent.wire(*number) {
        Some(sent) => answer.wire(*number) == Some(sent),
        None => true,
    };
    numbers.iter().all(same)
}

/// Whether an answer that need not repeat our reference has another one where it was.
fn names_another(
    plan: &MessagePlan,
    (number, template): &(u8, Template),
    sent: &View<'_>,
    answer: &View<'_>,
) -> bool {
    template.is_only(Source::Reference)
        && plan.found.reference != Some(*number)
        && answer.has(*number)
        && answer.wire(*number) != sent.wire(*number)
}

/// What the chip receives, or why what the host sent is not passed on.
pub(super) fn chip_answer(
    plan: &MessagePlan,
    answer: &View<'_>,
) -> Option<Result<ChipAnswer, &'static str>> {
    let value = answer.value(plan.chip?)?;
    Some(super::chip::answer(&Zeroizing::new(value)))
}

/// The first of the fields that has one.
fn provider_reference(profile: &Profile, answer: &View<'_>) -> Text<32> {
    let texts = profile.reference.iter().filter_map(|number| answer.text(*number));
    texts.map(|text| reference(text.trim())).find(|text| !text.is_empty()).unwrap_or_default()
}

/// What a lookup found. Bounds that contradict the amount or each other say nothing.
fn found(plan: &MessagePlan, answer: &View<'_>) -> Option<Bill> {
    let found = &plan.found;
    let number = |field: Option<u8>| field.and_then(|field| answer.number(field)).unwrap_or(0);
    let text = |field: Option<u8>| field.and_then(|field| answer.text(field)).unwrap_or_default();
    let (low, high) = (number(found.amount_min), number(found.amount_max));
    let amount_minor = number(found.amount);
    if low > high || (high > 0 && amount_minor > 0 && !(low..=high).contains(&amount_minor)) {
        return None;
    }
    Some(Bill {
        // The payment names it, so that half of it will not do.
        reference: Text::from(text(found.reference).trim()).ok()?,
        amount_minor,
        amount_range_minor: (low, high),
        name: shown(text(found.name).trim()),
        text: shown(text(found.text).trim()),
    })
}
