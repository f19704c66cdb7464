//! One HTTP connection to a provider and the task that owns it.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tillgate_core::provider::{
    Awaited, Event, Exchange, Provider, ProviderRequest, ProviderResult, Step,
};
use tillgate_core::time::Moment;
use tillgate_edge::guard;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::callback::CallbackSetup;
use super::queue::BridgeQueue;
use super::tls::{self, TlsClient};
use crate::config::Address;
use crate::serve::limits::{COMPLAINT_EVERY, PROVIDER_ANSWER_BYTES_MAX};

/// Why the answer to a confirmation counts for nothing.
const CONFIRMS_NOTHING: &str = "it confirms nothing that it names";

/// A protocol over HTTP/1.1.
pub(super) type HttpProvider =
    dyn Provider<Message = Request<Vec<u8>>, Answer = Response<Vec<u8>>> + Send + Sync;

/// An HTTP provider as it is configured.
pub(super) struct HttpSetup {
    pub(super) provider: Box<HttpProvider>,
    pub(super) tls: Option<TlsClient>,
    pub(super) callback: Option<CallbackSetup>,
}

/// What the connections of one bridge share.
pub(super) struct ConnectionPool {
    pub(super) provider: Box<HttpProvider>,
    /// Where the provider is.
    pub(super) address: Address,
    pub(super) tls: Option<TlsClient>,
    /// What the provider may report by itself.
    pub(super) awaited: Mutex<Awaited>,
    pub(super) queue: BridgeQueue,
    /// When something about the provider was logged last.
    pub(super) complained: Mutex<Option<Moment>>,
}

impl ConnectionPool {
    /// Whether this is to be logged: one line in a while says what thousands would.
    fn may_complain(&self) -> bool {
        let (now, mut last) = (self.queue.clock.now(), self.complained.lock());
        let may = last.is_none_or(|last| last.after(COMPLAINT_EVERY) <= now);
        if may {
            *last = Some(now);
        }
        may
    }

    /// Nobody takes the connection.
    fn note_refused(&self, cause: &io::Error) {
        if self.may_complain() {
            let (bridge, Address { host, port }) = (&self.queue.metrics.name, &self.address);
            tracing::warn!(bridge, host, port, %cause, "no connection to a provider");
        }
    }

    /// What proves a card or its holder cannot be passed on.
    fn note_unproven(&self) {
        if self.may_complain() {
            let bridge = &self.queue.metrics.name;
            tracing::warn!(
                bridge,
                "a card's sale with a PIN block or chip data was not sent: over HTTP there is no \
                 place for them"
            );
        }
    }

    /// An answer counts for nothing: the outcome is unknown.
    fn note_doubt(&self, why: &str, request: &ProviderRequest, answer: &Response<Vec<u8>>) {
        if self.may_complain() {
            let (bridge, kind) = (&self.queue.metrics.name, request.kind);
            let status = answer.status().as_u16();
            tracing::warn!(bridge, ?kind, status, why, "a provider's answer counts for nothing");
        }
    }
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
        while let Some(mut exchange) = self.pool.queue.next().await {
            let found = self.guarded(&mut exchange).await;
            if self.pool.queue.report(&exchange, found).is_err() {
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
                self.pool.queue.panicked(&panicked);
                exchange.request().unknown()
            }
        }
    }

    async fn carry_out(&mut self, exchange: &mut Exchange) -> ProviderResult {
        // No protocol over HTTP has a place for it.
        if !exchange.may_go_without_card() {
            self.pool.note_unproven();
            return exchange.has_no_form();
        }
        // What has no form is known before the provider is there.
        let mut message = self.pool.provider.request(exchange.request());
        if message.is_none() {
            return exchange.has_no_form();
        }
        if self.pool.provider.has_two_steps() {
            exchange.has_two_steps();
        }
        self.pool.awaited.lock().keep(exchange.request());
        let clock = self.pool.queue.clock;
        let mut created = None;
        let mut step = exchange.begin(clock.now());
        loop {
            let event = match step {
                Step::Connect => {
                    let connected = timeout(clock.until(exchange.due()), self.connect()).await;
                    let late = || Err(io::ErrorKind::TimedOut.into());
                    match connected.unwrap_or_else(|_| late()) {
                        Ok(()) => Event::Connected,
                        Err(cause) => {
                            self.pool.note_refused(&cause);
                            Event::Refused
                        }
                    }
                }
                Step::Send => {
                    let sent = self.send(exchange.request(), message.take(), &mut created);
                    let answer = timeout(clock.until(exchange.due()), sent).await;
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

    /// Keeps the kept connection or opens one.
    async fn connect(&mut self) -> io::Result<()> {
        if let Some(mut wire) = self.wire.take()
            && wire.sender.ready().await.is_ok()
        {
            self.wire = Some(wire);
            return Ok(());
        }
        self.wire = Some(open(&self.pool).await?);
        Ok(())
    }

    /// Sends the message of a request, or the confirmation of what it has `created`, made anew if
    /// it was taken before.
    async fn send(
        &mut self,
        request: &ProviderRequest,
        message: Option<Request<Vec<u8>>>,
        created: &mut Option<ProviderRequest>,
    ) -> Event {
        let Some(wire) = &mut self.wire else { return Event::Stale };
        let (provider, wall) = (&self.pool.provider, self.pool.queue.clock.wall());
        let message = message.or_else(|| match &created {
            Some(created) => provider.confirmation(created),
            None => provider.request(request),
        });
        let message = message.and_then(|message| provider.seal(message, wall));
        let Some(message) = message else { return Event::Inexpressible };
        let answer = match wire.sender.try_send_request(message.map(Full::from)).await {
            Ok(response) => receive(response).await,
            Err(mut error) => {
                return error.take_message().map_or(Event::Lost, |_| Event::Stale);
            }
        };
        let Some(answer) = answer else { return Event::Lost };
        let (found, confirms) = match &created {
            Some(created) => (provider.interpret_confirmation(created, &answer), true),
            None => {
                *created = provider.created(request, &answer);
                if created.is_some() {
                    return Event::Created;
                }
                (provider.interpret(request, &answer), false)
            }
        };
        if found.is_none() {
            let why = if confirms { CONFIRMS_NOTHING } else { provider.doubt(request, &answer) };
            self.pool.note_doubt(why, request, &answer);
        }
        Event::Answered(found)
    }
}

async fn open(pool: &ConnectionPool) -> io::Result<Wire> {
    let stream = tls::open(&pool.address, pool.tls.as_ref()).await?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(io::Error::other)?;
    let driver = tokio::task::spawn_local(async move {
        // Its error reaches the task that waits for an answer, and so does its end by a panic.
        // Bytes beyond an answer are such an error: they end the connection.
        drop(guard::future(connection).await);
    });
    Ok(Wire { sender, driver })
}

/// The whole answer; `None` when it was cut off or is too long.
async fn receive(response: Response<Incoming>) -> Option<Response<Vec<u8>>> {
    let (head, body) = response.into_parts();
    let bytes = Limited::new(body, PROVIDER_ANSWER_BYTES_MAX).collect().await.ok()?.to_bytes();
    Some(Response::from_parts(head, bytes.into()))
}
