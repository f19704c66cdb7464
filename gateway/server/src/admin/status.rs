//! Health, readiness, metrics and the state of the whole.

use bytes::Bytes;
use http::StatusCode;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};
use tillgate_store_core::{Head, ReadRows, Record};
use warp::reply::Response;

use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::gauges;
use super::route::{Call, Reply, content};
use crate::serve::view::{Stage, View};

#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    status: &'static str,
}

pub(super) async fn health(_: Call, (): ()) -> Answer<Health> {
    Ok(Health { status: "ok" })
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Ready {
    status: &'static str,
    pending: u64,
}

/// Sales are taken. Whatever an earlier run left without an outcome is UNKNOWN on the disk by then,
/// and
/// `pending` counts down to what is under way as it is found out.
pub(super) async fn ready(call: Call, (): ()) -> Answer<Ready> {
    let handle = &call.app.handle;
    if handle.view.stage() != Stage::Serving {
        let text = format!("the gateway is {}", stage(&handle.view));
        return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", text));
    }
    Ok(Ready { status: "ready", pending: handle.metrics.writer.pending() })
}

/// A page in Prometheus' exposition format.
pub(super) struct MetricsPage(String);

impl Reply for MetricsPage {
    fn reply(self) -> Response {
        content(Bytes::from(self.0), "text/plain; version=0.0.4; charset=utf-8")
    }

    fn describe(_: &mut SchemaGenerator) -> Value {
        json!({ "text/plain": { "schema": { "type": "string" } } })
    }
}

/// The counters, and what is counted in the store.
pub(super) async fn metrics(call: Call, (): ()) -> Answer<MetricsPage> {
    let page = call.app.handle.metrics.page(&call.app.handle.view).text();
    Ok(MetricsPage(page + &gauges::page(&call.app.gauges).await))
}

#[derive(Serialize, JsonSchema)]
pub(super) struct State {
    version: &'static str,
    stage: &'static str,
    store: String,
    uptime_s: u64,
    time_ms: u64,
    online: usize,
    registered: Registered,
    transactions: u64,
    batches: u64,
    audits: u64,
}

/// How many of each there are.
#[derive(Serialize, JsonSchema)]
struct Registered {
    distributors: usize,
    sellers: usize,
    services: usize,
    terminals: usize,
}

pub(super) async fn status(Call { app, .. }: Call, (): ()) -> Answer<State> {
    blocking(move || {
        let handle = &app.handle;
        let mut value = Vec::new();
        let head = match handle.reader.get(Head::FAMILY, Head::KEY, &mut value) {
            Ok(true) => Head::decode(Head::KEY, &value).map_err(ApiError::internal)?,
            Ok(false) => return Err(ApiError::internal("the store has no head")),
            Err(error) => return Err(ApiError::internal(error)),
        };
        let directory = handle.directory.read();
        let registry = &directory.registry;
        // The maps know without being walked.
        let registered = Registered {
            distributors: registry.distributors().size_hint().0,
            sellers: registry.sellers().size_hint().0,
            services: registry.services().size_hint().0,
            terminals: registry.terminals().size_hint().0,
        };
        Ok(State {
            version: env!("CARGO_PKG_VERSION"),
            stage: stage(&handle.view),
            store: handle.store_id.to_string(),
            uptime_s: handle.clock.now().0 / 1_000_000_000,
            time_ms: handle.clock.wall().0,
            online: handle.view.online(),
            registered,
            transactions: head.seq,
            batches: head.batch_no,
            audits: head.audit_no,
        })
    })
    .await
}

fn stage(view: &View) -> &'static str {
    match view.stage() {
        Stage::Starting => "starting",
        Stage::Serving => "serving",
        Stage::Draining => "draining",
    }
}
