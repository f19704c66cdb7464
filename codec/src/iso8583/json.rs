//! Messages as JSON and back: `{"dialect","length"?,"tpdu"?,"header"?,"mti","fields":{"2":"…"}}`.
//!
//! Numeric and text fields are text, binary is upper-case hexadecimal, sub-fields are objects. The
//! key `length` says that the message stood behind its frame length. Field 1 or 65 appears only as
//! the empty bitmap that a message carries without need.

use super::decode::fields::Fields;
use super::dialect::Dialect;
use super::error::{DecodeError, Problem};
use super::error_json::ErrorJson;
use super::hex;
use super::limits::{FIELD_MAX, MESSAGE_BYTES_MAX};
use super::mac::{MacKey, MacVerdict};
use super::mask::{HIDDEN, Reveal, is_hidden};
use super::message::Message;
use super::mti::Mti;
use super::tpdu::Tpdu;
use super::tree::Tree;
use super::view::View;
use super::words::Mask;
use serde_json::{Map, Value};

/// Decodes one message, with or without its frame length, to one line of JSON.
///
/// # Errors
/// The first thing wrong with the message.
pub fn decode_json(dialect: &Dialect, bytes: &[u8], reveal: Reveal) -> Result<String, ErrorJson> {
    let mut fields = Fields::new();
    let framed = decode_either(dialect, bytes, &mut fields)
        .map_err(|wrong| ErrorJson::of_decoding(dialect, &wrong.error))?;
    let message = bytes.get(framed..).unwrap_or(&[]);
    let view = View { dialect, bytes: message, fields: &fields };
    let mut object = Map::new();
    object.insert("dialect".to_owned(), dialect.name().into());
    if framed > 0 {
        object.insert("length".to_owned(), message.len().into());
    }
    if let Some(tpdu) = view.tpdu() {
        object.insert("tpdu".to_owned(), tpdu.to_string().into());
    }
    if !view.header().is_empty() {
        object.insert("header".to_owned(), hex::text(view.header()).into());
    }
    object.insert("mti".to_owned(), view.mti().as_str().into());
    object.insert("fields".to_owned(), Value::Object(fields_json(&view, reveal)));
    Ok(Value::Object(object).to_string())
}

/// A message that does not decode, and where it was taken to start.
pub(crate) struct Undecoded {
    pub(crate) error: DecodeError,
    pub(crate) start: usize,
}

/// Decodes a message that may stand behind its frame length; where it starts.
///
/// Bytes that a length of the dialect announces exactly are taken as framed; should they not decode
/// so, the whole input is tried.
pub(crate) fn decode_either(
    dialect: &Dialect,
    bytes: &[u8],
    fields: &mut Fields,
) -> Result<usize, Undecoded> {
    let frame = match dialect.framing().deframe(bytes) {
        Ok(Some(frame)) if frame.end == bytes.len() && !frame.message.is_empty() => frame.message,
        _ => 0..bytes.len(),
    };
    let start = frame.start;
    let message = bytes.get(frame).unwrap_or(&[]);
    let Err(error) = dialect.decode(message, fields) else {
        return Ok(start);
    };
    if start > 0 {
        if dialect.decode(bytes, fields).is_ok() {
            return Ok(0);
        }
        // The fields of the first reading, which the second one has overwritten.
        let again = dialect.decode(message, fields);
        debug_assert!(again.is_err(), "decoding the same bytes gives the same error");
    }
    Err(Undecoded { error: error.at(error.offset() + start), start })
}

fn fields_json(view: &View<'_>, reveal: Reveal) -> Map<String, Value> {
    let mut object = Map::new();
    for number in unneeded_bitmaps(view.fields) {
        object.insert(number.to_string(), "0000000000000000".into());
    }
    for number in view.numbers() {
        if let Some(tree) = view.tree(number, reveal) {
            object.insert(number.to_string(), tree_json(tree));
        }
    }
    object
}

/// The fields that announce a bitmap without any field in it or beyond it.
fn unneeded_bitmaps(fields: &Fields) -> impl Iterator<Item = u8> + use<> {
    let words = fields.present.0;
    let needed = words.iter().rposition(|word| *word != 0).map_or(1, |word| word + 1);
    let carried = fields.bitmaps;
    [(1, 2), (65, 3)]
        .into_iter()
        .filter(move |(_, bitmap)| (needed + 1..=carried).contains(bitmap))
        .map(|(number, _)| number)
}

fn tree_json(tree: Tree) -> Value {
    match tree {
        Tree::Leaf(text) => Value::String(text),
        Tree::List(values) => Value::Array(values.into_iter().map(tree_json).collect()),
        Tree::Node(nodes) => nodes.into_iter().map(|(key, tree)| (key, tree_json(tree))).collect(),
    }
}

/// Encodes the JSON of one message; behind its frame length if it has the key `length`.
///
/// # Errors
/// Text that is not JSON of this form, or values that the dialect cannot send.
pub fn encode_json(dialect: &Dialect, json: &str) -> Result<Vec<u8>, ErrorJson> {
    let (message, framed) = described(dialect, json)?;
    let mut out = Vec::with_capacity(512);
    let result = if framed {
        dialect.encode_framed(&message, &mut out)
    } else {
        dialect.encode(&message, &mut out)
    };
    result.map(|()| out).map_err(ErrorJson::of_encoding)
}

/// As [`encode_json`], with the authentication code made by that key in field 64 or 128, whatever
/// the JSON has there.
///
/// # Errors
/// As [`encode_json`], and if the dialect has no room for a code.
pub fn encode_json_with_mac(
    dialect: &Dialect,
    json: &str,
    key: &MacKey,
) -> Result<Vec<u8>, ErrorJson> {
    let (mut message, framed) = described(dialect, json)?;
    let mut bare = Vec::with_capacity(512);
    dialect.encode_with_mac(&mut message, key, &mut bare).map_err(ErrorJson::of_encoding)?;
    if !framed {
        return Ok(bare);
    }
    let mut out = Vec::with_capacity(bare.len() + 8);
    dialect
        .framing()
        .append_length(bare.len(), &mut out)
        .map_err(|error| ErrorJson::of_decoding(dialect, &error))?;
    out.extend_from_slice(&bare);
    Ok(out)
}

/// Checks the authentication code of one message, with or without its frame length.
///
/// # Errors
/// As [`decode_json`].
pub fn check_mac(dialect: &Dialect, bytes: &[u8], key: &MacKey) -> Result<MacVerdict, ErrorJson> {
    let mut fields = Fields::new();
    let start = decode_either(dialect, bytes, &mut fields)
        .map_err(|wrong| ErrorJson::of_decoding(dialect, &wrong.error))?;
    let view = View { dialect, bytes: bytes.get(start..).unwrap_or(&[]), fields: &fields };
    Ok(view.verify_mac(key))
}

/// The message that JSON describes, and whether it stands behind its frame length.
fn described(dialect: &Dialect, json: &str) -> Result<(Message, bool), ErrorJson> {
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
    Ok((message_of(dialect, &object)?, object.contains_key("length")))
}

const KEYS: [&str; 6] = ["dialect", "length", "tpdu", "header", "mti", "fields"];

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
    if let Some(text) = text_of(object, "tpdu")? {
        let bytes = hex::parse(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        let Some(bytes) = bytes else {
            return Err(ErrorJson::of_text("`tpdu` is expected to be ten hexadecimal digits", 0));
        };
        message.tpdu = Some(Tpdu(bytes));
    }
    if let Some(text) = text_of(object, "header")? {
        let Ok(bytes) = hex::parse(text.as_bytes()) else {
            return Err(ErrorJson::of_text("`header` is expected to be hexadecimal", 0));
        };
        message = message.with_header(&bytes);
    }
    let fields = match object.get("fields") {
        Some(Value::Object(fields)) => fields,
        Some(_) => {
            return Err(ErrorJson::of_text("`fields` is expected to be an object", 0));
        }
        None => return Ok(message),
    };
    for (key, value) in fields {
        set_field(dialect, &mut message, key, value)?;
    }
    Ok(message)
}

fn set_field(
    dialect: &Dialect,
    message: &mut Message,
    key: &str,
    value: &Value,
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
    let Some(tree) = json_tree(value) else {
        return wrong("a string is expected, or an object of sub-fields");
    };
    let mask = dialect.plan(number).map_or(Mask::Shown, |plan| plan.mask);
    if matches!(&tree, Tree::Leaf(text) if is_hidden(mask, text)) {
        return wrong(HIDDEN);
    }
    let value = dialect.compose(number, &tree).map_err(ErrorJson::of_encoding)?;
    if value.len() > MESSAGE_BYTES_MAX {
        let problem = Problem::MessageLong { length: value.len() };
        return wrong(&problem.to_string());
    }
    if let Some(part) = dialect.hidden_part(number, &value) {
        let (field, text) =
            (Some(key.to_owned()), format!("field {key}, sub-field {part}: {HIDDEN}"));
        return Err(ErrorJson { field, subfield: Some(part), ..ErrorJson::of_text(text, 0) });
    }
    message.set_bytes(number, &value);
    Ok(())
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
