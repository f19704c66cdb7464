//! Transactions one by one, the list of those that somebody must still act on, and the operator's
//! word about one.

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_core::orders::{self, NotAPerson};
use tillgate_core::report::{self, Awaited, Page, TransactionDetail, TransactionLine, show_key};
use tillgate_core::transaction::{ControlOrder, Controlled};
use tillgate_store_core::limits::REFERENCE_BYTES_MAX;
use tillgate_store_core::{BusinessDate, Key, RefundStep, Resolution, Text, Transaction, journal};

use super::blocking::blocking;
use super::control::carry;
use super::error::{Answer, ApiError};
use super::limits::{NOTE_BYTES_MAX, ORDER_TIME_MAX, ROWS_PER_PAGE_MAX, TRANSACTIONS_PER_PAGE_MAX};
use super::query::{As, Line, PageLength};
use super::route::{Body, Call, Query};

type Limit = As<PageLength<100, TRANSACTIONS_PER_PAGE_MAX>>;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenQuery {
    /// Only those that wait for this one
    awaits: Option<Awaited>,
    /// Only those with a later key
    after: Option<As<Key>>,
    /// At most this many
    #[serde(default)]
    limit: Limit,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Open {
    transactions: Vec<TransactionLine>,
    /// The `after` of the next page, if there may be one.
    next: Option<String>,
}

/// The open transactions by key: without an outcome, or with something still due.
pub(super) async fn open(Call { app, .. }: Call, Query(query): Query<OpenQuery>) -> Answer<Open> {
    blocking(move || {
        let (page, after) = (Page::new(query.limit.0.0, ROWS_PER_PAGE_MAX), query.after);
        let page = report::open(&app.handle.reader, after.map(|key| key.0), query.awaits, page);
        let (transactions, next) = page.map_err(ApiError::internal)?.filled(&app.names);
        Ok(Open { transactions, next })
    })
    .await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DifferencesQuery {
    /// The business date
    date: As<BusinessDate>,
    /// Only those with a later key
    after: Option<As<Key>>,
    /// At most this many
    #[serde(default)]
    limit: Limit,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Differences {
    date: String,
    differences: Vec<TransactionLine>,
    /// The `after` of the next page, if there may be one.
    next: Option<String>,
}

/// A page of the settlements of a business date whose totals differ, by terminal and STAN.
pub(super) async fn differences(
    Call { app, .. }: Call,
    Query(DifferencesQuery { date: As(date), after, limit }): Query<DifferencesQuery>,
) -> Answer<Differences> {
    blocking(move || {
        let (page, after) = (Page::new(limit.0.0, ROWS_PER_PAGE_MAX), after.map(|key| key.0));
        let page = report::differences(&app.handle.reader, date, after, page);
        let (differences, next) = page.map_err(ApiError::internal)?.filled(&app.names);
        Ok(Differences { date: date.to_string(), differences, next })
    })
    .await
}

pub(super) async fn show(Call { app, .. }: Call, As(key): As<Key>) -> Answer<TransactionDetail> {
    blocking(move || {
        let rows = &app.handle.reader;
        let row = journal::record::<Transaction>(rows, &key.to_bytes(), &mut Vec::new());
        let row = row.map_err(ApiError::internal)?.ok_or_else(|| {
            ApiError::not_found(format!("there is no transaction {}", show_key(&key)))
        })?;
        report::detail(rows, &row, &app.names).map_err(ApiError::internal)
    })
    .await
}

/// What an operator says about a transaction.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Approved,
    Declined,
    Done,
    LateApproval,
    Disputed,
    Refund,
    ApproveRefund,
    CancelRefund,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Resolve {
    r#as: Verdict,
    /// For the audit log.
    note: As<Line<NOTE_BYTES_MAX>>,
    /// The issuer's reference, for `refund`.
    void: Option<As<Line<REFERENCE_BYTES_MAX>>>,
}

/// The operator's word about an open transaction: the outcome, as somebody found out.
pub(super) async fn resolve(
    call: Call,
    (As(key), body): (As<Key>, Body<Resolve>),
) -> Answer<TransactionDetail> {
    let Resolve { r#as: verdict, note: As(Line(note)), void } = body.read()?;
    let decide = |verdict, note| Ok(ControlOrder::Resolve { key, verdict, note });
    let refund = |step, note| refund(&call, key, step, note);
    let order = match verdict {
        Verdict::Approved => decide(Resolution::Approved, note),
        Verdict::Declined => decide(Resolution::Declined, note),
        Verdict::Done => decide(Resolution::Done, note),
        Verdict::LateApproval => decide(Resolution::LateApproval, note),
        Verdict::Disputed => decide(Resolution::Disputed, note),
        Verdict::Refund => {
            let As(Line(void)) = void.ok_or_else(|| {
                ApiError::bad_request("expected void: the issuer's reference, of a refund")
            })?;
            let reference = Text::from(&void).unwrap_or_default();
            refund(RefundStep::Propose { reference }, note)
        }
        Verdict::ApproveRefund => refund(RefundStep::Approve, note),
        Verdict::CancelRefund => refund(RefundStep::Cancel, note),
    }?;
    show(call.clone(), As(key)).await?;
    match carry(&call, None, order, ORDER_TIME_MAX).await? {
        Controlled::Applied { .. } => show(call, As(key)).await,
        Controlled::Withdrawn(_) => Err(ApiError::internal("a verdict, answered as a withdrawal")),
        Controlled::Rejected(rejections) => {
            let why: Vec<&str> = rejections.iter().map(|r| r.why.as_str()).collect();
            Err(ApiError::refused(format!("{}: {}", show_key(&key), why.join("; "))))
        }
    }
}

/// A step of a refund, booked on today's business date.
fn refund(
    Call { app, caller }: &Call,
    key: Key,
    step: RefundStep,
    note: String,
) -> Answer<ControlOrder> {
    let today = app.calendar.date(app.handle.clock.wall());
    orders::refund(&caller.who, (key, step), today, note).map_err(|NotAPerson| {
        let text = "a refund takes two people, each with a login of its own: tillgate transaction \
                    refund ... --user NAME, or the token of POST /api/v1/login";
        ApiError::new(StatusCode::FORBIDDEN, "forbidden", text)
    })
}
