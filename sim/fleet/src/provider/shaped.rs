//! The sockets and the clock of a provider in the shape of a public HTTP API.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tillsim_core::provider::script::{Reach, Script};
use tillsim_core::provider::shapes::{
    Callback, Delivery, SIGNATURE, ShapeSettings, ShapedProvider, TIMESTAMP,
};
use tillsim_core::time::Moment;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_blocking, spawn_local};
use tokio::time::{Sleep, sleep};

use super::accept::{IDLE, Scripted, until};
use super::{HEADER_PATIENCE, ORDER_BYTES_MAX, SILENCE, problem, text};

/// From the first half of a body to the end of its connection, so that the half leaves.
const BREAK: Duration = Duration::from_millis(20);
/// How often a callback is posted until it is acknowledged, and the first pause; pauses double.
const CALLBACK_ATTEMPTS: u32 = 6;
const CALLBACK_PAUSE: Duration = Duration::from_millis(500);
/// How long an acknowledgement may take.
const CALLBACK_PATIENCE: Duration = Duration::from_secs(10);

/// A provider that listens.
pub(super) struct Shaped {
    provider: RefCell<ShapedProvider>,
    /// A callback may be due.
    changed: Notify,
    connections: RefCell<Vec<JoinHandle<()>>>,
    begun: Instant,
}

impl Shaped {
    pub(super) fn new(settings: ShapeSettings, script: Script) -> Rc<Self> {
        Rc::new(Self {
            provider: RefCell::new(ShapedProvider::new(settings, script, Moment(0))),
            changed: Notify::new(),
            connections: RefCell::default(),
            begun: Instant::now(),
        })
    }

    async fn answer(self: Rc<Self>, request: Request<Incoming>) -> io::Result<Response<Piece>> {
        if request.method() == Method::GET && request.uri().path() == "/book" {
            let lines = self.provider.borrow().lines(self.now());
            let book = text(StatusCode::OK, "application/x-ndjson", lines);
            return Ok(book.map(|lines| Piece::new(lines, End::Whole)));
        }
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, ORDER_BYTES_MAX).collect().await else {
            let reply = problem(StatusCode::BAD_REQUEST, "the order broke off or is too long");
            return Ok(reply.map(|text| Piece::new(text, End::Whole)));
        };
        let request = Request::from_parts(head, body.to_bytes().into());
        let (after, delivery) = self.provider.borrow_mut().receive(self.now(), &request);
        self.changed.notify_one();
        if !matches!(delivery, Delivery::Never) {
            sleep(Duration::from_nanos(after.0)).await;
        }
        match delivery {
            Delivery::Whole(response) => Ok(response.map(|body| Piece::new(body, End::Whole))),
            Delivery::Cut(response) => {
                Ok(response.map(|body| Piece::new(body, End::Cut(Box::pin(sleep(BREAK))))))
            }
            Delivery::Half(response) => Ok(response.map(|body| Piece::new(body, End::Never))),
            Delivery::Disconnect => Err(io::ErrorKind::ConnectionAborted.into()),
            Delivery::Never => {
                sleep(SILENCE).await;
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    /// Posts callbacks when they are due, until the process is ended.
    pub(super) async fn call_back(self: Rc<Self>) {
        loop {
            let due = self.provider.borrow_mut().poll(self.now());
            if let Some(callback) = due {
                spawn_local(post(Rc::new(callback)));
                continue;
            }
            let deadline = self.provider.borrow().deadline();
            let wait = deadline.map_or(IDLE, |at| until(self.now(), at));
            // Either way it is asked again.
            drop(tokio::time::timeout(wait, self.changed.notified()).await);
        }
    }
}

impl Scripted for Shaped {
    fn now(&self) -> Moment {
        Moment(u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn outage(&self, now: Moment) -> Option<(Reach, Moment)> {
        self.provider.borrow().director().outage(now)
    }

    fn next_outage(&self, now: Moment) -> Option<Moment> {
        self.provider.borrow().director().next_outage(now, Reach::Refuse)
    }

    fn accepted(self: &Rc<Self>, stream: TcpStream) {
        let provider = Rc::clone(self);
        let connection = spawn_local(async move {
            let answer = service_fn(move |request| Rc::clone(&provider).answer(request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_PATIENCE)
                .serve_connection(TokioIo::new(stream), answer);
            // A peer that breaks off is the peer's business.
            drop(connection.await);
        });
        let mut connections = self.connections.borrow_mut();
        connections.retain(|connection| !connection.is_finished());
        connections.push(connection);
    }

    fn cut(&self) {
        self.connections.borrow_mut().drain(..).for_each(|connection| connection.abort());
    }
}

/// Posts one outcome until it is acknowledged.
async fn post(callback: Rc<Callback>) {
    let mut pause = CALLBACK_PAUSE;
    for _ in 0..CALLBACK_ATTEMPTS {
        let Callback { url, body, .. } = (*callback).clone();
        let sent_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let signature = callback.signature(sent_s);
        let posted = spawn_blocking(move || {
            let agent = ureq::Agent::config_builder()
                .proxy(None)
                .max_redirects(0)
                .timeout_global(Some(CALLBACK_PATIENCE))
                .build()
                .new_agent();
            let request = agent.post(&url).header("Content-Type", "application/json");
            request
                .header(TIMESTAMP, sent_s.to_string())
                .header(SIGNATURE, &signature)
                .send(&body[..])
                .is_ok()
        });
        if posted.await.unwrap_or(false) {
            return;
        }
        sleep(pause).await;
        pause *= 2;
    }
}

/// A body of which only a part may leave.
pub(super) struct Piece {
    first: Option<Bytes>,
    bytes: u64,
    end: End,
}

/// What follows the part.
enum End {
    /// The part is all.
    Whole,
    /// After a moment the connection ends.
    Cut(Pin<Box<Sleep>>),
    /// Nothing.
    Never,
}

impl Piece {
    fn new(mut body: Vec<u8>, end: End) -> Self {
        let bytes = u64::try_from(body.len()).unwrap_or(0);
        if !matches!(end, End::Whole) {
            body.truncate(body.len() / 2);
        }
        Self { first: Some(body.into()), bytes, end }
    }
}

impl Body for Piece {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        match &mut self.end {
            End::Whole => Poll::Ready(None),
            End::Never => Poll::Pending,
            End::Cut(pause) => pause
                .as_mut()
                .poll(context)
                .map(|()| Some(Err(io::ErrorKind::ConnectionAborted.into()))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes)
    }
}
