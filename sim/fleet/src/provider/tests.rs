//! A simulated host over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tillgate_codec::iso8583::{Dialect, Fields, Message, Mti};

use super::{Bound, Plan, serve_plan};

/// Where a host and its book are.
struct Served {
    host: SocketAddr,
    book: SocketAddr,
}

/// Serves a host by a script.
fn serve(dir: &Path, rules: &str) -> Served {
    let listens = serve_text(
        dir,
        &format!(
            "[iso8583]\nlisten = \"127.0.0.1:0\"\nbook = \"127.0.0.1:0\"\nlog = \"host.log\"\n\
             dialect = \"iso87a\"\n{rules}"
        ),
    );
    let [(host, _), (book, _)] = listens[..] else { panic!("{listens:?}") };
    Served { host, book }
}

/// Serves a script in a thread that ends with the tests.
fn serve_text(dir: &Path, text: &str) -> Vec<Bound> {
    let file = dir.join("script.toml");
    std::fs::write(&file, text).unwrap();
    let plan = Plan::load(&file).unwrap();
    let (sender, bound) = sync_channel(1);
    std::thread::spawn(move || {
        serve_plan(plan, move |bound| sender.send(bound.to_vec()).unwrap()).err()
    });
    bound.recv_timeout(Duration::from_secs(10)).unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn request(mti: Mti, stan: u64) -> Message {
    let mut message = Message::new(mti);
    message.set(7, "1127183000").set_number(11, stan).set(41, "00070001");
    message
}

fn sale(stan: u64, amount: &str) -> Message {
    let mut message = request(Mti::FINANCIAL_REQUEST, stan);
    message.set(3, "000000").set(4, amount).set(62, &format!("{stan:032x}")).set(102, "2332");
    message
}

fn send(stream: &mut TcpStream, message: &Message) {
    let dialect = Dialect::builtin("iso87a").unwrap();
    let (mut bytes, mut frame) = (Vec::new(), Vec::new());
    dialect.encode(message, &mut bytes).unwrap();
    dialect.framing().append_frame(&bytes, &mut frame).unwrap();
    stream.write_all(&frame).unwrap();
}

/// DE39 of the next answer; `None` at the end of the connection.
fn code(stream: &mut TcpStream) -> Option<String> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes).ok()?;
    let (dialect, mut fields) = (Dialect::builtin("iso87a").unwrap(), Fields::new());
    dialect.view(&bytes, &mut fields).ok()?.text(39)
}

fn book(address: SocketAddr) -> String {
    let client = crate::http::Client::new(&format!("http://{address}"), None).unwrap();
    String::from_utf8(client.get("/book").unwrap().1).unwrap()
}

#[test]
fn a_host_signs_on_sells_reverses_and_writes_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let bound = serve(dir.path(), "");
    let mut stream = connect(bound.host);
    let mut sign_on = request(Mti::NETWORK_REQUEST, 1);
    sign_on.set(70, "001");
    send(&mut stream, &sign_on);
    assert_eq!(code(&mut stream).as_deref(), Some("00"));
    for _ in 0..2 {
        send(&mut stream, &sale(2, "000000000500"));
        assert_eq!(code(&mut stream).as_deref(), Some("00"));
    }
    let mut reversal = sale(3, "000000000500");
    reversal.mti = Mti::REVERSAL_ADVICE;
    reversal.set(90, &format!("02000000021127183000{:022}", 0));
    send(&mut stream, &reversal);
    assert_eq!(code(&mut stream).as_deref(), Some("00"));
    let log = std::fs::read_to_string(dir.path().join("host.log")).unwrap();
    let status = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["status"]
            .as_str()
            .map(str::to_owned)
    };
    let states: Vec<_> = log.lines().filter_map(status).collect();
    assert_eq!(states, ["approved", "approved", "reversed"]);
    let book = book(bound.book);
    assert_eq!(book.lines().count(), 1);
    assert!(book.contains("\"reference\":\"00000000000000000000000000000002\""), "{book}");
}

#[test]
fn a_log_of_an_earlier_run_is_not_continued() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("script.toml");
    let text = "[iso8583]\nlisten = \"127.0.0.1:0\"\nlog = \"host.log\"\ndialect = \"iso87a\"\n";
    std::fs::write(&file, text).unwrap();
    std::fs::write(dir.path().join("host.log"), "{}\n").unwrap();
    let Err(refusal) = serve_plan(Plan::load(&file).unwrap(), |_| {});
    assert!(refusal.to_string().contains("host.log: the log has the deals of an earlier run"));
}

#[test]
fn a_frame_that_breaks_off_ends_its_connection_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let rule = "sign_on = false\n[[rule]]\namount_minor_min = 700\ndo = \"cut\"\n";
    let bound = serve(dir.path(), rule);
    let (mut cut, mut other) = (connect(bound.host), connect(bound.host));
    send(&mut cut, &sale(1, "000000000700"));
    let mut half = Vec::new();
    cut.read_to_end(&mut half).unwrap();
    assert!(!half.is_empty());
    send(&mut other, &sale(2, "000000000500"));
    assert_eq!(code(&mut other).as_deref(), Some("00"));
    let mut again = connect(bound.host);
    send(&mut again, &sale(1, "000000000700"));
    assert_eq!(code(&mut again).as_deref(), Some("00"), "the repeat is answered");
    assert_eq!(book(bound.book).lines().count(), 2);
}

#[test]
fn an_outage_refuses_connections_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let outage = "[[outage]]\nfrom = \"300ms\"\nto = \"900ms\"\nreach = \"refuse\"\n";
    let bound = serve(dir.path(), &format!("sign_on = false\n{outage}"));
    let mut stream = connect(bound.host);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(TcpStream::connect(bound.host).is_err(), "nothing listens");
    let mut patience = 100;
    let mut stream = loop {
        match TcpStream::connect(bound.host) {
            Ok(stream) => break stream,
            Err(error) => assert!(patience > 0, "{error}"),
        }
        patience -= 1;
        std::thread::sleep(Duration::from_millis(50));
    };
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    send(&mut stream, &sale(1, "000000000500"));
    assert_eq!(code(&mut stream).as_deref(), Some("00"));
}

fn http(dir: &Path, text: &str) -> (SocketAddr, crate::http::Client) {
    let listens = serve_text(dir, &format!("[http]\nlisten = \"127.0.0.1:0\"\n{text}"));
    let [(address, _)] = listens[..] else { panic!("{listens:?}") };
    (address, crate::http::Client::new(&format!("http://{address}"), None).unwrap())
}

/// Sends a top-up; gives what came until the end of the connection.
fn raw_top_up(address: SocketAddr, number: &str) -> String {
    let body = format!(
        "{{\"customIdentifier\":\"{number}\",\"amount\":5.0,\
         \"recipientPhone\":{{\"number\":\"{number}\"}}}}"
    );
    let mut stream = connect(address);
    stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    write!(
        stream,
        "POST /topups HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut came = Vec::new();
    // A silent peer ends it by its time.
    drop(stream.read_to_end(&mut came));
    String::from_utf8_lossy(&came).into_owned()
}

#[test]
fn http_answers_leave_whole_in_part_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let rule = |prefix: &str, what: &str| {
        format!("[[rule]]\naccount_prefix = \"{prefix}\"\ndo = \"{what}\"\n")
    };
    let rules = [("1", "cut"), ("2", "half"), ("3", "disconnect"), ("4", "silent")]
        .map(|(prefix, what)| rule(prefix, what))
        .concat();
    let (address, client) = http(dir.path(), &format!("shape = \"reloadly\"\n{rules}"));
    let whole = raw_top_up(address, "900");
    assert!(whole.starts_with("HTTP/1.1 200") && whole.contains("SUCCESSFUL"), "{whole}");
    for number in ["100", "200"] {
        let part = raw_top_up(address, number);
        assert!(part.starts_with("HTTP/1.1 200") && !part.ends_with('}'), "{number}: {part}");
    }
    assert_eq!([raw_top_up(address, "300"), raw_top_up(address, "400")], ["", ""]);
    let book = String::from_utf8(client.get("/book").unwrap().1).unwrap();
    assert_eq!(book.lines().count(), 5);
    assert!(book.lines().all(|line| line.contains("\"status\":\"approved\"")), "{book}");
}

#[test]
fn an_outcome_is_called_back_until_it_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let text = "shape = \"dtone\"\ncallback_secret = \"secret\"\n";
    let (address, _) = http(dir.path(), text);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let body = format!(
        "{{\"external_id\":\"abc\",\"source\":{{\"amount\":5,\"unit\":\"EUR\"}},\"auto_confirm\":true,\
         \"credit_party_identifier\":{{\"mobile_number\":\"233\"}},\
         \"callback_url\":\"http://{}/outcome\"}}",
        listener.local_addr().unwrap()
    );
    let mut stream = connect(address);
    let length = body.len();
    write!(
        stream,
        "POST /v1/async/transactions HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    for answer in ["500 Internal Server Error", "204 No Content"] {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut came = String::new();
        while !came.contains("COMPLETED") {
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).unwrap();
            assert!(length > 0, "{came}");
            came.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        assert!(came.starts_with("POST /outcome") && came.to_lowercase().contains("x-signature: "));
        assert!(came.to_lowercase().contains("x-timestamp: "), "{came}");
        write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
    }
}
