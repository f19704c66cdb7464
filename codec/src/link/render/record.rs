//! An outer record as JSON and as a table.
//!
//! ```json
//! {"protocol":"link","record":"hello","version":1,"length":78,
//!  "fields":{"suite":1,"key_id":1,"terminal":70042,"counter":258,"mac":"3B3F…",…},
//!  "meaning":"Noise_NKpsk0_25519_ChaChaPoly_SHA256"}
//! ```

use serde_json::{Map, Value, json};

use super::super::channel::{Hello, HelloError, MAC_BYTES, TAG_BYTES};
use super::super::record::{HEADER_BYTES, RecordType, Refusal, VERSION, deframe};
use super::payload_error;
use crate::iso8583::{ErrorJson, hex};
use crate::lines::Lines;

pub(super) struct Part {
    /// Its name in `docs/wire.md`.
    pub(super) name: &'static str,
    /// How many bytes it has.
    pub(super) size: Size,
    /// Whether it is shown as a number; as hexadecimal otherwise.
    pub(super) is_number: bool,
}

/// How many bytes a part of a payload has.
#[derive(Clone, Copy)]
pub(super) enum Size {
    Exactly(usize),
    /// All that the other parts leave.
    Rest,
}

const fn number(name: &'static str, bytes: usize) -> Part {
    Part { name, size: Size::Exactly(bytes), is_number: true }
}

const fn octets(name: &'static str, bytes: usize) -> Part {
    Part { name, size: Size::Exactly(bytes), is_number: false }
}

/// A kind of record and what its payload is made of.
pub(super) struct Layout {
    pub(super) kind: RecordType,
    pub(super) name: &'static str,
    pub(super) parts: &'static [Part],
}

/// Bytes of an X25519 public key.
const KEY_BYTES: usize = 32;

/// Every kind of record (`docs/wire.md`, sections 2 to 4). Two of a kind differ by their length.
pub(super) const LAYOUTS: [Layout; 6] = [
    Layout {
        kind: RecordType::HELLO,
        name: "hello",
        parts: &[
            number("suite", 1),
            number("key_id", 1),
            number("terminal", 4),
            number("counter", 8),
            octets("mac", MAC_BYTES),
            octets("ephemeral", KEY_BYTES),
            octets("tag", TAG_BYTES),
        ],
    },
    Layout {
        kind: RecordType::HELLO_REPLY,
        name: "hello_reply",
        parts: &[octets("ephemeral", KEY_BYTES), octets("tag", TAG_BYTES)],
    },
    Layout {
        kind: RecordType::HELLO,
        name: "hello_offer",
        parts: &[
            number("suite", 1),
            number("key_id", 1),
            number("terminal", 4),
            number("counter", 8),
            number("lowest", 1),
            number("highest", 1),
            octets("mac", MAC_BYTES),
            octets("ephemeral", KEY_BYTES),
            octets("tag", TAG_BYTES),
        ],
    },
    Layout {
        kind: RecordType::HELLO_REPLY,
        name: "hello_reply_choice",
        parts: &[
            octets("ephemeral", KEY_BYTES),
            octets("sealed_version", 1),
            octets("tag", TAG_BYTES),
        ],
    },
    Layout {
        kind: RecordType::SEALED,
        name: "sealed",
        parts: &[
            Part { name: "sealed_body", size: Size::Rest, is_number: false },
            octets("tag", TAG_BYTES),
        ],
    },
    Layout {
        kind: RecordType::REFUSAL,
        name: "refusal",
        parts: &[number("code", 1), number("retry_after_s", 2)],
    },
];

impl Layout {
    /// The bytes that parts of a fixed size take.
    pub(super) fn fixed_bytes(&self) -> usize {
        let exact = self.parts.iter().map(|part| match part.size {
            Size::Exactly(bytes) => bytes,
            Size::Rest => 0,
        });
        exact.sum()
    }

    fn has_rest(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.size, Size::Rest))
    }

    /// The parts of a payload with their offsets in it.
    fn cut<'p>(&self, payload: &'p [u8]) -> Result<Vec<Placed<'p>>, ErrorJson> {
        let fixed = self.fixed_bytes();
        let rest = payload.len().checked_sub(fixed).filter(|rest| *rest == 0 || self.has_rest());
        let Some(rest) = rest else {
            let least = if self.has_rest() { "at least " } else { "" };
            let length = payload.len();
            let text = format!("a {} has {least}{fixed} bytes of payload, not {length}", self.name);
            return Err(payload_error("length", None, length.min(fixed), text));
        };
        let mut at = 0;
        let cut = self.parts.iter().map(|part| {
            let bytes = match part.size {
                Size::Exactly(bytes) => bytes,
                Size::Rest => rest,
            };
            let start = at;
            at += bytes;
            (part, start, &payload[start..at])
        });
        Ok(cut.collect())
    }
}

/// A part, where it lies in the payload, and its bytes.
type Placed<'p> = (&'static Part, usize, &'p [u8]);

/// A record taken apart.
struct Cut<'a> {
    layout: &'static Layout,
    parts: Vec<Placed<'a>>,
    /// What its numbers mean, in words; may be empty.
    meaning: String,
}

/// The layout of a payload of that length, or the first of its kind, which says what is wrong.
fn layout_of(kind: RecordType, length: usize) -> &'static Layout {
    let mut layouts = LAYOUTS.iter().filter(|layout| layout.kind == kind);
    let first = layouts.clone().next().expect("deframe gives known types only");
    layouts.find(|layout| layout.has_rest() || layout.fixed_bytes() == length).unwrap_or(first)
}

fn cut(bytes: &[u8]) -> Result<Cut<'_>, ErrorJson> {
    let Some(record) = deframe(bytes)? else {
        let needed = match bytes {
            [_, _, high, low, ..] => HEADER_BYTES + usize::from(u16::from_be_bytes([*high, *low])),
            _ => HEADER_BYTES,
        };
        let text = format!("the record has {needed} bytes at least, {} are there", bytes.len());
        let offset = bytes.len();
        return Err(ErrorJson { offset, ..payload_error("truncated", None, 0, text) });
    };
    if record.end < bytes.len() {
        let text = format!("{} bytes follow the record", bytes.len() - record.end);
        return Err(ErrorJson { offset: record.end, ..payload_error("trailing", None, 0, text) });
    }
    let payload = &bytes[record.range];
    let layout = layout_of(record.kind, payload.len());
    let parts = layout.cut(payload)?;
    let meaning = match record.kind {
        RecordType::HELLO => match Hello::decode(payload) {
            Ok(hello) => hello.suite.noise_name().to_owned(),
            Err(error @ HelloError::Versions { .. }) => {
                return Err(payload_error("content", Some("lowest"), 14, error.to_string()));
            }
            Err(error) => {
                return Err(payload_error("content", Some("suite"), 0, error.to_string()));
            }
        },
        RecordType::REFUSAL => {
            Refusal::decode(payload).map(|refusal| refusal.code.to_string()).unwrap_or_default()
        }
        RecordType::SEALED => {
            let body = payload.len() - layout.fixed_bytes();
            format!("a body of {body} bytes; its key is in no capture")
        }
        _ => String::new(),
    };
    Ok(Cut { layout, parts, meaning })
}

/// One whole record as a JSON object on one line.
///
/// # Errors
/// The first thing wrong with it.
pub fn record_json(bytes: &[u8]) -> Result<String, ErrorJson> {
    let cut = cut(bytes)?;
    let fields = cut.parts.iter().map(|(part, _, wire)| (part.name.to_owned(), shown(part, wire)));
    let mut document = json!({
        "protocol": "link",
        "record": cut.layout.name,
        "version": VERSION,
        "length": bytes.len() - HEADER_BYTES,
        "fields": fields.collect::<Map<_, _>>(),
    });
    if !cut.meaning.is_empty() {
        document["meaning"] = cut.meaning.into();
    }
    Ok(document.to_string())
}

fn shown(part: &Part, wire: &[u8]) -> Value {
    if part.is_number {
        wire.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)).into()
    } else {
        hex::text(wire).into()
    }
}

/// Lists one record: a line with offset, bytes, field and value for each part. What is wrong with a
/// record that cannot be read comes last.
#[must_use]
pub fn record_table(bytes: &[u8]) -> String {
    let mut out = Lines::new("bytes");
    let cut = cut(bytes);
    if let (&[kind, version, high, low, ..], Ok(_)) = (bytes, &cut) {
        let name = cut.as_ref().map_or("(unknown)", |cut| cut.layout.name);
        out.line(0, &[kind], "type", name);
        out.line(1, &[version], "version", &version.to_string());
        let length = u16::from_be_bytes([high, low]);
        out.line(2, &[high, low], "length", &length.to_string());
    }
    match cut {
        Ok(cut) => {
            let mut meaning = Some(cut.meaning).filter(|meaning| !meaning.is_empty());
            for (part, at, wire) in cut.parts {
                // The meaning belongs to the first part: suite, code or sealed body.
                let meaning = meaning.take().map(|meaning| format!("({meaning})"));
                let value = match (shown(part, wire), meaning) {
                    (Value::Number(number), Some(meaning)) => format!("{number} {meaning}"),
                    (Value::Number(number), None) => number.to_string(),
                    (_, meaning) => meaning.unwrap_or_default(),
                };
                out.line(HEADER_BYTES + at, wire, part.name, &value);
            }
        }
        Err(error) => out.line(error.offset, &[], "(wrong here)", &error.message),
    }
    out.text()
}
