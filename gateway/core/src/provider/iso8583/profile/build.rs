//! From the document to the profile. All that is wrong is collected, so that it is reported at once.

use std::collections::BTreeMap;

use tillgate_codec::iso8583::{Dialect, Mti, Tpdu};
use toml::Spanned;

use super::super::super::ProviderRequestKind;
use super::super::template::{Source, Template};
use super::document::{
    Document, Fields, FoundDocument, KeyExchangeDocument, MessageDocument, NetworkDocument,
};
use super::{
    Found, KeyExchange, Meaning, MessagePlan, Network, Processing, Profile, ProfileError, check,
    index, usable, word,
};
use crate::iso8583::fault::Faults;
use crate::time::Span;

/// Clocks are at most this far from UTC.
const OFFSET_MIN_MAX: i32 = 14 * 60;
/// Seconds that may be configured for network messages.
const SECONDS: core::ops::RangeInclusive<u16> = 1..=3_600;

/// Seconds that a session key may be configured to live: a minute to a week.
const KEY_SECONDS: core::ops::RangeInclusive<u32> = 60..=604_800;

/// "Duplicate transmission" (ISO 8583:1987 table A7).
const DUPLICATE: &str = "94";

pub(super) fn profile(
    source: &str,
    document: Document,
    dialect: impl FnOnce(&str) -> Result<Dialect, String>,
) -> Result<Profile, ProfileError> {
    let mut faults = Faults::new(source);
    let profile = dialect(document.dialect.get_ref())
        .map_err(|what| faults.spanned(&document.dialect, format!("dialect: {what}")))
        .ok()
        .map(|dialect| assemble(&document, dialect, &mut faults));
    faults.result(profile)
}

fn assemble(document: &Document, dialect: Dialect, faults: &mut Faults<'_>) -> Profile {
    let mut profile = Profile {
        name: document.name.clone(),
        about: document.about.clone(),
        tpdu: tpdu(document, faults),
        offset_min: offset(document, faults),
        institutions: institutions(document, faults),
        mac: document.mac,
        key: numbers(document.key.get_ref()),
        reference: numbers(&document.reference),
        network: document.network.as_ref().map(|network| self::network(network, faults)),
        messages: [const { None }; 5],
        dialect,
    };
    let mut places: [usize; 5] = [0; 5];
    for message in &document.message {
        let kind = ProviderRequestKind::from(message.get_ref().kind);
        let plan = self::message(document, message.get_ref(), kind, faults);
        if profile.messages[index(kind)].replace(plan).is_some() {
            faults.spanned(message, format!("two messages are of kind {:?}", word(kind)));
        }
        places[index(kind)] = message.span().start;
    }
    if profile.plan(ProviderRequestKind::Authorize).is_none() {
        faults.add(0, "there is no [[message]] of kind \"authorize\"; without it nothing is sold");
    }
    check::check(&profile, document, &places, faults);
    usable::check(&profile, document, faults);
    profile
}

fn numbers(spanned: &[Spanned<u8>]) -> Vec<u8> {
    spanned.iter().map(|number| *number.get_ref()).collect()
}

fn tpdu(document: &Document, faults: &mut Faults<'_>) -> Option<Tpdu> {
    let text = document.tpdu.as_ref()?;
    let mut tpdu = [0; 5];
    if hex::decode_to_slice(text.get_ref(), &mut tpdu).is_err() {
        faults.spanned(text, "tpdu: ten hexadecimal digits are expected, such as \"6000010000\"");
    }
    Some(Tpdu(tpdu))
}

fn offset(document: &Document, faults: &mut Faults<'_>) -> i32 {
    let Some(offset) = &document.utc_offset_min else { return 0 };
    if offset.get_ref().abs() > OFFSET_MIN_MAX {
        let text = format!("utc_offset_min: allowed are -{OFFSET_MIN_MAX} to {OFFSET_MIN_MAX}");
        faults.spanned(offset, text);
    }
    *offset.get_ref()
}

fn institutions(document: &Document, faults: &mut Faults<'_>) -> String {
    let Some(both) = &document.institutions else { return "0".repeat(22) };
    let wrong = |text: &String| text.len() > 11 || !text.bytes().all(|byte| byte.is_ascii_digit());
    if both.get_ref().iter().any(wrong) {
        faults.spanned(both, "institutions: two texts of up to 11 digits are expected");
    }
    both.get_ref().iter().map(|text| format!("{text:0>11}")).collect()
}

/// A message type that is a request.
fn mti(text: &Spanned<String>, faults: &mut Faults<'_>) -> Mti {
    let mti = Mti::parse(text.get_ref()).filter(|mti| mti.answer().is_some());
    mti.unwrap_or_else(|| {
        let what = format!(
            "mti {:?}: the four digits of a request or advice are expected, such as \"0200\"",
            text.get_ref()
        );
        faults.spanned(text, what);
        Mti::NETWORK_REQUEST
    })
}

fn network(document: &Spanned<NetworkDocument>, faults: &mut Faults<'_>) -> Network {
    let network = document.get_ref();
    let mti = mti(&network.mti, faults);
    for (name, seconds) in [("echo_s", &network.echo_s), ("answer_s", &network.answer_s)] {
        if !SECONDS.contains(seconds.get_ref()) {
            faults.spanned(seconds, format!("{name}: allowed are 1 to {}", SECONDS.end()));
        }
    }
    let fields = fields(&network.fields, None, faults);
    for needed in [Source::Stan, Source::Network] {
        if !fields.iter().any(|(_, template)| template.has(needed)) {
            let text = "network.fields: one field with {stan} and one with {network} are needed";
            faults.spanned(document, text);
        }
    }
    Network {
        mti,
        answer: mti.answer().unwrap_or(mti),
        sign_on: network.sign_on.clone(),
        sign_off: network.sign_off.clone(),
        echo: network.echo.clone(),
        mac: network.mac,
        idle: Span::s(u64::from(*network.echo_s.get_ref())),
        patience: Span::s(u64::from(*network.answer_s.get_ref())),
        approved: network.approved.clone(),
        key_exchange: network.key_exchange.as_ref().map(|keys| key_exchange(keys, faults)),
        fields,
    }
}

fn key_exchange(document: &Spanned<KeyExchangeDocument>, faults: &mut Faults<'_>) -> KeyExchange {
    let keys = document.get_ref();
    if !KEY_SECONDS.contains(keys.every_s.get_ref()) {
        let (least, most) = (KEY_SECONDS.start(), KEY_SECONDS.end());
        faults.spanned(&keys.every_s, format!("every_s: allowed are {least} to {most}"));
    }
    KeyExchange {
        code: keys.code.get_ref().clone(),
        request: keys.request.as_ref().map(|code| code.get_ref().clone()),
        field: *keys.field.get_ref(),
        every: Span::s(u64::from(*keys.every_s.get_ref())),
    }
}

fn message(
    document: &Document,
    message: &MessageDocument,
    kind: ProviderRequestKind,
    faults: &mut Faults<'_>,
) -> MessagePlan {
    let mti = mti(&message.mti, faults);
    let repeat = message.repeat.as_ref().map_or(mti.repeat(), |repeat| self::mti(repeat, faults));
    let answer = mti.answer().unwrap_or(mti);
    if let (Some(text), true) = (&message.repeat, repeat.answer() != Some(answer)) {
        faults.spanned(text, format!("repeat: {repeat} is not answered by {answer} as {mti} is"));
    }
    let echo = message.echo.as_ref().unwrap_or(&document.echo);
    MessagePlan {
        mti,
        repeat,
        answer,
        fields: fields(&message.fields, Some(kind), faults),
        echo: numbers(echo.get_ref()),
        codes: codes(message, kind, faults),
        chip: message.chip.as_ref().map(|number| *number.get_ref()),
        processing: processing(&message.processing, faults),
        found: message.found.as_ref().map_or_else(Found::default, found),
    }
}

/// Numbers and templates, in the order of the numbers.
fn fields(
    document: &Fields,
    kind: Option<ProviderRequestKind>,
    faults: &mut Faults<'_>,
) -> Vec<(u8, Template)> {
    let mut fields = Vec::new();
    for (number, text) in document {
        let known = number.parse().ok().filter(|number| (2..=128).contains(number));
        let Some(number) = known else {
            faults.spanned(text, format!("fields: {number:?} is no field number, 2 to 128"));
            continue;
        };
        match Template::parse(text.get_ref()) {
            Ok(template) => {
                if template.sources().any(|source| !source.is_of(kind)) {
                    let of = kind.map_or("network", word);
                    let what =
                        format!("field {number}: messages of kind {of:?} have no such source");
                    faults.spanned(text, what);
                }
                fields.push((number, template));
            }
            Err(what) => faults.spanned(text, format!("field {number}: {what}")),
        }
    }
    fields.sort_by_key(|(number, _)| *number);
    fields
}

/// What codes can mean, by the kind of request.
fn meanings(kind: ProviderRequestKind) -> &'static [(&'static str, Meaning)] {
    const DECLINED: (&str, Meaning) = ("declined", Meaning::Declined(String::new()));
    match kind {
        ProviderRequestKind::Authorize => {
            const { &[("approved", Meaning::Approved), DECLINED, ("pending", Meaning::Pending)] }
        }
        ProviderRequestKind::Inquire => {
            const {
                &[
                    ("approved", Meaning::Approved),
                    DECLINED,
                    ("pending", Meaning::Pending),
                    ("not_found", Meaning::NotFound),
                ]
            }
        }
        ProviderRequestKind::Reverse => {
            const { &[("reversed", Meaning::Reversed), ("refused", Meaning::Refused)] }
        }
        ProviderRequestKind::Advise => {
            const { &[("acknowledged", Meaning::Acknowledged), ("refused", Meaning::Refused)] }
        }
        ProviderRequestKind::Lookup => const { &[("found", Meaning::Found), DECLINED] },
    }
}

fn codes(
    message: &MessageDocument,
    kind: ProviderRequestKind,
    faults: &mut Faults<'_>,
) -> Vec<(String, Meaning)> {
    let mut codes: Vec<(String, Meaning)> = Vec::new();
    for (word, list) in &message.codes {
        let known = meanings(kind);
        let Some((_, meaning)) = known.iter().find(|(known, _)| known == word) else {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let of = super::word(kind);
            let text =
                format!("codes: {word:?} is no result of {of:?}; allowed: {}", words.join(", "));
            faults.spanned(list, text);
            continue;
        };
        for text in list.get_ref() {
            let (code, shown) = text.get_ref().split_once('=').unwrap_or((text.get_ref(), ""));
            let meaning = match meaning {
                Meaning::Declined(_) => {
                    Meaning::Declined(if shown.is_empty() { code } else { shown }.to_owned())
                }
                other if shown.is_empty() => other.clone(),
                _ => {
                    faults.spanned(text, "only a declined code may be shown as another, \"N7=05\"");
                    continue;
                }
            };
            if code == DUPLICATE && matches!(meaning, Meaning::Declined(_)) {
                let what = "code \"94\" answers a duplicate: the first one may have been approved, so \
                            it declines nothing; leave it out";
                faults.spanned(text, what);
            }
            if codes.iter().any(|(known, _)| known == code) {
                faults.spanned(text, format!("code {code:?} is listed twice in one message"));
            }
            codes.push((code.to_owned(), meaning));
        }
    }
    codes
}

fn processing(document: &BTreeMap<String, Spanned<String>>, faults: &mut Faults<'_>) -> Processing {
    let mut processing = Processing::default();
    for (of, code) in document {
        if of == "default" {
            processing.usual = Some(code.get_ref().clone());
            continue;
        }
        let (service, product) =
            of.split_once('/').map_or((of.as_str(), None), |(a, b)| (a, Some(b)));
        let product = product.map(str::parse).transpose();
        match (service.parse(), product) {
            (Ok(service), Ok(product)) => {
                processing.rows.push((service, product, code.get_ref().clone()));
            }
            _ => faults.spanned(
                code,
                format!(
                    "processing: {of:?}: a service \"20\", \"20/3\" with product, or \"default\""
                ),
            ),
        }
    }
    processing
}

fn found(document: &Spanned<FoundDocument>) -> Found {
    let of = |number: &Option<Spanned<u8>>| number.as_ref().map(|number| *number.get_ref());
    let found = document.get_ref();
    Found {
        reference: of(&found.reference),
        amount: of(&found.amount),
        amount_min: of(&found.amount_min),
        amount_max: of(&found.amount_max),
        name: of(&found.name),
        text: of(&found.text),
    }
}
