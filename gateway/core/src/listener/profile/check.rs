//! What a profile says, compared with its dialect and with itself.

use tillgate_codec::iso8583::{Dialect, FrameCoding, Message, Mti, Tpdu};
use tillgate_store_core::ResponseCode;
use toml::Spanned;

use super::super::answer::{CODE, Source, Template, filled, samples};
use super::document::{Document, MessageDocument, PlaceDocument};
use super::{Kind, MessagePlan, Profile};
use crate::card::CardPart;
use crate::iso8583::fault::Faults;
use crate::time::Calendar;

pub(super) fn check(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    dialect(profile, document, faults);
    for place in document.request.get_ref().places() {
        exists(&profile.dialect, place, faults);
    }
    carry(profile, document, faults);
    codes(profile, document, faults);
    for (plan, message) in profile.messages.iter().zip(&document.message) {
        echo(profile, plan, message.get_ref(), faults);
        fields(profile, plan, message.get_ref(), faults);
        let original = message.get_ref().original.as_ref().map(Spanned::get_ref);
        let places = original.into_iter().flat_map(|of| [&of.stan, &of.date, &of.time]);
        places.flatten().for_each(|place| exists(&profile.dialect, place, faults));
        let totals = message.get_ref().totals.as_ref().map(|totals| totals.get_ref().places());
        totals.into_iter().flatten().for_each(|place| exists(&profile.dialect, place, faults));
    }
    let sells = profile.messages.iter().any(|plan| plan.kind == Kind::Sale);
    if !sells {
        faults.add(0, "there is no [[message]] of kind \"sale\"; without it nothing is sold");
    }
    if sells && document.products.is_empty() {
        faults.add(0, "[products] is empty: no processing code stands for a service");
    }
    ambiguous(profile, document, faults);
}

fn dialect(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    let at = document.dialect.span().start;
    let framing = profile.dialect.framing();
    if !framing.is_delimited() || framing.coding == FrameCoding::None {
        faults.add(at, "dialect: its table has no [frame] with a length, which a stream needs");
    }
    // Half of a block is the shortest code that ISO 9797-1 has.
    let carrier = |number| {
        profile.dialect.field(number).is_some_and(|field| {
            let fixed = field.units_min == field.units_max;
            field.kind == "b" && fixed && (4..=8).contains(&field.units_max)
        })
    };
    if profile.has_mac() && !(carrier(64) && carrier(128)) {
        faults.add(
            at,
            "mac: the dialect has no binary fields 64 and 128 of a fixed 4 to 8 bytes to carry the \
             code",
        );
    }
    if profile.dialect.field(CODE).is_none() {
        faults.add(at, "dialect: it has no field 39, the response code");
    }
}

fn exists(dialect: &Dialect, place: &Spanned<PlaceDocument>, faults: &mut Faults<'_>) {
    let (number, end) = match place.get_ref() {
        PlaceDocument::Field(field) => (*field, 0),
        PlaceDocument::Part(part) => (part.field, part.from.saturating_add(part.length)),
    };
    match dialect.field(number) {
        None => {
            let text = format!("field {number}: dialect {} has no such field", dialect.name());
            faults.spanned(place, text);
        }
        Some(field) if end > field.units_max => {
            let text =
                format!("field {number} has up to {} characters, not {end}", field.units_max);
            faults.spanned(place, text);
        }
        Some(field) if field.kind == "b" => {
            faults.spanned(place, format!("field {number} is binary; text or digits are expected"));
        }
        Some(_) => {}
    }
}

/// What is carried is in the dialect, bytes in a binary field and text in another; no answer repeats
/// what is secret of it.
fn carry(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    for (part, number) in document.carry.parts() {
        let (of, word) = (*number.get_ref(), part.word());
        let Some(field) = profile.dialect.field(of) else {
            let name = profile.dialect.name();
            faults.spanned(number, format!("carry: field {of}: dialect {name} has no such field"));
            continue;
        };
        let is_binary = field.kind == "b";
        if part.is_binary() && !is_binary {
            let text = format!("carry: field {of} is of type {}; {word} is bytes", field.kind);
            faults.spanned(number, text);
        } else if is_binary && !part.is_binary() && part != CardPart::Ksn {
            faults.spanned(number, format!("carry: field {of} is binary; {word} is text"));
        }
        if document.carry.parts().any(|(other, at)| other != part && *at.get_ref() == of) {
            faults.spanned(number, format!("carry: field {of} is named twice"));
        }
        let is_secret = !matches!(part, CardPart::EntryMode | CardPart::CardSequence);
        if is_secret && profile.messages.iter().any(|plan| plan.echo.contains(&of)) {
            faults.spanned(
                number,
                format!("carry: field {of} ({word}) is in an `echo`; it is not sent back"),
            );
        }
    }
}

/// Every code of the gateway fits the field.
fn codes(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    for (code, shown) in &document.codes {
        let is_known = ResponseCode::ALL.iter().any(|known| known.to_string() == *code);
        let is_code = is_known || (code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit()));
        if !is_code && code != "other" {
            let text = format!("codes: {code:?} is no response code of the gateway, nor \"other\"");
            faults.spanned(shown, text);
        }
        if let Err(what) = fits(&profile.dialect, CODE, shown.get_ref()) {
            faults.spanned(shown, format!("codes: {what}"));
        }
    }
    let unfit = ResponseCode::ALL.iter().map(|code| profile.code(*code));
    if let Some(unfit) = unfit.into_iter().find(|code| fits(&profile.dialect, CODE, code).is_err())
    {
        let text = format!(
            "field 39 cannot carry the code {unfit:?}: list what the terminals know in [codes], and \
             other = \"..\" for the rest"
        );
        faults.add(document.dialect.span().start, text);
    }
    confused(profile, document, faults);
}

/// What a terminal does after an answer with this code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Hands,
    AsksAgain,
    Uploads,
    GivesUp,
}

impl Next {
    fn after(code: ResponseCode) -> Self {
        match code {
            ResponseCode::APPROVED => Self::Hands,
            ResponseCode::IN_PROGRESS | ResponseCode::LATE_RESPONSE => Self::AsksAgain,
            ResponseCode::TOTALS_DIFFER => Self::Uploads,
            _ => Self::GivesUp,
        }
    }
}

/// Codes that mean something else to a terminal never look alike: an outcome that is not known yet is
/// no decline.
fn confused(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    let all = ResponseCode::ALL;
    let pairs = all.iter().flat_map(|one| all.iter().map(move |other| (*one, *other)));
    let mut confused = pairs.filter(|(one, other)| {
        Next::after(*one) != Next::GivesUp
            && Next::after(*one) != Next::after(*other)
            && profile.code(*one) == profile.code(*other)
    });
    let Some((one, other)) = confused.next() else { return };
    let shown = profile.code(one);
    let text = format!(
        "codes: {one} ({}) and {other} ({}) are both shown as {shown:?}, and a terminal does not do \
         the same after them; list 00, 09, 68 and 95 themselves",
        one.meaning(),
        other.meaning()
    );
    let entry = document.codes.values().find(|entry| *entry.get_ref() == shown);
    faults.add(entry.map_or(document.dialect.span().start, |entry| entry.span().start), text);
}

/// An answer names its request, and repeats no card data.
fn echo(profile: &Profile, plan: &MessagePlan, message: &MessageDocument, faults: &mut Faults<'_>) {
    for number in message.echo.get_ref() {
        let of = *number.get_ref();
        match profile.dialect.field(of) {
            None => {
                let name = profile.dialect.name();
                faults.spanned(number, format!("field {of}: dialect {name} has no such field"));
            }
            Some(field) if field.is_masked => {
                let text =
                    format!("echo: field {of} ({}) is card data; it is not sent back", field.name);
                faults.spanned(number, text);
            }
            Some(_) if matches!(of, CODE | 64 | 128) => {
                faults.spanned(number, format!("echo: field {of} is the answer's own"));
            }
            Some(_) => {}
        }
    }
    let places = &profile.places;
    let mut needed = vec![("stan", places.stan.field), ("terminal", places.terminal.field)];
    if matches!(plan.kind, Kind::Sale | Kind::Reversal | Kind::Advice | Kind::Upload) {
        needed.push(("amount", places.amount.field));
    }
    for (what, field) in needed {
        if !plan.echo.contains(&field) {
            let text = format!(
                "echo: field {field} ({what}) is needed, or the terminal cannot tell whose answer it is"
            );
            faults.spanned(&message.echo, text);
        }
    }
}

/// Each template with the shortest, the usual and the longest values, letters where there may be any.
fn fields(
    profile: &Profile,
    plan: &MessagePlan,
    message: &MessageDocument,
    faults: &mut Faults<'_>,
) {
    for (field, template) in &plan.fields {
        let Some(text) = message.answer.get(&field.to_string()) else { continue };
        if plan.echo.contains(field) || matches!(*field, CODE | 64 | 128) {
            let what = format!("field {field}: it is repeated (`echo`), or the answer's own");
            faults.spanned(text, what);
            continue;
        }
        if template.has(Source::Chip) {
            let field = profile.dialect.field(*field).filter(|field| field.kind == "b");
            if !template.is_only(Source::Chip) || field.is_none_or(|field| field.units_max < 255) {
                let what = "{chip} is alone in a binary field of up to 255 bytes";
                faults.spanned(text, what);
            }
            continue;
        }
        if template.has(Source::Receipt) && !template.is_only(Source::Receipt) {
            let what =
                format!("field {field}: {{receipt}} may be cut off, so it is alone in its field");
            faults.spanned(text, what);
            continue;
        }
        let values = samples();
        let unfit = values.iter().find_map(|values| {
            let template: &(u8, Template) = &(*field, template.clone());
            let filled = filled(&profile.dialect, template, values, &Calendar::default());
            if filled.is_empty() { None } else { fits(&profile.dialect, *field, &filled).err() }
        });
        if let Some(what) = unfit {
            faults.spanned(text, what);
        }
    }
}

/// Whether a value fits its field.
fn fits(dialect: &Dialect, field: u8, value: &str) -> Result<(), String> {
    if dialect.field(field).is_none() {
        return Err(format!("field {field}: dialect {} has no such field", dialect.name()));
    }
    let mut message = Message::new(Mti::FINANCIAL_REQUEST).with_tpdu(Tpdu([0x60, 0, 0, 0, 0]));
    message.set(field, value);
    // A header is the request's to say, so the value is tried without one.
    let plain = dialect.clone().with_header_bytes(0);
    let encoded = plain.encode(&message, &mut Vec::new());
    encoded.map_err(|error| format!("{error} (with {value:?})"))
}

/// Two messages of one type are distinguished by what they have in a field.
fn ambiguous(profile: &Profile, document: &Document, faults: &mut Faults<'_>) {
    for (n, plan) in profile.messages.iter().enumerate() {
        let before = profile.messages.iter().take(n);
        let same = |other: &&MessagePlan| {
            let shares = other.mtis.iter().any(|mti| plan.mtis.contains(mti));
            let differ = other.when.iter().any(|(field, value)| {
                plan.when.iter().any(|(other, said)| other == field && said != value)
            });
            shares && !differ
        };
        if let (Some(other), Some(message)) =
            (before.into_iter().find(same), document.message.get(n))
        {
            let text = format!(
                "{} and {} share a message type and no field of `when` tells them apart",
                other.kind.word(),
                plan.kind.word()
            );
            faults.spanned(message, text);
        }
    }
}

impl super::document::RequestDocument {
    fn places(&self) -> impl Iterator<Item = &Spanned<PlaceDocument>> {
        let needed = [&self.terminal, &self.stan, &self.date, &self.processing, &self.amount];
        let optional = [&self.time, &self.product, &self.currency];
        needed.into_iter().chain(optional.into_iter().flatten()).chain(&self.account)
    }
}
