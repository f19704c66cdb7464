//! One connection to a provider and the task that owns it.

use std::sync::Arc;

use bytes::Bytes;
use crossbeam_channel::Sender;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tillgate_core::provider::{ProviderRequest, ProviderRequestKind, ProviderResult};
use tillgate_edge::guard;
use tillgate_store_core::ProviderOutcome;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::breaker::Breaker;
use super::{Errand, dialect, never_sent};
use crate::config::HttpUrl;
use crate::serve::clock::Clock;
use crate::serve::limits::PROVIDER_ANSWER_BYTES_MAX;
use crate::serve::metrics::{BridgeMetrics, EdgeMetrics};
use crate::serve::writer::WriterMessage;

/// What the lines of one bridge share.
pub(super) struct Trunk {
    /// Where the provider is.
    pub(super) url: HttpUrl,
    /// Orders and inquiries, oldest first.
    pub(super) queue: Mutex<mpsc::Receiver<Errand>>,
    /// Where results go.
    pub(super) writer: Sender<WriterMessage>,
    /// Hears of every order's result.
    pub(super) breaker: Arc<Breaker>,
    /// The bridge's counters.
    pub(super) metrics: Arc<BridgeMetrics>,
    /// Of panics.
    pub(super) edge: Arc<EdgeMetrics>,
    /// The process's clock.
    pub(super) clock: Clock,
}

/// Takes errands off its bridge's queue, one at a time.
pub(super) struct Line {
    trunk: Arc<Trunk>,
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

/// What became of one attempt to say something.
enum Said {
    /// Heard, with this answer.
    Answered(Response<Incoming>),
    /// The connection had ended before a byte of it was written.
    Unsaid(Request<Full<Bytes>>),
    /// Perhaps heard.
    Silence,
}

impl Line {
    pub(super) fn new(trunk: Arc<Trunk>) -> Self {
        Self { trunk, wire: None }
    }

    /// Works until the queue is closed and empty.
    pub(super) async fn run(mut self) {
        while let Some(errand) = self.next().await {
            let found = self.guarded(&errand).await;
            self.trunk.report(&errand, &found);
            // Waiting here holds up the other lines shortly; the writer never waits for a bridge.
            let mail = WriterMessage::ProviderResult { key: errand.order.key, found };
            if self.trunk.writer.send(mail).is_err() {
                return;
            }
        }
    }

    /// What a provider makes of us ends its connection, and the order is unknown; whatever was
    /// said may have been heard.
    async fn guarded(&mut self, errand: &Errand) -> ProviderResult {
        match guard::future(self.carry_out(errand)).await {
            Ok(found) => found,
            Err(panicked) => {
                self.wire = None;
                self.trunk.edge.bridge_panics.add(1);
                tracing::error!(%panicked, "a bridge {panicked}; one order is unknown");
                ProviderResult::Outcome(ProviderOutcome::Unknown)
            }
        }
    }

    async fn next(&self) -> Option<Errand> {
        self.trunk.queue.lock().await.recv().await
    }

    async fn carry_out(&mut self, errand: &Errand) -> ProviderResult {
        let Errand { order, due, .. } = errand;
        let mut request = dialect::request(&self.trunk.url, order);
        // Twice: a kept connection may turn out to have ended, a fresh one is then tried.
        let clock = self.trunk.clock;
        for _ in 0..2 {
            let connected = timeout(clock.until(*due), self.connect()).await;
            let Ok(Some(wire)) = connected else {
                self.wire = None;
                return never_sent(order);
            };
            let patience = clock.until(*due);
            if patience.is_zero() {
                return never_sent(order);
            }
            let exchange = async {
                match say(wire, request).await {
                    Said::Answered(response) => Ok(hear(order, response).await),
                    Said::Unsaid(request) => Err(request),
                    Said::Silence => Ok(None),
                }
            };
            match timeout(patience, exchange).await {
                Ok(Ok(Some(found))) => return found,
                Ok(Ok(None)) | Err(_) => {
                    self.wire = None;
                    return ProviderResult::Outcome(ProviderOutcome::Unknown);
                }
                Ok(Err(unsaid)) => {
                    self.wire = None;
                    request = unsaid;
                }
            }
        }
        never_sent(order)
    }

    /// The kept connection, or a new one; `None` when there is none to be had.
    async fn connect(&mut self) -> Option<&mut Wire> {
        if let Some(mut wire) = self.wire.take()
            && wire.sender.ready().await.is_ok()
        {
            return Some(self.wire.insert(wire));
        }
        let wire = open(&self.trunk.url).await?;
        Some(self.wire.insert(wire))
    }
}

impl Trunk {
    fn report(&self, errand: &Errand, found: &ProviderResult) {
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
        };
        if errand.order.kind == ProviderRequestKind::Authorize {
            match found {
                ProviderResult::Outcome(
                    ProviderOutcome::NotSent { .. } | ProviderOutcome::Unknown,
                ) => {
                    self.breaker.silent(now);
                }
                _ => self.breaker.answered(),
            }
            self.metrics.open.set(u64::from(self.breaker.is_open()));
        }
        self.metrics.results[result].add(1);
        self.metrics.in_flight.take_off(1);
        self.metrics.took.record(now.since(errand.taken));
    }
}

async fn open(url: &HttpUrl) -> Option<Wire> {
    let stream = TcpStream::connect((url.host.as_str(), url.port)).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let driver = tokio::task::spawn_local(async move {
        // Its error reaches whoever waits for an answer, and so does its end by a panic. Bytes
        // beyond an answer are such an error: they end the connection.
        drop(guard::future(connection).await);
    });
    Some(Wire { sender, driver })
}

async fn say(wire: &mut Wire, request: Request<Full<Bytes>>) -> Said {
    match wire.sender.try_send_request(request).await {
        Ok(response) => Said::Answered(response),
        Err(mut error) => error.take_message().map_or(Said::Silence, Said::Unsaid),
    }
}

/// The answer's meaning; `None` when it broke off, is too long or is not about this order.
async fn hear(order: &ProviderRequest, response: Response<Incoming>) -> Option<ProviderResult> {
    let status = response.status();
    let body = Limited::new(response.into_body(), PROVIDER_ANSWER_BYTES_MAX);
    let bytes = body.collect().await.ok()?.to_bytes();
    dialect::found(order, status, &bytes)
}
