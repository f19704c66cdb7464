//! HTTP profiles: how one aggregator calls a USSD application. A profile is a TOML file; docs/ussd.md
//! explains its keys.
//!
//! `document` is the file as it is written, `build` checks it and makes an [`HttpProfile`] of it.

mod build;
mod document;
#[cfg(test)]
mod tests;

use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};
use tillgate_codec::ussd::Room;

use self::document::Document;
use crate::iso8583::fault::{ProfileError, document};
use crate::time::Span;
use crate::ussd::limits::PROFILE_BYTES_MAX;

/// Names and texts of the profiles that are built in.
const BUILTINS: [(&str, &str); 9] = [
    ("africas-talking", include_str!("../../../../profiles/ussd/http/africas-talking.toml")),
    ("safaricom", include_str!("../../../../profiles/ussd/http/safaricom.toml")),
    ("crossgate", include_str!("../../../../profiles/ussd/http/crossgate.toml")),
    ("airtel", include_str!("../../../../profiles/ussd/http/airtel.toml")),
    ("imimobile", include_str!("../../../../profiles/ussd/http/imimobile.toml")),
    ("dmark", include_str!("../../../../profiles/ussd/http/dmark.toml")),
    ("oltranz", include_str!("../../../../profiles/ussd/http/oltranz.toml")),
    ("hollatags", include_str!("../../../../profiles/ussd/http/hollatags.toml")),
    ("sendexa", include_str!("../../../../profiles/ussd/http/sendexa.toml")),
];

/// How one aggregator calls a USSD application; checked.
#[derive(Clone, Debug)]
pub struct HttpProfile {
    pub name: String,
    pub about: String,
    pub methods: Vec<Method>,
    pub body: BodyForm,
    /// Without one a subscriber has one session.
    pub session: Option<Vec<String>>,
    pub subscriber: Vec<String>,
    pub service_code: Vec<String>,
    pub text: Vec<String>,
    /// Whether the text is all inputs of the session, joined by `*`.
    pub is_cumulative: bool,
    /// Whether a session that is not known may begin with a text: what was dialled behind the service
    /// code.
    pub has_shortcut: bool,
    /// Names one request, so that its repeat is known.
    pub id: Vec<String>,
    /// Without a rule, a session that is not known begins.
    pub begin: Option<Rule>,
    pub ended: Option<Rule>,
    pub answer: AnswerPlan,
    /// What ends a session that the gateway has no answer for in time.
    pub late: String,
    /// What answers a request of a session that is over, or not known.
    pub over: String,
    /// What answers when there is no room for more sessions.
    pub busy: String,
    /// From a request to its answer.
    pub answer_time: Span,
    /// For how long a session lives without a request.
    pub session_time: Span,
    pub room: Room,
    pub abort_texts: Vec<String>,
}

/// How requests come.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
}

/// What the body of a request is. The fields of its query count, too.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum BodyForm {
    #[default]
    None,
    Form,
    Json,
}

/// Whether a field is there, with one of these values if there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub field: Vec<String>,
    pub values: Vec<String>,
}

/// What the body of an answer is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerForm {
    /// `CON` or `END`, a space, the text.
    ConEnd,
    /// The text alone; headers say whether the session goes on.
    Text,
    /// An object; fields say whether the session goes on.
    Json,
}

/// How an answer is made.
#[derive(Clone, Debug)]
pub struct AnswerPlan {
    pub form: AnswerForm,
    pub content_type: HeaderValue,
    /// Of an object.
    pub text_field: String,
    pub repeat: Repeat,
    /// When the session goes on, when it ends.
    pub headers: [Vec<(HeaderName, HeaderValue)>; 2],
    pub fields: [Map<String, Value>; 2],
}

/// What of a request its answer repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The object of its body.
    All,
    Fields(Vec<String>),
}

impl HttpProfile {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// It is not TOML, or all that is wrong with it, by line.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let document: Document = document(text, PROFILE_BYTES_MAX)?;
        build::profile(text, &document)
    }

    /// The text of a profile that is built in, to use or to start another from.
    #[must_use]
    pub fn builtin(name: &str) -> Option<&'static str> {
        BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// Names of the profiles that are built in.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTINS.iter().map(|(name, _)| *name)
    }

    /// Whether a text of a subscriber says that the session was ended.
    #[must_use]
    pub fn is_abort_text(&self, text: &str) -> bool {
        self.abort_texts.iter().any(|known| known.eq_ignore_ascii_case(text.trim()))
    }
}
