//! JSON that may hold keys, PINs or passwords: nothing of it is left in memory that is given back.
//!
//! `serde_json` unescapes texts in a buffer of its own and writes into vectors that grow; both leave
//! copies behind. So what is written here has its length first, and whole files are taken out of
//! their JSON by [`unescape`].

use std::borrow::Cow;
use std::io;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// A text of a document that nothing is left of.
pub(crate) struct Secret(pub(crate) Zeroizing<String>);

impl<'de> Deserialize<'de> for Secret {
    /// Out of JSON that is all in memory.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?;
        unescape(json.get()).map(Self).ok_or_else(|| D::Error::custom("expected a text"))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// `content` as JSON, in a buffer that never moved.
///
/// # Errors
/// It has no form in JSON.
pub(crate) fn to_json(content: &impl Serialize) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, content)?;
    let mut text = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *text, content)?;
    Ok(text)
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The text that a JSON string stands for; `None` if `json` is not one string.
pub(crate) fn unescape(json: &str) -> Option<Zeroizing<String>> {
    let mut rest = json.strip_prefix('"')?.strip_suffix('"')?;
    // Never longer than what it is written as, so the buffer never moves.
    let mut text = Zeroizing::new(String::with_capacity(rest.len()));
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut after = escaped.chars();
        text.push(match after.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let (letter, left) = by_number(after.as_str())?;
                after = left.chars();
                letter
            }
            itself @ ('"' | '\\' | '/') => itself,
            _ => return None,
        });
        rest = after.as_str();
    }
    text.push_str(rest);
    Some(text)
}

/// The letter whose UTF-16 units follow, the `\u` of the first one taken; and what is left.
fn by_number(text: &str) -> Option<(char, &str)> {
    let unit = |text: &str| u16::from_str_radix(text.get(..4)?, 16).ok();
    let (first, mut left) = (unit(text)?, &text[4..]);
    let mut units = vec![first];
    if (0xD800..0xDC00).contains(&first) {
        let low = left.strip_prefix("\\u")?;
        units.push(unit(low)?);
        left = &low[4..];
    }
    let letter = char::decode_utf16(units).next()?.ok()?;
    Some((letter, left))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_out_of_its_json_is_the_text() {
        let all: String = ('\0'..'\u{3000}').chain("\u{fffd}\u{1f600}\u{10ffff}".chars()).collect();
        for text in ["", "plain", "a\n\"b\\\"\n", all.as_str()] {
            let json = serde_json::to_string(text).unwrap();
            let taken = unescape(&json).unwrap();
            assert_eq!(taken.as_str(), text);
            assert!(taken.capacity() <= json.len(), "the buffer was not exchanged");
            let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            assert_eq!(unescape(&format!("\"{units}\"")).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_no_json_string_is_no_text() {
        for wrong in ["", "1", "\"", "\"\\q\"", "\"\\u12\"", "\"\\ud800x\"", "\"\\ud800\\u0041\""] {
            let is_string = serde_json::from_str::<String>(wrong).is_ok();
            assert!(!is_string && unescape(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_body_is_written_into_a_buffer_of_its_length() {
        let content = json!({"files": {"vouchers.csv": "pin\n\"1111\"\n".repeat(99)}});
        let text = to_json(&content).unwrap();
        assert_eq!(*text, serde_json::to_vec(&content).unwrap());
        assert_eq!(text.capacity(), text.len(), "it never moved");
    }

    #[test]
    fn a_secret_of_a_document_is_a_text_and_nothing_else() {
        let read = |json: &str| serde_json::from_str::<Vec<Secret>>(json);
        assert_eq!(read("[\"s3\\u0063ret\"]").unwrap()[0].0.as_str(), "s3cret");
        for wrong in ["[7]", "[null]", "[{}]"] {
            assert!(read(wrong).is_err_and(|why| why.to_string().starts_with("expected a text")));
        }
    }
}
