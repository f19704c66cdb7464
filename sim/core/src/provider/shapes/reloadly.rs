//! The shape of Reloadly's top-up API: `customIdentifier`, `/topups` and `/topups-async`, a status
//! by the provider's number and a report by ours.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::amount::{major, minor};
use super::{Asked, Order, Problem, Said, ShapeSettings, ShapedDeal, body, query, text};
use crate::provider::DealStatus;

pub(super) fn read(request: &Request<Vec<u8>>, settings: &ShapeSettings) -> Result<Asked, Problem> {
    let path = request.uri().path();
    match (request.method(), path) {
        (&Method::POST, "/topups" | "/topups-async") => {
            let body = body(request)?;
            let amount_minor = minor(&body["amount"], settings.decimals);
            let amount_minor = amount_minor.ok_or_else(|| problem("INVALID_AMOUNT"))?;
            let order = Order {
                reference: text(&body["customIdentifier"]),
                account: text(&body["recipientPhone"]["number"]),
                product: text(&body["operatorId"]),
                amount_minor,
                currency: settings.currency.clone(),
                callback_url: String::new(),
            };
            let order = order.complete().ok_or_else(|| problem("INVALID_REQUEST"))?;
            match path {
                "/topups" => Ok(Asked::Order(order)),
                _ => Ok(Asked::OrderAsync(order)),
            }
        }
        (&Method::GET, "/topups/reports/transactions") => {
            Ok(Asked::List(query(request, "customIdentifier")))
        }
        (&Method::GET, _) => {
            let id = path.strip_prefix("/topups/").and_then(|path| path.strip_suffix("/status"));
            let id = id.and_then(|id| id.parse().ok()).ok_or_else(|| problem("NOT_FOUND"))?;
            Ok(Asked::Status(id))
        }
        _ => Err(problem("METHOD_NOT_ALLOWED")),
    }
}

fn problem(code: &str) -> Problem {
    (StatusCode::BAD_REQUEST, error(code))
}

fn error(code: &str) -> Value {
    json!({"errorCode": code, "message": code, "path": "/topups", "details": []})
}

pub(super) fn write(said: &Said<'_>, settings: &ShapeSettings) -> (StatusCode, Value) {
    let record = |deal, status| record(deal, status, settings);
    match said {
        Said::Order(deal, DealStatus::Declined) => (StatusCode::BAD_REQUEST, error(&deal.code)),
        Said::Order(deal, status) => (StatusCode::OK, record(deal, *status)),
        Said::Accepted(deal) => (StatusCode::OK, json!({"transactionId": deal.id})),
        Said::Duplicate => (StatusCode::BAD_REQUEST, error("CUSTOM_IDENTIFIER_ALREADY_USED")),
        Said::Status(Some((deal, status))) => {
            let transaction = record(deal, *status);
            let body = json!({"status": word(*status), "transaction": transaction});
            (StatusCode::OK, body)
        }
        Said::Status(None) => (StatusCode::NOT_FOUND, error("TRANSACTION_NOT_FOUND")),
        Said::List(found) => {
            let content: Vec<Value> =
                found.iter().map(|(deal, status)| record(deal, *status)).collect();
            let count = content.len();
            (StatusCode::OK, json!({"content": content, "totalElements": count}))
        }
        Said::Full | Said::Own(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, error("SERVICE_UNAVAILABLE"))
        }
    }
}

fn word(status: DealStatus) -> &'static str {
    match status {
        DealStatus::Approved => "SUCCESSFUL",
        DealStatus::Declined => "FAILED",
        DealStatus::Pending(_) => "PROCESSING",
        DealStatus::Reversed => "REFUNDED",
    }
}

fn record(deal: &ShapedDeal, status: DealStatus, settings: &ShapeSettings) -> Value {
    let Order { reference, account, product, amount_minor, currency, .. } = &deal.order;
    let mut record = json!({
        "transactionId": deal.id,
        "status": word(status),
        "customIdentifier": reference,
        "recipientPhone": account,
        "operatorId": product,
        "requestedAmount": major(*amount_minor, settings.decimals),
        "requestedAmountCurrencyCode": currency,
    });
    if status == DealStatus::Declined {
        record["errorCode"] = json!(deal.code);
    }
    record
}
