//! `tillgate encode`: JSON to bytes, the inverse of `tillgate decode`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use tillgate_codec::iso8583::{self, Dialect, ErrorJson, MacKey};
use tillgate_codec::{link, smpp};

use super::keys::MacOptions;
use super::limits::JSON_BYTES_MAX;
use super::out::{Out, Stop};
use super::place::{MEMBERS, Place};
use super::{Protocol, WireOptions};
use crate::exit::Failure;

/// Print the bytes of messages that are given as JSON, in hexadecimal
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate encode --dialect iso87b '{\"mti\":\"0800\",\"fields\":{\"11\":\"000007\",\"70\":\"301\"}}'
  tillgate decode --dialect nac --reveal - < dump.txt | tillgate encode --dialect nac -
  tillgate encode --protocol link '{\"message\":\"ping\",\"fields\":{\"nonce\":5}}'
  tillgate encode --dialect nac --raw --file messages.json > stream.bin

The JSON is what `tillgate decode --reveal` prints: what it adds (offset, time and the like, length,
mac) is not needed. A member \"length\" puts an ISO 8583 message behind its frame length. Several
messages follow one another; each gives a line.")]
pub(crate) struct Encode {
    /// The messages; - reads them from standard input
    #[arg(value_name = "JSON", required_unless_present = "file")]
    json: Option<String>,
    /// Read them from a file
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    file: Option<PathBuf>,
    #[command(flatten)]
    wire: WireOptions,
    #[command(flatten)]
    mac: MacOptions,
    /// Write the bytes themselves, one message after another
    #[arg(long)]
    raw: bool,
}

/// A wire, ready to write.
enum Writing {
    Iso8583(Box<Dialect>, Option<MacKey>),
    Smpp,
    Link,
}

impl Encode {
    pub(in crate::cli) fn run(self) -> Result<(), Failure> {
        match self.write() {
            Ok(()) | Err(Stop::Gone) => Ok(()),
            Err(Stop::Failure(failure)) => Err(failure),
        }
    }

    fn write(self) -> Result<(), Stop> {
        let writing = match self.wire.protocol {
            Protocol::Iso8583 => Writing::Iso8583(Box::new(self.wire.dialect()?), self.mac.key()?),
            other => {
                self.wire.refuse_dialects()?;
                if self.mac.is_given() {
                    return Err(Failure::usage("--mac belongs to --protocol iso8583").into());
                }
                if other == Protocol::Smpp { Writing::Smpp } else { Writing::Link }
            }
        };
        let (source, name): (Box<dyn BufRead>, String) = match (self.json, self.file) {
            (_, Some(file)) => {
                let name = file.display().to_string();
                let opened = File::open(&file)
                    .map_err(|error| Failure::usage(format!("{name}: {error}")))?;
                (Box::new(BufReader::new(opened)), name)
            }
            (Some(json), None) if json != "-" => {
                (Box::new(Cursor::new(json.into_bytes())), "the argument".to_owned())
            }
            _ => (Box::new(BufReader::new(io::stdin())), "standard input".to_owned()),
        };
        let mut documents = Documents { source, name, line: 0 };
        let mut out = Out::new();
        let mut number = 0;
        while let Some((line, text)) = documents.next()? {
            number += 1;
            if number > 1 {
                out.locate();
            }
            let place = Place { line: Some(line), ..Place::default() };
            match writing.bytes(&text) {
                Ok(bytes) => show(&mut out, &bytes, self.raw)?,
                Err(error) => out.error(&place, &error)?,
            }
        }
        if number == 0 {
            let error = ErrorJson::of_kind("json", "there is no JSON to read");
            out.error(&Place::default(), &error)?;
        }
        out.end(serde_json::Map::new())
    }
}

fn show(out: &mut Out, bytes: &[u8], is_raw: bool) -> Result<(), Stop> {
    out.read += 1;
    if !is_raw {
        return out.text(&crate::hex::encode(bytes).to_uppercase());
    }
    out.write(|stdout| stdout.write_all(bytes))
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
    fn next(&mut self) -> Result<Option<(u64, String)>, Failure> {
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

    fn failure(&self, error: &io::Error) -> Failure {
        Failure::usage(format!("{}: {error}", self.name))
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
    use super::{Cursor, Documents};

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
