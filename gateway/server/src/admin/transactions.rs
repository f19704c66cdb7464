//! Transactions one by one, the list of those that somebody must still act on, and the operator's
//! word about one.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::{Value, json};
use tillgate_core::transaction::ControlOrder;
use tillgate_store_core::limits::REFERENCE_BYTES_MAX;
use tillgate_store_core::{
    BusinessDate, FollowUp, Key, ReadRows, RefundStep, Resolution, StoreError, Text, Transaction,
    journal,
};
use warp::http::StatusCode;
use warp::reply::Response;

use super::App;
use super::answer;
use super::auth::Caller;
use super::error::ApiError;
use super::limits::{NOTE_BYTES_MAX, ORDER_TIME_MAX, ROWS_PER_PAGE_MAX, TRANSACTIONS_PER_PAGE_MAX};
use super::orders::{Carried, carry, text};
use super::routes::blocking;
use super::terminals::{limit, pairs, unknown_parameter};
use crate::journal::parse_date;
use crate::transaction_line::{following, line, parse_key, show_key};

/// Transactions on a page unless asked otherwise.
const PAGE: usize = 100;

/// Who must act.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Operator,
    Provider,
}

impl Awaited {
    fn by(transaction: &Transaction) -> Self {
        match transaction.due {
            Some(due) if due.what == FollowUp::Operator => Self::Operator,
            _ => Self::Provider,
        }
    }
}

/// Which open transactions are asked for.
struct Page {
    from: Option<Key>,
    limit: usize,
    awaited: Option<Awaited>,
}

/// The open transactions by key: without an outcome, or with something still due.
pub(super) async fn open(app: Arc<App>, query: &str) -> Result<Response, ApiError> {
    let mut page = Page { from: None, limit: PAGE, awaited: None };
    for (name, value) in pairs(query) {
        match name {
            "limit" => page.limit = limit(value, TRANSACTIONS_PER_PAGE_MAX)?,
            "after" => match following(key(value)?) {
                Some(next) => page.from = Some(next),
                None => return Ok(list(&app, &[], None)),
            },
            "awaits" => page.awaited = Some(awaited(value)?),
            _ => return Err(unknown_parameter(name, "after, awaits, limit")),
        }
    }
    blocking(move || {
        let (found, next) = collect(&app.handle.reader, &page).map_err(ApiError::internal)?;
        Ok(list(&app, &found, next))
    })
    .await
}

fn awaited(value: &str) -> Result<Awaited, ApiError> {
    match value {
        "operator" => Ok(Awaited::Operator),
        "provider" => Ok(Awaited::Provider),
        _ => Err(ApiError::bad_request("awaits: allowed are operator, provider")),
    }
}

fn list(app: &App, found: &[Transaction], next: Option<Key>) -> Response {
    let lines: Vec<Value> =
        found.iter().map(|transaction| line(transaction, app.handle.store_id)).collect();
    answer::json(&json!({ "transactions": lines, "next": next.as_ref().map(show_key) }))
}

/// A page that is being filled.
#[derive(Default)]
struct Filling {
    found: Vec<Transaction>,
    looked_at: usize,
    last: Option<Key>,
    more: bool,
}

impl Filling {
    /// Takes the next row, if it is wanted and there is room.
    fn take(&mut self, row: Transaction, wanted: bool, limit: usize) -> ControlFlow<()> {
        if self.found.len() == limit || self.looked_at == ROWS_PER_PAGE_MAX {
            self.more = true;
            return ControlFlow::Break(());
        }
        self.looked_at += 1;
        self.last = Some(row.key);
        if wanted {
            self.found.push(row);
        }
        ControlFlow::Continue(())
    }

    /// The page, and after which key the next one begins, if there may be one.
    fn filled(self) -> (Vec<Transaction>, Option<Key>) {
        (self.found, self.last.filter(|_| self.more))
    }
}

fn collect(
    rows: &dyn ReadRows,
    page: &Page,
) -> Result<(Vec<Transaction>, Option<Key>), StoreError> {
    let mut filling = Filling::default();
    journal::open(rows, page.from, |row| {
        let wanted = page.awaited.is_none_or(|awaited| awaited == Awaited::by(&row));
        filling.take(row, wanted, page.limit)
    })?;
    Ok(filling.filled())
}

/// A page of the settlements of a business date whose totals differ, by terminal and STAN. The
/// date is that of the request, which is mostly the one it settles.
pub(super) async fn differences(app: Arc<App>, query: &str) -> Result<Response, ApiError> {
    let (mut date, mut after, mut most) = (None, None, PAGE);
    for (name, value) in pairs(query) {
        match name {
            "date" => date = Some(self::date(value)?),
            "limit" => most = limit(value, TRANSACTIONS_PER_PAGE_MAX)?,
            "after" => after = Some(key(value)?),
            _ => return Err(unknown_parameter(name, "date, after, limit")),
        }
    }
    let Some(date) = date else {
        return Err(ApiError::bad_request("date is missing: ?date=2026-11-23"));
    };
    let first = Key { date, ..Key::default() };
    let from = after.map_or(Some(first), |after| following(after).map(|next| next.max(first)));
    blocking(move || {
        let mut filling = Filling::default();
        if let Some(from) = from {
            journal::transactions(&app.handle.reader, Some(from), |row| {
                if row.key.date != date {
                    return ControlFlow::Break(());
                }
                let wanted = row.differs();
                filling.take(row, wanted, most)
            })
            .map_err(ApiError::internal)?;
        }
        let (found, next) = filling.filled();
        let lines: Vec<Value> = found.iter().map(|row| line(row, app.handle.store_id)).collect();
        let next = next.as_ref().map(show_key);
        let date = date.to_string();
        Ok(answer::json(&json!({ "date": date, "differences": lines, "next": next })))
    })
    .await
}

fn date(value: &str) -> Result<BusinessDate, ApiError> {
    parse_date(value).ok_or_else(|| {
        ApiError::bad_request(format!("date={value:.40}: expected one as 2026-11-23"))
    })
}

/// One transaction.
pub(super) async fn show(app: Arc<App>, name: Option<&String>) -> Result<Response, ApiError> {
    let key = named(name)?;
    let store_id = app.handle.store_id;
    let row = find(app, key).await?;
    Ok(answer::json(&line(&row, store_id)))
}

async fn find(app: Arc<App>, key: Key) -> Result<Transaction, ApiError> {
    blocking(move || {
        let rows = &app.handle.reader;
        let row = journal::record::<Transaction>(rows, &key.to_bytes(), &mut Vec::new());
        row.map_err(ApiError::internal)?.ok_or_else(|| {
            ApiError::not_found(format!("there is no transaction {}", show_key(&key)))
        })
    })
    .await
}

/// The operator's word about an open transaction: what became of it, as somebody found out.
pub(super) async fn resolve(
    app: Arc<App>,
    name: Option<&String>,
    body: &Value,
    caller: &Caller,
) -> Result<Response, ApiError> {
    let key = named(name)?;
    let note = text(body, "note", NOTE_BYTES_MAX)?;
    let step = body.get("as").and_then(Value::as_str);
    if step.is_some_and(|step| step.contains("refund")) && !caller.is_person() {
        let text = "a refund takes two people, each with a login of its own: tillgate transaction \
                    refund ... --user NAME, or the token of POST /api/v1/login";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let order = match step {
        Some("approved") => ControlOrder::Resolve { key, verdict: Resolution::Approved, note },
        Some("declined") => ControlOrder::Resolve { key, verdict: Resolution::Declined, note },
        Some("done") => ControlOrder::Resolve { key, verdict: Resolution::Done, note },
        Some("refund") => {
            let void = text(body, "void", REFERENCE_BYTES_MAX)?;
            let reference = Text::from(&void).unwrap_or_default();
            refund(&app, key, RefundStep::Propose { reference }, note)
        }
        Some("approve-refund") => refund(&app, key, RefundStep::Approve, note),
        Some("cancel-refund") => refund(&app, key, RefundStep::Cancel, note),
        _ => {
            let expected = "expected {\"as\":\"approved\"|\"declined\"|\"done\"|\"refund\"|\
                            \"approve-refund\"|\"cancel-refund\",\"note\":\"...\"}, of a refund with \
                            \"void\":\"the issuer's reference\"";
            return Err(ApiError::bad_request(expected));
        }
    };
    find(Arc::clone(&app), key).await?;
    match carry(&app, None, order, caller, ORDER_TIME_MAX).await? {
        Carried::Applied(_) => show(app, name).await,
        Carried::Rejected(rejections) => {
            let why: Vec<&str> = rejections.iter().map(|r| r.why.as_str()).collect();
            Err(ApiError::refused(format!("{}: {}", show_key(&key), why.join("; "))))
        }
    }
}

/// A step of a refund, booked on today's business date.
fn refund(app: &App, key: Key, step: RefundStep, note: String) -> ControlOrder {
    let today = app.calendar.date(app.handle.clock.wall());
    ControlOrder::Refund { key, step, today, note }
}

fn named(parameter: Option<&String>) -> Result<Key, ApiError> {
    key(parameter.map_or("", String::as_str))
}

fn key(text: &str) -> Result<Key, ApiError> {
    parse_key(text).ok_or_else(|| {
        let expected = "expected DATE-TERMINAL-STAN as 2026-11-23-00070001-000012";
        ApiError::bad_request(format!("{text:.40?} names no transaction: {expected}"))
    })
}
