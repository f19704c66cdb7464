//! The message that a JSON document describes.

use super::super::dialect::Dialect;
use super::super::error::Problem;
use super::super::error_json::ErrorJson;
use super::super::hex;
use super::super::limits::{FIELD_MAX, MESSAGE_BYTES_MAX};
use super::super::mask::{HIDDEN, is_hidden};
use super::super::message::Message;
use super::super::mti::Mti;
use super::super::tpdu::{TPDU_BYTES, Tpdu};
use super::super::tree::Tree;
use serde_json::{Map, Value};

pub(super) struct Described {
    pub(super) message: Message,
    /// The reserved bytes of its frame, if it has one.
    frame: Option<Vec<u8>>,
}

impl Described {
    /// The message, in its frame if the document says so.
    pub(super) fn framed(&self, dialect: &Dialect, bare: Vec<u8>) -> Result<Vec<u8>, ErrorJson> {
        let Some(reserved) = &self.frame else {
            return Ok(bare);
        };
        let mut out = Vec::with_capacity(bare.len() + 32);
        dialect
            .framing()
            .append_frame_with(&bare, reserved, &mut out)
            .map_err(|error| ErrorJson::of_kind("frame", error.to_string()))?;
        Ok(out)
    }
}

/// The message that JSON describes.
pub(super) fn described(dialect: &Dialect, json: &str) -> Result<Described, ErrorJson> {
    let value: Value =
        serde_json::from_str(json).map_err(|error| ErrorJson::of_syntax(json, &error))?;
    let Value::Object(object) = value else {
        return Err(ErrorJson::of_text("an object is expected", 0));
    };
    known_keys(&object)?;
    if let Some(name) = text_of(&object, "dialect")?.filter(|name| *name != dialect.name()) {
        let text = format!("the message is of dialect {name}, not {}", dialect.name());
        return Err(ErrorJson::of_text(text, 0));
    }
    let message = message_of(dialect, &object)?;
    let bytes = dialect.framing().around.reserved;
    let expected = format!("{bytes} bytes in hexadecimal");
    let reserved = octets_of(&object, "reserved", Some(bytes), &expected)?;
    let reserved = reserved.unwrap_or_else(|| vec![0; bytes]);
    let frame = object.contains_key("length").then_some(reserved);
    Ok(Described { message, frame })
}

const KEYS: [&str; 9] =
    ["dialect", "length", "reserved", "tpdu", "header", "mti", "fields", "wire", "masked"];

fn known_keys(object: &Map<String, Value>) -> Result<(), ErrorJson> {
    match object.keys().find(|key| !KEYS.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let text = format!("there is no key `{key}`; allowed: {}", KEYS.join(", "));
            Err(ErrorJson::of_text(text, 0))
        }
    }
}

fn message_of(dialect: &Dialect, object: &Map<String, Value>) -> Result<Message, ErrorJson> {
    let Some(mti) = text_of(object, "mti")?.and_then(Mti::parse) else {
        return Err(ErrorJson::of_text("`mti` is expected to be four digits", 0));
    };
    let mut message = Message::new(mti);
    let tpdu = octets_of(object, "tpdu", Some(TPDU_BYTES), "ten hexadecimal digits")?;
    message.tpdu = tpdu.and_then(|bytes| bytes.try_into().ok()).map(Tpdu);
    if let Some(header) = octets_of(object, "header", None, "hexadecimal")? {
        message = message.with_header(&header);
    }
    let fields = members(object, "fields")?;
    let beside = Beside { wire: members(object, "wire")?, masked: masked(object)? };
    if let Some(key) = beside.wire.keys().find(|key| !fields.contains_key(key.as_str())) {
        let text = format!("`wire` has field {key}, `fields` does not");
        return Err(ErrorJson::of_text(text, 0));
    }
    for (key, value) in &fields {
        set_field(dialect, &mut message, key, value, &beside)?;
    }
    Ok(message)
}

/// What accompanies the fields.
struct Beside {
    wire: Map<String, Value>,
    masked: Vec<String>,
}

/// The object of that name; an empty one if there is none.
fn members(object: &Map<String, Value>, key: &str) -> Result<Map<String, Value>, ErrorJson> {
    match object.get(key) {
        Some(Value::Object(members)) => Ok(members.clone()),
        Some(_) => Err(ErrorJson::of_text(format!("`{key}` is expected to be an object"), 0)),
        None => Ok(Map::new()),
    }
}

fn masked(object: &Map<String, Value>) -> Result<Vec<String>, ErrorJson> {
    let names = match object.get("masked") {
        None => Some(Vec::new()),
        Some(Value::Array(names)) => {
            names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
        }
        Some(_) => None,
    };
    names.ok_or_else(|| ErrorJson::of_text("`masked` is expected to be a list of names", 0))
}

fn set_field(
    dialect: &Dialect,
    message: &mut Message,
    key: &str,
    value: &Value,
    beside: &Beside,
) -> Result<(), ErrorJson> {
    let wrong = |text: &str| {
        let field = Some(key.to_owned());
        Err(ErrorJson { field, ..ErrorJson::of_text(format!("field {key}: {text}"), 0) })
    };
    let number = match key.parse::<u8>() {
        Ok(number) if (1..=FIELD_MAX).contains(&number) => number,
        _ => return wrong("no message has it"),
    };
    let announces = number == 1 || number == 65 && dialect.bitmaps == 3;
    if announces {
        if value.as_str() != Some("0000000000000000") {
            return wrong("a bitmap is made from the fields; only an empty one may be asked for");
        }
        message.bitmaps_min = message.bitmaps_min.max(if number == 1 { 2 } else { 3 });
        return Ok(());
    }
    if let Some(part) = hidden(key, &beside.masked) {
        let subfield = (!part.is_empty()).then(|| part.to_owned());
        let inside = subfield.as_ref().map_or_else(String::new, |p| format!(", sub-field {p}"));
        let field = Some(key.to_owned());
        let text = format!("field {key}{inside}: {HIDDEN}");
        return Err(ErrorJson { field, subfield, ..ErrorJson::of_text(text, 0) });
    }
    let Some(tree) = json_tree(value) else {
        return wrong("a string is expected, or an object of sub-fields");
    };
    let plan = dialect.plan(number);
    if matches!((&tree, plan), (Tree::Leaf(text), Some(plan)) if is_hidden(plan, text)) {
        return wrong(HIDDEN);
    }
    let (value, has_filler) = match beside.wire.get(key) {
        None => (dialect.compose(number, &tree).map_err(ErrorJson::of_encoding)?, false),
        Some(wire) => {
            let bytes = wire.as_str().and_then(|text| hex::parse(text.as_bytes()).ok());
            let Some(bytes) = bytes else {
                return wrong("`wire` is expected to be hexadecimal");
            };
            match dialect.value_of_wire(number, &bytes, &tree) {
                Some(found) => found,
                None => {
                    return wrong(
                        "its bytes in `wire` say something else: take them out to send the field",
                    );
                }
            }
        }
    };
    if value.len() > MESSAGE_BYTES_MAX {
        let problem = Problem::MessageLong { length: value.len() };
        return wrong(&problem.to_string());
    }
    message.set_bytes(number, &value);
    if has_filler {
        message.other_fillers.set(number);
    }
    Ok(())
}

/// The sub-field of that field which is hidden, empty if it is the field itself; `None` if nothing
/// is.
fn hidden<'m>(key: &str, masked: &'m [String]) -> Option<&'m str> {
    masked.iter().find_map(|path| match path.strip_prefix(key)? {
        "" => Some(""),
        inside => inside.strip_prefix('.'),
    })
}

fn json_tree(value: &Value) -> Option<Tree> {
    match value {
        Value::String(text) => Some(Tree::Leaf(text.clone())),
        Value::Array(items) => items.iter().map(json_tree).collect::<Option<_>>().map(Tree::List),
        Value::Object(object) => {
            let nodes = object.iter().map(|(key, item)| Some((key.clone(), json_tree(item)?)));
            nodes.collect::<Option<_>>().map(Tree::Node)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn text_of<'v>(object: &'v Map<String, Value>, key: &str) -> Result<Option<&'v str>, ErrorJson> {
    match object.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ErrorJson::of_text(format!("`{key}` is expected to be a string"), 0)),
    }
}

/// The bytes that a member has in hexadecimal, as many as are wanted.
fn octets_of(
    object: &Map<String, Value>,
    key: &str,
    bytes: Option<usize>,
    expected: &str,
) -> Result<Option<Vec<u8>>, ErrorJson> {
    let Some(text) = text_of(object, key)? else {
        return Ok(None);
    };
    let octets = hex::parse(text.as_bytes()).ok();
    match octets.filter(|octets| bytes.is_none_or(|bytes| octets.len() == bytes)) {
        Some(octets) => Ok(Some(octets)),
        None => Err(ErrorJson::of_text(format!("`{key}` is expected to be {expected}"), 0)),
    }
}
