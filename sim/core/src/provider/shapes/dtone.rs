//! The shape of DT One's API: create, confirm, a callback with the outcome, a query by our
//! `external_id`.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::amount::{major, minor};
use super::{Asked, Order, Problem, Said, ShapeSettings, ShapedDeal, body, query, text};
use crate::provider::DealStatus;
use crate::time::Moment;

const TRANSACTIONS: &str = "/v1/async/transactions";

pub(super) fn read(request: &Request<Vec<u8>>, settings: &ShapeSettings) -> Result<Asked, Problem> {
    let path = request.uri().path();
    match (request.method(), path) {
        (&Method::POST, TRANSACTIONS) => {
            let body = body(request)?;
            let amount_minor = minor(&body["source"]["amount"], settings.decimals);
            let order = Order {
                reference: text(&body["external_id"]),
                account: text(&body["credit_party_identifier"]["mobile_number"]),
                product: text(&body["product_id"]),
                amount_minor: amount_minor.ok_or_else(|| problem("source.amount is no amount"))?,
                currency: text(&body["source"]["unit"]),
                callback_url: text(&body["callback_url"]),
            };
            let order = order.complete().ok_or_else(|| problem("a value is missing"))?;
            match body["auto_confirm"] == json!(true) {
                true => Ok(Asked::OrderAsync(order)),
                false => Ok(Asked::Create(order)),
            }
        }
        (&Method::POST, _) => {
            let id = path.strip_prefix(TRANSACTIONS).and_then(|path| path.strip_prefix('/'));
            let id = id.and_then(|path| path.strip_suffix("/confirm")?.parse().ok());
            id.map(Asked::Confirm).ok_or_else(|| problem("no such resource"))
        }
        (&Method::GET, "/v1/transactions") => Ok(Asked::List(query(request, "external_id"))),
        (&Method::GET, _) => {
            let id = path.strip_prefix("/v1/transactions/").and_then(|id| id.parse().ok());
            id.map(Asked::Status).ok_or_else(|| problem("no such resource"))
        }
        _ => Err(problem("no such method")),
    }
}

fn problem(message: &str) -> Problem {
    (StatusCode::BAD_REQUEST, error(1_003_001, message))
}

fn error(code: u32, message: &str) -> Value {
    json!({"errors": [{"code": code, "message": message}]})
}

pub(super) fn write(said: &Said<'_>, settings: &ShapeSettings) -> (StatusCode, Value) {
    match said {
        // The outcome comes later, also a decline.
        Said::Accepted(deal) => {
            (StatusCode::CREATED, record(deal, DealStatus::Pending(Moment(0)), settings))
        }
        Said::Order(deal, status) | Said::Status(Some((deal, status))) => {
            (StatusCode::OK, record(deal, *status, settings))
        }
        Said::Duplicate => {
            (StatusCode::BAD_REQUEST, error(1_003_001, "External id has already been used"))
        }
        Said::Status(None) => (StatusCode::NOT_FOUND, error(1_003_002, "Transaction not found")),
        Said::List(found) => {
            let found = found.iter().map(|(deal, status)| record(deal, *status, settings));
            (StatusCode::OK, Value::Array(found.collect()))
        }
        Said::Full | Said::Own(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, error(1_000_503, "try again later"))
        }
    }
}

/// A transaction, as answers and callbacks have it.
pub(super) fn record(deal: &ShapedDeal, status: DealStatus, settings: &ShapeSettings) -> Value {
    let Order { reference, account, product, amount_minor, currency, .. } = &deal.order;
    let (class, word) = match status {
        _ if !deal.is_confirmed => (1, "CREATED"),
        DealStatus::Pending(_) => (5, "SUBMITTED"),
        DealStatus::Approved => (7, "COMPLETED"),
        DealStatus::Reversed => (8, "REVERSED"),
        DealStatus::Declined => (9, "DECLINED"),
    };
    json!({
        "id": deal.id,
        "external_id": reference,
        "product": {"id": product},
        "credit_party_identifier": {"mobile_number": account},
        "source": {
            "amount": major(*amount_minor, settings.decimals),
            "unit": currency,
            "unit_type": "CURRENCY",
        },
        "status": {
            "id": class * 10_000,
            "class": {"id": class, "message": word},
            "message": if deal.code.is_empty() { word } else { &deal.code },
        },
    })
}
