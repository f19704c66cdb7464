//! Health, readiness, metrics and the state of the whole.

use std::sync::{Arc, PoisonError};

use http::StatusCode;
use serde_json::{Value, json};
use tillgate_store_core::{Head, ReadRows, Record};
use warp::reply::Response;

use super::App;
use super::answer;
use super::error::ApiError;
use super::gauges;
use super::routes::blocking;
use crate::serve::view::Stage;

/// The process runs.
pub(super) fn health() -> Response {
    answer::json(&json!({ "status": "ok" }))
}

/// Sales are taken. Whatever an earlier run left without an outcome is UNKNOWN on the disk by then, and
/// `pending` counts down to what is under way as it is found out.
pub(super) fn ready(app: &App) -> Result<Response, ApiError> {
    match app.handle.view.stage() {
        Stage::Serving => {
            let pending = app.handle.metrics.writer.pending();
            Ok(answer::json(&json!({ "status": "ready", "pending": pending })))
        }
        stage => {
            let text = format!("the gateway is {}", name(stage));
            Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", text))
        }
    }
}

/// The counters, and what is counted in the store.
pub(super) async fn metrics(app: Arc<App>) -> Response {
    let mut page = app.handle.metrics.render(&app.handle.view);
    page.push_str(&gauges::page(&app).await);
    answer::prometheus(page)
}

/// The state of the whole.
pub(super) async fn status(app: Arc<App>) -> Result<Response, ApiError> {
    blocking(move || {
        let handle = &app.handle;
        let mut value = Vec::new();
        let head = match handle.reader.get(Head::FAMILY, Head::KEY, &mut value) {
            Ok(true) => Head::decode(Head::KEY, &value).map_err(ApiError::internal)?,
            Ok(false) => return Err(ApiError::internal("the store has no head")),
            Err(error) => return Err(ApiError::internal(error)),
        };
        Ok(answer::json(&json!({
            "version": env!("CARGO_PKG_VERSION"),
            "stage": name(handle.view.stage()),
            "store": handle.store_id.to_string(),
            "uptime_s": handle.clock.now().0 / 1_000_000_000,
            "time_ms": handle.clock.wall().0,
            "online": handle.view.online(),
            "registered": registered(&app),
            "transactions": head.seq,
            "batches": head.batch_no,
            "audits": head.audit_no,
        })))
    })
    .await
}

/// How many of each there are; the maps know without being walked.
fn registered(app: &App) -> Value {
    let directory = app.handle.directory.read().unwrap_or_else(PoisonError::into_inner);
    let registry = &directory.registry;
    json!({
        "distributors": registry.distributors().size_hint().0,
        "sellers": registry.sellers().size_hint().0,
        "services": registry.services().size_hint().0,
        "terminals": registry.terminals().size_hint().0,
    })
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Starting => "starting",
        Stage::Serving => "serving",
        Stage::Draining => "draining",
    }
}
