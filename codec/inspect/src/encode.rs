//! JSON to bytes, the inverse of [`decode`](crate::decode).

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use tillgate_codec::iso8583::{self, Dialect, ErrorJson, MacKey};
use tillgate_codec::{link, smpp};

use crate::limits::JSON_BYTES_MAX;
use crate::out::{Out, Stop};
use crate::place::{MEMBERS, Place};

/// A wire, ready to write.
pub enum Writing {
    /// ISO 8583 by a dialect, with an authentication code if there is a key.
    Iso8583(Box<Dialect>, Option<MacKey>),
    /// SMPP 3.4.
    Smpp,
    /// The terminal link.
    Link,
}

/// Shows the bytes of every JSON document of the source, in hexadecimal or as they are.
///
/// # Errors
/// [`Stop`]; also when something was wrong, which has been reported.
pub fn run(
    source: Box<dyn BufRead>,
    name: String,
    writing: &Writing,
    is_raw: bool,
    mut out: Out<'_>,
) -> Result<(), Stop> {
    let mut documents = Documents { source, name, line: 0 };
    let mut number = 0;
    while let Some((line, text)) = documents.next()? {
        number += 1;
        if number > 1 {
            out.locate();
        }
        match writing.bytes(&text) {
            Ok(bytes) => {
                out.read += 1;
                if is_raw {
                    out.bytes(&bytes)?;
                } else {
                    out.text(&hex::encode_upper(&bytes))?;
                }
            }
            Err(error) => {
                out.error(&Place { line: Some(line), ..Place::default() }, &error)?;
            }
        }
    }
    if number == 0 {
        let error = ErrorJson::of_kind("json", "there is no JSON to read");
        out.error(&Place::default(), &error)?;
    }
    out.end(Map::new())
}

impl Writing {
    fn bytes(&self, json: &str) -> Result<Vec<u8>, ErrorJson> {
        let described = undecorated(json);
        let json = described.as_deref().unwrap_or(json);
        match self {
            Self::Iso8583(dialect, None) => iso8583::encode_json(dialect, json),
            Self::Iso8583(dialect, Some(key)) => iso8583::encode_json_with_mac(dialect, json, key),
            Self::Smpp => smpp::encode_json(json),
            Self::Link => link::render::encode_json(json),
        }
    }
}

/// The document without what `tillgate decode` adds to a message; `None` if it adds nothing.
fn undecorated(json: &str) -> Option<String> {
    let Ok(Value::Object(mut document)) = serde_json::from_str(json) else {
        return None;
    };
    let added = MEMBERS.iter().chain(&["mac"]);
    let found = added.filter(|name| document.shift_remove(**name).is_some()).count();
    (found > 0).then(|| Value::Object(document).to_string())
}

/// JSON documents one after another, each on a line of its own or on several.
struct Documents {
    source: Box<dyn BufRead>,
    name: String,
    /// Lines read so far.
    line: u64,
}

impl Documents {
    /// The next document and the line it begins in.
    fn next(&mut self) -> Result<Option<(u64, String)>, Stop> {
        let mut text = String::new();
        while text.trim().is_empty() {
            text.clear();
            if !self.append(&mut text).map_err(|error| self.failure(&error))? {
                return Ok(None);
            }
        }
        let first = self.line;
        let mut lines = Lines { documents: self, text: &mut text, given: 0, failed: None };
        // Whether it is JSON or never will be, which ends it as well, is found when it is encoded.
        let mut reader = serde_json::Deserializer::from_reader(&mut lines);
        let _ended = IgnoredAny::deserialize(&mut reader);
        match lines.failed {
            Some(error) => Err(self.failure(&error)),
            None => Ok(Some((first, text))),
        }
    }

    /// Appends a line; `false` if there is none.
    fn append(&mut self, text: &mut String) -> io::Result<bool> {
        let bound = u64::try_from(JSON_BYTES_MAX - text.len()).unwrap_or(0) + 1;
        let count = (&mut self.source).take(bound).read_line(text)?;
        if text.len() > JSON_BYTES_MAX {
            let text = format!("no message needs over {JSON_BYTES_MAX} bytes of JSON");
            return Err(io::Error::other(text));
        }
        self.line += u64::from(count > 0);
        Ok(count > 0)
    }

    fn failure(&self, error: &io::Error) -> Stop {
        Stop::usage(&self.name, error)
    }
}

/// A document as its reader wants it: line by line, so that each is read once however many there
/// are.
struct Lines<'d> {
    documents: &'d mut Documents,
    text: &'d mut String,
    /// Bytes of the text that the reader has.
    given: usize,
    failed: Option<io::Error>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len()
            && let Err(error) = self.documents.append(self.text)
        {
            self.failed = Some(error);
            return Ok(0);
        }
        let mut rest = self.text.as_bytes().get(self.given..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::Documents;

    #[test]
    fn a_document_of_a_million_lines_is_read_once() {
        // Read again with every line, it would be half a million megabytes.
        let long = format!("{{{}}}\n", "\n".repeat(1_000_000));
        let text = format!("\n{long}{{}} 1\n[1,\n2]\n7\n{{ x\n{{");
        let source = Box::new(Cursor::new(text.into_bytes()));
        let mut documents = Documents { source, name: String::new(), line: 0 };
        let mut found = Vec::new();
        while let Ok(Some((line, text))) = documents.next() {
            found.push((line, text.len()));
        }
        let after =
            [(1_000_003, 5), (1_000_004, 7), (1_000_006, 2), (1_000_007, 4), (1_000_008, 1)];
        assert_eq!(found, [&[(2, long.len())][..], &after].concat());
    }
}
