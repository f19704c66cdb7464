//! A message body as JSON and as a table.
//!
//! ```json
//! {"protocol":"link","message":"sale","direction":"up","length":23,
//!  "fields":{"product":50,"stan":1201,"date":"2026-11-23",…}}
//! ```
//!
//! Fields are in the order of the wire, so that encoding gives the same bytes. Only a tag that
//! the dictionary does not have may come back later; its values are together where it came first.

use serde_json::{Map, Value, json};

use super::super::message::reader::{PlacedField, laid};
use super::super::message::{BodyError, GATEWAY_TYPES, GatewayMessage, TerminalMessage, layouts};
use super::field;
use crate::document::MASKED;
use crate::iso8583::{ErrorJson, Reveal};
use crate::lines::Lines;

/// Name of a message; empty if there is none of that type.
pub(super) fn name_of(message_type: u8) -> &'static str {
    layouts().find(|layout| layout.message_type == message_type).map_or("", |layout| layout.name)
}

/// The type of the message of that name.
pub(super) fn type_of(name: &str) -> Option<u8> {
    layouts().find(|layout| layout.name == name).map(|layout| layout.message_type)
}

/// Who says it, by its type byte.
fn direction(message_type: u8) -> &'static str {
    if message_type < GATEWAY_TYPES { "up" } else { "down" }
}

/// What is wrong with a body, if anything; the type byte says in which direction it travels.
pub(super) fn check(body: &[u8]) -> Result<(), BodyError> {
    match body.first() {
        Some(&(GATEWAY_TYPES..)) => GatewayMessage::decode(body).map(|_| ()),
        _ => TerminalMessage::decode(body).map(|_| ()),
    }
}

/// One body as a JSON object on one line.
///
/// # Errors
/// The first thing wrong with it.
pub fn body_json(body: &[u8], reveal: Reveal) -> Result<String, ErrorJson> {
    check(body)?;
    let message_type = body.first().copied().unwrap_or_default();
    let mut is_masked = false;
    let mut fields = Map::new();
    for laid in laid(body) {
        let (name, value) = field::show(laid.number, laid.value);
        let hidden = hides(&laid, reveal);
        is_masked |= hidden;
        insert(&mut fields, name, if hidden { MASKED.into() } else { value });
    }
    let mut document = json!({
        "protocol": "link",
        "message": name_of(message_type),
        "direction": direction(message_type),
        "length": body.len(),
        "fields": fields,
    });
    if is_masked {
        document[MASKED] = true.into();
    }
    Ok(document.to_string())
}

/// A tag that the dictionary does not have may come again; its values are then a list.
fn insert(fields: &mut Map<String, Value>, name: String, value: Value) {
    match fields.get_mut(&name) {
        None => {
            fields.insert(name, value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// Lists one body: a line with offset, bytes, field and value for each field. A body that cannot be
/// read is listed as far as it goes, and the error comes last.
#[must_use]
pub fn body_table(body: &[u8], reveal: Reveal) -> String {
    let mut out = Lines::new("bytes");
    if let Some(&message_type) = body.first() {
        let name = match name_of(message_type) {
            "" => "(unknown)",
            name => name,
        };
        out.line(0, &[message_type], "message", &format!("{name} ({})", direction(message_type)));
    }
    for laid in laid(body) {
        let (name, value) = field::show(laid.number, laid.value);
        if hides(&laid, reveal) {
            out.line(laid.offset, &laid.whole[..2], &name, &format!("({MASKED})"));
        } else {
            out.line(laid.offset, laid.whole, &name, &field::explained(&name, &value));
        }
    }
    if let Err(error) = check(body) {
        out.line(error.offset, &[], "(wrong here)", &error.to_string());
    }
    out.text()
}

fn hides(laid: &PlacedField<'_>, reveal: Reveal) -> bool {
    reveal == Reveal::Masked && field::is_secret(laid.number)
}
