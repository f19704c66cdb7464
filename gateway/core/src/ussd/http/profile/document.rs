//! An HTTP profile as it is written: the keys of its TOML, each value with its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{AnswerForm, BodyForm, Method};
use crate::ussd::profile::RoomDocument;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) name: Spanned<String>,
    pub(super) about: String,
    pub(super) request: RequestDocument,
    pub(super) answer: AnswerDocument,
    #[serde(default)]
    pub(super) texts: TextsDocument,
    #[serde(default)]
    pub(super) times: TimesDocument,
    pub(super) room: Option<Spanned<RoomDocument>>,
    #[serde(default)]
    pub(super) abort_texts: Vec<Spanned<String>>,
}

/// Where a request has what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestDocument {
    pub(super) method: Spanned<Vec<Method>>,
    #[serde(default)]
    pub(super) body: BodyForm,
    pub(super) session: Option<Names>,
    pub(super) subscriber: Names,
    pub(super) service_code: Option<Names>,
    pub(super) text: Names,
    #[serde(default)]
    pub(super) cumulative: bool,
    pub(super) shortcut: Option<Spanned<bool>>,
    pub(super) id: Option<Names>,
    pub(super) begin: Option<RuleDocument>,
    pub(super) ended: Option<RuleDocument>,
}

/// One name, or several that are tried in this order.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "expected the name of a field, or several")]
pub(super) enum Names {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleDocument {
    pub(super) field: Names,
    /// Without any, the field must be there.
    #[serde(default)]
    pub(super) values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerDocument {
    pub(super) form: Spanned<AnswerForm>,
    pub(super) content_type: Option<Spanned<String>>,
    pub(super) text_field: Option<Spanned<String>>,
    pub(super) repeat: Option<Spanned<RepeatDocument>>,
    #[serde(default)]
    pub(super) continue_headers: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) end_headers: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) continue_fields: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) end_fields: BTreeMap<String, Spanned<toml::Value>>,
}

/// What of a request its answer repeats.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "expected true, or names of fields")]
pub(super) enum RepeatDocument {
    All(bool),
    Fields(Vec<String>),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextsDocument {
    pub(super) late: Option<Spanned<String>>,
    pub(super) over: Option<Spanned<String>>,
    pub(super) busy: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimesDocument {
    pub(super) answer_s: Option<Spanned<u64>>,
    pub(super) session_s: Option<Spanned<u64>>,
}
