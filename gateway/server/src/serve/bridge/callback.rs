//! The listener of a bridge whose provider posts outcomes by itself.
//!
//! ```text
//!   accept (rate, places) ─▶ body (length, time) ─▶ signature, time ─▶ which order ─▶ its outcome
//!                                                      401               404     204 ─▶ writer
//! ```
//!
//! [`tillgate_edge`] has the deadlines and the places; a connection carries one request. A callback
//! that counts goes to the writer like a late answer: one that is posted again changes nothing.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Empty;
use tillgate_config::Callback;
use tillgate_core::provider::http_template::CallbackReader;
use tillgate_edge::guard::Panicked;
use tillgate_edge::places::Share;
use tillgate_edge::{Acceptor, Admission, Class, Counts, Limits, Peer, Refusal, Router};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::http::ConnectionPool;

use crate::exit::Failure;
use crate::serve::accept::{self, HttpPort};
use crate::serve::limits::{
    CALLBACK_ADDRESS_MAX, CALLBACK_BYTES_MAX, CALLBACK_CONNECTIONS_MAX, CALLBACK_HEAD_BYTES_MAX,
    CALLBACK_HEADERS_MAX, CALLBACK_PAUSE, CALLBACK_TIME_MAX,
};
use crate::serve::listeners::server_config;

/// A listener that is bound, and how what comes is read.
pub(super) struct CallbackSetup {
    pub(super) listener: TcpListener,
    pub(super) reader: CallbackReader,
    pub(super) tls: Option<TlsAcceptor>,
}

impl CallbackSetup {
    /// Listens.
    ///
    /// # Errors
    /// The address is taken or not one of this machine, or a file of its TLS cannot be used.
    pub(super) fn listen(
        bridge: &str,
        callback: &Callback,
        reader: CallbackReader,
    ) -> Result<Self, Failure> {
        let Callback { listen, tls } = callback;
        let tls = tls.as_ref().map(server_config).transpose()?.map(TlsAcceptor::from);
        let wrong = |error: io::Error| {
            Failure::config(format!(
                "bridge {bridge:?}: callback.listen {listen}: {error}; choose another address or port"
            ))
        };
        let listener = TcpListener::bind(listen).map_err(wrong)?;
        listener.set_nonblocking(true).map_err(wrong)?;
        Ok(Self { listener, reader, tls })
    }
}

/// Of every peer: the provider shows who it is by its body's signature.
const EACH: Share = Share { all: CALLBACK_CONNECTIONS_MAX, address: CALLBACK_ADDRESS_MAX };
const LIMITS: Limits = Limits {
    waiting: EACH,
    places: [EACH; 3],
    head_time: CALLBACK_TIME_MAX,
    request_time: CALLBACK_TIME_MAX,
    connection_time: [CALLBACK_TIME_MAX; 3],
    head_bytes: CALLBACK_HEAD_BYTES_MAX,
    headers: CALLBACK_HEADERS_MAX,
};

/// Whoever waits with a head and whoever waits with a body have shares of their own; with one seat
/// more a new connection makes room by the acceptor's rule.
const SEATS: usize = 2 * CALLBACK_CONNECTIONS_MAX + 1;

struct Callbacks {
    reader: CallbackReader,
    pool: Arc<ConnectionPool>,
}

/// Takes callbacks until every sender of `stop` is gone. What is under way at the end is cut: the
/// provider posts it again.
pub(super) async fn serve(
    setup: CallbackSetup,
    pool: Arc<ConnectionPool>,
    stop: watch::Receiver<()>,
) {
    let CallbackSetup { listener, reader, tls } = setup;
    let router = Arc::new(Callbacks { reader, pool });
    let acceptor = Acceptor::new(router, LIMITS, Arc::new(Counts::default()));
    let (seats, pause, rest) = (SEATS, CALLBACK_PAUSE, Duration::ZERO);
    accept::serve(HttpPort { listener, tls, seats, pause, rest }, acceptor, |_| true, stop).await;
}

impl Callbacks {
    fn take(&self, head: &Parts, body: &[u8]) -> StatusCode {
        let queue = &self.pool.queue;
        let bridge = &queue.metrics.name;
        if let Err(why) = self.reader.verify(head, body, queue.clock.wall()) {
            queue.metrics.callbacks_refused.add(1);
            // Strangers decide how often: the counter is what an alarm looks at.
            tracing::debug!(bridge, %why, "a callback was refused");
            return StatusCode::UNAUTHORIZED;
        }
        let named = self.reader.reference(body);
        let order = named.and_then(|reference| self.pool.awaited.lock().get(&reference).copied());
        let Some(order) = order else {
            // After a restart the gateway asks first; the provider posts it again.
            queue.metrics.callbacks_refused.add(1);
            return StatusCode::NOT_FOUND;
        };
        queue.metrics.callbacks.add(1);
        if let Some(found) = self.reader.read(&order, body)
            && queue.late(&order, found).is_err()
        {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        StatusCode::NO_CONTENT
    }
}

fn empty(status: StatusCode) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    response
}

impl Router for Callbacks {
    type Ticket = ();
    type Body = Empty<Bytes>;

    fn admit(&self, _peer: &Peer, head: &Parts) -> Result<Admission<()>, Response<Self::Body>> {
        if head.method != Method::POST {
            return Err(empty(StatusCode::METHOD_NOT_ALLOWED));
        }
        let (class, body_bytes, body_time) =
            (Class::Stranger, CALLBACK_BYTES_MAX, CALLBACK_TIME_MAX);
        Ok(Admission { ticket: (), class, body_bytes, body_time })
    }

    async fn answer(&self, _ticket: (), request: Request<Bytes>) -> Response<Self::Body> {
        let (head, body) = request.into_parts();
        empty(self.take(&head, &body))
    }

    fn refuse(&self, refusal: Refusal) -> Response<Self::Body> {
        self.pool.queue.metrics.callbacks_refused.add(1);
        empty(refusal.status())
    }

    fn panicked(&self, panicked: &Panicked) {
        self.pool.queue.edge.bridge_panics.add(1);
        tracing::error!(%panicked, "a callback {panicked}; its connection was closed");
    }
}
