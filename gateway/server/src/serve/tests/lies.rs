//! Providers that lie: what they say about an order that is not this one changes nothing.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;
use tillgate_codec::link::message::ResponseCode;
use tillgate_store_core::{Key, State, TerminalId, Transaction, journal};

use super::network::{FIRST_TERMINAL, today, top_up_sale};
use super::provider::{APPROVED, echoed, request};
use super::terminal::answer;
use super::{Installation, Served, wait_for};

const YES: &str = r#"{"status":"approved","provider_reference":"P-1"}"#;

/// Answers every request with what `say` makes of it: the bytes of one connection.
pub(super) fn liar(
    say: impl Fn(&str, &str, usize) -> Vec<u8> + Send + Sync + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (say, connections) = (Arc::new(say), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        let requests = Arc::new(AtomicUsize::new(0));
        for stream in listener.incoming().map_while(Result::ok) {
            counted.fetch_add(1, Ordering::Relaxed);
            let (say, requests) = (Arc::clone(&say), Arc::clone(&requests));
            thread::spawn(move || serve(stream, &*say, &requests));
        }
    });
    (address, connections)
}

fn serve(
    mut stream: TcpStream,
    say: &dyn Fn(&str, &str, usize) -> Vec<u8>,
    requests: &AtomicUsize,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some((line, body)) = request(&mut reader) {
        let number = requests.fetch_add(1, Ordering::Relaxed);
        if stream.write_all(&say(&line, &body, number)).is_err() {
            return;
        }
    }
}

pub(super) fn http(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

/// An installation whose bridge is neither asked again nor reversed: what the first answer says
/// stays. One connection, so that what a provider leaves on it would be read by the next order.
fn installation(provider: SocketAddr) -> Installation {
    let mut installation = Installation::with_provider(Some(provider));
    let bridge = &mut installation.config.bridges[0];
    (bridge.idempotent, bridge.inquiry, bridge.reversal) = (false, false, false);
    bridge.connections = 1;
    installation
}

pub(super) fn code(served: &Served, stan: u32) -> ResponseCode {
    answer(&served.till(FIRST_TERMINAL).sell(&top_up_sale(stan, APPROVED))).code
}

pub(super) fn row(served: &Served, stan: u32) -> Transaction {
    let date = today();
    let key = Key { date, terminal: TerminalId(FIRST_TERMINAL), stan };
    journal::record(&served.handle.reader, &key.to_bytes(), &mut Vec::new()).unwrap().unwrap()
}

#[test]
fn an_answer_about_something_else_neither_approves_nor_declines() {
    let lies: [fn(&str, &str) -> String; 6] = [
        |_, _| r#"["approved"]"#.to_owned(),
        |_, _| YES.to_owned(),
        |line, body| echoed(YES, line, body).replace("2500", "2501"),
        |line, body| echoed(YES, line, &body.replacen("reference\":\"", "reference\":\"f", 1)),
        |line, body| {
            echoed(r#"{"status":"declined","code":"14"}"#, line, body).replace("2500", "1")
        },
        |line, body| echoed(YES, line, body).repeat(2),
    ];
    for lie in lies {
        let (provider, _) = liar(move |line, body, _| http("200 OK", &lie(line, body)));
        let installation = installation(provider);
        let served = installation.serve();
        assert_eq!(code(&served, 1), ResponseCode::IN_PROGRESS);
        let series = "tillgate_bridge_results_total{bridge=\"topup\",result=\"unknown\"}";
        assert_eq!(served.metric(series), 1);
        assert_eq!(row(&served, 1).state, State::Unknown);
        served.stop();
        installation.verify();
    }
}

#[test]
fn an_earlier_answer_once_more_does_not_approve_the_next_order() {
    let earlier: Mutex<Option<String>> = Mutex::default();
    let (provider, _) = liar(move |line, body, _| {
        let truth = echoed(YES, line, body);
        http("200 OK", earlier.lock().unwrap().get_or_insert(truth))
    });
    let installation = installation(provider);
    let served = installation.serve();
    assert_eq!(code(&served, 1), ResponseCode::APPROVED);
    assert_eq!(code(&served, 2), ResponseCode::IN_PROGRESS);
    assert_eq!(row(&served, 2).state, State::Unknown);
    served.stop();
    installation.verify();
}

#[test]
fn bytes_beyond_an_answer_end_the_connection_and_are_read_by_no_order() {
    // The provider guesses the next order well enough, as far as it can be guessed.
    let (provider, connections) = liar(move |line, body, number| {
        let answer = http("200 OK", &echoed(YES, line, body));
        if number > 0 { answer } else { [answer, http("200 OK", r#"["approved"]"#)].concat() }
    });
    let installation = installation(provider);
    let served = installation.serve();
    assert_eq!(code(&served, 1), ResponseCode::APPROVED);
    assert_eq!(code(&served, 2), ResponseCode::APPROVED, "on a connection of its own");
    assert_eq!(connections.load(Ordering::Relaxed), 2);
    served.stop();
    installation.verify();
}

#[test]
fn an_answer_that_is_no_plain_200_of_the_length_it_says_leaves_the_order_unknown() {
    let long = "x".repeat(70_000);
    type Raw = Box<dyn Fn(&str, &str) -> Vec<u8> + Send + Sync>;
    let lies: Vec<Raw> = vec![
        Box::new(|l, b| http("301 Moved\r\nlocation: /elsewhere", &echoed(YES, l, b))),
        Box::new(|l, b| http("201 Created", &echoed(YES, l, b))),
        // Too long a length: the rest never comes.
        Box::new(|l, b| {
            let body = echoed(YES, l, b);
            format!("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{body}").into_bytes()
        }),
        // Too short a one: what is left over is no answer.
        Box::new(|l, b| {
            let body = echoed(YES, l, b);
            format!("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{body}").into_bytes()
        }),
        Box::new(|l, b| {
            let body = echoed(YES, l, b);
            let lengths = "content-length: 9\r\ncontent-length: 10";
            format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\n{body}").into_bytes()
        }),
        Box::new(|_, _| b"HTTP/1.1 100 Continue\r\n\r\n".repeat(50)),
        Box::new(|_, _| b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n".to_vec()),
        Box::new(move |l, b| {
            let mut body: Value = serde_json::from_str(&echoed(YES, l, b)).unwrap();
            body["more"] = long.clone().into();
            http("200 OK", &body.to_string())
        }),
        Box::new(|_, _| b"\0\0\0\0".to_vec()),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let (provider, _) = liar(move |line, body, _| lie(line, body));
        let installation = installation(provider);
        let served = installation.serve();
        assert_eq!(code(&served, 1), ResponseCode::IN_PROGRESS, "lie {number}");
        assert_eq!(served.metric("tillgate_edge_panics_total{edge=\"bridge\"}"), 0);
        served.stop();
        installation.verify();
    }
}

#[test]
fn an_inquiry_is_believed_only_about_the_order_that_it_asks_for() {
    // The order gets no answer; the first inquiry a lie, the second one the truth.
    let (provider, _) = liar(move |line, body, number| {
        if line.starts_with("POST") {
            return http("500 Oops", "");
        }
        let lie = r#"{"status":"unknown","reference":"0"}"#;
        if number == 1 {
            http("404 Not Found", lie)
        } else {
            http("200 OK", &echoed(YES, line, body))
        }
    });
    let mut installation = installation(provider);
    installation.config.bridges[0].inquiry = true;
    let served = installation.serve();
    code(&served, 1);
    wait_for("the second inquiry", || row(&served, 1).state == State::Approved);
    let name =
        |result| format!("tillgate_bridge_results_total{{bridge=\"topup\",result=\"{result}\"}}");
    assert_eq!(served.metric(&name("not_seen")), 0);
    served.stop();
    installation.verify();
}
