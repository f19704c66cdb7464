//! Outcomes that a provider posts by itself: who may, and what they say.
//!
//! A callback is read as an answer: it counts only for an order that it names and that was sent, with
//! its amount. Its signature covers the body and the moment, so that an old one cannot be posted
//! again; one that is posted twice within the window says the same as before.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use http::header::{CONTENT_LENGTH, HeaderName};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use ring::hmac;
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use tillgate_store_core::{ProviderOutcome, Text};
use tillgate_types::ResponseCode;
use toml::Spanned;

use super::answer::{Answer, Said};
use super::check::lacks_callback_key;
use super::json::Value;
use super::profile::Compiler;
use super::section::Section;
use super::sign::Algorithm;
use super::text::Template;
use super::written::CallbackText;
use super::{HttpTemplate, Unfit};
use crate::provider::{ProviderRequest, ProviderRequestKind, ProviderResult};
use crate::time::UnixMillis;

/// The section of a profile.
#[derive(Clone, Debug)]
pub(super) struct CallbackPlan {
    pub(super) algorithm: Algorithm,
    /// Which of `bridge.secrets` is the key.
    pub(super) secret: String,
    /// What is signed.
    pub(super) text: Template<Part>,
    /// The header with the signature, and what is before its hexadecimal digits.
    pub(super) signature: (HeaderName, String),
    /// The header with the moment, Unix seconds.
    pub(super) time: HeaderName,
    /// How far that moment may be from ours.
    pub(super) window_ms: u64,
    pub(super) answer: Answer,
}

/// What a placeholder of the signed text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Part {
    /// As its header has it.
    Time,
    Body,
    Method,
    /// With the query.
    Path,
}

impl Part {
    /// # Errors
    /// It is none, with those that there are.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        name.parse().map_err(|_| {
            let known: Vec<&str> = Self::iter().map(Into::into).collect();
            let known = known.join(", ");
            format!("{{{name}}} is not a placeholder of a callback's signature; there are {known}")
        })
    }
}

/// Seconds that a callback's moment may be apart from ours.
const WINDOW_S: RangeInclusive<u64> = 1..=3_600;

impl Compiler {
    pub(super) fn callback(&mut self, text: &Spanned<CallbackText>) -> CallbackPlan {
        let (at, text) = (text.span().start, text.as_ref());
        let signed = self.parsed(&text.text, |text| Template::parse_by(text, Part::parse));
        let signed = signed.unwrap_or_default();
        for needed in [Part::Time, Part::Body] {
            if !signed.fields().any(|part| *part == needed) {
                let name: &str = needed.into();
                let why = format!(
                    "what is signed has no {{{name}}}: {}",
                    match needed {
                        Part::Time => "an old callback could be posted again at any time",
                        _ => "whoever sees one callback could post another outcome with it",
                    }
                );
                self.fault(text.text.span().start, why);
            }
        }
        let mut header = |name: &Spanned<String>| {
            let read = self.parsed(name, |name| {
                name.parse::<HeaderName>().map_err(|_| format!("{name:?} is not a header's name"))
            });
            read.unwrap_or(CONTENT_LENGTH)
        };
        let (signature, time) = (header(&text.signature), header(&text.time));
        if !WINDOW_S.contains(text.window_s.as_ref()) {
            let why = format!("window_s: allowed are {} to {}", WINDOW_S.start(), WINDOW_S.end());
            self.fault(text.window_s.span().start, why);
        }
        if text.answer.reference.is_none() {
            let why = "[callback] needs answer.reference, the path of our reference: without it \
                       nobody knows which order it is about";
            self.fault(at, why);
        }
        CallbackPlan {
            algorithm: text.algorithm,
            secret: text.secret.clone(),
            text: signed,
            signature: (signature, text.prefix.clone()),
            time,
            window_ms: text.window_s.as_ref().saturating_mul(1_000),
            answer: self.answer(Section::Callback, at, &text.answer),
        }
    }
}

/// Reads what a provider posts by itself.
pub struct CallbackReader {
    plan: CallbackPlan,
    key: hmac::Key,
    codes: BTreeMap<String, ResponseCode>,
}

/// Why a callback is not the provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// A header is missing, there twice, or of another form.
    #[error("no signature, or no time, in the headers that the profile names")]
    Missing,
    /// The signature is another one.
    #[error("a wrong signature")]
    Wrong,
    /// It was signed at another time.
    #[error("signed too long ago, or by a clock that is wrong")]
    OutOfTime,
}

impl HttpTemplate {
    /// Reads the provider's callbacks; `None` if the profile has none.
    ///
    /// # Errors
    /// What the configuration lacks for it.
    pub fn callbacks(&self) -> Result<Option<CallbackReader>, Unfit> {
        let Some(plan) = &self.profile.callback else { return Ok(None) };
        let Some(secret) = self.settings.secrets.get(&plan.secret) else {
            return Err(lacks_callback_key(&plan.secret));
        };
        let key = hmac::Key::new(plan.algorithm.hmac(), secret.as_bytes());
        let (plan, codes) = (plan.clone(), self.profile.codes.clone());
        Ok(Some(CallbackReader { plan, key, codes }))
    }
}

impl CallbackReader {
    /// Whether the provider has signed this about now.
    ///
    /// # Errors
    /// What is wrong with the signature.
    pub fn verify(&self, head: &Parts, body: &[u8], now: UnixMillis) -> Result<(), Unsigned> {
        let (name, prefix) = &self.plan.signature;
        let given = only(&head.headers, name).and_then(|text| text.strip_prefix(prefix.as_str()));
        let given = given.and_then(|digits| hex::decode(digits).ok()).ok_or(Unsigned::Missing)?;
        let time = only(&head.headers, &self.plan.time).ok_or(Unsigned::Missing)?;
        let text = self.plan.text.fill(|part| match part {
            Part::Time => time.into(),
            Part::Body => body.to_vec(),
            Part::Method => head.method.as_str().into(),
            Part::Path => head.uri.path_and_query().map_or("/", |path| path.as_str()).into(),
        });
        // In constant time.
        hmac::verify(&self.key, &text, &given).map_err(|_| Unsigned::Wrong)?;
        let is_number = (1..=12).contains(&time.len()) && time.bytes().all(|b| b.is_ascii_digit());
        let sent_s: u64 = time.parse().ok().filter(|_| is_number).ok_or(Unsigned::Missing)?;
        let apart_ms = now.0.abs_diff(sent_s.saturating_mul(1_000));
        if apart_ms <= self.plan.window_ms { Ok(()) } else { Err(Unsigned::OutOfTime) }
    }

    /// Our reference of the order that it names.
    #[must_use]
    pub fn reference(&self, body: &[u8]) -> Option<Text<32>> {
        let path = self.plan.answer.reference.as_ref()?;
        let value = Value::document(body)?.at(path).ok()??;
        Text::from(&value.text()?).ok()
    }

    /// The outcome that it states for an order that was sent; `None` if it states none, or is not
    /// about it.
    #[must_use]
    pub fn read(&self, order: &ProviderRequest, body: &[u8]) -> Option<ProviderResult> {
        // An answer that nobody has asked for says nothing about how often was asked.
        let request = ProviderRequest { kind: ProviderRequestKind::Inquire, ..*order };
        let said = self.plan.answer.read(&request, StatusCode::OK, body, &self.codes)?;
        let Said::Result(ProviderResult::Outcome(outcome)) = said else { return None };
        let is_final =
            matches!(outcome, ProviderOutcome::Approved { .. } | ProviderOutcome::Declined { .. });
        is_final.then_some(ProviderResult::Outcome(outcome))
    }
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
