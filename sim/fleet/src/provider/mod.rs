//! `tillsim provider`: a simulated top-up provider behind HTTP, and what a script describes.
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
//! made to lie ([`Lies`]).
//!
//! What it decides and answers is in [`tillsim_core::provider`]; here are the sockets and the
//! clock.

mod accept;
mod host;
mod script;
mod shaped;
#[cfg(test)]
mod tests;

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
use serde_json::json;
pub(crate) use tillsim_core::provider::Lies;
use tillsim_core::provider::script::Script;
use tillsim_core::provider::{Answer, HttpProvider, ProviderBehaviour};
use tillsim_core::time::Moment;
use tokio::net::TcpListener;
use tokio::task::{JoinSet, LocalSet};

use self::host::Host;
use self::script::{HostPlan, HttpPlan};
pub(crate) use self::script::{Plan, dialect};
use self::shaped::Shaped;
use crate::exit::{About, Refusal};

/// Longest order.
const ORDER_BYTES_MAX: usize = 64 * 1024;
/// How long silence lasts before the connection is closed.
const SILENCE: Duration = Duration::from_secs(600);
/// From a connection to its first whole header, and from one request to the next.
const HEADER_PATIENCE: Duration = Duration::from_secs(300);
/// Pause after a connection could not be accepted, usually for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

struct Counter {
    provider: RefCell<HttpProvider>,
    lies: Lies,
    begun: Instant,
}

/// Serves until the process is ended; tells `bound` where it listens.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) fn serve(
    address: SocketAddr,
    behaviour: ProviderBehaviour,
    lies: Lies,
    bound: impl FnOnce(SocketAddr),
) -> io::Result<Infallible> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let provider = RefCell::new(HttpProvider::new(behaviour));
    let counter = Rc::new(Counter { provider, lies, begun: Instant::now() });
    LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::bind(address).await?;
        bound(listener.local_addr()?);
        Ok(accept_http(listener, move |request| answer(Rc::clone(&counter), request)).await)
    })
}

/// Where something listens, and what it speaks there.
pub(crate) type Bound = (SocketAddr, &'static str);

/// The name of an ISO 8583 host beside the shapes of HTTP.
const ISO8583: &str = "iso8583";
/// The book of an ISO 8583 host.
const BOOK: &str = "book";

/// Serves what a script says until the process is ended; reports to `bound` where it listens.
///
/// # Errors
/// When an address cannot be listened on, or a log cannot be written.
pub(crate) fn serve_plan(plan: Plan, bound: impl FnOnce(&[Bound])) -> Result<Infallible, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.about("cannot start")?;
    LocalSet::new().block_on(&runtime, async move {
        let mut tasks = JoinSet::new();
        let mut listens = Vec::new();
        if let Some(plan_of_host) = &plan.host {
            start_host(plan_of_host, &plan.script, &mut tasks, &mut listens).await?;
        }
        if let Some(HttpPlan { listen, settings }) = plan.http {
            let name = settings.shape.into();
            let shaped = Shaped::new(settings, plan.script);
            let (listener, address) = accept::bind(listen).await?;
            listens.push((address, name));
            tokio::task::spawn_local(Rc::clone(&shaped).call_back());
            let what = format!("cannot listen on {address}");
            tasks.spawn_local(async move { accept::accept(shaped, listener).await.about(what) });
        }
        bound(&listens);
        match tasks.join_next().await {
            Some(Ok(ended)) => ended,
            _ => Err(Refusal("what listened has ended".to_owned())),
        }
    })
}

async fn start_host(
    plan: &HostPlan,
    script: &Script,
    tasks: &mut JoinSet<Result<Infallible, Refusal>>,
    listens: &mut Vec<Bound>,
) -> Result<(), Refusal> {
    let host = Host::new(plan, script.clone())?;
    let (listener, address) = accept::bind(plan.listen).await?;
    listens.push((address, ISO8583));
    if let Some(wanted) = plan.book {
        let (listener, address) = accept::bind(wanted).await?;
        listens.push((address, BOOK));
        let host = Rc::clone(&host);
        tokio::task::spawn_local(accept_http(listener, move |request| {
            std::future::ready(Ok(host.book(&request).map(full)))
        }));
    }
    let accepting = Rc::clone(&host);
    let what = format!("cannot listen on {address}");
    tasks.spawn_local(async move { accept::accept(accepting, listener).await.about(what) });
    tasks.spawn_local(async move { host.pump().await.about("cannot write the log") });
    Ok(())
}

/// Accepts connections and answers their requests.
async fn accept_http<F>(
    listener: TcpListener,
    answer: impl Fn(Request<Incoming>) -> F + Clone + 'static,
) -> Infallible
where
    F: Future<Output = Result<Reply, Infallible>> + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Small answers must not wait for more of them.
        drop(stream.set_nodelay(true));
        let answer = answer.clone();
        tokio::task::spawn_local(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_PATIENCE)
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            // A peer that breaks off is the peer's business.
            drop(connection.await);
        });
    }
}

impl Counter {
    fn now(&self) -> Moment {
        Moment(u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn book(&self) -> String {
        let provider = self.provider.borrow();
        let mut lines = String::new();
        for (reference, deal) in provider.provider().book(self.now()) {
            let line = json!({
                "reference": reference,
                "service": deal.service,
                "amount_minor": deal.amount_minor,
                "subscriber": &*deal.subscriber,
                "status": deal.standing.word(),
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

/// An answer that leaves whole.
type Reply = Response<Full<Bytes>>;

async fn answer(counter: Rc<Counter>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    if request.method() == Method::GET && request.uri().path() == "/book" {
        return Ok(text(StatusCode::OK, "application/x-ndjson", counter.book()).map(full));
    }
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, ORDER_BYTES_MAX).collect().await else {
        return Ok(problem(StatusCode::BAD_REQUEST, "the order broke off or is too long").map(full));
    };
    let request = Request::from_parts(head, body.to_bytes().into());
    let Answer { after, response, .. } =
        counter.provider.borrow_mut().receive(counter.now(), &request, counter.lies);
    let wait = if response.is_none() { SILENCE } else { Duration::from_nanos(after.0) };
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let silent = || problem(StatusCode::GATEWAY_TIMEOUT, "silent");
    Ok(response.unwrap_or_else(silent).map(full))
}

fn problem(status: StatusCode, what: &str) -> Response<Vec<u8>> {
    text(status, "application/json", json!({"error": what}).to_string())
}

fn text(status: StatusCode, kind: &'static str, body: String) -> Response<Vec<u8>> {
    let mut reply = Response::new(body.into_bytes());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    reply
}

fn full(body: Vec<u8>) -> Full<Bytes> {
    Full::new(Bytes::from(body))
}
