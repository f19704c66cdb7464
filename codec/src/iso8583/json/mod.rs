//! Messages as JSON and back: `{"dialect","length"?,"tpdu"?,"header"?,"mti","fields":{"2":"…"}}`.
//!
//! Numeric and text fields are text, binary is upper-case hexadecimal, sub-fields are objects. The
//! key `length` says that the message followed its frame length. Field 1 or 65 appears only as
//! the empty bitmap that a message carries without need.
//!
//! Two members say what values cannot say of themselves. `masked` lists the fields and sub-fields
//! that were hidden (`"2"`, `"55.57"`), so that no value of stars is taken for a hidden one.
//! `wire` has the bytes of fields whose values stand for other bytes as well: fillers between tags,
//! long forms of short lengths, tags that come back after others.

mod describe;

use super::decode::fields::Fields;
use super::dialect::Dialect;
use super::error::{DecodeError, Problem};
use super::error_json::ErrorJson;
use super::guess::Guess;
use super::hex;
use super::mac::{MacKey, MacVerdict};
use super::mask::Reveal;
use super::tree::Tree;
use super::view::View;
use describe::described;
use serde_json::{Map, Value, json};
use std::ops::Range;

/// Decodes one message, with or without its frame length, to one line of JSON.
///
/// # Errors
/// The first thing wrong with the message.
pub fn decode_json(dialect: &Dialect, bytes: &[u8], reveal: Reveal) -> Result<String, ErrorJson> {
    let mut fields = Fields::new();
    let place = decode_either(dialect, bytes, &mut fields).map_err(|wrong| wrong.told(dialect))?;
    let message = bytes.get(place.clone()).unwrap_or(&[]);
    let view = View { dialect, bytes: message, fields: &fields };
    let mut object = json!({ "dialect": dialect.name() });
    if place != (0..bytes.len()) {
        object["length"] = message.len().into();
        let reserved = bytes.get(dialect.framing().reserved()).unwrap_or(&[]);
        if reserved.iter().any(|byte| *byte != 0) {
            object["reserved"] = hex::text(reserved).into();
        }
    }
    if let Some(tpdu) = view.tpdu() {
        object["tpdu"] = tpdu.to_string().into();
    }
    if !view.header().is_empty() {
        object["header"] = hex::text(view.header()).into();
    }
    object["mti"] = view.mti().as_str().into();
    fields_json(&view, reveal, &mut object);
    Ok(object.to_string())
}

/// A message that does not decode, and where it was taken to lie.
pub(crate) struct Undecoded {
    pub(crate) error: DecodeError,
    pub(crate) place: Range<usize>,
    /// A frame length before it that announces another number of bytes.
    pub(crate) stated: Option<usize>,
}

impl Undecoded {
    /// What is wrong, in words.
    pub(crate) fn told(&self, dialect: &Dialect) -> ErrorJson {
        let mut told = ErrorJson::of_decoding(dialect, &self.error);
        if let Some(stated) = self.stated.filter(|_| !self.error.is_of_frame()) {
            let found = self.place.len();
            let more = format!("; the frame length announces {stated} bytes, {found} follow");
            told.message.push_str(&more);
        }
        told
    }
}

/// Decodes a message that may have a frame; where it lies.
///
/// Bytes that a frame of the dialect encloses exactly are taken as framed; should they not decode
/// so, the whole input is tried. A frame length that does not fit is reported where the message
/// behind it is likelier than one without.
pub(crate) fn decode_either(
    dialect: &Dialect,
    bytes: &[u8],
    fields: &mut Fields,
) -> Result<Range<usize>, Undecoded> {
    let whole = 0..bytes.len();
    let framed = match dialect.framing().deframe(bytes) {
        Ok(Some(frame)) if frame.end == bytes.len() && !frame.message.is_empty() => frame.message,
        _ => whole.clone(),
    };
    let message = bytes.get(framed.clone()).unwrap_or(&[]);
    let Err(error) = dialect.decode(message, fields) else {
        return Ok(framed);
    };
    if framed == whole {
        return Err(behind_another_length(dialect, bytes, error, fields));
    }
    if dialect.decode(bytes, fields).is_ok() {
        return Ok(whole);
    }
    // The fields of the first reading, which the second one has overwritten.
    let again = dialect.decode(message, fields);
    debug_assert!(again.is_err(), "decoding the same bytes gives the same error");
    let error = error.at(error.offset() + framed.start);
    Err(Undecoded { error, place: framed, stated: None })
}

/// The fault of bytes that do not decode as a message. If they look more like one behind a frame
/// length that does not fit, the fault is that length, or one of the message behind it.
fn behind_another_length(
    dialect: &Dialect,
    bytes: &[u8],
    error: DecodeError,
    fields: &mut Fields,
) -> Undecoded {
    let bare = Undecoded { error, place: 0..bytes.len(), stated: None };
    let framing = dialect.framing();
    let start = framing.head_bytes();
    let announced = framing.stated(bytes).ok().flatten().filter(|_| framing.bytes > 0);
    let Some(stated) = announced.and_then(|stated| framing.message_bytes(stated)) else {
        return bare;
    };
    let end = bytes.len().saturating_sub(framing.trailer_bytes()).max(start);
    let Some(behind) = bytes.get(start..end).filter(|behind| stated != behind.len()) else {
        return bare;
    };
    let likely = Guess::of(dialect, behind).score;
    if likely < Guess::BEGINS || likely <= Guess::of(dialect, bytes).score {
        return bare;
    }
    let frame = |found| Undecoded {
        error: DecodeError::of_frame(Problem::FrameOther { stated, found }),
        place: start..end,
        stated: Some(stated),
    };
    let announced = behind.get(..stated).unwrap_or(behind);
    if stated < behind.len() && dialect.decode(announced, fields).is_ok() {
        return frame(behind.len());
    }
    match dialect.decode(behind, fields) {
        Ok(()) => frame(behind.len()),
        Err(error) => {
            let error = error.at(error.offset() + start);
            Undecoded { error, place: start..end, stated: Some(stated) }
        }
    }
}

/// Adds `fields`, and `wire` and `masked` where there is anything to say.
fn fields_json(view: &View<'_>, reveal: Reveal, object: &mut Value) {
    let (mut fields, mut wire, mut masked) = (Map::new(), Map::new(), Vec::new());
    for number in unneeded_bitmaps(view.fields) {
        fields.insert(number.to_string(), "0000000000000000".into());
    }
    for number in view.numbers() {
        if let Some(shown) = view.shown(number, reveal) {
            masked.extend(shown.hidden.into_iter().map(Value::from));
            wire.extend(shown.wire.map(|bytes| (number.to_string(), bytes.into())));
            fields.insert(number.to_string(), tree_json(shown.tree));
        }
    }
    object["fields"] = fields.into();
    if !wire.is_empty() {
        object["wire"] = wire.into();
    }
    if !masked.is_empty() {
        object["masked"] = masked.into();
    }
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

/// Encodes the JSON of one message; in its frame if it has the key `length`.
///
/// # Errors
/// Text that is not JSON of this form, or values that the dialect cannot send.
pub fn encode_json(dialect: &Dialect, json: &str) -> Result<Vec<u8>, ErrorJson> {
    let described = described(dialect, json)?;
    let mut bare = Vec::with_capacity(512);
    dialect.encode(&described.message, &mut bare).map_err(ErrorJson::of_encoding)?;
    described.framed(dialect, bare)
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
    let mut described = described(dialect, json)?;
    let mut bare = Vec::with_capacity(512);
    dialect
        .encode_with_mac(&mut described.message, key, &mut bare)
        .map_err(ErrorJson::of_encoding)?;
    described.framed(dialect, bare)
}

/// Checks the authentication code of one message, with or without its frame length.
///
/// # Errors
/// As [`decode_json`].
pub fn check_mac(dialect: &Dialect, bytes: &[u8], key: &MacKey) -> Result<MacVerdict, ErrorJson> {
    let mut fields = Fields::new();
    let place = decode_either(dialect, bytes, &mut fields).map_err(|wrong| wrong.told(dialect))?;
    let view = View { dialect, bytes: bytes.get(place).unwrap_or(&[]), fields: &fields };
    Ok(view.verify_mac(key))
}
