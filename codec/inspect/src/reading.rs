//! One wire, ready to read: messages to JSON and tables, streams to messages.

use std::ops::Range;

use serde_json::Value;
use tillgate_codec::iso8583::{self, Dialect, ErrorJson, MacKey, MacVerdict, Reveal};
use tillgate_codec::link::channel::{Hello, Psk};
use tillgate_codec::link::record::{RecordType, deframe};
use tillgate_codec::link::render;
use tillgate_codec::smpp;

/// A wire with all that is needed to read it.
pub struct Reading {
    /// Which.
    pub wire: Wire,
    /// Whether secrets are shown.
    pub reveal: Reveal,
}

/// The wire.
pub enum Wire {
    /// ISO 8583.
    Iso8583 {
        /// How its fields are laid out.
        dialect: Box<Dialect>,
        /// Checks authentication codes.
        key: Option<MacKey>,
    },
    /// SMPP 3.4.
    Smpp,
    /// Outer records of the terminal link; the key checks hellos.
    Records {
        /// Of the terminal.
        psk: Option<Psk>,
    },
    /// Bodies of the terminal link.
    Bodies,
}

/// What is at the start of a stream.
pub(crate) enum Cut {
    /// A message, and where the next one starts.
    Whole { frame: Range<usize> },
    /// This many bytes that say nothing: a keep-alive.
    Idle { end: usize },
    /// More bytes are needed.
    More,
    /// Nothing that the wire allows: the stream cannot be followed.
    Lost(ErrorJson),
}

pub(crate) struct Read {
    pub(crate) json: String,
    /// The outcome of its authentication code, in a word, if that was checked.
    pub(crate) code: Option<&'static str>,
    /// What is wrong with its authentication code, if that was checked.
    pub(crate) forged: Option<ErrorJson>,
}

impl Reading {
    /// One whole message as JSON.
    pub(crate) fn json(&self, bytes: &[u8]) -> Result<Read, ErrorJson> {
        let reveal = self.reveal;
        match &self.wire {
            Wire::Iso8583 { dialect, key } => {
                let json = iso8583::decode_json(dialect, bytes, reveal)?;
                match key {
                    None => Ok(plain(json)),
                    Some(key) => {
                        let verdict = iso8583::check_mac(dialect, bytes, key)?;
                        Ok(checked(json, verdict))
                    }
                }
            }
            Wire::Smpp => smpp::render_json(bytes, reveal).map(plain),
            Wire::Records { psk } => {
                let json = render::record_json(bytes)?;
                let verdict = psk.as_ref().and_then(|psk| hello_verdict(bytes, psk));
                Ok(match verdict {
                    None => plain(json),
                    Some(verdict) => checked(json, verdict),
                })
            }
            Wire::Bodies => render::body_json(bytes, reveal).map(plain),
        }
    }

    /// One message as a table, as far as it can be read.
    pub(crate) fn table(&self, bytes: &[u8]) -> String {
        match &self.wire {
            Wire::Iso8583 { dialect, .. } => iso8583::listing(dialect, bytes, self.reveal),
            Wire::Smpp => smpp::table(bytes, self.reveal),
            Wire::Records { .. } => render::record_table(bytes),
            Wire::Bodies => render::body_table(bytes, self.reveal),
        }
    }

    /// Whether messages on a stream tell where they end.
    pub fn is_framed(&self) -> bool {
        match &self.wire {
            Wire::Iso8583 { dialect, .. } => dialect.framing().is_delimited(),
            Wire::Smpp | Wire::Records { .. } => true,
            Wire::Bodies => false,
        }
    }

    /// Finds the message at the start of a stream.
    pub(crate) fn cut(&self, bytes: &[u8]) -> Cut {
        match &self.wire {
            Wire::Iso8583 { dialect, .. } => match dialect.framing().deframe(bytes) {
                Ok(Some(frame)) if frame.message.is_empty() => Cut::Idle { end: frame.end },
                Ok(Some(frame)) => Cut::Whole { frame: 0..frame.end },
                Ok(None) => Cut::More,
                Err(error) => Cut::Lost(ErrorJson::of_decoding(dialect, &error)),
            },
            Wire::Smpp => match smpp::deframe(bytes) {
                Ok(Some(frame)) => Cut::Whole { frame: frame.range },
                Ok(None) => Cut::More,
                Err(error) => Cut::Lost(ErrorJson {
                    field: Some("command_length".to_owned()),
                    ..ErrorJson::of_kind("frame", error.to_string())
                }),
            },
            Wire::Records { .. } => match deframe(bytes) {
                Ok(Some(record)) => Cut::Whole { frame: 0..record.end },
                Ok(None) => Cut::More,
                Err(error) => Cut::Lost(error.into()),
            },
            Wire::Bodies => Cut::More,
        }
    }
}

fn plain(json: String) -> Read {
    Read { json, code: None, forged: None }
}

/// Whether a hello was made with that key; `None` for every other record.
fn hello_verdict(bytes: &[u8], psk: &Psk) -> Option<MacVerdict> {
    let record = deframe(bytes).ok()??;
    if record.kind != RecordType::HELLO {
        return None;
    }
    let hello = Hello::decode(bytes.get(record.range)?).ok()?;
    Some(if hello.verifies(psk) { MacVerdict::Valid } else { MacVerdict::Wrong })
}

/// The message with the meaning of its code.
fn checked(json: String, verdict: MacVerdict) -> Read {
    let (word, message) = match verdict {
        MacVerdict::Valid => ("ok", None),
        MacVerdict::Wrong => (
            "wrong",
            Some("the code is not that of the message: another key or algorithm, or a change"),
        ),
        MacVerdict::Missing => ("missing", Some("the message carries no code in its last field")),
    };
    let forged = message
        .map(|message| ErrorJson { field: carrier(&json), ..ErrorJson::of_kind("mac", message) });
    let head = json.strip_suffix('}').unwrap_or(&json);
    Read { json: format!("{head},\"mac\":\"{word}\"}}"), code: Some(word), forged }
}

/// The field that carries the code.
fn carrier(json: &str) -> Option<String> {
    let message: Value = serde_json::from_str(json).ok()?;
    let fields = message.get("fields")?.as_object()?;
    ["128", "64", "mac"].into_iter().find(|name| fields.contains_key(*name)).map(str::to_owned)
}
