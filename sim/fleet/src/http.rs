//! A small HTTP client for the gateway's admin interface and the provider's book.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// Longest answer: a book of a million deals.
const BODY_BYTES_MAX: usize = 512 * 1024 * 1024;

/// From a request to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a request failed.
#[derive(Debug)]
pub struct HttpError {
    url: String,
    text: String,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.url, self.text)
    }
}

impl std::error::Error for HttpError {}

/// One server, over one connection that is made again when it is lost.
pub struct Client {
    runtime: Runtime,
    base: String,
    authority: String,
    bearer: Option<String>,
    connection: Option<SendRequest<Empty<Bytes>>>,
}

impl Client {
    /// A client of the server at `base`, for example `http://127.0.0.1:7401`; nothing is sent yet.
    ///
    /// # Errors
    /// [`HttpError`] when `base` is not a plain HTTP address.
    pub fn new(base: &str, bearer: Option<String>) -> Result<Self, HttpError> {
        let wrong = |text: &str| HttpError { url: base.to_owned(), text: text.to_owned() };
        let uri: Uri = base.parse().map_err(|_| wrong("is not an address"))?;
        if uri.scheme_str() != Some("http") {
            return Err(wrong("must begin with http://"));
        }
        let host = uri.authority().ok_or_else(|| wrong("names no host"))?;
        let port = host.port_u16().unwrap_or(80);
        let authority = format!("{}:{port}", host.host());
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| wrong(&error.to_string()))?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { runtime, base, authority, bearer, connection: None })
    }

    /// Gets `path`, which begins with a slash; gives status and body.
    ///
    /// # Errors
    /// [`HttpError`] when no whole answer came.
    pub fn get(&mut self, path: &str) -> Result<(StatusCode, Bytes), HttpError> {
        let url = format!("{}{path}", self.base);
        let wrong = |text: String| HttpError { url: url.clone(), text };
        let mut request = Request::get(path).header(HOST, &self.authority);
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let request = request.body(Empty::new()).map_err(|error| wrong(error.to_string()))?;
        let (authority, connection) = (self.authority.clone(), self.connection.take());
        let exchange = exchange(authority, connection, request);
        let timed = async { tokio::time::timeout(PATIENCE, exchange).await };
        let answered = self.runtime.block_on(timed);
        let answered = answered.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        let (connection, status, body) = answered.map_err(wrong)?;
        self.connection = Some(connection);
        Ok((status, body))
    }
}

type Sender = SendRequest<Empty<Bytes>>;

async fn exchange(
    authority: String,
    connection: Option<Sender>,
    request: Request<Empty<Bytes>>,
) -> Result<(Sender, StatusCode, Bytes), String> {
    let kept = match connection {
        Some(mut kept) => kept.ready().await.ok().map(|()| kept),
        None => None,
    };
    let mut sender = match kept {
        Some(kept) => kept,
        None => connect(&authority).await?,
    };
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), BODY_BYTES_MAX).collect().await;
    let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
    Ok((sender, status, body.to_bytes()))
}

async fn connect(authority: &str) -> Result<Sender, String> {
    let stream = TcpStream::connect(authority).await.map_err(|error| error.to_string())?;
    let (sender, connection) =
        handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        // Whoever uses the sender hears of its end.
        drop(connection.await);
    });
    Ok(sender)
}
