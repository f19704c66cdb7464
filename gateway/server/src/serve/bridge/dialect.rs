//! What is said to an HTTP provider, and what its answers mean.
//!
//! ```text
//! POST {url}              {"reference","service","product","amount_minor","currency",
//!                          "subscriber","attempt"}       Idempotency-Key: reference
//!   200 {"status":"approved","provider_reference":"..."}
//!   200 {"status":"declined","code":"14","provider_reference":""}
//!   202 {"status":"pending"}
//! GET {url}/{reference}   the same answers, or 404 {"status":"unknown"}
//! POST {url}/{reference}/reversal      {"reference","service","amount_minor","currency",
//!                                       "attempt"}
//!   200 {"status":"reversed"}  taken back; or never seen, and never done when it comes late
//!   409 {"status":"refused"}   it stands for good
//! POST {url}/{reference}/confirmation  the same body
//!   200 {"status":"noted"}
//! ```
//!
//! Whatever else comes back says nothing about the order: it is unknown.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::request::Builder;
use http::{HeaderName, Method, Request, StatusCode};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use tillgate_core::desk::{Found, Order};
use tillgate_store_core::{Code, Finding, Text};

use super::Purpose;
use crate::config::HttpUrl;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const JSON: &str = "application/json";

/// Declined without a code that a decline can have: not honoured.
const NOT_HONOURED: Code = Code(*b"05");

#[derive(Serialize)]
struct Sale<'a> {
    reference: &'a str,
    service: u16,
    product: u16,
    amount_minor: u64,
    currency: u16,
    subscriber: &'a str,
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
    #[serde(default)]
    code: String,
    #[serde(default)]
    provider_reference: String,
}

/// The request for an errand.
pub(super) fn request(url: &HttpUrl, order: &Order, purpose: Purpose) -> Request<Full<Bytes>> {
    let builder = Request::builder().header(HOST, url.authority()).header(ACCEPT, JSON);
    let below =
        |what: &str| format!("{}/{}{what}", url.path.trim_end_matches('/'), order.reference);
    let built = match purpose {
        Purpose::Forward => {
            let sale = Sale {
                reference: &order.reference,
                service: order.service.0,
                product: order.product.0,
                amount_minor: order.amount_minor,
                currency: order.currency,
                subscriber: &order.subscriber,
                attempt: order.attempt,
            };
            let body = serde_json::to_vec(&sale).expect("numbers and texts are JSON");
            builder
                .method(Method::POST)
                .uri(&url.path)
                .header(CONTENT_TYPE, JSON)
                .header(IDEMPOTENCY_KEY, order.reference.as_str())
                .body(Full::new(Bytes::from(body)))
        }
        Purpose::Inquire => builder.method(Method::GET).uri(below("")).body(Full::default()),
        Purpose::Reverse => remind(builder.uri(below("/reversal")), order),
        Purpose::Advise => remind(builder.uri(below("/confirmation")), order),
    };
    built.expect("the path was checked with the configuration, references are letters and digits")
}

fn remind(builder: Builder, order: &Order) -> http::Result<Request<Full<Bytes>>> {
    let reminder = Reminder {
        reference: &order.reference,
        service: order.service.0,
        amount_minor: order.amount_minor,
        currency: order.currency,
        attempt: order.attempt,
    };
    let body = serde_json::to_vec(&reminder).expect("numbers and texts are JSON");
    builder.method(Method::POST).header(CONTENT_TYPE, JSON).body(Full::new(Bytes::from(body)))
}

/// What the answer to an attempt says about the order.
pub(super) fn found(purpose: Purpose, attempt: u32, status: StatusCode, body: &[u8]) -> Found {
    let unknown = Found::Finding(Finding::Unknown);
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else { return unknown };
    match (purpose, status, answer.status.as_str()) {
        (Purpose::Reverse, StatusCode::OK, "reversed") => Found::Finding(Finding::TakenBack),
        (Purpose::Reverse, StatusCode::CONFLICT, "refused") => Found::Finding(Finding::Stands),
        (Purpose::Advise, StatusCode::OK, "noted") => Found::Finding(Finding::Advised),
        (Purpose::Reverse | Purpose::Advise, _, _) => unknown,
        (_, StatusCode::OK, "approved") => {
            let reference = clip(&answer.provider_reference);
            Found::Finding(Finding::Approved { reference })
        }
        (_, StatusCode::OK, "declined") => {
            let reference = clip(&answer.provider_reference);
            Found::Finding(Finding::Declined { code: code(&answer.code), reference })
        }
        (_, StatusCode::ACCEPTED, "pending") => Found::Pending,
        (Purpose::Inquire, StatusCode::NOT_FOUND, "unknown") => Found::NotSeen { attempt },
        _ => unknown,
    }
}

/// The code of a provider's decline as a terminal may hear it: two digits. A decline is final,
/// so it cannot carry the code that approves (00) or one that makes a terminal ask again (09,
/// 68); codes with a letter are the gateway's own.
fn code(text: &str) -> Code {
    match *text.as_bytes() {
        [b'0', b'0' | b'9'] | [b'6', b'8'] => NOT_HONOURED,
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => Code([a, b]),
        _ => NOT_HONOURED,
    }
}

/// A provider's reference as far as there is room: an approval is not lost over a long one.
fn clip(text: &str) -> Text<32> {
    let mut clipped = Text::new();
    for character in text.chars().filter(|character| !character.is_control()) {
        if clipped.try_push(character).is_err() {
            break;
        }
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_decline_is_told_with_two_digits_that_end_it_and_otherwise_with_05() {
        let table = [
            ("14", "14"),
            ("51", "51"),
            ("91", "91"),
            ("00", "05"),
            ("09", "05"),
            ("68", "05"),
            ("R1", "05"),
            ("B1", "05"),
            ("1a", "05"),
            ("", "05"),
            ("1", "05"),
            ("114", "05"),
            ("\u{e9}", "05"),
        ];
        for (said, told) in table {
            assert_eq!(code(said).to_string(), told, "{said:?}");
        }
    }
}
