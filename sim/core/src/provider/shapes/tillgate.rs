//! The gateway's own JSON dialect (`docs/bridges.md` section 1): the same reference again is answered
//! alike, an order may be taken back, an account may be looked up.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{Asked, Order, Problem, Said, ShapedDeal, body, text};
use crate::provider::{DealStatus, FoundBill};
use crate::sales_log::digest;

/// Answers that no other shape has.
pub(super) enum OwnSaid<'a> {
    Reversed(&'a ShapedDeal),
    /// It cannot be taken back.
    Refused(&'a ShapedDeal),
    Noted(&'a ShapedDeal),
    Found(&'a str, FoundBill),
    NotFound(&'a str, &'a str),
}

pub(super) fn read(request: &Request<Vec<u8>>) -> Result<Asked, Problem> {
    let mut parts = request.uri().path().rsplit('/');
    let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if request.method() == Method::GET {
        return Ok(Asked::List(last.to_owned()));
    }
    if request.method() != Method::POST {
        let text = "only GET and POST are known here";
        return Err((StatusCode::METHOD_NOT_ALLOWED, json!({"error": text})));
    }
    let body = body(request)?;
    let number = |name: &str| body[name].as_u64().unwrap_or(0);
    let order = |reference: String| Order {
        reference,
        account: text(&body["subscriber"]),
        product: text(&body["product"]),
        amount_minor: number("amount_minor"),
        currency: text(&body["currency"]),
        callback_url: String::new(),
    };
    match last {
        "reversal" => Ok(Asked::Reverse(order(before.to_owned()))),
        "confirmation" => Ok(Asked::Note(before.to_owned())),
        "lookup" => {
            let service = u16::try_from(number("service")).unwrap_or(0);
            Ok(Asked::Bill(service, order(text(&body["reference"]))))
        }
        _ => {
            let complete = order(text(&body["reference"])).complete();
            let missing = json!({"error": "reference, subscriber or amount_minor is missing"});
            complete.map(Asked::Order).ok_or((StatusCode::BAD_REQUEST, missing))
        }
    }
}

pub(super) fn write(said: &Said<'_>) -> (StatusCode, Value) {
    match said {
        Said::Order(deal, status) | Said::Status(Some((deal, status))) => outcome(deal, *status),
        Said::List(Some((deal, status))) => outcome(deal, *status),
        Said::Accepted(deal) => (StatusCode::ACCEPTED, about(deal, json!({"status": "pending"}))),
        Said::Status(None) | Said::List(None) | Said::Duplicate => {
            (StatusCode::NOT_FOUND, json!({"status": "unknown"}))
        }
        Said::Full => (StatusCode::SERVICE_UNAVAILABLE, json!({"error": "the book is full"})),
        Said::Own(said) => own(said),
    }
}

fn own(said: &OwnSaid<'_>) -> (StatusCode, Value) {
    match said {
        OwnSaid::Reversed(deal) => (StatusCode::OK, about(deal, json!({"status": "reversed"}))),
        OwnSaid::Refused(deal) => (StatusCode::CONFLICT, about(deal, json!({"status": "refused"}))),
        OwnSaid::Noted(deal) => (StatusCode::OK, about(deal, json!({"status": "noted"}))),
        OwnSaid::Found(reference, bill) => {
            let (least, most) = bill.range_minor;
            let body = json!({
                "status": "found",
                "reference": reference,
                "lookup_reference": bill.reference,
                "amount_minor": bill.amount_minor,
                "amount_min_minor": least,
                "amount_max_minor": most,
                "name": bill.name,
            });
            (StatusCode::OK, body)
        }
        OwnSaid::NotFound(reference, code) => {
            let body = json!({"status": "declined", "reference": reference, "code": code});
            (StatusCode::OK, body)
        }
    }
}

fn outcome(deal: &ShapedDeal, status: DealStatus) -> (StatusCode, Value) {
    let declined =
        |code: &str| json!({"status": "declined", "code": code, "provider_reference": ""});
    match status {
        DealStatus::Approved => {
            let own = format!("P{:016X}", digest(deal.order.reference.as_bytes()));
            let body = json!({"status": "approved", "provider_reference": own});
            (StatusCode::OK, about(deal, body))
        }
        DealStatus::Declined => (StatusCode::OK, about(deal, declined(&deal.code))),
        DealStatus::Reversed => (StatusCode::OK, about(deal, declined("R1"))),
        DealStatus::Pending(_) => (StatusCode::ACCEPTED, about(deal, json!({"status": "pending"}))),
    }
}

fn about(deal: &ShapedDeal, mut body: Value) -> Value {
    body["reference"] = json!(deal.order.reference);
    body["amount_minor"] = json!(deal.order.amount_minor);
    body
}
