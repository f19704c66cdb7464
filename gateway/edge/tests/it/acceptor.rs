//! The acceptor over streams in memory: no socket, no real clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use tillgate_edge::places::Share;
use tillgate_edge::{Acceptor, Admission, Class, Counts, Limits, Peer, Refusal, Router, guard};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Answers with what it was asked, panics at /boom and hangs at /hang.
#[derive(Default)]
struct Stub {
    asked: AtomicU64,
    panics: Mutex<Vec<String>>,
}

impl Router for Stub {
    type Ticket = ();
    type Body = Full<Bytes>;

    fn admit(&self, _: &Peer, head: &Parts) -> Result<Admission<()>, Response<Self::Body>> {
        let (class, body_bytes) = match head.uri.path() {
            "/healthz" => (Class::Health, 0),
            "/login" => (Class::Stranger, 64),
            "/refused" => return Err(Response::new(Full::from("router"))),
            "/bad" => panic!("a secret: hunter2"),
            _ => (Class::Known, 1_024),
        };
        Ok(Admission { ticket: (), class, body_bytes, body_time: Duration::from_secs(5) })
    }

    async fn answer(&self, (): (), request: Request<Bytes>) -> Response<Self::Body> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match request.uri().path() {
            "/boom" => panic!("a secret: hunter2"),
            "/hang" => std::future::pending().await,
            path => Response::new(Full::from(format!("{path} {}", request.body().len()))),
        }
    }

    fn refuse(&self, refusal: Refusal) -> Response<Self::Body> {
        let mut response = Response::new(Full::from(refusal.code()));
        *response.status_mut() = refusal.status();
        response
    }

    fn panicked(&self, panicked: &guard::Panicked) {
        self.panics.lock().unwrap().push(panicked.to_string());
    }
}

const LIMITS: Limits = Limits {
    waiting: Share { all: 8, address: 8 },
    places: [
        Share { all: 4, address: 4 },
        Share { all: 4, address: 4 },
        Share { all: 4, address: 4 },
    ],
    head_time: Duration::from_secs(5),
    request_time: Duration::from_secs(90),
    connection_time: [Duration::from_secs(10), Duration::from_secs(20), Duration::from_secs(120)],
    head_bytes: 16 * 1024,
    headers: 64,
};

struct House {
    stub: Arc<Stub>,
    counts: Arc<Counts>,
    acceptor: Acceptor<Stub>,
}

impl House {
    fn new() -> Self {
        let (stub, counts): (Arc<Stub>, Arc<Counts>) = Default::default();
        let acceptor = Acceptor::new(Arc::clone(&stub), LIMITS, Arc::clone(&counts));
        Self { stub, counts, acceptor }
    }

    fn connect(&self) -> (DuplexStream, JoinHandle<()>) {
        let (ours, theirs) = duplex(4_096);
        let entered = self.acceptor.enter(Peer::Remote([192, 0, 2, 1].into()));
        let acceptor = self.acceptor.clone();
        (ours, tokio::spawn(async move { acceptor.serve(theirs, entered).await }))
    }

    /// These bytes, and what comes back until the end.
    async fn say(&self, bytes: &[u8]) -> String {
        let (mut stream, served) = self.connect();
        stream.write_all(bytes).await.unwrap();
        let said = read(&mut stream).await;
        served.await.unwrap();
        said
    }
}

async fn read(stream: &mut DuplexStream) -> String {
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.unwrap();
    String::from_utf8(said).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_no_path_never_reaches_the_router() {
    let house = House::new();
    for target in [
        "CONNECT evil:80",
        "GET evil:80",
        "GET evil",
        "OPTIONS *",
        "GET *",
        "GET http://evil/healthz",
        "CONNECT /healthz",
        "GET ?x",
        "GET mailto:a@b",
    ] {
        let said = house.say(format!("{target} HTTP/1.1\r\nHost: g\r\n\r\n").as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 400 "), "{target}: {said}");
    }
    assert_eq!(house.stub.asked.load(Ordering::Relaxed), 0);
    let said = house.say(b"GET /x?y=1 HTTP/1.1\r\nHost: g\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("/x 0"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_router_ends_its_request_and_nothing_else() {
    let house = House::new();
    for path in ["/boom", "/bad"] {
        let said = house.say(format!("GET {path} HTTP/1.1\r\nHost: g\r\n\r\n").as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 500 ") && !said.contains("hunter2"), "{said}");
        assert!(house.say(b"GET /x HTTP/1.1\r\nHost: g\r\n\r\n").await.ends_with("/x 0"));
    }
    assert_eq!(house.counts.panics(), 2);
    let logged = house.stub.panics.lock().unwrap().join(" ");
    assert!(!logged.contains("hunter2"), "{logged}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_refused_within_its_time() {
    let house = House::new();
    let begun = Instant::now();
    let said = house.say(b"POST /login HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\nabc").await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(5) && took < Duration::from_secs(6), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_dribbles_is_cut_at_its_deadline() {
    let house = House::new();
    let begun = Instant::now();
    let (mut stream, served) = house.connect();
    for byte in b"GET /healthz HTTP/1.1\r\nX-Long-Header: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    served.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert!(!read(&mut stream).await.contains("200"));
}

#[tokio::test(start_paused = true)]
async fn silent_peers_and_bodyless_logins_leave_health_and_known_callers_alone() {
    let house = House::new();
    let silent: Vec<_> = (0..20).map(|_| house.connect()).collect();
    let mut logins = Vec::new();
    for _ in 0..20 {
        let (mut stream, served) = house.connect();
        stream
            .write_all(b"POST /login HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\n")
            .await
            .unwrap();
        // So that its head has been read.
        tokio::task::yield_now().await;
        logins.push((stream, served));
    }
    let begun = Instant::now();
    assert!(house.say(b"GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n").await.ends_with("/healthz 0"));
    assert!(house.say(b"GET /work HTTP/1.1\r\nHost: g\r\n\r\n").await.ends_with("/work 0"));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(house.counts.evicted() >= 12, "{}", house.counts.evicted());
    let mut refused = 0;
    for (mut stream, _) in logins.split_off(10) {
        refused += u32::from(read(&mut stream).await.starts_with("HTTP/1.1 503 "));
    }
    assert!(refused >= 6, "{refused}");
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn a_place_comes_back_when_its_peer_hangs_up_or_takes_too_long() {
    let house = House::new();
    let hang = b"GET /hang HTTP/1.1\r\nHost: g\r\n\r\n";
    let mut hanging = Vec::new();
    for _ in 0..4 {
        let (mut stream, served) = house.connect();
        stream.write_all(hang).await.unwrap();
        tokio::task::yield_now().await;
        hanging.push((stream, served));
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    let work = b"GET /work HTTP/1.1\r\nHost: g\r\n\r\n";
    assert!(house.say(work).await.starts_with("HTTP/1.1 503 "));
    for (stream, served) in hanging.drain(..2) {
        drop(stream);
        served.await.unwrap();
    }
    assert!(house.say(work).await.ends_with("/work 0"));
    let (mut stream, _) = hanging.remove(0);
    assert!(read(&mut stream).await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test(start_paused = true)]
async fn lengths_that_lie_are_refused_by_their_kind() {
    let house = House::new();
    let table = [
        ("Content-Length: 65", 413),
        ("Content-Length: -1", 400),
        ("Content-Length: 99999999999999999999999", 400),
        ("Transfer-Encoding: chunked", 411),
        ("Content-Length: 3\r\nContent-Length: 4", 400),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", 411),
    ];
    for (lines, status) in table {
        let head = format!("POST /login HTTP/1.1\r\nHost: g\r\n{lines}\r\n\r\nabcd");
        let said = house.say(head.as_bytes()).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{lines}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_requests_on_one_connection_are_one() {
    let house = House::new();
    let two = b"GET /a HTTP/1.1\r\nHost: g\r\n\r\nGET /b HTTP/1.1\r\nHost: g\r\n\r\n";
    let said = house.say(two).await;
    assert!(said.ends_with("/a 0"), "{said}");
    assert_eq!(house.stub.asked.load(Ordering::Relaxed), 1);
}
