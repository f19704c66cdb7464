//! Bodies that cannot be read, with what the gateway answers, and bodies that are one request.

use serde_json::{Value, json};
use tillgate_codec::link::message::{BodyErrorKind, GatewayMessage, Sale, TerminalMessage};

use crate::common::{down_bytes, downward, hex, up_bytes, upward};

/// A terminal's body that is wrong, what is wrong with it, and the answer: message, kind, STAN,
/// date, code. A `null` STAN or date is not in the answer; `"today"` is the gateway's date.
type Case = (&'static str, &'static str, Value);

fn answer(kind: u8, stan: u32, date: &str) -> Value {
    json!({ "message": "answer", "kind": kind, "stan": stan, "date": date, "code": "30" })
}

fn reject(message: u8, stan: Option<u32>, date: Option<&str>, code: &str) -> Value {
    json!({
        "message": "reject",
        "of": message,
        "stan": stan,
        "date": date,
        "code": code,
    })
}

const DAY: &str = "2026-11-23";

fn cases() -> Vec<Case> {
    let welcome = json!({ "message": "welcome", "date": "today", "code": "30" });
    let found = json!({ "message": "found", "stan": 1207, "date": DAY, "code": "30" });
    let settled = json!({ "message": "settled", "stan": 1205, "date": DAY, "code": "30" });
    vec![
        ("no_byte_at_all", "", reject(0, None, None, "30")),
        ("unknown_type", "7f010204b602022 65f", reject(0x7F, Some(1206), Some(DAY), "40")),
        ("a_message_of_the_gateway", "871b010104 0101", reject(0x87, None, None, "40")),
        ("sale_cut_in_a_value", "02010204b10202265f07010305021388060203", answer(1, 1201, DAY)),
        ("sale_cut_in_its_stan", "02080132010204", answer(1, 0, "today")),
        ("sale_cut_behind_a_tag", "02010204b10202265f07", answer(1, 1201, DAY)),
        ("sale_without_currency", "02010204b10202265f07010305021388", answer(1, 1201, DAY)),
        (
            "sale_with_a_padded_stan",
            "0201030004b10202265f07010305021388060203d2",
            answer(1, 0, DAY),
        ),
        (
            "sale_with_two_stans",
            "02010204b1010204b20202265f07010305021388060203d2",
            answer(1, 0, DAY),
        ),
        (
            "sale_with_an_amount_of_9_bytes",
            "02010204b10202265f0701030509010000000000000000060203d2",
            answer(1, 1201, DAY),
        ),
        (
            "sale_with_a_subscriber_that_is_not_text",
            "020902c328010204b10202265f07010305021388060203d2",
            answer(1, 1201, DAY),
        ),
        (
            "sale_with_a_long_length_for_a_short_value",
            "0209ff000131010204b10202265f07010305021388060203d2",
            answer(1, 1201, DAY),
        ),
        (
            "sale_with_a_reference_twice",
            "020e01410e0142010204b10202265f07010305021388060203d2",
            answer(1, 1201, DAY),
        ),
        ("confirm_without_date", "03010204b1", answer(2, 1201, "today")),
        ("repeat_without_date", "04010204b1", answer(1, 1201, "today")),
        (
            "reversal_without_reason",
            "05010204b30202265f0a0204b20b02265f050207cf",
            answer(3, 1203, DAY),
        ),
        ("balance_without_stan", "060202265f", answer(4, 0, DAY)),
        ("settle_without_currency", "09010204b50202265f", settled),
        ("lookup_without_an_account", "0a010204b70202265f070129", found.clone()),
        ("lookup_of_an_empty_account", "0a010204b70202265f0701290900", found),
        ("logon_that_speaks_no_version", "011700", welcome.clone()),
        ("logon_without_versions", "011503543635", welcome),
        ("ping_without_nonce", "07", reject(0x07, None, None, "30")),
        ("acknowledge_without_result", "081c0109", reject(0x08, None, None, "30")),
    ]
}

fn octets(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn word(kind: BodyErrorKind) -> &'static str {
    match kind {
        BodyErrorKind::Empty => "empty",
        BodyErrorKind::UnknownMessage { .. } => "unknown-message",
        BodyErrorKind::Truncated => "truncated",
        BodyErrorKind::TooLong { .. } => "too-long",
        BodyErrorKind::NotMinimal => "not-minimal",
        BodyErrorKind::Duplicate => "duplicate",
        BodyErrorKind::Missing => "missing",
        BodyErrorKind::NotText => "not-text",
        BodyErrorKind::Value => "value",
    }
}

pub(crate) fn bodies_refused() -> Vec<Value> {
    let up = cases().into_iter().map(|(name, body, answer)| {
        let body = octets(body);
        let error = TerminalMessage::decode(&body).expect_err(name);
        json!({
            "name": name,
            "direction": "up",
            "body": hex(&body),
            "error": word(error.kind),
            "field": error.field,
            "offset": error.offset,
            "answer": answer,
        })
    });
    let down = refused_downward().into_iter().map(|(name, body)| {
        let error = GatewayMessage::decode(&body).expect_err(name);
        json!({
            "name": name,
            "direction": "down",
            "body": hex(&body),
            "error": word(error.kind),
            "field": error.field,
            "offset": error.offset,
        })
    });
    up.chain(down).collect()
}

/// Bodies of the gateway that a terminal cannot read: it closes and connects again.
fn refused_downward() -> Vec<(&'static str, Vec<u8>)> {
    let voucher = down_bytes(&downward()[2].1);
    let welcome = down_bytes(&downward()[0].1);
    vec![
        ("unknown_type_of_the_gateway", octets("8c0302303004046b0415a8")),
        ("welcome_cut", welcome[..welcome.len() - 1].to_vec()),
        ("answer_of_kind_5", octets("82140105010204b20202265f0302353104046b0415aa")),
        ("answer_with_a_code_of_one_byte", octets("82140101010204b20202265f03013504046b0415aa")),
        ("voucher_without_its_pin", without(&voucher, 0x11)),
        ("message_without_text", octets("881c01091e0103")),
    ]
}

/// A body without the field of that tag.
fn without(body: &[u8], tag: u8) -> Vec<u8> {
    let mut kept = vec![body[0]];
    let mut rest = &body[1..];
    while let [number, length, ..] = *rest {
        let (field, after) = rest.split_at(2 + usize::from(length));
        if number != tag {
            kept.extend_from_slice(field);
        }
        rest = after;
    }
    kept
}

/// Groups of bodies: all of `same` are one request, whose canonical form is the first; each of
/// `other` is another one.
pub(crate) fn same_request() -> Vec<Value> {
    let sale = octets("02080132010204b10202265f07010305021388060203d2");
    let same = [
        sale.clone(),
        octets("02060203d20502138807010302 02265f010204b1080132"),
        octets("02e00301020308013201 0204b10202265f07010305021388060203d2"),
        octets("0209000801320d00010204b10202265f07010305021388060203d2"),
        octets("020801322700010204b10202265f070103050213882a00060203d2"),
    ];
    let other = [
        octets("02080133010204b10202265f07010305021388060203d2"),
        octets("02080132010204b10202265f07010405021388060203d2"),
        octets("02080132010204b10202265f07010305021389060203d2"),
        octets("02080132010204b10202265f07010305021388060203d3"),
        octets("02080132090131010204b10202265f07010305021388060203d2"),
        octets("02080132270107010204b10202265f07010305021388060203d2"),
        octets("020801322a0132010204b10202265f07010305021388060203d2"),
    ];
    let canonical = |body: &[u8]| match TerminalMessage::decode(body) {
        Ok(TerminalMessage::Sale(sale)) => sale.canonical().as_bytes().to_vec(),
        other => panic!("not a sale: {other:?}"),
    };
    assert!(same.iter().all(|body| canonical(body) == sale));
    assert!(other.iter().all(|body| canonical(body) != sale));
    vec![json!({ "same": same.map(|body| hex(&body)), "other": other.map(|body| hex(&body)) })]
}

#[test]
fn the_canonical_form_is_what_the_encoder_writes() {
    for (name, message) in upward() {
        let form = match message {
            TerminalMessage::Sale(message) => message.canonical(),
            TerminalMessage::Reversal(message) => message.canonical(),
            TerminalMessage::Settle(message) => message.canonical(),
            _ => continue,
        };
        assert_eq!(form.as_bytes(), up_bytes(&message), "{name}");
    }
}

#[test]
fn the_longest_request_has_a_canonical_form() {
    let subscriber = "123456789012345678901234";
    let sale = Sale {
        stan: u32::MAX,
        date: tillgate_codec::link::message::BusinessDate(u16::MAX),
        service: u16::MAX,
        product: u16::MAX,
        amount_minor: u64::MAX,
        currency: u16::MAX,
        subscriber,
        token: u64::MAX,
        fee_minor: u64::MAX,
    };
    assert_eq!(sale.canonical().as_bytes(), up_bytes(&TerminalMessage::Sale(sale)));
}
