//! The end of a bridge's queue that its connections hold: requests come out, results go back.

use std::sync::Arc;

use crossbeam_channel::Sender;
use tillgate_core::provider::{Exchange, Intake, ProviderRequest, ProviderResult};
use tillgate_edge::guard::Panicked;
use tillgate_store_core::ProviderOutcome;
use tokio::sync::{Mutex, mpsc};

use crate::serve::clock::Clock;
use crate::serve::metrics::{BridgeMetrics, EdgeMetrics};
use crate::serve::writer::WriterMessage;

pub(super) struct BridgeQueue {
    /// Requests of every kind, oldest first.
    pub(super) requests: Mutex<mpsc::Receiver<Exchange>>,
    /// Where results go.
    pub(super) writer: Sender<WriterMessage>,
    /// Observes what leaves the queue, and its result.
    pub(super) intake: Arc<parking_lot::Mutex<Intake>>,
    /// The bridge's counters.
    pub(super) metrics: Arc<BridgeMetrics>,
    pub(super) edge: Arc<EdgeMetrics>,
    pub(super) clock: Clock,
}

/// The writer has gone: nobody wants results any more.
pub(super) struct WriterGone;

impl BridgeQueue {
    /// The oldest request; `None` once the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Exchange> {
        let exchange = self.requests.lock().await.recv().await?;
        self.intake.lock().taken();
        Some(exchange)
    }

    /// The oldest request, if one is there.
    pub(super) fn next_if(&self) -> Option<Exchange> {
        let exchange = self.requests.try_lock().ok()?.try_recv().ok()?;
        self.intake.lock().taken();
        Some(exchange)
    }

    /// An answer to a request that had its result already.
    pub(super) fn late(
        &self,
        request: &ProviderRequest,
        found: ProviderResult,
    ) -> Result<(), WriterGone> {
        self.metrics.late.add(1);
        let ProviderRequest { key, bridge, .. } = *request;
        let mail = WriterMessage::ProviderResult { key, bridge, found };
        self.writer.send(mail).map_err(|_| WriterGone)
    }

    /// A request has its result.
    pub(super) fn report(
        &self,
        exchange: &Exchange,
        found: ProviderResult,
    ) -> Result<(), WriterGone> {
        self.count(exchange, &found);
        // Waiting here holds up the other connections shortly; the writer never waits for a
        // bridge.
        let ProviderRequest { key, bridge, .. } = *exchange.request();
        let mail = WriterMessage::ProviderResult { key, bridge, found };
        self.writer.send(mail).map_err(|_| WriterGone)
    }

    /// Whether the provider can be reached.
    pub(super) fn reached(&self, within_reach: bool) {
        let mut intake = self.intake.lock();
        intake.reached(within_reach);
        self.metrics.note_intake(&intake);
    }

    /// Code over a provider's answer has panicked.
    pub(super) fn panicked(&self, panicked: &Panicked) {
        self.edge.bridge_panics.add(1);
        tracing::error!(%panicked, "a bridge {panicked}; one order is unknown");
    }

    fn count(&self, exchange: &Exchange, found: &ProviderResult) {
        let now = self.clock.now();
        // In the order of `metrics::RESULTS`.
        let result = match found {
            ProviderResult::Outcome(ProviderOutcome::Approved { .. }) => 0,
            ProviderResult::Outcome(ProviderOutcome::Declined { .. }) => 1,
            ProviderResult::Outcome(ProviderOutcome::NotSent { .. }) => 2,
            ProviderResult::Outcome(ProviderOutcome::Unknown) => 3,
            ProviderResult::Pending => 4,
            ProviderResult::NotFound { .. } => 5,
            ProviderResult::Outcome(ProviderOutcome::Reversed) => 6,
            ProviderResult::Outcome(ProviderOutcome::ReversalDeclined) => 7,
            ProviderResult::Outcome(ProviderOutcome::AdviceAcknowledged) => 8,
            ProviderResult::Lookup(Ok(_)) => 9,
            ProviderResult::Lookup(Err(_)) => 10,
        };
        let mut intake = self.intake.lock();
        let kind = exchange.request().kind;
        match exchange.is_telling() {
            true => intake.observe(now, kind, found),
            false => intake.pass_over(now, kind),
        }
        let was_open = self.metrics.open.read() > 0;
        self.metrics.note_intake(&intake);
        let is_open = intake.is_open();
        drop(intake);
        let bridge = &self.metrics.name;
        match (was_open, is_open) {
            (false, true) => {
                tracing::warn!(bridge, "a breaker opens: its provider does not answer")
            }
            (true, false) => tracing::info!(bridge, "a breaker closes: its provider answers again"),
            _ => {}
        }
        self.metrics.results[result].add(1);
        self.metrics.in_flight.take_off(1);
        self.metrics.took.record(exchange.age(now));
    }
}
