//! `tillsim provider`: a simulated top-up provider behind HTTP.
//!
//! ```text
//! POST /topups                  {"reference","service","product","amount_minor","currency",
//!                                "subscriber","attempt"}
//!   200 {"status":"approved","reference","amount_minor","provider_reference":"..."}
//!   200 {"status":"declined","reference","amount_minor","code":"14","provider_reference":""}
//!   202 {"status":"pending","reference","amount_minor"}
//! GET  /topups/{reference}      the same answers, or 404 {"status":"unknown","reference"}
//! POST /topups/{reference}/reversal      {"service","amount_minor","attempt"}
//!   200 {"status":"reversed","reference","amount_minor"}   also of what never came: it is
//!                                                          declined when it comes late
//!   409 {"status":"refused","reference","amount_minor"}    it cannot be taken back
//! POST /topups/{reference}/confirmation  {}
//!   200 {"status":"noted","reference","amount_minor"}, or 404 {"status":"unknown","reference"}
//! GET  /book                    one deal a line: what was really done
//! ```
//!
//! Every answer repeats the reference and the amount of the order that it is about, unless it is
//! told to lie ([`Lies`]).
//!
//! What it decides is in [`tillsim_core::provider`]; here are the sockets and the clock.

mod lies;

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tillsim_core::provider::{
    DealStatus, Provider, ProviderBehaviour, Request as Order, Reversal, Say,
};
use tillsim_core::time::{Moment, Span};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

use self::lies::Liar;
pub use self::lies::Lies;

/// Longest order.
const ORDER_BYTES_MAX: usize = 64 * 1024;
/// How long silence lasts before the connection is closed.
const SILENCE: Duration = Duration::from_secs(600);
/// From a connection to its first whole header, and from one request to the next.
const HEADER_PATIENCE: Duration = Duration::from_secs(300);
/// Pause after a connection could not be accepted, usually for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
struct TopUp {
    reference: String,
    service: u16,
    amount_minor: u64,
    #[serde(default)]
    subscriber: String,
    #[serde(default = "first")]
    attempt: u32,
}

#[derive(Deserialize)]
struct TakeBack {
    service: u16,
    amount_minor: u64,
    #[serde(default = "first")]
    attempt: u32,
}

fn first() -> u32 {
    1
}

struct Counter {
    provider: RefCell<Provider>,
    liar: RefCell<Liar>,
    begun: Instant,
}

/// Serves until the process is ended; tells `bound` where it listens.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve(
    address: SocketAddr,
    behaviour: ProviderBehaviour,
    lies: Lies,
    bound: impl FnOnce(SocketAddr),
) -> io::Result<Infallible> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let liar = RefCell::new(Liar::new(behaviour.seed, lies));
    let provider = RefCell::new(Provider::new(behaviour));
    let counter = Rc::new(Counter { provider, liar, begun: Instant::now() });
    LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::bind(address).await?;
        bound(listener.local_addr()?);
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            // Small answers must not wait for more of them.
            drop(stream.set_nodelay(true));
            let counter = Rc::clone(&counter);
            tokio::task::spawn_local(async move {
                let service = service_fn(|request| answer(Rc::clone(&counter), request));
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEADER_PATIENCE)
                    .serve_connection(TokioIo::new(stream), service);
                // A peer that breaks off is the peer's business.
                drop(connection.await);
            });
        }
    })
}

impl Counter {
    fn now(&self) -> Moment {
        Moment(u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// An answer about the order of a reference.
    fn say(&self, reference: &str, say: &Say) -> Reply {
        let (status, mut body) = match say {
            Say::Approved(own) => {
                (StatusCode::OK, json!({"status": "approved", "provider_reference": own}))
            }
            Say::Declined(code) => {
                let body = json!({"status": "declined", "code": code, "provider_reference": ""});
                (StatusCode::OK, body)
            }
            Say::Pending => (StatusCode::ACCEPTED, json!({"status": "pending"})),
            Say::Reversed => (StatusCode::OK, json!({"status": "reversed"})),
            Say::Refused => (StatusCode::CONFLICT, json!({"status": "refused"})),
            Say::Noted => (StatusCode::OK, json!({"status": "noted"})),
            Say::Unknown => (StatusCode::NOT_FOUND, json!({"status": "unknown"})),
            Say::Nothing => (StatusCode::GATEWAY_TIMEOUT, json!({"status": "silent"})),
        };
        body["reference"] = json!(reference);
        if let Some(amount) = self.provider.borrow().amount_minor(reference) {
            body["amount_minor"] = json!(amount);
        }
        let (status, body) = self.liar.borrow_mut().tell(status, body);
        text(status, "application/json", body.to_string())
    }

    fn book(&self) -> String {
        let provider = self.provider.borrow();
        let mut lines = String::new();
        for (reference, deal) in provider.book(self.now()) {
            let status = match deal.standing {
                DealStatus::Approved => "approved",
                DealStatus::Declined => "declined",
                DealStatus::Pending(_) => "pending",
                DealStatus::Reversed => "reversed",
            };
            let line = json!({
                "reference": reference,
                "service": deal.service,
                "amount_minor": deal.amount_minor,
                "subscriber": &*deal.subscriber,
                "status": status,
                "confirmed": deal.confirmed,
            });
            // What was done twice stands there twice.
            for _ in 0..deal.times {
                lines.push_str(&line.to_string());
                lines.push('\n');
            }
        }
        lines
    }
}

type Reply = Response<Full<Bytes>>;

async fn answer(counter: Rc<Counter>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let path = request.uri().path().to_owned();
    let reply = match (request.method(), path.as_str()) {
        (&Method::GET, "/book") => text(StatusCode::OK, "application/x-ndjson", counter.book()),
        (&Method::POST, path) => {
            let mut parts = path.rsplit('/');
            match (parts.next(), parts.next()) {
                (Some("reversal"), Some(reference)) => reversal(&counter, reference, request).await,
                (Some("confirmation"), Some(reference)) => {
                    let say = counter.provider.borrow_mut().confirm(reference);
                    counter.say(reference, &say)
                }
                _ => top_up(&counter, request).await,
            }
        }
        (&Method::GET, _) => {
            let reference = path.rsplit('/').next().unwrap_or_default();
            let say = counter.provider.borrow().inquiry(counter.now(), reference);
            counter.say(reference, &say)
        }
        _ => problem(StatusCode::METHOD_NOT_ALLOWED, "only GET and POST are known here"),
    };
    Ok(reply)
}

async fn top_up(counter: &Counter, request: Request<Incoming>) -> Reply {
    let order: TopUp = match read(request).await {
        Ok(order) => order,
        Err(problem) => return problem,
    };
    let (after, say) = counter.provider.borrow_mut().request(
        counter.now(),
        &Order {
            reference: &order.reference,
            service: order.service,
            amount_minor: order.amount_minor,
            subscriber: &order.subscriber,
            attempt: order.attempt,
        },
    );
    say_after(counter, &order.reference, after, say).await
}

async fn reversal(counter: &Counter, reference: &str, request: Request<Incoming>) -> Reply {
    let order: TakeBack = match read(request).await {
        Ok(order) => order,
        Err(problem) => return problem,
    };
    let TakeBack { service, amount_minor, attempt } = order;
    let (after, say) = counter
        .provider
        .borrow_mut()
        .reverse(counter.now(), &Reversal { reference, service, amount_minor, attempt });
    say_after(counter, reference, after, say).await
}

async fn read<T: DeserializeOwned>(request: Request<Incoming>) -> Result<T, Reply> {
    let bad = |what: &str| problem(StatusCode::BAD_REQUEST, what);
    let body = Limited::new(request.into_body(), ORDER_BYTES_MAX).collect().await;
    let body = body.map_err(|_| bad("the order broke off or is too long"))?.to_bytes();
    serde_json::from_slice(&body).map_err(|error| bad(&error.to_string()))
}

async fn say_after(counter: &Counter, reference: &str, after: Span, say: Say) -> Reply {
    let wait = if say == Say::Nothing { SILENCE } else { Duration::from_nanos(after.0) };
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    counter.say(reference, &say)
}

fn problem(status: StatusCode, what: &str) -> Reply {
    text(status, "application/json", json!({"error": what}).to_string())
}

fn text(status: StatusCode, kind: &'static str, body: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    reply
}
