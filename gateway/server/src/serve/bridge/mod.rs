//! The bridges' thread: one async runtime for all of them, and nothing else of ours.
//!
//! ```text
//!   writer ──Errand──▶ bounded queue ──▶ one of the bridge's lines ──▶ provider
//!     ◀──────────── DeskMail::Found ────────┘
//! ```
//!
//! A *line* is one connection and the task that owns it, so a bridge has as many orders in flight
//! as it has lines. Every errand has one result within its deadline, the wait in the queue
//! included. What counts as a result:
//!
//! * not sent: only while no byte of the first attempt can have left;
//! * unknown: every other silence, refusal or nonsense.

mod breaker;
mod dialect;
mod line;

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;
use tillgate_core::provider::{
    Bridge, Capabilities, ProviderRequest, ProviderRequestKind, ProviderResult,
};
use tillgate_core::time::{Moment, Span};
use tillgate_store_core::{Code, ProviderOutcome};
use tokio::sync::{Mutex, mpsc};

use self::breaker::{Breaker, Leave};
use self::line::{Line, Trunk};
use super::clock::Clock;
use super::limits::BRIDGE_QUEUE_MAX;
use super::metrics::{BridgeMetrics, EdgeMetrics};
use super::writer::WriterMessage;
use crate::config;

/// One order on its way to a line.
struct Errand {
    order: ProviderRequest,
    taken: Moment,
    due: Moment,
}

/// The writer's ways to all bridges, by index.
pub(crate) struct Bridges {
    ways: Vec<Way>,
    clock: Clock,
}

struct Way {
    errands: mpsc::Sender<Errand>,
    deadline: Span,
    breaker: Arc<Breaker>,
    metrics: Arc<BridgeMetrics>,
}

/// What the writer needs to know about the configured bridges.
pub(crate) fn described(bridges: &[config::Bridge]) -> Vec<Bridge> {
    let of = |bridge: &config::Bridge| {
        let config::Bridge { idempotent, inquiry, reversal, confirmation: advice, .. } = *bridge;
        let capabilities = Capabilities { idempotent, inquiry, reversal, advice };
        Bridge { name: bridge.name.clone(), capabilities }
    };
    bridges.iter().map(of).collect()
}

impl Bridges {
    /// ReactorOutput an order over; never waits.
    ///
    /// # Errors
    /// What is known about the order when the bridge does not take it: its queue is full, or its
    /// breaker is open.
    pub(super) fn send(&self, order: ProviderRequest) -> Result<(), ProviderResult> {
        let Some(way) = self.ways.get(usize::from(order.bridge)) else {
            return Err(never_sent(&order));
        };
        let taken = self.clock.now();
        if order.kind == ProviderRequestKind::Authorize && way.breaker.ask(taken) == Leave::Stay {
            way.metrics.held_back.add(1);
            return Err(never_sent(&order));
        }
        let errand = Errand { order, taken, due: taken.after(way.deadline) };
        // Counted first: the line may be done before this thread goes on.
        way.metrics.in_flight.add(1);
        way.errands.try_send(errand).map_err(|_| {
            way.metrics.in_flight.take_off(1);
            way.metrics.bounced.add(1);
            never_sent(&order)
        })
    }
}

/// What it means that no byte of this errand left. Only a first attempt is certainly unknown to
/// the provider; a repeated one, or a question, says nothing about the attempt before it.
fn never_sent(order: &ProviderRequest) -> ProviderResult {
    match order.kind {
        ProviderRequestKind::Authorize if order.attempt <= 1 => {
            ProviderResult::Outcome(ProviderOutcome::NotSent { code: Code(*b"91") })
        }
        ProviderRequestKind::Authorize
        | ProviderRequestKind::Inquire
        | ProviderRequestKind::Reverse
        | ProviderRequestKind::Advise => ProviderResult::Outcome(ProviderOutcome::Unknown),
    }
}

/// Starts the thread; it ends by itself once [`Bridges`] is dropped and every errand has its
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
    let mut ways = Vec::new();
    let mut lines = Vec::new();
    for (bridge, metrics) in configured.iter().zip(metrics) {
        let (errands, queue) = mpsc::channel(BRIDGE_QUEUE_MAX);
        let config::BridgeKind::Http { url } = &bridge.kind;
        let breaker = Arc::new(Breaker::default());
        let trunk = Arc::new(Trunk {
            url: url.clone(),
            queue: Mutex::new(queue),
            writer: writer.clone(),
            breaker: Arc::clone(&breaker),
            metrics: Arc::clone(metrics),
            edge: Arc::clone(edge),
            clock,
        });
        lines.extend((0..bridge.connections).map(|_| Line::new(Arc::clone(&trunk))));
        let deadline = Span::s(u64::from(bridge.deadline_s));
        ways.push(Way { errands, deadline, breaker, metrics: Arc::clone(metrics) });
    }
    let run = move || {
        let local = tokio::task::LocalSet::new();
        for line in lines {
            local.spawn_local(line.run());
        }
        runtime.block_on(local);
    };
    let thread = thread::Builder::new().name("bridges".to_owned()).spawn(run)?;
    Ok((Bridges { ways, clock }, thread))
}
