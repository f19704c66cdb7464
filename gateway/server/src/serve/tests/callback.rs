//! Outcomes that a provider posts by itself, over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::hmac;
use rustls::{ClientConnection, StreamOwned};
use serde_json::Value;
use tillgate_codec::link::message::ResponseCode;
use tillgate_config::{Callback, ListenerTls, Profile};
use tillgate_store_core::State;

use super::super::bridge::tls;
use super::lies::{code, http, liar, row};
use super::listener::client_config;
use super::network::TOP_UPS;
use super::{Installation, Served, wait_for};
use crate::config::{ProfileSource, Secret};
use crate::keyfile;

/// A transaction in the shape of the profile `dtone-confirm`.
fn transaction(reference: &str, amount: &str, class: u8) -> String {
    format!(
        r#"{{"id":99,"external_id":"{reference}","source":{{"amount":{amount},"unit":"KES"}},"status":{{"class":{{"id":{class}}}}}}}"#
    )
}

/// A provider that has everything under way and says no more when it is asked; the order's
/// reference, once there is one.
fn provider() -> (SocketAddr, Arc<Mutex<String>>) {
    let reference: Arc<Mutex<String>> = Arc::default();
    let order = Arc::clone(&reference);
    let (address, _) = liar(move |line, body, _| {
        let mut reference = order.lock().unwrap();
        if line.starts_with("GET") {
            return http("200 OK", &format!("[{}]", transaction(&reference, "25.00", 5)));
        }
        if line.contains("/99/confirm ") {
            return http("201 Created", &transaction(&reference, "25.00", 5));
        }
        let order: Value = serde_json::from_str(body).unwrap();
        assert_eq!(order["auto_confirm"], false);
        *reference = order["external_id"].as_str().unwrap().to_owned();
        http("201 Created", &transaction(&reference, "25.00", 1))
    });
    (address, reference)
}

/// An installation that listens for its provider there.
fn installation(provider: SocketAddr) -> (Installation, SocketAddr) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut installation = Installation::with_provider(Some(provider));
    let secret = |name: &str, text: &str| {
        let file = installation.config.file.with_file_name(name);
        keyfile::write_new(&file, text).unwrap();
        (name.to_owned(), Secret::File(file))
    };
    let secrets = [secret("basic", "a:b\n"), secret("callback_key", "s3cret\n")];
    let bridge = &mut installation.config.bridges[0];
    let source = ProfileSource::Builtin("dtone-confirm".to_owned());
    bridge.profile = Some(Profile { source, place: (7, 1) });
    bridge.secrets = secrets.into();
    bridge.values = [("callback_url".to_owned(), format!("http://{listen}/dtone"))].into();
    bridge.products = [(TOP_UPS.to_string(), "7".to_owned())].into();
    bridge.callback = Some(Callback { listen, tls: None });
    (bridge.idempotent, bridge.inquiry) = (false, true);
    (installation, listen)
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Posts a callback that was signed at that time; the status of its answer, 0 without one.
fn post(to: SocketAddr, key: &str, sent_s: u64, body: &str) -> u16 {
    raw(to, signed(key, sent_s, body).as_bytes())
}

fn signed(key: &str, sent_s: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = hex::encode(hmac::sign(&key, format!("{sent_s}.{body}").as_bytes()));
    let length = body.len();
    format!(
        "POST /dtone HTTP/1.1\r\nHost: x\r\nX-Timestamp: {sent_s}\r\nX-Signature: {signature}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn raw(to: SocketAddr, bytes: &[u8]) -> u16 {
    status(connect(to), bytes)
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    stream
}

fn status(mut stream: impl Read + Write, bytes: &[u8]) -> u16 {
    // What is refused is not read to its end.
    drop(stream.write_all(bytes));
    let mut answer = Vec::new();
    // What was cut off is no answer.
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

fn counted(served: &Served, what: &str) -> u64 {
    served.metric(&format!("tillgate_bridge_callbacks{what}_total{{bridge=\"topup\"}}"))
}

#[test]
fn a_signed_callback_ends_a_sale_that_was_pending_and_once_more_changes_nothing() {
    let (provider, reference) = provider();
    let (installation, listen) = installation(provider);
    let served = installation.serve();
    assert_eq!(code(&served, 1), ResponseCode::IN_PROGRESS);
    let body = transaction(&reference.lock().unwrap(), "25.00", 7);
    let sent_s = now_s();
    assert_eq!(post(listen, "s3cret", sent_s, &body), 204);
    wait_for("the outcome", || row(&served, 1).state == State::Approved);
    assert_eq!(row(&served, 1).provider_reference.as_str(), "99");
    assert_eq!(code(&served, 1), ResponseCode::APPROVED);
    let booked = row(&served, 1);
    for _ in 0..3 {
        assert_eq!(post(listen, "s3cret", sent_s, &body), 204);
    }
    assert_eq!(code(&served, 1), ResponseCode::APPROVED);
    assert_eq!(row(&served, 1), booked);
    assert_eq!((counted(&served, ""), counted(&served, "_refused")), (4, 0));
    served.stop();
    installation.verify();
}

#[test]
fn whoever_has_no_key_or_lies_about_the_order_decides_nothing() {
    let (provider, reference) = provider();
    let (installation, listen) = installation(provider);
    let served = installation.serve();
    assert_eq!(code(&served, 1), ResponseCode::IN_PROGRESS);
    let reference = reference.lock().unwrap().clone();
    let of = |reference: &str, amount: &str| transaction(reference, amount, 7);
    let right = of(&reference, "25.00");
    for (expected, key, off_s, body) in [
        (401, "other", 0, right.clone()),
        (401, "s3cret", -301, right.clone()),
        // A busy machine may take seconds from here to there.
        (401, "s3cret", 310, right.clone()),
        (404, "s3cret", 0, of(&"0".repeat(32), "25.00")),
        (404, "s3cret", 0, "{".to_owned()),
        (204, "s3cret", 0, of(&reference, "25.01")),
        (204, "s3cret", 0, right.replace("KES", "USD")),
        (413, "s3cret", 0, " ".repeat(20_000)),
    ] {
        let sent_s = now_s().checked_add_signed(off_s).unwrap();
        assert_eq!(post(listen, key, sent_s, &body), expected, "{key} {body:.80}");
    }
    assert_eq!(raw(listen, b"GET /dtone HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    let unsigned = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{right}", right.len());
    assert_eq!(raw(listen, unsigned.as_bytes()), 401);
    assert_eq!(row(&served, 1).state, State::Unknown);
    assert!(counted(&served, "_refused") >= 6);
    served.stop();
    installation.verify();
}

#[test]
fn garbage_costs_its_own_connection_and_silence_holds_up_nobody() {
    let (provider, reference) = provider();
    let (installation, listen) = installation(provider);
    let served = installation.serve();
    // More than the places of one address: the oldest silent one makes room.
    let silent: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(listen).unwrap()).collect();
    for garbage in [&b"\x16\x03\x01\x02\x00\x01"[..], b"POST\r\n\r\n", &[0xff; 4_096]] {
        let status = raw(listen, garbage);
        assert!([0, 400, 431].contains(&status), "{status}");
    }
    assert_eq!(code(&served, 1), ResponseCode::IN_PROGRESS);
    let body = transaction(&reference.lock().unwrap(), "25.00", 9);
    assert_eq!(post(listen, "s3cret", now_s(), &body), 204);
    wait_for("the outcome", || row(&served, 1).state == State::Declined);
    drop(silent);
    served.stop();
    installation.verify();
}

#[test]
fn callbacks_over_tls_are_taken_and_those_in_clear_are_not() {
    let (provider, reference) = provider();
    let (mut installation, listen) = installation(provider);
    let keys = tls::tests::files();
    let file = |name: &str| keys.path().join(name);
    let (certificate, key) = (file("host.pem"), file("host.key"));
    let of = ListenerTls { certificate, key, client_ca: None };
    installation.config.bridges[0].callback = Some(Callback { listen, tls: Some(of) });
    let served = installation.serve();
    // More than the places of one address, whose handshakes never begin.
    let silent: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(listen).unwrap()).collect();
    assert_eq!(code(&served, 1), ResponseCode::IN_PROGRESS);
    let body = transaction(&reference.lock().unwrap(), "25.00", 7);
    let signed = signed("s3cret", now_s(), &body);
    assert_eq!(raw(listen, signed.as_bytes()), 0, "in the clear");
    assert_eq!(row(&served, 1).state, State::Unknown);
    let client = client_config(keys.path(), false);
    let client = ClientConnection::new(client, "host.example".try_into().unwrap()).unwrap();
    assert_eq!(status(StreamOwned::new(client, connect(listen)), signed.as_bytes()), 204);
    wait_for("the outcome", || row(&served, 1).state == State::Approved);
    drop(silent);
    served.stop();
    installation.verify();
}

#[test]
fn an_address_that_is_taken_and_a_profile_without_callbacks_are_refused_at_the_start() {
    let (mut installation, _) = installation("127.0.0.1:9".parse().unwrap());
    let said = |installation: &Installation| {
        super::super::bridge::Providers::load(&installation.config).err().unwrap().text
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    installation.config.bridges[0].callback = Some(Callback { listen, tls: None });
    assert!(said(&installation).contains("choose another address"), "{}", said(&installation));
    installation.config.bridges[0].secrets.remove("callback_key");
    assert!(said(&installation).contains("callbacks are signed with it"));
    let source = ProfileSource::Builtin("dtone".to_owned());
    installation.config.bridges[0].profile = Some(Profile { source, place: (7, 1) });
    assert!(said(&installation).contains("the profile has no [callback]"));
    installation.config.bridges[0].profile = None;
    installation.config.bridges[0].secrets.clear();
    installation.config.bridges[0].values.clear();
    installation.config.bridges[0].products.clear();
    assert!(said(&installation).contains("callback is for a profile"));
}
