//! What a host profile says that no message would ever have, or that would never be understood.

use tillgate_codec::iso8583::{Dialect, Message, Mti};
use toml::Spanned;

use super::super::super::ProviderRequestKind;
use super::super::messages::CODE;
use super::super::template::Source;
use super::document::{Document, MessageDocument, NetworkDocument};
use super::{Meaning, MessagePlan, Profile, word};
use crate::iso8583::fault::Faults;

pub(super) fn check(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    if let (Some(document), Some(network)) = (&document.network, &profile.network) {
        self::network(profile, document.get_ref(), network.mti, faults);
    }
    for message in &document.message {
        let message = message.get_ref();
        let kind = ProviderRequestKind::from(message.kind);
        let Some(plan) = profile.plan(kind) else { continue };
        // Which messages carry codes goes by their class.
        if profile.has_mac() && [plan.mti, plan.repeat].iter().any(|mti| mti.class() == b'8') {
            let text = "mti: of a profile with `mac`, types with 8 in the second place are of \
                        network messages";
            faults.add(message.mti.span().start, text);
        }
        codes(&profile.dialect, message, plan, kind, faults);
        processing(&profile.dialect, message, plan, faults);
    }
}

fn network(profile: &Profile, network: &NetworkDocument, mti: Mti, faults: &mut Faults<'_>) {
    let (dialect, at) = (&profile.dialect, network.mti.span().start);
    if profile.has_mac() && mti.class() != b'8' {
        let text = "network.mti: of a profile with `mac`, network messages have 8 in the second \
                    place, such as \"0800\"";
        faults.add(at, text);
    }
    let codes = [&network.sign_on, &network.sign_off, &network.echo].into_iter().flatten();
    let keys = network.key_exchange.as_ref().map(|keys| keys.get_ref());
    let keys = keys
        .into_iter()
        .flat_map(|keys| [Some(keys.code.get_ref()), keys.request.as_ref().map(Spanned::get_ref)]);
    for code in codes.chain(keys.flatten()) {
        if code.is_empty() {
            faults.add(at, "network: a code is empty; leave the key out instead");
        }
    }
    for code in network.approved.iter().filter(|code| !fits(dialect, code)) {
        faults.add(at, format!("network.approved: {}", unlike(dialect, code)));
    }
}

/// Each is one that field 39 can have, and one of them carries the request out.
fn codes(
    dialect: &Dialect,
    message: &MessageDocument,
    plan: &MessagePlan,
    kind: ProviderRequestKind,
    faults: &mut Faults<'_>,
) {
    for text in message.codes.values().flat_map(|list| list.get_ref()) {
        let code = text.get_ref().split('=').next().unwrap_or_default();
        if !fits(dialect, code) {
            faults.add(text.span().start, format!("codes: {}", unlike(dialect, code)));
        }
    }
    let needed = match kind {
        ProviderRequestKind::Authorize | ProviderRequestKind::Inquire => Meaning::Approved,
        ProviderRequestKind::Reverse => Meaning::Reversed,
        ProviderRequestKind::Advise => Meaning::Acknowledged,
        ProviderRequestKind::Lookup => Meaning::Found,
    };
    if !plan.codes.iter().any(|(_, meaning)| *meaning == needed) {
        let needed = format!("{needed:?}").to_lowercase();
        let text =
            format!("codes: {:?} needs a list {needed:?}: no answer would say so", word(kind));
        faults.add(message.mti.span().start, text);
    }
}

fn fits(dialect: &Dialect, code: &str) -> bool {
    let field = dialect.field(CODE);
    field.is_none_or(|field| (field.units_min.max(1)..=field.units_max).contains(&code.len()))
}

fn unlike(dialect: &Dialect, code: &str) -> String {
    let units = dialect.field(CODE).map_or(0, |field| field.units_max);
    format!("no answer has {code:?} in field {CODE}, whose codes have {units} characters")
}

/// Every processing code fits its field, not only the usual one.
fn processing(
    dialect: &Dialect,
    message: &MessageDocument,
    plan: &MessagePlan,
    faults: &mut Faults<'_>,
) {
    let only = |(_, template): &&(u8, super::Template)| template.is_only(Source::Processing);
    let Some((number, _)) = plan.fields.iter().find(only) else { return };
    for code in message.processing.values() {
        let mut sample = Message::new(plan.mti);
        sample.tpdu = dialect.has_tpdu().then_some(tillgate_codec::iso8583::Tpdu([0; 5]));
        sample.set(*number, code.get_ref());
        if let Err(error) = dialect.encode(&sample, &mut Vec::new()) {
            let text = format!("processing: {error} (with {:?})", code.get_ref());
            faults.add(code.span().start, text);
        }
    }
}
