//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};
use zeroize::{Zeroize, Zeroizing};

use crate::guard;
use crate::places::{Class, Peer, Place, Places, Share, Waiting, WaitingPlace};
use crate::refusal::{Counts, Refusal};

/// Bounds of an acceptor; the reasons are where they are set.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Peers whose request's head has not arrived.
    pub waiting: Share,
    /// Requests for health, of strangers, of known callers.
    pub places: [Share; 3],
    /// From the connection to the end of the head.
    pub head_time: Duration,
    /// From the head to the answer, the body included.
    pub request_time: Duration,
    /// From the head to the end of the connection: health, strangers, known callers.
    pub connection_time: [Duration; 3],
    /// Bytes that are buffered, and so the longest head.
    pub head_bytes: usize,
    /// Headers of one request.
    pub headers: usize,
}

/// What the router decides from a request's head.
pub struct Admission<T> {
    /// What it hands to itself.
    pub ticket: T,
    /// Whose places the request takes.
    pub class: Class,
    /// The longest body.
    pub body_bytes: u64,
    /// From the head to the body's last byte.
    pub body_time: Duration,
}

/// What is behind the acceptor.
pub trait Router: Send + Sync + 'static {
    /// From [`Router::admit`] to [`Router::answer`].
    type Ticket: Send;
    /// Of the answers.
    type Body: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static;

    /// Decides from the head alone.
    ///
    /// # Errors
    /// The answer, when there is nothing more to do; the body is not read.
    fn admit(
        &self,
        peer: &Peer,
        head: &Parts,
    ) -> Result<Admission<Self::Ticket>, Response<Self::Body>>;

    /// Answers a request that was let in.
    fn answer(
        &self,
        ticket: Self::Ticket,
        request: Request<Bytes>,
    ) -> impl Future<Output = Response<Self::Body>> + Send;

    /// The acceptor's own answer.
    fn refuse(&self, refusal: Refusal) -> Response<Self::Body>;

    /// A guarded piece of work panicked; its place is for the log.
    fn panicked(&self, panicked: &guard::Panicked);
}

/// A router, and the places in front of it. Cheap to clone.
pub struct Acceptor<R> {
    inner: Arc<Inner<R>>,
}

impl<R> Clone for Acceptor<R> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

struct Inner<R> {
    router: Arc<R>,
    limits: Limits,
    waiting: Waiting,
    places: Places,
    counts: Arc<Counts>,
}

/// A connection that was let in, not served yet.
pub struct Entered {
    peer: Peer,
    place: WaitingPlace,
    cut: oneshot::Receiver<()>,
}

impl<R: Router> Acceptor<R> {
    /// An acceptor with all its places free.
    pub fn new(router: Arc<R>, limits: Limits, counts: Arc<Counts>) -> Self {
        let waiting = Waiting::new(limits.waiting);
        let places = Places::new(limits.places);
        Self { inner: Arc::new(Inner { router, limits, waiting, places, counts }) }
    }

    /// Lets a new connection in; when there are too many silent ones, one of them goes.
    pub fn enter(&self, peer: Peer) -> Entered {
        let (place, cut, evicted) = self.inner.waiting.enter(&peer);
        if evicted {
            self.inner.counts.evicted.fetch_add(1, Ordering::Relaxed);
        }
        Entered { peer, place, cut }
    }

    /// Serves one request and ends. Never panics: what panics inside ends here.
    pub async fn serve<S>(&self, stream: S, entered: Entered)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let served = guard::future(async move { inner.connection(stream, entered).await }).await;
        if let Err(panicked) = served {
            self.inner.count_panic(&panicked);
        }
    }
}

impl<R: Router> Inner<R> {
    async fn connection<S>(self: Arc<Self>, stream: S, entered: Entered)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Entered { peer, place, mut cut } = entered;
        let (classified, mut class) = mpsc::channel(1);
        // Of the request, for as long as the connection: its answer has to leave, too.
        let seat = Arc::new(Seat::new(place));
        let talk = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_time)
            .max_buf_size(self.limits.head_bytes)
            .max_headers(self.limits.headers)
            .keep_alive(false)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(|request| {
                    let (inner, peer) = (Arc::clone(&self), peer.clone());
                    let (seat, classified) = (Arc::clone(&seat), classified.clone());
                    async move { inner.request(request, &peer, &seat, &classified).await }
                }),
            );
        let mut talk = std::pin::pin!(talk);
        // Hyper's own deadline ends a head before this does.
        let mut end = std::pin::pin!(sleep(self.limits.head_time * 2));
        loop {
            tokio::select! {
                // Whatever a peer does that breaks off is its own affair.
                _ = &mut talk => return,
                Ok(()) = &mut cut, if seat.is_waiting() => return,
                Some(class) = class.recv() => {
                    let time = class.of(self.limits.connection_time);
                    end.as_mut().reset(Instant::now() + time);
                }
                () = &mut end => return,
            }
        }
    }

    async fn request(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
        seat: &Seat,
        classified: &mpsc::Sender<Class>,
    ) -> Result<Response<R::Body>, Infallible> {
        let answered = guard::future(timeout(
            self.limits.request_time,
            self.answered(request, peer, seat, classified),
        ));
        let refusal = match answered.await {
            Ok(Ok(Ok(response))) => return Ok(response),
            Ok(Ok(Err(Stopped::Answered(response)))) => return Ok(response),
            Ok(Ok(Err(Stopped::Refused(refusal)))) => refusal,
            Ok(Err(_)) => Refusal::Late,
            Err(panicked) => {
                self.count_panic(&panicked);
                Refusal::Panicked
            }
        };
        let index = Refusal::ALL.iter().position(|other| *other == refusal).unwrap_or_default();
        self.counts.refused[index].fetch_add(1, Ordering::Relaxed);
        Ok(self.router.refuse(refusal))
    }

    async fn answered(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
        seat: &Seat,
        classified: &mpsc::Sender<Class>,
    ) -> Result<Response<R::Body>, Stopped<R::Body>> {
        let (head, body) = request.into_parts();
        // Until a place is found this connection has what a stranger's answer takes.
        seat.heard();
        classified.try_send(Class::Stranger).unwrap_or_default();
        check_target(&head)?;
        let admitted = self.router.admit(peer, &head).map_err(Stopped::Answered)?;
        let Admission { ticket, class, body_bytes, body_time } = admitted;
        check_length(&head.headers, body_bytes)?;
        let place = self.places.take(class, peer).ok_or(Refusal::Busy)?;
        seat.take(place);
        classified.send(class).await.unwrap_or_default();
        let bytes_max = usize::try_from(body_bytes).unwrap_or(usize::MAX);
        let body = timeout(body_time, gather(Limited::new(body, bytes_max))).await;
        let body = body.map_err(|_| Refusal::Late)?.map_err(|_| Refusal::Broken)?;
        Ok(self.router.answer(ticket, Request::from_parts(head, body)).await)
    }

    fn count_panic(&self, panicked: &guard::Panicked) {
        self.counts.panics.fetch_add(1, Ordering::Relaxed);
        self.router.panicked(panicked);
    }
}

/// Why a request went no further.
enum Stopped<B> {
    Answered(Response<B>),
    Refused(Refusal),
}

impl<B> From<Refusal> for Stopped<B> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a connection holds: first a silent peer's place, then its class's.
struct Seat(Mutex<(Option<WaitingPlace>, Option<Place>)>);

impl Seat {
    fn new(place: WaitingPlace) -> Self {
        Self(Mutex::new((Some(place), None)))
    }

    fn is_waiting(&self) -> bool {
        self.0.lock().0.is_some()
    }

    fn heard(&self) {
        self.0.lock().0 = None;
    }

    fn take(&self, place: Place) {
        self.0.lock().1 = Some(place);
    }
}

/// Routers take paths apart; some panic on a target that has none (`CONNECT host:80`,
/// `GET host:80`, `OPTIONS *`). A whole URL is for proxies.
fn check_target(head: &Parts) -> Result<(), Refusal> {
    let uri = &head.uri;
    let is_path = uri.scheme().is_none()
        && uri.authority().is_none()
        && uri.path_and_query().is_some_and(|path| path.as_str().starts_with('/'));
    if head.method != Method::CONNECT && is_path { Ok(()) } else { Err(Refusal::Target) }
}

/// A whole body in one buffer, which is wiped when nobody reads it any more: bodies carry keys,
/// PINs and passwords. Its length is known, so the buffer does not move while it fills.
async fn gather<B: Body<Data = Bytes> + Unpin>(mut body: B) -> Result<Bytes, B::Error> {
    let length = usize::try_from(body.size_hint().lower()).unwrap_or(0);
    let mut whole = Zeroizing::new(Vec::with_capacity(length));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        whole.extend_from_slice(&data);
        // Where hyper does not hold it as well.
        if let Ok(mut data) = data.try_into_mut() {
            data.zeroize();
        }
    }
    Ok(Bytes::from_owner(whole))
}

/// A body says how long it is, and that is not too long; hyper holds it to its word.
fn check_length(headers: &HeaderMap, most: u64) -> Result<(), Refusal> {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Refusal::LengthRequired);
    }
    let Some(length) = headers.get(header::CONTENT_LENGTH) else { return Ok(()) };
    let length: Option<u64> = length.to_str().ok().and_then(|text| text.trim().parse().ok());
    match length {
        Some(length) if length <= most => Ok(()),
        Some(_) => Err(Refusal::TooLarge),
        None => Err(Refusal::Broken),
    }
}
