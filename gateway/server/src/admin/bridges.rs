//! Bridges: how each of them does, and what it may do.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize};
use tillgate_core::orders;
use tillgate_store_core::limits::{BRIDGE_NAME_BYTES_MAX, REASON_BYTES_MAX};
use tillgate_store_core::{BridgeName, BridgeOrder, BridgeStatus, is_bridge_name};

use super::app::App;
use super::control::{applied, carry};
use super::error::{Answer, ApiError};
use super::limits::ORDER_TIME_MAX;
use super::query::{As, Line, Word};
use super::route::{Body, Call};
use crate::serve::metrics::BridgeMetrics;

#[derive(Serialize, JsonSchema)]
pub(super) struct BridgeRows {
    bridges: Vec<BridgeRow>,
}

/// A bridge of the configuration.
#[derive(Serialize, JsonSchema)]
pub(super) struct BridgeRow {
    bridge: String,
    /// What the operator lets it do: active, draining or suspended.
    status: &'static str,
    /// Of the last order about it; empty if there was none.
    reason: String,
    /// Whether its breaker holds sales back.
    breaker_open: bool,
    /// Whether sales go to the other bridges of their route first: its breaker is open, or its host
    /// cannot be reached.
    shunned: bool,
    /// Connections of an ISO 8583 host that take requests; 0 of any other kind.
    connections_up: u64,
    /// Requests taken and not finished.
    in_flight: u64,
}

/// All bridges, in the order of the configuration.
pub(super) async fn list(Call { app, .. }: Call, (): ()) -> Answer<BridgeRows> {
    let bridges = app.handle.metrics.bridges.iter().map(|metrics| row(&app, metrics));
    Ok(BridgeRows { bridges: bridges.collect() })
}

fn row(app: &App, metrics: &Arc<BridgeMetrics>) -> BridgeRow {
    let directory = app.handle.directory.read();
    let order = directory.registry.bridge(&metrics.name);
    BridgeRow {
        bridge: metrics.name.clone(),
        status: order.map_or(BridgeStatus::Active, |order| order.status).label(),
        reason: order.map(|order| order.reason.clone()).unwrap_or_default(),
        breaker_open: metrics.open.read() > 0,
        shunned: app.handle.clock.now() < metrics.shunned_until(),
        connections_up: metrics.connections_up.read(),
        in_flight: metrics.in_flight.read(),
    }
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// It gets sales.
    Active,
    /// It gets no new sales and lookups; what is under way goes on.
    Draining,
    /// Nothing leaves for it.
    Suspended,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Order {
    status: Status,
    /// For the audit log and the list.
    reason: Option<As<Line<REASON_BYTES_MAX>>>,
}

/// In force for the next sale when it is answered.
pub(super) async fn order(
    call: Call,
    (As(bridge), body): (As<BridgeName>, Body<Order>),
) -> Answer<BridgeRow> {
    let Order { status, reason } = body.read()?;
    let reason = reason.map(|As(Line(reason))| reason).unwrap_or_default();
    let app = Arc::clone(&call.app);
    let known = app.handle.metrics.bridges.iter().find(|known| known.name == bridge.as_str());
    let known = known.ok_or_else(|| {
        let names = app.bridges.join(", ");
        ApiError::not_found(format!("there is no bridge {bridge}; there are: {names}"))
    })?;
    let status = match status {
        Status::Active => BridgeStatus::Active,
        Status::Draining => BridgeStatus::Draining,
        Status::Suspended => BridgeStatus::Suspended,
    };
    let alone = app.alone().await;
    let order = orders::order_bridge(BridgeOrder { bridge, status, reason });
    applied(carry(&call, Some(alone), order, ORDER_TIME_MAX).await?)?;
    Ok(row(&app, known))
}

impl Word for BridgeName {
    fn expected() -> String {
        format!("the name of a bridge, 1 to {BRIDGE_NAME_BYTES_MAX} of a-z 0-9 _ -")
    }

    fn parse(text: &str) -> Option<Self> {
        Self::from(text).ok().filter(|name| is_bridge_name(name))
    }

    fn schema() -> Schema {
        let pattern = format!("^[a-z0-9_-]{{1,{BRIDGE_NAME_BYTES_MAX}}}$");
        json_schema!({ "type": "string", "pattern": pattern })
    }
}
