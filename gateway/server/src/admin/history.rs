//! The history of one registry record.

use schemars::JsonSchema;
use serde::Deserialize;
use tillgate_core::report::{self, History, RecordKind};

use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::limits::VERSIONS_PER_PAGE_MAX;
use super::query::{As, PageLength};
use super::route::{Call, Query};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryQuery {
    kind: RecordKind,
    id: As<u32>,
    /// Only the version of this time, Unix milliseconds
    at_ms: Option<As<u64>>,
    /// Only versions that a change before this one ended
    after: Option<As<u64>>,
    /// At most this many
    #[serde(default)]
    limit: As<PageLength<20, VERSIONS_PER_PAGE_MAX>>,
}

/// A page of the versions of a record, or the one of a time.
pub(super) async fn history(
    Call { app, .. }: Call,
    Query(query): Query<HistoryQuery>,
) -> Answer<History> {
    blocking(move || {
        let (rows, subject) = (app.handle.reader.snapshot(), (query.kind, query.id.0));
        let found = match query.at_ms {
            Some(As(at_ms)) => report::version_at(&rows, subject, at_ms),
            None => {
                let after = query.after.map(|after| after.0);
                report::versions(&rows, subject, after, query.limit.0.0)
            }
        };
        found.map_err(ApiError::internal)
    })
    .await
}
