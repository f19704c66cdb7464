//! Raw bytes into the acceptor of the HTTP edge, over a stream in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::Full;
use tillgate_edge::places::Share;
use tillgate_edge::{Acceptor, Admission, Class, Counts, Limits, Peer, Refusal, Router, guard};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// Longest body that the stub takes.
const BODY_BYTES_MAX: u64 = 64;
const SHARE: Share = Share { all: 4, address: 4 };
const LIMITS: Limits = Limits {
    waiting: SHARE,
    places: [SHARE; 3],
    head_time: Duration::from_secs(5),
    request_time: Duration::from_secs(90),
    connection_time: [Duration::from_secs(10), Duration::from_secs(20), Duration::from_secs(120)],
    head_bytes: 16 * 1024,
    headers: 64,
};

/// Panics at whatever the acceptor promised not to let through.
#[derive(Default)]
struct Stub {
    admitted: AtomicU64,
}

impl Router for Stub {
    type Ticket = ();
    type Body = Full<Bytes>;

    fn admit(&self, _: &Peer, head: &Parts) -> Result<Admission<()>, Response<Self::Body>> {
        assert!(head.uri.path().starts_with('/'), "a target without a path was let in");
        assert!(head.method != Method::CONNECT && head.uri.authority().is_none());
        self.admitted.fetch_add(1, Ordering::Relaxed);
        let class = if head.uri.path() == "/healthz" { Class::Health } else { Class::Stranger };
        let body_time = Duration::from_secs(5);
        Ok(Admission { ticket: (), class, body_bytes: BODY_BYTES_MAX, body_time })
    }

    async fn answer(&self, (): (), request: Request<Bytes>) -> Response<Self::Body> {
        let length = u64::try_from(request.body().len()).unwrap_or(u64::MAX);
        assert!(length <= BODY_BYTES_MAX, "a body beyond its bound was let in");
        Response::new(Full::from("done"))
    }

    fn refuse(&self, refusal: Refusal) -> Response<Self::Body> {
        let mut response = Response::new(Full::from(refusal.code()));
        *response.status_mut() = refusal.status();
        response
    }

    fn panicked(&self, _: &guard::Panicked) {}
}

/// Nothing panics, at most one request is let in, the connection ends within its deadlines, and
/// what comes back is nothing or one HTTP answer. The first byte says in how large pieces the
/// others arrive.
///
/// # Panics
/// One of these is not so.
pub fn http_edge(data: &[u8]) {
    let Some((piece, bytes)) = data.split_first() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without sockets");
    runtime.block_on(connection(usize::from(*piece) + 1, bytes));
}

async fn connection(piece: usize, bytes: &[u8]) {
    let (stub, counts): (Arc<Stub>, Arc<Counts>) = Default::default();
    let door = Acceptor::new(Arc::clone(&stub), LIMITS, Arc::clone(&counts));
    let (ours, theirs) = duplex(1_024);
    let entered = door.enter(Peer::Remote([192, 0, 2, 1].into()));
    let (mut reading, mut writing) = tokio::io::split(ours);
    let said = async {
        let mut said = Vec::new();
        // A stream in memory has no errors to read.
        reading.read_to_end(&mut said).await.unwrap_or_default();
        said
    };
    let say = async {
        for part in bytes.chunks(piece) {
            // The acceptor may have heard enough.
            if writing.write_all(part).await.is_err() {
                break;
            }
        }
    };
    let served = tokio::time::timeout(Duration::from_secs(300), door.serve(theirs, entered));
    let (served, said, ()) = tokio::join!(served, said, say);
    assert!(served.is_ok(), "the connection outlived its deadlines");
    assert_eq!(counts.panics(), 0, "something behind the acceptor panicked");
    assert!(stub.admitted.load(Ordering::Relaxed) <= 1, "two requests on one connection");
    assert!(said.is_empty() || said.starts_with(b"HTTP/1."), "no HTTP: {said:?}");
}
