//! Bodies made up by proptest from the declarations: every message comes back as it was, and no
//! bytes cause a panic.

use crate::common::{down_bytes, up_bytes};
use proptest::collection::vec;
use proptest::prelude::*;
use tillgate_codec::limits::{ANSWER_BYTES_MAX, BODY_BYTES_MAX};
use tillgate_codec::link::message::{
    BodyError, Field, Form, GATEWAY_TYPES, GatewayMessage, Layout, Presence, TerminalMessage,
    layouts,
};

/// What one field is made of: a number, how far it is shifted, a text, and whether it is left out.
type Stuff = (u64, u32, String, bool);

/// Small and huge values alike, so that every length of an integer and of a text occurs.
fn stuff() -> impl Strategy<Value = Stuff> {
    let text = prop_oneof!["[ -~]{0,24}", "\\PC{0,24}", "[ -~]{500,520}", "\\PC{100,520}"];
    (any::<u64>(), 0..=64_u32, text, any::<bool>())
}

/// A body as its message writes it.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    (0..layouts().count(), vec(stuff(), 16))
        .prop_map(|(index, stuff)| body(layouts().nth(index).expect("it is one of them"), &stuff))
}

fn body(layout: &Layout, stuff: &[Stuff]) -> Vec<u8> {
    let fields: Vec<_> = layout.fields().collect();
    let mut values: Vec<_> =
        fields.iter().zip(stuff).map(|(field, stuff)| value(field, stuff)).collect();
    assert_eq!(values.len(), fields.len(), "{} has more fields than there is stuff", layout.name);
    let find = |name: &str| fields.iter().position(|field| field.tag.name == name);
    for (index, field) in fields.iter().enumerate() {
        let default = match field.presence {
            Presence::Optional(name) => find(name).and_then(|index| values[index].clone()),
            Presence::Required | Presence::RequiredNot(_) => None,
        };
        if default.is_some() && default == values[index] {
            values[index] = None;
        }
    }
    // What the declarations leave to code: a voucher is whole, and an order says if it has a text.
    if let Some(serial) = find("voucher_serial") {
        let is_there = values[serial].is_some();
        for part in &mut values[serial..serial + 3] {
            *part = is_there.then(|| part.clone().unwrap_or_default());
        }
    }
    if let (Some(text), Some(order)) = (find("text"), find("order")) {
        let some = values[text].take().filter(|text| !text.is_empty());
        values[text] = match values[order].as_deref() {
            Some([1]) => some,
            Some([3]) => Some(some.unwrap_or_default()),
            _ => None,
        };
    }
    let mut body = vec![layout.message_type];
    for (field, value) in fields.iter().zip(&values) {
        let Some(value) = value else { continue };
        body.push(field.tag.number);
        match u8::try_from(value.len()) {
            Ok(short @ 0..=0xFE) => body.push(short),
            _ => {
                body.push(0xFF);
                body.extend(u16::try_from(value.len()).expect("it is bounded").to_be_bytes());
            }
        }
        body.extend(value);
    }
    body
}

/// The bytes of a value of that field; `None` if it is left out.
fn value(field: &Field, (number, shift, text, is_left_out): &Stuff) -> Option<Vec<u8>> {
    let wide = number.checked_shr(*shift).unwrap_or(0);
    let bytes = match field.tag.form {
        Form::Unsigned | Form::Date => match (field.tag.name, field.presence) {
            ("kind", _) => vec![u8::try_from(1 + number % 4).expect("it is small")],
            ("order", _) => vec![u8::try_from(1 + number % 5).expect("it is small")],
            (_, Presence::RequiredNot(_)) => vec![1],
            _ => {
                let narrow = &wide.to_be_bytes()[8 - field.tag.bytes_max..];
                narrow.iter().copied().skip_while(|byte| *byte == 0).collect()
            }
        },
        Form::Signed => {
            let signed = number.cast_signed() >> (shift % 64);
            let keeps = |bytes: &usize| {
                let lost = 64 - 8 * *bytes;
                signed << lost >> lost == signed
            };
            let bytes = (1..8).find(keeps).unwrap_or(8);
            signed.to_be_bytes()[8 - if signed == 0 { 0 } else { bytes }..].to_vec()
        }
        Form::Code => number.to_be_bytes()[..2].to_vec(),
        Form::Text => text[..text.floor_char_boundary(field.tag.bytes_max)].into(),
    };
    match field.presence {
        Presence::Optional("zero" | "empty") if bytes.is_empty() => None,
        Presence::Optional(_) if *is_left_out => None,
        Presence::RequiredNot("empty") if bytes.is_empty() => Some(b"x".to_vec()),
        _ => Some(bytes),
    }
}

/// A body, read and written again.
fn again(body: &[u8]) -> Result<Vec<u8>, BodyError> {
    match body.first() {
        Some(&(GATEWAY_TYPES..)) => GatewayMessage::decode(body).map(|found| down_bytes(&found)),
        _ => TerminalMessage::decode(body).map(|found| up_bytes(&found)),
    }
}

proptest! {
    #[test]
    fn any_message_comes_back_as_it_was_and_none_of_its_prefixes_is_one(body in any_body()) {
        let layout = layouts().find(|layout| layout.message_type == body[0]).unwrap();
        prop_assert!(body.len() <= layout.bytes_max());
        prop_assert!(layout.bytes_max() <= ANSWER_BYTES_MAX.min(BODY_BYTES_MAX));
        prop_assert_eq!(again(&body), Ok(body.clone()), "{}", layout.name);
        for length in 0..body.len() {
            prop_assert!(again(&body[..length]).is_err(), "prefix of {}", length);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(
        head in 0..=u8::MAX,
        rest in vec(any::<u8>(), 0..80),
    ) {
        let body: Vec<u8> = std::iter::once(head).chain(rest).collect();
        if let Ok(message) = TerminalMessage::decode(&body) {
            let again = up_bytes(&message);
            prop_assert_eq!(TerminalMessage::decode(&again), Ok(message));
        }
        if let Ok(message) = GatewayMessage::decode(&body) {
            let again = down_bytes(&message);
            prop_assert_eq!(GatewayMessage::decode(&again), Ok(message));
        }
    }
}
