//! Pages of the journal.

use std::ops::ControlFlow;
use std::sync::Arc;

use tillgate_store_core::TerminalId;
use warp::reply::Response;

use super::App;
use super::answer;
use super::error::ApiError;
use super::limits::TRANSACTIONS_PER_PAGE_MAX;
use super::routes::blocking;
use super::terminals::{limit, pairs, unknown_parameter};
use crate::journal::{Format, Selection, parse_date};
use crate::transaction_line::parse_key;

/// Transactions on a page unless asked otherwise.
const PAGE: usize = 1_000;

/// A page of the journal by date, terminal and STAN.
pub(super) async fn page(app: Arc<App>, query: &str) -> Result<Response, ApiError> {
    let (selection, format, most) = read_query(query)?;
    blocking(move || {
        let (mut text, mut count) = (format.header(), 0);
        selection
            .visit(&app.handle.reader, |transaction| {
                if count == most {
                    return ControlFlow::Break(());
                }
                count += 1;
                text.push_str(&format.row(&transaction, app.handle.store_id));
                ControlFlow::Continue(())
            })
            .map_err(ApiError::internal)?;
        Ok(match format {
            Format::Jsonl => answer::ndjson(text),
            Format::Csv => answer::csv(text),
        })
    })
    .await
}

fn read_query(query: &str) -> Result<(Selection, Format, usize), ApiError> {
    let (mut selection, mut format, mut most) = (Selection::default(), Format::default(), PAGE);
    for (name, value) in pairs(query) {
        let wrong = |expected: &str| {
            ApiError::bad_request(format!("{name}={value:.40}: expected {expected}"))
        };
        let date = || parse_date(value).ok_or_else(|| wrong("a date as 2026-11-23"));
        match name {
            "limit" => most = limit(value, TRANSACTIONS_PER_PAGE_MAX)?,
            "from" => selection.from = Some(date()?),
            "to" => selection.to = Some(date()?),
            "terminal" => {
                let id = value.parse().map_err(|_| wrong("a terminal's id"))?;
                selection.terminal = Some(TerminalId(id));
            }
            "after" => {
                let key = parse_key(value);
                let expected = "DATE-TERMINAL-STAN as 2026-11-23-00070001-000012";
                selection.after = Some(key.ok_or_else(|| wrong(expected))?);
            }
            "format" => format = Format::parse(value).ok_or_else(|| wrong("jsonl or csv"))?,
            _ => {
                let known = "after, limit, from, to, terminal, format";
                return Err(unknown_parameter(name, known));
            }
        }
    }
    Ok((selection, format, most))
}
