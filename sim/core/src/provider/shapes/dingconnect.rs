//! The shape of DingConnect's API: HTTP 200 whatever happened, `ResultCode` and `ProcessingState` in
//! the body, and a list query by our `DistributorRef`.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::amount::{major, minor};
use super::{Asked, Order, Problem, Said, ShapeSettings, ShapedDeal, body, text};
use crate::provider::DealStatus;

/// `ResultCode`: done, accepted, refused.
const DONE: u8 = 1;
const ACCEPTED: u8 = 2;
const REFUSED: u8 = 4;

pub(super) fn read(request: &Request<Vec<u8>>, settings: &ShapeSettings) -> Result<Asked, Problem> {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/api/V1/SendTransfer") => {
            let body = body(request)?;
            let amount_minor = minor(&body["SendValue"], settings.decimals);
            let order = Order {
                reference: text(&body["DistributorRef"]),
                account: text(&body["AccountNumber"]),
                product: text(&body["SkuCode"]),
                amount_minor: amount_minor.ok_or_else(|| problem("ParameterInvalid"))?,
                currency: text(&body["SendCurrencyIso"]),
                callback_url: String::new(),
            };
            let order = order.complete().ok_or_else(|| problem("ParameterInvalid"))?;
            match body["ValidateOnly"] == json!(true) {
                true => Ok(Asked::Validate(order)),
                false => Ok(Asked::Order(order)),
            }
        }
        (&Method::POST, "/api/V1/ListTransferRecords") => {
            Ok(Asked::List(text(&body(request)?["DistributorRef"])))
        }
        _ => Err(problem("NotFound")),
    }
}

fn problem(code: &str) -> Problem {
    (StatusCode::OK, refused(code))
}

fn refused(code: &str) -> Value {
    json!({"ResultCode": REFUSED, "ErrorCodes": [{"Code": code, "Context": ""}]})
}

pub(super) fn write(said: &Said<'_>, settings: &ShapeSettings) -> (StatusCode, Value) {
    let body = match said {
        Said::Order(deal, status) => item(deal, *status, settings),
        Said::Accepted(deal) => item(deal, deal.status, settings),
        Said::Duplicate => refused("DuplicateTransactionPrevented"),
        Said::Status(found) | Said::List(found) => {
            let items: Vec<Value> =
                found.iter().map(|(deal, status)| item(deal, *status, settings)).collect();
            json!({
                "ResultCode": DONE,
                "ErrorCodes": [],
                "Items": items,
                "ThereAreMoreItems": false,
            })
        }
        Said::Full | Said::Own(_) => refused("RateLimited"),
    };
    (StatusCode::OK, body)
}

fn item(deal: &ShapedDeal, status: DealStatus, settings: &ShapeSettings) -> Value {
    let Order { reference, account, product, amount_minor, currency, .. } = &deal.order;
    let (result, state) = match status {
        DealStatus::Approved => (DONE, "Complete"),
        DealStatus::Pending(_) => (ACCEPTED, "Submitted"),
        DealStatus::Declined => (REFUSED, "Failed"),
        DealStatus::Reversed => (REFUSED, "Cancelled"),
    };
    let errors = match status {
        DealStatus::Declined => json!([{"Code": deal.code, "Context": ""}]),
        _ => json!([]),
    };
    json!({
        "TransferRecord": {
            "TransferId": {"TransferRef": deal.id.to_string(), "DistributorRef": reference},
            "SkuCode": product,
            "Price": {
                "SendValue": major(*amount_minor, settings.decimals),
                "SendCurrencyIso": currency,
            },
            "ProcessingState": state,
            "AccountNumber": account,
        },
        "ResultCode": result,
        "ErrorCodes": errors,
    })
}
