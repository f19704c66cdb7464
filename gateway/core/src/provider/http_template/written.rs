//! A profile as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::answer::Meaning;
use super::json::BodyText;
use super::sign::Algorithm;

/// Texts by names of the operator's own, each with its place.
pub(super) type Words = BTreeMap<String, Spanned<String>>;

/// The keys of [`ProfileText`].
pub(super) const PARTS: [&str; 12] = [
    "about",
    "repeatable",
    "headers",
    "codes",
    "sign",
    "callback",
    "authorize",
    "confirm",
    "inquire",
    "reverse",
    "advise",
    "lookup",
];

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileText {
    pub(super) about: String,
    #[serde(default)]
    pub(super) repeatable: bool,
    #[serde(default)]
    pub(super) headers: Words,
    #[serde(default)]
    pub(super) codes: Words,
    pub(super) sign: Option<Spanned<SignText>>,
    pub(super) callback: Option<Spanned<CallbackText>>,
    pub(super) authorize: Spanned<OperationText>,
    pub(super) confirm: Option<Spanned<OperationText>>,
    pub(super) inquire: Option<Spanned<OperationText>>,
    pub(super) reverse: Option<Spanned<OperationText>>,
    pub(super) advise: Option<Spanned<OperationText>>,
    pub(super) lookup: Option<Spanned<OperationText>>,
}

/// How requests are signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignText {
    pub(super) algorithm: Algorithm,
    pub(super) secret: String,
    pub(super) text: Spanned<String>,
    pub(super) headers: Words,
}

/// What the provider posts by itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackText {
    pub(super) algorithm: Algorithm,
    pub(super) secret: String,
    pub(super) text: Spanned<String>,
    pub(super) signature: Spanned<String>,
    #[serde(default)]
    pub(super) prefix: String,
    pub(super) time: Spanned<String>,
    #[serde(default = "five_minutes")]
    pub(super) window_s: Spanned<u64>,
    pub(super) answer: AnswerText,
}

fn five_minutes() -> Spanned<u64> {
    Spanned::new(0..0, 300)
}

/// The section of one kind of request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationText {
    pub(super) method: Spanned<String>,
    pub(super) path: Spanned<String>,
    #[serde(default)]
    pub(super) query: Words,
    #[serde(default)]
    pub(super) headers: Words,
    pub(super) body: Option<Spanned<BodyText>>,
    pub(super) answer: AnswerText,
}

/// Where everything is in its answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerText {
    pub(super) reference: Option<Spanned<String>>,
    pub(super) amount: Option<Spanned<String>>,
    pub(super) amount_minor: Option<Spanned<String>>,
    pub(super) currency: Option<Spanned<String>>,
    pub(super) provider_reference: Option<Spanned<String>>,
    pub(super) code: Option<Spanned<String>>,
    pub(super) lookup_reference: Option<Spanned<String>>,
    pub(super) amount_min: Option<Spanned<String>>,
    pub(super) amount_max: Option<Spanned<String>>,
    pub(super) name: Option<Spanned<String>>,
    pub(super) text: Option<Spanned<String>>,
    pub(super) rule: Vec<Spanned<RuleText>>,
}

/// What an answer with these values means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleText {
    #[serde(default)]
    pub(super) http: Vec<Spanned<u16>>,
    #[serde(default)]
    pub(super) json: BTreeMap<String, Spanned<BodyText>>,
    pub(super) is: Spanned<Meaning>,
    pub(super) repeats: Option<Spanned<Vec<Repeat>>>,
    pub(super) code: Option<Spanned<String>>,
}

/// What an answer has to repeat.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Repeat {
    Reference,
    Amount,
}
