//! A JSON description of a record or a body, turned into bytes.

use serde_json::{Map, Value};

use super::super::message::writer::Writer;
use super::super::record::{HEADER_BYTES, VERSION, header};
use super::body::{check, type_of};
use super::field;
use super::record::{LAYOUTS, Layout, Part, Size};
use crate::document::{self, octets, wrong};
use crate::iso8583::ErrorJson;
use crate::limits::PAYLOAD_BYTES_MAX;

const MEMBERS: &str = "protocol record version message direction length fields meaning masked";

/// The bytes of a record (`record`) or a body (`message`) described as
/// [`record_json`](super::record_json) and [`body_json`](super::body_json) do.
///
/// `direction`, `length` and `meaning` follow from the rest and are not looked at. Fields of a body
/// are written in the order in which they are given.
///
/// # Errors
/// [`ErrorJson`] when the document is not such a description, or what it describes cannot be.
pub fn encode_json(json: &str) -> Result<Vec<u8>, ErrorJson> {
    let members = document::members(json, MEMBERS)?;
    let empty = Map::new();
    let fields = match members.get("fields") {
        Some(fields) => {
            fields.as_object().ok_or_else(|| wrong("fields", "an object is expected"))?
        }
        None => &empty,
    };
    match (members.get("record"), members.get("message")) {
        (Some(record), None) => {
            if members.get("version").is_some_and(|version| *version != VERSION) {
                return Err(wrong("version", format!("only {VERSION} is spoken")));
            }
            record_bytes(layout(record)?, fields)
        }
        (None, Some(message)) => body_bytes(message, fields),
        _ => Err(wrong("record", "either `record` or `message` says what it is")),
    }
}

fn layout(record: &Value) -> Result<&'static Layout, ErrorJson> {
    let name = record.as_str();
    LAYOUTS.iter().find(|layout| Some(layout.name) == name).ok_or_else(|| {
        let names = LAYOUTS.map(|layout| layout.name).join(", ");
        wrong("record", format!("one of {names} is expected"))
    })
}

fn body_bytes(message: &Value, fields: &Map<String, Value>) -> Result<Vec<u8>, ErrorJson> {
    let message_type = message.as_str().and_then(type_of);
    let message_type = message_type.ok_or_else(|| wrong("message", "no message has that name"))?;
    let mut out = Vec::new();
    let mut writer = Writer::start(message_type, &mut out);
    for (name, value) in fields {
        match value {
            Value::Array(values) => {
                values.iter().try_for_each(|value| field::write(&mut writer, name, value))?;
            }
            value => field::write(&mut writer, name, value)?,
        }
    }
    check(&out)?;
    Ok(out)
}

fn record_bytes(layout: &Layout, fields: &Map<String, Value>) -> Result<Vec<u8>, ErrorJson> {
    let known = |name: &str| layout.parts.iter().any(|part| part.name == name);
    if let Some(name) = fields.keys().find(|name| !known(name)) {
        return Err(wrong(name, format!("a {} has no such field", layout.name)));
    }
    let mut out = vec![0; HEADER_BYTES];
    for part in layout.parts {
        let value = fields.get(part.name).ok_or_else(|| wrong(part.name, "is missing"))?;
        append(part, value, &mut out)?;
    }
    let length = out.len() - HEADER_BYTES;
    if length > PAYLOAD_BYTES_MAX {
        return Err(wrong("fields", format!("{length} bytes, at most {PAYLOAD_BYTES_MAX}")));
    }
    out[..HEADER_BYTES].copy_from_slice(&header(layout.kind, length));
    super::record_json(&out)?;
    Ok(out)
}

fn append(part: &Part, value: &Value, out: &mut Vec<u8>) -> Result<(), ErrorJson> {
    let (bytes, text) = match part.size {
        Size::Exactly(bytes) => (bytes, format!("{bytes} bytes")),
        Size::Rest => (0, "bytes".to_owned()),
    };
    if part.is_number {
        let wide = value.as_u64().map(u64::to_be_bytes);
        let fitting = wide.filter(|wide| wide[..8 - bytes].iter().all(|byte| *byte == 0));
        let Some(wide) = fitting else {
            return Err(wrong(part.name, format!("a number of {text} is expected")));
        };
        out.extend_from_slice(&wide[8 - bytes..]);
        return Ok(());
    }
    match octets(value).filter(|octets| matches!(part.size, Size::Rest) || octets.len() == bytes) {
        Some(octets) => out.extend_from_slice(&octets),
        None => return Err(wrong(part.name, format!("{text} in hexadecimal are expected"))),
    }
    Ok(())
}
