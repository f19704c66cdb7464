//! The bridges' thread: one async runtime that lends connections, time and bytes to the providers
//! of [`tillgate_core::provider`].
//!
//! ```text
//!   writer ──▶ Intake::admit ──▶ queue ──▶ one of the bridge's connections ──▶ provider
//!     ◀───── WriterMessage::ProviderResult ────────┘
//! ```
//!
//! A [`ProviderConnection`] is one connection and the task that owns it, so a bridge has as many
//! requests in flight as it has connections. Every request has one result.

mod http;
mod queue;

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;
use parking_lot::Mutex;
use tillgate_core::provider::http_json::HttpJson;
use tillgate_core::provider::{
    Bridge, Capabilities, Exchange, Intake, ProviderRequest, ProviderResult, Refused,
};
use tillgate_core::time::Span;
use tokio::sync::mpsc;

use self::http::{ConnectionPool, HttpProvider, ProviderConnection};
use self::queue::BridgeQueue;
use super::clock::Clock;
use super::limits::BRIDGE_QUEUE_MAX;
use super::metrics::{BridgeMetrics, EdgeMetrics};
use super::writer::WriterMessage;
use crate::config;

/// The writer's links to all bridges, by index.
pub(crate) struct Bridges {
    links: Vec<ProviderLink>,
    clock: Clock,
}

struct ProviderLink {
    queue: mpsc::Sender<Exchange>,
    deadline: Span,
    intake: Arc<Mutex<Intake>>,
    metrics: Arc<BridgeMetrics>,
}

/// What the writer needs to know about the configured bridges.
pub(crate) fn described(bridges: &[config::Bridge]) -> Vec<Bridge> {
    let of = |bridge: &config::Bridge| Bridge {
        name: bridge.name.clone(),
        capabilities: provider(bridge).capabilities(),
    };
    bridges.iter().map(of).collect()
}

fn provider(bridge: &config::Bridge) -> Box<HttpProvider> {
    let config::Bridge { idempotent, inquiry, reversal, confirmation: advice, lookup, .. } =
        *bridge;
    let capabilities = Capabilities { idempotent, inquiry, reversal, advice, lookup };
    let config::BridgeKind::Http = bridge.kind;
    let (authority, path) = (bridge.url.authority(), bridge.url.path.clone());
    Box::new(HttpJson { authority, path, capabilities })
}

impl Bridges {
    /// Queues a request; never waits.
    ///
    /// # Errors
    /// The result of a request that its bridge does not take: its queue is full, or its breaker
    /// is open.
    pub(super) fn send(&self, request: ProviderRequest) -> Result<(), ProviderResult> {
        let Some(link) = self.links.get(usize::from(request.bridge)) else {
            return Err(request.not_sent());
        };
        let now = self.clock.now();
        if let Err(refused) = link.intake.lock().admit(now, &request) {
            match refused {
                Refused::Full => link.metrics.bounced.add(1),
                Refused::HeldBack => link.metrics.held_back.add(1),
            }
            return Err(request.not_sent());
        }
        // Counted first: the connection may be done before this thread goes on.
        link.metrics.in_flight.add(1);
        let exchange = Exchange::new(request, now, link.deadline);
        // There is room: the intake counts a request until the channel has given it up.
        link.queue.try_send(exchange).map_err(|_| {
            link.metrics.in_flight.take_off(1);
            request.not_sent()
        })
    }
}

/// Starts the thread; it ends by itself once [`Bridges`] is dropped and every request has its
/// result.
///
/// # Errors
/// Those of the system: no thread, no descriptors for the runtime.
pub(crate) fn spawn(
    configured: &[config::Bridge],
    metrics: &[Arc<BridgeMetrics>],
    edge: &Arc<EdgeMetrics>,
    writer: &Sender<WriterMessage>,
    clock: Clock,
) -> std::io::Result<(Bridges, JoinHandle<()>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut links = Vec::new();
    let mut connections = Vec::new();
    for (bridge, metrics) in configured.iter().zip(metrics) {
        let (sender, queue) = mpsc::channel(BRIDGE_QUEUE_MAX);
        let intake = Arc::new(Mutex::new(Intake::new(BRIDGE_QUEUE_MAX)));
        let pool = Arc::new(ConnectionPool {
            provider: provider(bridge),
            host: bridge.url.host.clone(),
            port: bridge.url.port,
            queue: BridgeQueue {
                requests: tokio::sync::Mutex::new(queue),
                writer: writer.clone(),
                intake: Arc::clone(&intake),
                metrics: Arc::clone(metrics),
                edge: Arc::clone(edge),
                clock,
            },
        });
        let open = |_| ProviderConnection::new(Arc::clone(&pool));
        connections.extend((0..bridge.connections).map(open));
        let deadline = Span::s(u64::from(bridge.deadline_s));
        links.push(ProviderLink { queue: sender, deadline, intake, metrics: Arc::clone(metrics) });
    }
    let run = move || {
        let local = tokio::task::LocalSet::new();
        for connection in connections {
            local.spawn_local(connection.run());
        }
        runtime.block_on(local);
    };
    let thread = thread::Builder::new().name("bridges".to_owned()).spawn(run)?;
    Ok((Bridges { links, clock }, thread))
}
