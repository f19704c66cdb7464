//! What a profile says, compared with its dialect and with itself.

use tillgate_codec::iso8583::{Dialect, FrameCoding, Message, Mti, Tpdu};
use toml::Spanned;

use super::super::super::ProviderRequestKind;
use super::super::limits::{KEY_BYTES_MAX, REQUEST_BYTES_MAX};
use super::super::messages::{Subjects, encode, values};
use super::super::template::{Source, Subject, Template, card_part, write};
use super::document::{Document, FoundDocument, MessageDocument};
use super::sample::{Size, request};
use super::{KINDS, MessagePlan, Profile, index, word};
use crate::card::CardPart;
use crate::iso8583::fault::Faults;

/// The response code.
const CODE: u8 = 39;
/// Chip data that a host's field has room for: what most terminals send at most.
const CHIP_BYTES_USUAL: usize = 255;

pub(super) fn check(
    profile: &Profile,
    document: &Document,
    places: &[usize; 5],
    faults: &mut Faults<'_>,
) {
    dialect(profile, document, faults);
    let lists = [&document.key, &document.echo];
    for number in lists.into_iter().flat_map(|list| list.get_ref()).chain(&document.reference) {
        exists(&profile.dialect, number, faults);
    }
    if profile.key.is_empty() {
        faults.add(document.key.span().start, "key: without a field no answer finds its request");
    }
    network(profile, document, faults);
    key_exchange(profile, document, faults);
    for message in &document.message {
        let kind = ProviderRequestKind::from(message.get_ref().kind);
        let Some(plan) = profile.plan(kind) else { continue };
        let at = message.span().start;
        fields(profile, message.get_ref(), kind, faults);
        chip(profile, message.get_ref(), kind, faults);
        echo(plan, (kind, at), faults);
        key(profile, plan, (kind, at), faults);
        processing(plan, (kind, at), faults);
        found(profile, message.get_ref(), faults);
        whole(profile, (kind, at), faults);
    }
    ambiguous(profile, places, faults);
}

fn dialect(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    let dialect = &profile.dialect;
    let at = document.dialect.span().start;
    let framing = dialect.framing();
    if !framing.is_delimited() || framing.coding == FrameCoding::None {
        faults.add(at, "dialect: its table has no [frame] with a length, which a stream needs");
    }
    if dialect.has_tpdu() && profile.tpdu.is_none() {
        let text = "dialect: messages have a TPDU; add tpdu = \"60DDDDSSSS\", the host's network \
                    identifier and yours";
        faults.add(at, text);
    }
    if let (false, Some(tpdu)) = (dialect.has_tpdu(), &document.tpdu) {
        faults.add(tpdu.span().start, "tpdu: the dialect has none; remove the key");
    }
    if dialect.field(CODE).is_none() {
        faults.add(at, "dialect: it has no field 39, the response code");
    }
    let carrier = |number| dialect.field(number).is_some_and(|field| field.kind == "b");
    if profile.has_mac() && !(carrier(64) && carrier(128)) {
        faults.add(at, "mac: the dialect has no binary fields 64 and 128 to carry the code");
    }
}

fn exists(dialect: &Dialect, number: &Spanned<u8>, faults: &mut Faults<'_>) {
    if dialect.field(*number.get_ref()).is_none() {
        let text =
            format!("field {}: dialect {} has no such field", number.get_ref(), dialect.name());
        faults.add(number.span().start, text);
    }
}

/// Each template with the smallest and the largest values.
fn fields(
    profile: &Profile,
    message: &MessageDocument,
    kind: ProviderRequestKind,
    faults: &mut Faults<'_>,
) {
    for (number, text) in &message.fields {
        let (Ok(number), Ok(template)) = (number.parse(), Template::parse(text.get_ref())) else {
            continue;
        };
        if template.sources().any(|source| !source.is_of(Some(kind))) {
            continue;
        }
        if template.sources().any(|source| source.card_part().is_some()) {
            if let Err(what) = card(&profile.dialect, number, &template) {
                faults.add(text.span().start, what);
            }
            continue;
        }
        for size in [Size::Smallest, Size::Largest] {
            let request = request(kind, size);
            let of = Subject::Request(&request);
            if let Err(what) = fits(profile, kind, number, &template, of) {
                faults.add(text.span().start, what);
                break;
            }
        }
    }
}

/// Card data is alone in a field of its kind that has room for it.
fn card(dialect: &Dialect, number: u8, template: &Template) -> Result<(), String> {
    let Some(field) = dialect.field(number) else {
        return Err(format!("field {number}: dialect {} has no such field", dialect.name()));
    };
    if matches!(number, CODE | 64 | 128) {
        return Err(format!("field {number}: it is not for a template (code, authentication)"));
    }
    let Some(part) = card_part(template) else {
        return Err(format!("field {number}: card data goes as it came, alone in its field"));
    };
    let (word, is_binary) = (part.word(), field.kind == "b");
    if part.is_binary() && !is_binary {
        let kind = field.kind;
        return Err(format!(
            "field {number} is of type {kind}; {{card.{word}}} needs a binary one"
        ));
    }
    let sample: &[u8] = match part {
        // Makers have it as digits, hexadecimal digits or bytes: the field is taken as it is.
        CardPart::Ksn => return Ok(()),
        _ if is_binary && !part.is_binary() => {
            return Err(format!("field {number} is binary; {{card.{word}}} is text"));
        }
        CardPart::PinBlock => &[0; 8],
        CardPart::Chip => &[0; CHIP_BYTES_USUAL],
        CardPart::EntryMode | CardPart::CardSequence => b"999",
        CardPart::Track2 => b"4111111111111111=25121011234500001234",
        CardPart::Expiry => b"2512",
    };
    let mut message = Message::new(Mti::FINANCIAL_REQUEST);
    message.tpdu = dialect.has_tpdu().then_some(Tpdu([0; 5]));
    message.set_bytes(number, sample);
    let encoded = dialect.clone().with_header_bytes(0).encode(&message, &mut Vec::new());
    encoded.map_err(|error| format!("{error} (for {{card.{word}}})"))
}

/// Only the answer to a sale has something for a chip, in a binary field.
fn chip(
    profile: &Profile,
    message: &MessageDocument,
    kind: ProviderRequestKind,
    faults: &mut Faults<'_>,
) {
    let Some(number) = &message.chip else { return };
    exists(&profile.dialect, number, faults);
    if kind != ProviderRequestKind::Authorize {
        faults.add(number.span().start, "chip: only the answer to a sale has something for it");
    }
    let field = profile.dialect.field(*number.get_ref());
    if let Some(field) = field.filter(|field| field.kind != "b") {
        let text =
            format!("chip: field {} is of type {}, not binary", number.get_ref(), field.kind);
        faults.add(number.span().start, text);
    }
}

/// Whether a template's value fits its field.
fn fits(
    profile: &Profile,
    kind: ProviderRequestKind,
    number: u8,
    template: &Template,
    of: Subject<'_>,
) -> Result<(), String> {
    let dialect = &profile.dialect;
    if dialect.field(number).is_none() {
        return Err(format!("field {number}: dialect {} has no such field", dialect.name()));
    }
    if matches!(number, CODE | 64 | 128) {
        return Err(format!("field {number}: it is not for a template (code, authentication)"));
    }
    let mut value = String::new();
    write(template, &values(profile, profile.plan(kind), of), &mut value);
    if value.is_empty() {
        return Ok(());
    }
    let mut message = Message::new(tillgate_codec::iso8583::Mti::FINANCIAL_REQUEST);
    message.tpdu = profile.tpdu;
    message.set(number, &value);
    let encoded = dialect.encode(&message, &mut Vec::new());
    encoded.map_err(|error| format!("{error} (with {value:?})"))
}

fn network(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    let Some(network) = &document.network else { return };
    let at = network.span().start;
    let plan = profile.network.as_ref();
    let codes = plan.into_iter().flat_map(|plan| [&plan.sign_on, &plan.sign_off, &plan.echo]);
    let keys = plan.and_then(|plan| plan.key_exchange.as_ref()).map(|keys| &keys.code);
    for code in codes.flatten().chain(keys) {
        for (number, text) in &network.get_ref().fields {
            let (Ok(number), Ok(template)) = (number.parse(), Template::parse(text.get_ref()))
            else {
                continue;
            };
            let of = Subject::Network { code, stan: 999_999, at_ms: 1_795_000_000_000 };
            if let Err(what) = fits(profile, ProviderRequestKind::Authorize, number, &template, of)
            {
                return faults.add(text.span().start, format!("network: {what}"));
            }
        }
    }
    if network.get_ref().approved.is_empty() {
        faults.add(at, "network.approved: at least one code, such as [\"00\"]");
    }
}

/// Hexadecimal digits of the shortest session key and its check value.
const SEALED_DIGITS: usize = 38;

fn key_exchange(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    let Some(network) = document.network.as_ref().map(|network| network.get_ref()) else { return };
    let Some(keys) = &network.key_exchange else { return };
    let (at, keys) = (keys.span().start, keys.get_ref());
    if !profile.has_mac() {
        let text = "network.key_exchange: the profile has no `mac`, so that a key has no use; add \
                    mac = \"retail\" or \"cmac\", or remove the section";
        faults.add(at, text);
    }
    let field = profile.dialect.field(*keys.field.get_ref());
    let has_room = field.is_some_and(|field| {
        let digits = if field.kind == "b" { SEALED_DIGITS / 2 } else { SEALED_DIGITS };
        field.units_max >= digits
    });
    if !has_room || matches!(*keys.field.get_ref(), CODE | 64 | 128) {
        let text = format!(
            "network.key_exchange.field {}: dialect {} has no field there with room for \
             {SEALED_DIGITS} hexadecimal digits, a key and its check value",
            keys.field.get_ref(),
            profile.dialect.name()
        );
        faults.add(keys.field.span().start, text);
    }
    let others = [&network.sign_on, &network.sign_off, &network.echo];
    for code in [Some(&keys.code), keys.request.as_ref()].into_iter().flatten() {
        if others.into_iter().flatten().any(|other| other == code.get_ref()) {
            let text = format!("network: code {:?} has two meanings", code.get_ref());
            faults.add(code.span().start, text);
        }
    }
    if keys.request.as_ref().is_some_and(|code| code.get_ref() == keys.code.get_ref()) {
        let text = "network.key_exchange: code and request are the same";
        faults.add(keys.code.span().start, text);
    }
}

/// An answer must prove that it is about this request and this amount.
fn echo(plan: &MessagePlan, (kind, at): (ProviderRequestKind, usize), faults: &mut Faults<'_>) {
    let repeats = |source: Source| {
        let of = |(number, template): &(u8, Template)| {
            plan.echo.contains(number) && template.has(source)
        };
        plan.fields.iter().any(of)
    };
    for number in &plan.echo {
        if !plan.fields.iter().any(|(known, _)| known == number) {
            let text = format!(
                "echo: {:?} messages do not send field {number}, so no answer can repeat it; give \
                 this message an `echo` of its own",
                word(kind)
            );
            faults.add(at, text);
        }
    }
    for (number, _) in plan.fields.iter().filter(|field| card_part(&field.1).is_some()) {
        if plan.echo.contains(number) {
            let text = format!("echo: field {number} is card data, which is not remembered");
            faults.add(at, text);
        }
    }
    let asks = kind == ProviderRequestKind::Lookup;
    if !asks && !repeats(Source::Amount) {
        let text = "echo: the field with {amount} is needed: an answer about another amount counts \
                    for nothing";
        faults.add(at, text);
    }
    let named = repeats(Source::Rrn)
        || repeats(Source::Reference)
        || (repeats(Source::Stan) && repeats(Source::Terminal));
    if !named {
        let text = "echo: the fields with {stan} and {terminal} are needed, or one with {rrn} or \
                    {reference}: another's answer would count";
        faults.add(at, text);
    }
}

/// The key's fields are in the message, are short enough and are repeated by the answer.
fn key(
    profile: &Profile,
    plan: &MessagePlan,
    (kind, at): (ProviderRequestKind, usize),
    faults: &mut Faults<'_>,
) {
    let mut bytes = 4;
    for number in &profile.key {
        bytes += profile.dialect.field(*number).map_or(0, |field| field.units_max);
        if plan.fields.iter().any(|field| field.0 == *number && card_part(&field.1).is_some()) {
            let text = format!("key: field {number} is card data, which is not remembered");
            faults.add(at, text);
        }
        if !plan.fields.iter().any(|(known, _)| known == number) {
            let text = format!("key: {:?} messages do not send field {number}", word(kind));
            faults.add(at, text);
        }
    }
    if bytes > KEY_BYTES_MAX {
        let text = format!("key: its fields have up to {bytes} bytes; allowed are {KEY_BYTES_MAX}");
        faults.add(at, text);
    }
}

fn processing(
    plan: &MessagePlan,
    (kind, at): (ProviderRequestKind, usize),
    faults: &mut Faults<'_>,
) {
    let uses = plan.fields.iter().any(|(_, template)| template.has(Source::Processing));
    let has = plan.processing.usual.is_some();
    if uses && !has {
        let text = format!("processing: {:?} messages need `default`", word(kind));
        faults.add(at, text);
    }
    if !uses && plan.processing.codes().next().is_some() {
        faults.add(at, format!("processing: no field of {:?} has {{processing}}", word(kind)));
    }
}

fn found(profile: &Profile, message: &MessageDocument, faults: &mut Faults<'_>) {
    let asks = matches!(ProviderRequestKind::from(message.kind), ProviderRequestKind::Lookup);
    let Some(found) = &message.found else {
        if asks {
            let text = "lookup: `found` says where the answer has `reference`, `amount`, `name`, \
                        `text`";
            faults.add(message.mti.span().start, text);
        }
        return;
    };
    if !asks {
        return faults.add(found.span().start, "found: only lookups find something");
    }
    let FoundDocument { reference, amount, amount_min, amount_max, name, text } = found.get_ref();
    for number in [reference, amount, amount_min, amount_max, name, text].into_iter().flatten() {
        exists(&profile.dialect, number, faults);
        let kind = profile.dialect.field(*number.get_ref()).map_or("", |field| field.kind);
        let is_amount = [amount, amount_min, amount_max].into_iter().flatten().any(|n| n == number);
        if (is_amount && kind != "n") || (!is_amount && kind == "b") {
            let text = format!("found: field {} is of type {kind}", number.get_ref());
            faults.add(number.span().start, text);
        }
    }
}

/// The largest message, with its code.
fn whole(profile: &Profile, (kind, at): (ProviderRequestKind, usize), faults: &mut Faults<'_>) {
    let mut bytes = Vec::new();
    let subject = Subjects { profile, mac: None };
    // What does not fit its field has been reported with its line.
    if encode(subject, (&request(kind, Size::Largest), None), &mut bytes).is_err() {
        return;
    }
    let bytes_max = profile.dialect.framing().message_bytes_max.min(REQUEST_BYTES_MAX);
    if bytes.len() + 8 > bytes_max {
        let text =
            format!("{:?} has up to {} bytes; allowed are {bytes_max}", word(kind), bytes.len());
        faults.add(at, text);
    }
}

/// Two messages with the same type of answer are distinguished by a field of the key that is
/// constant in both, or by processing codes that they do not share.
fn ambiguous(profile: &Profile, places: &[usize; 5], faults: &mut Faults<'_>) {
    for (n, (kind, _)) in KINDS.iter().enumerate() {
        for (other, _) in KINDS.iter().skip(n + 1) {
            let (Some(a), Some(b)) = (profile.plan(*kind), profile.plan(*other)) else { continue };
            if a.answer != b.answer || profile.key.iter().any(|number| differ(a, b, *number)) {
                continue;
            }
            let text = format!(
                "{:?} and {:?} are both answered by {}, and no field of `key` distinguishes them: \
                 give them other MTIs, or add field 3 to `key` and other processing codes",
                word(*kind),
                word(*other),
                a.answer
            );
            faults.add(places[index(*other)], text);
        }
    }
}

fn differ(a: &MessagePlan, b: &MessagePlan, number: u8) -> bool {
    let (a, b) = (possible(a, number), possible(b, number));
    !a.is_empty() && !b.is_empty() && !a.iter().any(|value| b.contains(value))
}

/// The values that a field can have, where they can be listed.
fn possible(plan: &MessagePlan, number: u8) -> Vec<&str> {
    let template = plan.fields.iter().find(|(known, _)| *known == number).map(|(_, t)| t);
    match template {
        Some(template) if template.is_only(Source::Processing) => plan.processing.codes().collect(),
        Some(template) => template.constant().into_iter().collect(),
        None => Vec::new(),
    }
}
