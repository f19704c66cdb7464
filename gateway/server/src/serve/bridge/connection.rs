//! One connection to a provider and the task that owns it.

use std::sync::Arc;

use bytes::Bytes;
use crossbeam_channel::Sender;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tillgate_core::provider::http_json::HttpJson;
use tillgate_core::provider::{Event, Exchange, Intake, Provider, ProviderResult, Step};
use tillgate_edge::guard;
use tillgate_store_core::ProviderOutcome;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::serve::clock::Clock;
use crate::serve::limits::PROVIDER_ANSWER_BYTES_MAX;
use crate::serve::metrics::{BridgeMetrics, EdgeMetrics};
use crate::serve::writer::WriterMessage;

/// What the connections of one bridge share.
pub(super) struct ConnectionPool {
    pub(super) provider: HttpJson,
    /// Where the provider is.
    pub(super) host: String,
    pub(super) port: u16,
    /// Requests of every kind, oldest first.
    pub(super) queue: Mutex<mpsc::Receiver<Exchange>>,
    /// Where results go.
    pub(super) writer: Sender<WriterMessage>,
    /// Observes what leaves the queue, and its result.
    pub(super) intake: Arc<parking_lot::Mutex<Intake>>,
    /// The bridge's counters.
    pub(super) metrics: Arc<BridgeMetrics>,
    pub(super) edge: Arc<EdgeMetrics>,
    pub(super) clock: Clock,
}

/// Takes requests off its bridge's queue, one at a time.
pub(super) struct ProviderConnection {
    pool: Arc<ConnectionPool>,
    wire: Option<Wire>,
}

/// An open connection; its driver ends with it.
struct Wire {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl ProviderConnection {
    pub(super) fn new(pool: Arc<ConnectionPool>) -> Self {
        Self { pool, wire: None }
    }

    /// Works until the queue is closed and empty.
    pub(super) async fn run(mut self) {
        while let Some(mut exchange) = self.next().await {
            let found = self.guarded(&mut exchange).await;
            self.pool.report(&exchange, &found);
            // Waiting here holds up the other connections shortly; the writer never waits for a
            // bridge.
            let mail = WriterMessage::ProviderResult { key: exchange.request().key, found };
            if self.pool.writer.send(mail).is_err() {
                return;
            }
        }
    }

    /// A panic over a provider's answer ends its connection; the request may have been received.
    async fn guarded(&mut self, exchange: &mut Exchange) -> ProviderResult {
        match guard::future(self.carry_out(exchange)).await {
            Ok(found) => found,
            Err(panicked) => {
                self.wire = None;
                self.pool.edge.bridge_panics.add(1);
                tracing::error!(%panicked, "a bridge {panicked}; one order is unknown");
                exchange.request().unknown()
            }
        }
    }

    async fn next(&self) -> Option<Exchange> {
        let exchange = self.pool.queue.lock().await.recv().await?;
        self.pool.intake.lock().taken();
        Some(exchange)
    }

    async fn carry_out(&mut self, exchange: &mut Exchange) -> ProviderResult {
        let clock = self.pool.clock;
        let mut step = exchange.begin(clock.now());
        loop {
            let event = match step {
                Step::Connect => match timeout(clock.until(exchange.due()), self.connect()).await {
                    Ok(Some(())) => Event::Connected,
                    Ok(None) | Err(_) => Event::Refused,
                },
                Step::Send => {
                    let answer = timeout(clock.until(exchange.due()), self.send(exchange)).await;
                    answer.unwrap_or(Event::Deadline)
                }
                Step::Done(result) => return result,
            };
            if !event.keeps_connection() {
                self.wire = None;
            }
            step = exchange.handle(clock.now(), event);
        }
    }

    /// Keeps the kept connection or opens one; `None` when there is none.
    async fn connect(&mut self) -> Option<()> {
        if let Some(mut wire) = self.wire.take()
            && wire.sender.ready().await.is_ok()
        {
            self.wire = Some(wire);
            return Some(());
        }
        self.wire = Some(open(&self.pool.host, self.pool.port).await?);
        Some(())
    }

    async fn send(&mut self, exchange: &Exchange) -> Event {
        let Some(wire) = &mut self.wire else { return Event::Stale };
        let request = exchange.request();
        let message: Request<Vec<u8>> = self.pool.provider.request(request);
        match wire.sender.try_send_request(message.map(Full::from)).await {
            Ok(response) => match receive(response).await {
                Some(answer) => Event::Answered(self.pool.provider.interpret(request, &answer)),
                None => Event::Lost,
            },
            Err(mut error) => error.take_message().map_or(Event::Lost, |_| Event::Stale),
        }
    }
}

impl ConnectionPool {
    fn report(&self, exchange: &Exchange, found: &ProviderResult) {
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
        intake.observe(now, exchange.request().kind, found);
        self.metrics.open.set(u64::from(intake.is_open()));
        drop(intake);
        self.metrics.results[result].add(1);
        self.metrics.in_flight.take_off(1);
        self.metrics.took.record(exchange.age(now));
    }
}

async fn open(host: &str, port: u16) -> Option<Wire> {
    let stream = TcpStream::connect((host, port)).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let driver = tokio::task::spawn_local(async move {
        // Its error reaches the task that waits for an answer, and so does its end by a panic.
        // Bytes beyond an answer are such an error: they end the connection.
        drop(guard::future(connection).await);
    });
    Some(Wire { sender, driver })
}

/// The whole answer; `None` when it was cut off or is too long.
async fn receive(response: Response<Incoming>) -> Option<Response<Vec<u8>>> {
    let (head, body) = response.into_parts();
    let bytes = Limited::new(body, PROVIDER_ANSWER_BYTES_MAX).collect().await.ok()?.to_bytes();
    Some(Response::from_parts(head, bytes.into()))
}
