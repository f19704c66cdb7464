//! The command line's way to a serving gateway: its admin API over HTTP/1.1.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::exit::Failure;
use crate::{hex, keyfile};

/// Longest answer that is taken: a page of terminals is far below.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A gateway that does not answer a connection at once is not there.
const CONNECT: Duration = Duration::from_secs(3);
/// A large import is checked, sealed and made durable within this.
const ANSWER: Duration = Duration::from_secs(120);

/// Where the admin API is, and what opens it.
pub(crate) struct Client {
    address: SocketAddr,
    config: Config,
    token: Zeroizing<String>,
}

/// What the gateway said.
pub(crate) struct Answer {
    status: StatusCode,
    /// The body, read as JSON; null when it is not that.
    pub(crate) body: Value,
}

impl Client {
    /// The admin API of a configuration, or of another address with that configuration's token.
    ///
    /// # Errors
    /// The token file cannot be used.
    pub(crate) fn new(config: Config, address: Option<SocketAddr>) -> Result<Self, Failure> {
        let token = keyfile::read(&config.admin.token).map_err(Failure::config)?;
        let token = Zeroizing::new(hex::encode(&*token));
        let address = reachable(address.unwrap_or(config.admin.listen));
        Ok(Self { address, config, token })
    }

    /// Asks.
    ///
    /// # Errors
    /// The gateway is not there, or refuses.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, Zeroizing::new(Vec::new()))?.accepted(&self.config)
    }

    /// Orders.
    ///
    /// # Errors
    /// The gateway is not there, or refuses.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.post_raw(path, body)?.accepted(&self.config)
    }

    /// Orders, and leaves a refusal to the caller.
    ///
    /// # Errors
    /// The gateway is not there.
    pub(crate) fn post_raw(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        let body = serde_json::to_vec(body).map_err(Failure::internal)?;
        self.call(Method::POST, path, Zeroizing::new(body))
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        body: Zeroizing<Vec<u8>>,
    ) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::internal)?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token.as_str()))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::copy_from_slice(&body)))
            .map_err(Failure::internal)?;
        runtime.block_on(async {
            match tokio::time::timeout(ANSWER, exchange(self.address, request)).await {
                Ok(answer) => answer.map_err(|error| self.unreachable(&error)),
                Err(_) => Err(Failure::refused(format!(
                    "the gateway at {} does not answer; it is not known whether it did what it \
                     was asked to",
                    self.address
                ))),
            }
        })
    }

    fn unreachable(&self, error: &io::Error) -> Failure {
        let file = self.config.file.display();
        let address = self.address;
        Failure::refused(match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::TimedOut => format!(
                "no gateway answers at {address} ({error}). Is it running? Start it with \
                 `tillgate serve --config {file}`; if its admin API listens elsewhere, say so \
                 with --admin ADDRESS:PORT"
            ),
            _ => format!("talking to the gateway at {address}: {error}"),
        })
    }
}

impl Answer {
    /// The body of an order that was carried out.
    ///
    /// # Errors
    /// What the gateway gave as its reason.
    pub(crate) fn accepted(self, config: &Config) -> Result<Value, Failure> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            return Err(Failure::refused(format!(
                "the gateway does not take the token in {}: it was started from another \
                 installation, or the token was changed since",
                config.admin.token.display()
            )));
        }
        let said = self.body.pointer("/error/message").and_then(Value::as_str);
        Err(Failure::refused(match said {
            Some(message) => message.to_owned(),
            None => format!("the gateway answers {}", self.status),
        }))
    }

    /// Whether the order was carried out.
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }
}

/// An address to connect to for one to listen at: everywhere becomes here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn exchange(address: SocketAddr, request: Request<Full<Bytes>>) -> io::Result<Answer> {
    let stream = tokio::time::timeout(CONNECT, TcpStream::connect(address))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status, body })
    };
    tokio::pin!(talk);
    tokio::select! {
        answer = &mut talk => answer,
        // The gateway may close right after its answer; what it said first still counts.
        _ = connection => talk.await,
    }
}
