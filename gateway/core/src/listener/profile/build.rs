//! From the document to the profile. All that is wrong is collected, so that it is reported at once.

use std::collections::BTreeMap;

use tillgate_codec::iso8583::{Dialect, Mti};
use tillgate_store_core::{ProductId, ServiceId};
use toml::Spanned;

use super::super::answer::Template;
use super::super::read::currency_of;
use super::document::{Document, KindWord, MessageDocument, OriginalDocument, PlaceDocument};
use super::{Kind, Mac, MessagePlan, Original, Place, Places, Profile, check};
use crate::iso8583::fault::{Faults, ProfileError};
use crate::listener::limits::REQUEST_BYTES_MAX;

/// Bytes of the key of a retail MAC, and of most of AES-CMAC.
const MAC_KEY_BYTES: usize = 16;

pub(super) fn profile(
    source: &str,
    document: &Document,
    dialect: impl FnOnce(&str) -> Result<Dialect, String>,
) -> Result<Profile, ProfileError> {
    let mut faults = Faults::new(source);
    let profile = dialect(document.dialect.get_ref())
        .map_err(|what| faults.spanned(&document.dialect, format!("dialect: {what}")))
        .ok()
        .map(|dialect| assemble(document, dialect, &mut faults));
    faults.result(profile)
}

fn assemble(document: &Document, dialect: Dialect, faults: &mut Faults<'_>) -> Profile {
    let mut framing = dialect.framing();
    framing.message_bytes_max = framing.message_bytes_max.min(REQUEST_BYTES_MAX);
    let places = places(document, faults);
    let messages = document.message.iter();
    let messages = messages.map(|message| self::message(message.get_ref(), &places, faults));
    let messages = messages.collect();
    let mut codes: Vec<_> = document
        .codes
        .iter()
        .map(|(code, shown)| (code.clone(), shown.get_ref().clone()))
        .collect();
    let other_code = codes.iter().find(|(code, _)| code == "other").map(|(_, shown)| shown.clone());
    codes.retain(|(code, _)| code != "other");
    let profile = Profile {
        name: document.name.clone(),
        about: document.about.clone(),
        dialect: dialect.with_framing(framing),
        products: products(document, faults),
        places,
        carry: document.carry.parts().map(|(part, number)| (part, *number.get_ref())).collect(),
        codes,
        other_code,
        messages,
        mac: mac(document, faults),
    };
    check::check(&profile, document, faults);
    profile
}

fn mac(document: &Document, faults: &mut Faults<'_>) -> Option<Mac> {
    let bytes = document.mac_key_bytes.as_ref();
    let key_bytes = bytes.map_or(MAC_KEY_BYTES, |bytes| *bytes.get_ref());
    let Some(word) = document.mac else {
        if let Some(bytes) = bytes {
            faults.spanned(bytes, "mac_key_bytes: there is no `mac`; remove the key");
        }
        return None;
    };
    if let (Some(bytes), Err(what)) = (bytes, word.key(&vec![0; key_bytes.min(64)])) {
        faults.spanned(bytes, format!("mac_key_bytes: {what}"));
    }
    Some(Mac { word, key_bytes })
}

fn places(document: &Document, faults: &mut Faults<'_>) -> Places {
    let request = document.request.get_ref();
    let optional = |place: &Option<Spanned<PlaceDocument>>| place.as_ref().map(place_of);
    let default_currency = request.default_currency.as_ref().and_then(|text| {
        let number = currency_of(text.get_ref());
        if number.is_none() {
            let what = format!(
                "request.default_currency {:?}: a currency of ISO 4217 is expected, such as \"KES\"",
                text.get_ref()
            );
            faults.spanned(text, what);
        }
        number
    });
    if request.currency.is_none() && request.default_currency.is_none() {
        let text =
            "request: `currency` (a field) or `default_currency` (such as \"KES\") is needed";
        faults.spanned(&document.request, text);
    }
    Places {
        terminal: place_of(&request.terminal),
        stan: place_of(&request.stan),
        date: place_of(&request.date),
        time: optional(&request.time),
        processing: place_of(&request.processing),
        product: optional(&request.product),
        amount: place_of(&request.amount),
        currency: optional(&request.currency),
        default_currency,
        account: request.account.iter().map(place_of).collect(),
    }
}

fn place_of(place: &Spanned<PlaceDocument>) -> Place {
    match place.get_ref() {
        PlaceDocument::Field(field) => Place { field: *field, part: None },
        PlaceDocument::Part(part) => {
            Place { field: part.field, part: Some((part.from, part.length)) }
        }
    }
}

fn products(
    document: &Document,
    faults: &mut Faults<'_>,
) -> Vec<(String, String, (ServiceId, ProductId))> {
    let mut products = Vec::new();
    for (said, of) in &document.products {
        let (code, value) = said.split_once('/').unwrap_or((said, ""));
        let (service, product) = of.get_ref().split_once('/').unwrap_or((of.get_ref(), "0"));
        let numbers = service.parse().ok().zip(product.parse().ok());
        let Some((service, product)) = numbers.filter(|(service, _)| *service > 0) else {
            let text = format!(
                "products: {:?}: a service \"20\" (open amount) or \"20/3\" with product is expected",
                of.get_ref()
            );
            faults.spanned(of, text);
            continue;
        };
        let row = (code.to_owned(), value.to_owned(), (ServiceId(service), ProductId(product)));
        products.push(row);
    }
    products
}

fn message(document: &MessageDocument, places: &Places, faults: &mut Faults<'_>) -> MessagePlan {
    if document.mti.get_ref().is_empty() {
        faults.spanned(&document.mti, "mti: at least one message type, such as [\"0200\"]");
    }
    let mtis = document.mti.get_ref().iter().filter_map(|text| {
        let mti = Mti::parse(text.get_ref());
        let mti = mti.filter(|mti| mti.answer().is_some() && !mti.is_repeat());
        if mti.is_none() {
            let what = format!(
                "mti {:?}: the four digits of a request or advice are expected, such as \"0200\"; \
                 its repeat \"0201\" is taken with it",
                text.get_ref()
            );
            faults.spanned(text, what);
        }
        mti
    });
    let mtis = mtis.collect();
    let kind = match document.kind {
        KindWord::Logon => Kind::Logon,
        KindWord::Echo => Kind::Echo,
        KindWord::Sale => Kind::Sale,
        KindWord::Reversal => Kind::Reversal,
        KindWord::Advice => Kind::Advice,
        KindWord::Upload => Kind::Upload,
        KindWord::Settlement => Kind::Settlement,
    };
    let original = original(document.original.as_ref(), kind, places, faults);
    // A settlement says what was sold, and has a number that nothing else may have.
    let moves_money = !matches!(kind, Kind::Logon | Kind::Echo);
    if let Some(mac) = document.mac.as_ref().filter(|mac| moves_money && !*mac.get_ref()) {
        faults.spanned(
            mac,
            "mac: only a logon or a line test may do without a code; leave the key out",
        );
    }
    match (&document.totals, kind) {
        (None, Kind::Settlement) => {
            let text = "totals: where are sales_count, sales_amount, reversals_count and \
                        reversals_amount?";
            faults.spanned(&document.mti, text);
        }
        (Some(totals), kind) if kind != Kind::Settlement => {
            faults.spanned(totals, "totals: only a settlement has them");
        }
        _ => {}
    }
    let when = numbered(&document.when, faults);
    MessagePlan {
        kind,
        mtis,
        when: when.into_iter().map(|(field, value)| (field, value.get_ref().clone())).collect(),
        echo: document.echo.get_ref().iter().map(|number| *number.get_ref()).collect(),
        fields: templates(&document.answer, faults),
        original,
        totals: document.totals.as_ref().map(|of| of.get_ref().places().map(place_of)),
        mac: document.mac.as_ref().is_none_or(|mac| *mac.get_ref()),
    }
}

fn original(
    document: Option<&Spanned<OriginalDocument>>,
    kind: Kind,
    places: &Places,
    faults: &mut Faults<'_>,
) -> Option<Original> {
    let names_sale = matches!(kind, Kind::Reversal | Kind::Advice | Kind::Upload);
    if let Some(document) = document.filter(|_| !names_sale) {
        faults.spanned(
            document,
            "original: only a reversal, an advice or an upload names another message",
        );
    }
    let said = document.map(Spanned::get_ref);
    let of = |said: Option<&Spanned<PlaceDocument>>, usual: &Place| {
        said.map_or_else(|| usual.clone(), place_of)
    };
    let date = said.and_then(|said| said.date.as_ref());
    let time = said.and_then(|said| said.time.as_ref()).map(place_of);
    names_sale.then(|| Original {
        stan: of(said.and_then(|said| said.stan.as_ref()), &places.stan),
        date: of(date, &places.date),
        // A date of its own has a time of its own, or none.
        time: if date.is_some() { time } else { time.or_else(|| places.time.clone()) },
    })
}

/// Field numbers with their values, in the order of the numbers.
fn numbered<'a>(
    document: &'a BTreeMap<String, Spanned<String>>,
    faults: &mut Faults<'_>,
) -> Vec<(u8, &'a Spanned<String>)> {
    let mut fields = Vec::new();
    for (number, text) in document {
        match number.parse().ok().filter(|number| (2..=128).contains(number)) {
            Some(number) => fields.push((number, text)),
            None => faults.spanned(text, format!("{number:?} is no field number, 2 to 128")),
        }
    }
    fields.sort_by_key(|(number, _)| *number);
    fields
}

fn templates(
    document: &BTreeMap<String, Spanned<String>>,
    faults: &mut Faults<'_>,
) -> Vec<(u8, Template)> {
    let mut fields = Vec::new();
    for (number, text) in numbered(document, faults) {
        match Template::parse(text.get_ref()) {
            Ok(template) => fields.push((number, template)),
            Err(what) => faults.spanned(text, format!("field {number}: {what}")),
        }
    }
    fields
}
