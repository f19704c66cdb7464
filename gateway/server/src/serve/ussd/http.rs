//! Links over HTTP: their listeners, on a runtime of their own thread. A request goes by mail to the
//! thread of the links and comes back through a channel of its own.
//!
//! ```text
//!   connection ─▶ networks ─▶ TLS ─▶ head: secret ─▶ place ─▶ body ─▶ mail ─▶ UssdThread
//!                  closed            403             503                │
//!        ◀───────────────────────────────────────── Answered ◀──────────┘
//! ```
//!
//! A connection carries one request. Whoever waits for an answer has a place; there are as many as
//! `requests_max` of them, and nothing else is queued.

use std::io;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use tillgate_core::ussd::http::{HttpAnswer, HttpConfig};
use tillgate_core::ussd::limits::BODY_BYTES_MAX;
use tillgate_edge::guard::Panicked;
use tillgate_edge::places::Share;
use tillgate_edge::{Acceptor, Admission, Class, Counts, Limits, Peer, Refusal, Router};
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::serve::accept::{HttpPort, serve};
use crate::serve::limits::{
    AGGREGATOR_HEAD_BYTES_MAX, AGGREGATOR_HEADERS_MAX, AGGREGATOR_POST_MAX, AGGREGATOR_REST,
    AGGREGATOR_SILENT_MAX, AGGREGATOR_TIME_MAX, RETRY_AFTER,
};
use crate::serve::mailbox::{Mail, Mailbox};
use crate::serve::metrics::{EdgeMetrics, UssdMetrics};

/// Half, so that one stranger does not keep the aggregator out.
const SILENT: Share = Share { all: AGGREGATOR_SILENT_MAX, address: AGGREGATOR_SILENT_MAX / 2 };

/// A request on its way to its link. There is no `Debug`: its texts may be PINs.
pub(crate) struct Asked {
    pub(super) link: u16,
    pub(super) method: Method,
    pub(super) query: Zeroizing<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) peer: IpAddr,
    pub(super) answer: oneshot::Sender<Answered>,
}

/// Its answer.
pub(crate) struct Answered {
    status: StatusCode,
    content_type: HeaderValue,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// May have a voucher's PIN.
    body: Zeroizing<Vec<u8>>,
}

impl Answered {
    pub(super) fn of(answer: &HttpAnswer<'_>) -> Self {
        Self {
            status: answer.status,
            content_type: answer.content_type.clone(),
            headers: answer.headers.to_vec(),
            body: Zeroizing::new(answer.body.as_bytes().to_vec()),
        }
    }

    fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from_owner(self.body)));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, self.content_type);
        response.headers_mut().extend(self.headers);
        response
    }
}

/// The socket of a link, and what its connections need to know.
pub(super) struct HttpListener {
    pub(super) link: u16,
    pub(super) config: HttpConfig,
    pub(super) listener: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) requests_max: usize,
    /// Set by whoever gave up waiting for an answer.
    pub(super) gone: Arc<AtomicBool>,
}

/// The listeners of all links over HTTP, until the thread of the links is gone.
pub(crate) struct HttpEdge {
    pub(super) listeners: Vec<HttpListener>,
    pub(super) stop: watch::Receiver<()>,
    pub(super) mailbox: Mailbox,
    pub(super) metrics: Arc<UssdMetrics>,
    pub(super) edge: Arc<EdgeMetrics>,
    pub(super) runtime: Runtime,
}

impl HttpEdge {
    pub(crate) fn run(self) {
        let Self { listeners, stop, mailbox, metrics, edge, runtime } = self;
        let local = LocalSet::new();
        for of in listeners {
            let HttpListener { link, config, listener, tls, requests_max, gone } = of;
            let port = HttpPort {
                listener,
                tls,
                seats: requests_max + AGGREGATOR_SILENT_MAX + 1,
                pause: Duration::ZERO,
                rest: AGGREGATOR_REST,
            };
            let limits = limits(&config, requests_max);
            let (mailbox, metrics, edge) =
                (mailbox.clone(), Arc::clone(&metrics), Arc::clone(&edge));
            let calls = Arc::new(Calls { link, config, mailbox, metrics, edge, gone });
            let acceptor = Acceptor::new(Arc::clone(&calls), limits, Arc::new(Counts::default()));
            let is_welcome = move |peer| {
                let is_near = calls.config.is_near(peer);
                if !is_near {
                    calls.metrics.deny(link);
                }
                is_near
            };
            local.spawn_local(serve(port, acceptor, is_welcome, stop.clone()));
        }
        drop(stop);
        runtime.block_on(local);
    }
}

fn limits(config: &HttpConfig, requests_max: usize) -> Limits {
    let places = Share { all: requests_max, address: requests_max };
    let answer_time = Duration::from_nanos(config.profile.answer_time.0);
    let request_time = answer_time + AGGREGATOR_TIME_MAX;
    let times = [AGGREGATOR_TIME_MAX, AGGREGATOR_TIME_MAX, request_time + AGGREGATOR_TIME_MAX];
    Limits {
        waiting: SILENT,
        places: [places; 3],
        head_time: AGGREGATOR_TIME_MAX,
        request_time,
        connection_time: times,
        head_bytes: AGGREGATOR_HEAD_BYTES_MAX,
        headers: AGGREGATOR_HEADERS_MAX,
    }
}

/// Requests to one link.
struct Calls {
    link: u16,
    config: HttpConfig,
    mailbox: Mailbox,
    metrics: Arc<UssdMetrics>,
    edge: Arc<EdgeMetrics>,
    gone: Arc<AtomicBool>,
}

/// Somebody who waits for an answer; when nobody does any more, its link learns of it.
struct Waits<'a> {
    answer: oneshot::Receiver<Answered>,
    gone: Option<&'a AtomicBool>,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if let Some(gone) = self.gone {
            self.answer.close();
            gone.store(true, Ordering::Release);
        }
    }
}

impl Calls {
    /// A full box is a thread that turns: it is tried again for a while.
    async fn post(&self, mut mail: Mail) -> bool {
        let until = Instant::now() + AGGREGATOR_POST_MAX;
        while let Err(back) = self.mailbox.try_post(mail) {
            if Instant::now() >= until {
                return false;
            }
            mail = back;
            sleep(RETRY_AFTER).await;
        }
        true
    }
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

impl Router for Calls {
    type Ticket = IpAddr;
    type Body = Full<Bytes>;

    /// Strangers are refused by the head alone: they cost the thread of the links nothing.
    fn admit(&self, peer: &Peer, head: &Parts) -> Result<Admission<IpAddr>, Response<Self::Body>> {
        let Peer::Remote(peer) = *peer else { return Err(empty(StatusCode::FORBIDDEN)) };
        if !self.config.admits(peer, head.uri.query().unwrap_or(""), &head.headers) {
            self.metrics.deny(self.link);
            return Err(empty(StatusCode::FORBIDDEN));
        }
        let body_bytes = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
        let (class, body_time) = (Class::Known, AGGREGATOR_TIME_MAX);
        Ok(Admission { ticket: peer, class, body_bytes, body_time })
    }

    async fn answer(&self, peer: IpAddr, request: Request<Bytes>) -> Response<Self::Body> {
        let (head, body) = request.into_parts();
        let query = Zeroizing::new(head.uri.query().unwrap_or("").to_owned());
        let (sender, answer) = oneshot::channel();
        let mut waits = Waits { answer, gone: Some(&self.gone) };
        let asked = Asked {
            link: self.link,
            method: head.method,
            query,
            headers: head.headers,
            body,
            peer,
            answer: sender,
        };
        if !self.post(Mail::Asked(Box::new(asked))).await {
            return self.refuse(Refusal::Busy);
        }
        let answered = (&mut waits.answer).await;
        waits.gone = None;
        // The thread has ended: the aggregator may ask another gateway.
        answered.map_or_else(|_| empty(StatusCode::SERVICE_UNAVAILABLE), Answered::response)
    }

    fn refuse(&self, refusal: Refusal) -> Response<Self::Body> {
        self.metrics.turn_away(self.link);
        empty(refusal.status())
    }

    fn panicked(&self, panicked: &Panicked) {
        self.edge.ussd_panics.add(1);
        tracing::error!(%panicked, "a USSD link's request {panicked}; its connection was closed");
    }
}

/// What [`HttpEdge`] runs on.
pub(super) fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
