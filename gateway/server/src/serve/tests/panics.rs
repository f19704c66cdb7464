//! How far a panic goes in the whole gateway. Each case is a process of its own: this test program,
//! run again for one test, with the hook of the real one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use tillgate_codec::link::message::ResponseCode;
use tillgate_core::id::SessionId;
use tillgate_core::transaction::{Ask, Asked, Origin};
use tillgate_edge::places::Share;
use tillgate_edge::{Acceptor, Admission, Class, Counts, Limits, Peer, Refusal, Router, guard};
use tillgate_store_core::{Begin, Kind, TerminalId};

use super::network::{FIRST_TERMINAL, intent, voucher_sale};
use super::terminal::answer;
use super::{Installation, wait_for};
use crate::exit::Exit;
use crate::serve::batch::RequestBatch;
use crate::serve::clock::{Clock, ClockTrust};
use crate::serve::gateway::Gateway;
use crate::serve::writer::WriterMessage;

/// What the second process is to do.
const CASE: &str = "TILLGATE_TEST_PANIC";

/// Runs one test of this program again; its exit code, and all that it printed.
fn run_again(test: &str) -> (Option<i32>, String) {
    let mut again = Command::new(std::env::current_exe().unwrap());
    let ended = again
        .args(["--exact", &format!("serve::tests::panics::{test}"), "--nocapture"])
        .env(CASE, "1")
        .output()
        .unwrap();
    let printed = [ended.stdout, ended.stderr].concat();
    (ended.status.code(), String::from_utf8_lossy(&printed).into_owned())
}

/// Whether this is the second process; it then has the hook of the real one.
fn is_again() -> bool {
    let again = std::env::var_os(CASE).is_some();
    if again {
        crate::exit_70_on_panic();
    }
    again
}

#[test]
fn a_panicking_handler_ends_its_request_and_sales_go_on() {
    if !is_again() {
        let (code, printed) = run_again("a_panicking_handler_ends_its_request_and_sales_go_on");
        assert_eq!(code, Some(0), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
        return;
    }
    let installation = Installation::new();
    let served = installation.serve();
    let counts: Arc<Counts> = Arc::default();
    let edge = panicking_edge(Arc::clone(&counts));
    for said in ["GET /in-the-handler", "GET /in-the-admission", "GET /on-a-blocking-thread"] {
        let answer = ask(edge, said);
        assert!(answer.starts_with("HTTP/1.1 500 "), "{said}: {answer}");
        assert!(!answer.contains("hunter2"), "{answer}");
    }
    assert_eq!(counts.panics(), 3);
    let mut till = served.till(FIRST_TERMINAL);
    assert_eq!(answer(&till.sell(&voucher_sale(1))).code, ResponseCode::APPROVED);
    served.stop();
    installation.verify();
}

fn ask(edge: SocketAddr, said: &str) -> String {
    let mut stream = TcpStream::connect(edge).unwrap();
    stream.write_all(format!("{said} HTTP/1.1\r\nHost: g\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Panics wherever it is asked to.
struct Panicking;

impl Router for Panicking {
    type Ticket = ();
    type Body = Full<Bytes>;

    fn admit(&self, _: &Peer, head: &Parts) -> Result<Admission<()>, Response<Self::Body>> {
        assert_ne!(head.uri.path(), "/in-the-admission", "a secret: hunter2");
        let body_time = Duration::from_secs(1);
        Ok(Admission { ticket: (), class: Class::Known, body_bytes: 0, body_time })
    }

    async fn answer(&self, (): (), request: Request<Bytes>) -> Response<Self::Body> {
        if request.uri().path() == "/on-a-blocking-thread" {
            let work = || guard::call(|| panic!("a secret: hunter2"));
            if let Ok(Err(panicked)) = tokio::task::spawn_blocking(work).await {
                panicked.resume();
            }
        }
        panic!("a secret: hunter2");
    }

    fn refuse(&self, refusal: Refusal) -> Response<Self::Body> {
        let mut response = Response::new(Full::from(refusal.text()));
        *response.status_mut() = refusal.status();
        response
    }

    fn panicked(&self, panicked: &guard::Panicked) {
        println!("{panicked}");
    }
}

fn panicking_edge(counts: Arc<Counts>) -> SocketAddr {
    let share = Share { all: 8, address: 8 };
    let limits = Limits {
        waiting: share,
        places: [share; 3],
        head_time: Duration::from_secs(5),
        request_time: Duration::from_secs(5),
        connection_time: [Duration::from_secs(10); 3],
        head_bytes: 16 * 1024,
        headers: 64,
    };
    let acceptor = Acceptor::new(Arc::new(Panicking), limits, counts);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                let (acceptor, entered) =
                    (acceptor.clone(), acceptor.enter(Peer::Remote(peer.ip())));
                tokio::spawn(async move { acceptor.serve(stream, entered).await });
            }
        });
    });
    address
}

/// Runs a gateway whose threads are sent something impossible, as a defect of ours would.
fn break_it(ask: impl FnOnce(&Gateway) -> Ask) {
    let installation = Installation::new();
    let gateway = Gateway::start(&installation.config, Clock::start(ClockTrust::Checked)).unwrap();
    let mut requests = RequestBatch::default();
    requests.items.push(ask(&gateway));
    gateway.writer.send(WriterMessage::RequestBatch(Box::new(requests))).unwrap();
    wait_for("the process to end", || false);
}

fn origin(reactor: u16) -> Origin {
    let session = SessionId { reactor, slot: 0, generation: 0 };
    let (terminal, received) =
        (TerminalId(FIRST_TERMINAL), Clock::start(ClockTrust::Checked).now());
    Origin { session, terminal, received, generation: 0, logged_on: true }
}

#[test]
fn a_broken_invariant_of_the_writer_ends_the_process() {
    if !is_again() {
        let (code, printed) = run_again("a_broken_invariant_of_the_writer_ends_the_process");
        assert_eq!(code, Some(i32::from(Exit::Internal.code())), "{printed}");
        assert!(printed.contains("only a sale can begin"), "{printed}");
        return;
    }
    break_it(|gateway| {
        let directory = gateway.handle.directory.read();
        let begin = Begin { kind: Kind::Reversal, ..intent(&directory.registry, 1) };
        Ask {
            origin: origin(0),
            asked: Asked::Sale {
                begin,
                account: tillgate_store_core::Text::new(),
                card: None,
                bridges: tillgate_core::routing::Candidates::new(),
                token: 0,
                lookup: tillgate_store_core::Lookup::None,
            },
        }
    });
}

#[test]
fn a_broken_invariant_of_the_pool_ends_the_process() {
    if !is_again() {
        let (code, printed) = run_again("a_broken_invariant_of_the_pool_ends_the_process");
        assert_eq!(code, Some(i32::from(Exit::Internal.code())), "{printed}");
        assert!(printed.contains("index out of bounds"), "{printed}");
        return;
    }
    let date = super::network::today();
    let seller = tillgate_store_core::SellerId(5);
    let asked = Asked::Balance { stan: 1, date, seller, currency: super::network::CURRENCY };
    // The answer goes to a reactor that is not there.
    break_it(|_| Ask { origin: origin(999), asked });
}
