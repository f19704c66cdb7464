//! A link's profile as it is written: the keys of its TOML, each value with its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{EndMark, MessageKind, NotifyBy, TextPlace};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) name: Spanned<String>,
    pub(super) about: String,
    pub(super) session: Spanned<SessionDocument>,
    pub(super) operations: Spanned<OperationsDocument>,
    #[serde(default)]
    pub(super) message: MessageDocument,
    #[serde(default)]
    pub(super) coding: CodingDocument,
    pub(super) room: Option<Spanned<RoomDocument>>,
    pub(super) notify: Option<Spanned<NotifyBy>>,
    #[serde(default)]
    pub(super) abort_texts: Vec<Spanned<String>>,
}

/// Which dialog a message belongs to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionDocument {
    pub(super) key: KeyWord,
    /// Of `key = "tlv"`.
    pub(super) tag: Option<Spanned<u16>>,
    pub(super) length: Option<Spanned<usize>>,
    pub(super) answer: Option<Spanned<AnswerWord>>,
    pub(super) end: Option<Spanned<EndMark>>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyWord {
    ItsHighOctet,
    #[serde(rename = "its-15-bit")]
    Its15Bit,
    UserMessageReference,
    Tlv,
    Msisdn,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AnswerWord {
    Echo,
    None,
}

/// What messages do, by their operation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationsDocument {
    #[serde(default)]
    pub(super) by: ByWord,
    pub(super) begin: Vec<Spanned<OperationDocument>>,
    pub(super) input: Vec<Spanned<OperationDocument>>,
    #[serde(default)]
    pub(super) last_input: Vec<Spanned<OperationDocument>>,
    #[serde(default)]
    pub(super) displayed: Vec<Spanned<OperationDocument>>,
    #[serde(default)]
    pub(super) aborted: Vec<Spanned<OperationDocument>>,
    #[serde(default)]
    pub(super) released: Vec<Spanned<OperationDocument>>,
    #[serde(rename = "continue")]
    pub(super) goes_on: Spanned<OperationDocument>,
    pub(super) end: Spanned<OperationDocument>,
    pub(super) notify: Option<Spanned<OperationDocument>>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum ByWord {
    #[default]
    UssdServiceOp,
    ServiceType,
}

#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "expected an operation: a number 0x00 to 0xff, or a service_type")]
pub(super) enum OperationDocument {
    Code(u8),
    Word(String),
}

/// How a message is made.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageDocument {
    pub(super) pdu: Option<Spanned<MessageKind>>,
    pub(super) text: Option<Spanned<TextPlace>>,
    pub(super) service_type: Option<Spanned<String>>,
    pub(super) service_code: Option<Spanned<CodeWord>>,
    pub(super) subscriber_prefix: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) echo: Vec<Spanned<u16>>,
    #[serde(default)]
    pub(super) fixed: Vec<Spanned<FixedDocument>>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum CodeWord {
    DestinationAddr,
    Text,
}

/// A parameter that every message has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FixedDocument {
    pub(super) tag: u16,
    /// Hexadecimal.
    pub(super) value: String,
}

/// Alphabets by `data_coding`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodingDocument {
    #[serde(default)]
    pub(super) read: BTreeMap<String, Spanned<AlphabetWord>>,
    #[serde(default)]
    pub(super) write: BTreeMap<AlphabetWord, u8>,
}

/// The order is that in which they are tried.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(super) enum AlphabetWord {
    Gsm7,
    Ascii,
    Latin1,
    Ucs2,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoomDocument {
    pub(super) septets: Spanned<usize>,
    pub(super) units: Spanned<usize>,
}
