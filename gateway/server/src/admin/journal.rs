//! Pages of the journal.

use std::ops::ControlFlow;
use std::sync::Arc;

use tillgate_store_core::journal::transactions;
use warp::reply::Response;

use super::App;
use super::answer;
use super::error::ApiError;
use super::limits::TRANSACTIONS_PER_PAGE_MAX;
use super::routes::blocking;
use super::terminals::{limit, pairs, unknown_parameter};
use crate::transaction_line::{following, line, parse_key};

/// Transactions on a page unless asked otherwise.
const PAGE: usize = 1_000;

/// A page of the journal by date, terminal and STAN.
pub(super) async fn page(app: Arc<App>, query: &str) -> Result<Response, ApiError> {
    let (mut from, mut most) = (None, PAGE);
    for (name, value) in pairs(query) {
        match name {
            "limit" => most = limit(value, TRANSACTIONS_PER_PAGE_MAX)?,
            "after" => {
                let after = parse_key(value).ok_or_else(|| {
                    let expected = "DATE-TERMINAL-STAN as 2026-11-23-00070001-000012";
                    ApiError::bad_request(format!("after={value:.40}: expected {expected}"))
                })?;
                match following(after) {
                    Some(next) => from = Some(next),
                    None => return Ok(answer::ndjson(String::new())),
                }
            }
            _ => return Err(unknown_parameter(name, "after, limit")),
        }
    }
    blocking(move || {
        let (mut text, mut count) = (String::new(), 0);
        transactions(&app.handle.reader, from, |transaction| {
            if count == most {
                return ControlFlow::Break(());
            }
            count += 1;
            text.push_str(&line(&transaction, app.handle.store_id).to_string());
            text.push('\n');
            ControlFlow::Continue(())
        })
        .map_err(ApiError::internal)?;
        Ok(answer::ndjson(text))
    })
    .await
}
