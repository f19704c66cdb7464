//! JSON over HTTP: the requests, and what the answers mean.
//!
//! ```text
//! POST {url}              {"reference","service","product","amount_minor","currency",
//!                          "subscriber","attempt"}       Idempotency-Key: reference
//!   200 {"status":"approved","reference","amount_minor","provider_reference":"..."}
//!   200 {"status":"declined","reference","amount_minor","code":"14"}
//!   202 {"status":"pending","reference","amount_minor"}
//! GET {url}/{reference}   the same answers, or 404 {"status":"unknown","reference"}
//! POST {url}/{reference}/reversal      {"reference","service","amount_minor","currency",
//!                                       "attempt"}
//!   200 {"status":"reversed","reference","amount_minor"}  taken back; or never seen, and never
//!                                                         done when it comes late
//!   409 {"status":"refused","reference","amount_minor"}   it is final
//! POST {url}/lookup       {"reference","service","product","amount_minor","currency",
//!                          "subscriber","attempt"}
//!   200 {"status":"found","reference","lookup_reference","amount_minor", and perhaps
//!        "amount_min_minor","amount_max_minor","name","text"}
//!   200 {"status":"declined","reference","code":"14"}     no such account, nothing to pay
//! POST {url}/{reference}/confirmation  the same body as of a reversal
//!   200 {"status":"noted","reference","amount_minor"}
//! ```
//!
//! An answer counts only for the order that it names: reference and amount are repeated as they
//! were sent, and a currency too if there is one. Anything else says nothing about the order: it
//! is unknown, never approved and never declined, and the connection is not used again, for what
//! comes next on it may belong to another order as well.
//!
//! A sale that pays what a lookup found repeats its `lookup_reference`.

use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::request::Builder;
use http::{HeaderName, Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use tillgate_store_core::{ProviderOutcome, ResponseCode, Text};

use super::answer::Found;
use super::{Bill, Provider, ProviderRequest, ProviderRequestKind, ProviderResult};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const JSON: &str = "application/json";

#[derive(Serialize)]
struct Sale<'a> {
    reference: &'a str,
    service: u16,
    product: u16,
    amount_minor: u64,
    currency: u16,
    subscriber: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    lookup_reference: &'a str,
    attempt: u32,
}

/// Of a reversal or a confirmation.
#[derive(Serialize)]
struct Reminder<'a> {
    reference: &'a str,
    service: u16,
    amount_minor: u64,
    currency: u16,
    attempt: u32,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    reference: String,
    /// A provider that has never seen the order cannot state it.
    amount_minor: Option<u64>,
    currency: Option<u16>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    provider_reference: String,
    #[serde(default)]
    lookup_reference: String,
    #[serde(default)]
    amount_min_minor: u64,
    #[serde(default)]
    amount_max_minor: u64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    text: String,
}

impl Answer {
    /// Reads an object and nothing else: serde alone would take an array of the values, too. A key
    /// that comes twice, a number beyond 64 bits and bytes after the object are errors already.
    fn read(body: &[u8]) -> Option<Self> {
        body.trim_ascii_start().first().filter(|byte| **byte == b'{')?;
        serde_json::from_slice(body).ok()
    }

    /// Whether it is about this order. A lookup finds out the amount; the others repeat it.
    fn names(&self, order: &ProviderRequest) -> bool {
        let asks = order.kind == ProviderRequestKind::Lookup;
        self.reference == *order.reference
            && (asks || self.amount_minor.is_none_or(|amount| amount == order.amount_minor))
            && self.currency.is_none_or(|currency| currency == order.currency)
    }
}

/// A provider at the other end of HTTP.
#[derive(Clone, Debug)]
pub struct HttpJson {
    /// `HOST:PORT`, the `Host` header.
    pub authority: String,
    /// The path of the configured URL.
    pub path: String,
}

impl Provider for HttpJson {
    type Message = Request<Vec<u8>>;
    type Answer = Response<Vec<u8>>;

    fn request(&self, request: &ProviderRequest) -> Option<Request<Vec<u8>>> {
        let builder = Request::builder().header(HOST, &self.authority).header(ACCEPT, JSON);
        let path = self.path.trim_end_matches('/');
        let below = |what: &str| format!("{path}/{}{what}", request.reference);
        let sale = Sale {
            reference: &request.reference,
            service: request.service.0,
            product: request.product.0,
            amount_minor: request.amount_minor,
            currency: request.currency,
            subscriber: &request.subscriber,
            lookup_reference: &request.lookup,
            attempt: request.attempt,
        };
        let built = match request.kind {
            ProviderRequestKind::Lookup => post(builder.uri(format!("{path}/lookup")), &sale),
            ProviderRequestKind::Authorize => {
                let builder = builder.header(IDEMPOTENCY_KEY, request.reference.as_str());
                post(builder.uri(&self.path), &sale)
            }
            ProviderRequestKind::Inquire => {
                builder.method(Method::GET).uri(below("")).body(Vec::new())
            }
            ProviderRequestKind::Reverse => {
                post(builder.uri(below("/reversal")), &Reminder::of(request))
            }
            ProviderRequestKind::Advise => {
                post(builder.uri(below("/confirmation")), &Reminder::of(request))
            }
        };
        Some(built.expect("the path was checked with the configuration, references are hex digits"))
    }

    fn interpret(
        &self,
        request: &ProviderRequest,
        answer: &Response<Vec<u8>>,
    ) -> Option<ProviderResult> {
        let status = answer.status();
        let answer = Answer::read(answer.body()).filter(|answer| answer.names(request))?;
        let said = (request.kind, status, answer.status.as_str());
        if let (ProviderRequestKind::Inquire, StatusCode::NOT_FOUND, "unknown") = said {
            return Some(ProviderResult::NotFound { attempt: request.attempt });
        }
        if request.kind == ProviderRequestKind::Lookup {
            return answer.found(status).map(ProviderResult::Lookup);
        }
        answer.amount_minor?;
        let reference = || reference(&answer.provider_reference);
        Some(ProviderResult::Outcome(match said {
            (ProviderRequestKind::Reverse, StatusCode::OK, "reversed") => ProviderOutcome::Reversed,
            (ProviderRequestKind::Reverse, StatusCode::CONFLICT, "refused") => {
                ProviderOutcome::ReversalDeclined
            }
            (ProviderRequestKind::Advise, StatusCode::OK, "noted") => {
                ProviderOutcome::AdviceAcknowledged
            }
            (ProviderRequestKind::Reverse | ProviderRequestKind::Advise, _, _) => return None,
            (_, StatusCode::OK, "approved") => {
                ProviderOutcome::Approved { reference: reference(), chip: None }
            }
            (_, StatusCode::OK, "declined") => {
                let code = code(&answer.code);
                ProviderOutcome::Declined { code, reference: reference(), chip: None }
            }
            (_, StatusCode::ACCEPTED, "pending") => return Some(ProviderResult::Pending),
            _ => return None,
        }))
    }
}

impl Answer {
    /// What a lookup found.
    fn found(&self, status: StatusCode) -> Option<Result<Box<Bill>, ResponseCode>> {
        match (status, self.status.as_str()) {
            (StatusCode::OK, "found") => {}
            (StatusCode::OK, "declined") => return Some(Err(code(&self.code))),
            _ => return None,
        }
        let found = Found {
            reference: &self.lookup_reference,
            amount_minor: self.amount_minor.unwrap_or(0),
            low_minor: self.amount_min_minor,
            high_minor: self.amount_max_minor,
            name: &self.name,
            text: &self.text,
        };
        Some(Ok(Box::new(found.bill()?)))
    }
}

/// As much of a provider's text as there is room for, without what a screen would obey.
pub(super) fn shown<const N: usize>(text: &str) -> Text<N> {
    let mut shown = Text::new();
    for c in text.chars().filter(|c| !c.is_control() || *c == '\n') {
        if shown.try_push(c).is_err() {
            break;
        }
    }
    shown
}

impl<'a> Reminder<'a> {
    fn of(request: &'a ProviderRequest) -> Self {
        Self {
            reference: &request.reference,
            service: request.service.0,
            amount_minor: request.amount_minor,
            currency: request.currency,
            attempt: request.attempt,
        }
    }
}

fn post(builder: Builder, body: &impl Serialize) -> http::Result<Request<Vec<u8>>> {
    let body = serde_json::to_vec(body).expect("numbers and texts are JSON");
    builder.method(Method::POST).header(CONTENT_TYPE, JSON).body(body)
}

/// The code of a provider's decline as a terminal may receive it: two digits. A decline is final,
/// so it cannot carry the code that approves (00) or one that makes a terminal ask again (09,
/// 68); codes with a letter are the gateway's own.
pub(super) fn code(text: &str) -> ResponseCode {
    match *text.as_bytes() {
        [b'0', b'0' | b'9'] | [b'6', b'8'] => ResponseCode::NOT_HONOURED,
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => ResponseCode([a, b]),
        _ => ResponseCode::NOT_HONOURED,
    }
}

/// A provider's reference, as far as there is room: an approval is not lost over a long one. It
/// goes into tables and spreadsheets, so it is letters, digits and `. _ : / -`, and begins with one
/// of the first two (a formula begins with = + - or @). Any other is not kept at all: half of it
/// would be found in nobody's books.
pub(super) fn reference(text: &str) -> Text<32> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    let begins = text.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric);
    if !begins || !text.bytes().all(allowed) {
        return Text::new();
    }
    Text::from(&text[..text.len().min(32)]).unwrap_or_default()
}

#[cfg(test)]
mod tests;
