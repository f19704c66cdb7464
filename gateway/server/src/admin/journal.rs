//! Pages of the journal.

use std::ops::ControlFlow;

use bytes::Bytes;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Value, json};
use tillgate_core::report::{Format, Selection, TransactionLine};
use tillgate_store_core::{BusinessDate, Key, TerminalId};
use warp::reply::Response;

use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::limits::TRANSACTIONS_PER_PAGE_MAX;
use super::query::{As, PageLength};
use super::route::{Call, Query, Reply, content};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalQuery {
    /// Only later keys
    after: Option<As<Key>>,
    /// At most this many
    #[serde(default)]
    limit: As<PageLength<1_000, TRANSACTIONS_PER_PAGE_MAX>>,
    /// First business date
    from: Option<As<BusinessDate>>,
    /// Last business date
    to: Option<As<BusinessDate>>,
    /// Only this terminal's
    terminal: Option<As<TerminalId>>,
    #[serde(default)]
    format: Format,
}

pub(super) struct Rows(Format, String);

impl Reply for Rows {
    fn reply(self) -> Response {
        let kind = match self.0 {
            Format::Jsonl => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8; header=present",
        };
        content(Bytes::from(self.1), kind)
    }

    fn describe(generator: &mut SchemaGenerator) -> Value {
        json!({
            // Of one line.
            "application/x-ndjson": { "schema": generator.subschema_for::<TransactionLine>() },
            "text/csv": { "schema": { "type": "string" } },
        })
    }
}

/// A page of the journal by date, terminal and STAN.
pub(super) async fn page(
    Call { app, .. }: Call,
    Query(query): Query<JournalQuery>,
) -> Answer<Rows> {
    let selection = Selection {
        from: query.from.map(|date| date.0),
        to: query.to.map(|date| date.0),
        terminal: query.terminal.map(|terminal| terminal.0),
        after: query.after.map(|key| key.0),
    };
    let (format, most) = (query.format, query.limit.0.0);
    blocking(move || {
        let (mut text, mut count) = (format.header(), 0);
        selection
            .visit(&app.handle.reader, |transaction| {
                if count == most {
                    return ControlFlow::Break(());
                }
                count += 1;
                text.push_str(&format.row(&transaction, &app.names));
                ControlFlow::Continue(())
            })
            .map_err(ApiError::internal)?;
        Ok(Rows(format, text))
    })
    .await
}
