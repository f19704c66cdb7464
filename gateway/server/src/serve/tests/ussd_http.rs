//! Handsets of an aggregator that calls over HTTP, over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};
use tillgate_core::drain::Drained;

use super::listener::client_config;
use super::ussd::{PIN, with_handset};
use super::{Installation, PATIENCE, Served, wait_for};
use crate::keyfile;
use crate::serve::bridge::tls_files;

const NUMBER: &str = "+254712345678";
const SECRET: &str = "a secret of the tests";
const SECRET_KEY: &str = "secret = { header = \"X-Secret\", file = \"keys/at.secret\" }\n";

/// An installation that listens for an aggregator, and a handset.
fn installation(profile: &str, more: &str) -> (Installation, SocketAddr) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let link = format!(
        "[[ussd_http]]\nname = \"at\"\nlisten = \"{listen}\"\nprofile = \"{profile}\"\n{more}"
    );
    let installation = with_handset(&link, |keys| {
        keyfile::write_new(&keys.join("at.secret"), &format!("{SECRET}\n")).unwrap();
    });
    (installation, listen)
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Status and body of the answer; status 0 without one.
fn exchange(mut stream: impl Read + Write, request: &str) -> (u16, String) {
    // What is refused is not read to its end.
    drop(stream.write_all(request.as_bytes()));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

fn post(kind: &str, secret: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /ussd HTTP/1.1\r\nHost: x\r\nX-Secret: {secret}\r\nContent-Type: {kind}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// A form as Africa's Talking sends it.
fn form(session: &str, text: &str, secret: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("sessionId", session).append_pair("phoneNumber", NUMBER);
    form.append_pair("serviceCode", "*123#").append_pair("text", text);
    post("application/x-www-form-urlencoded", secret, &form.finish())
}

/// A session of a handset at Africa's Talking, over any stream.
struct Caller<'a, S> {
    connect: &'a dyn Fn() -> S,
    session: &'a str,
    /// All inputs so far.
    text: String,
}

impl<'a, S: Read + Write> Caller<'a, S> {
    fn new(connect: &'a dyn Fn() -> S, session: &'a str) -> Self {
        Self { connect, session, text: String::new() }
    }

    fn request(&self) -> String {
        form(self.session, &self.text, SECRET)
    }

    fn send(&self) -> String {
        let (status, body) = exchange((self.connect)(), &self.request());
        assert_eq!(status, 200, "{body}");
        body
    }

    fn enter(&mut self, input: &str) -> String {
        let between = if self.text.is_empty() { "" } else { "*" };
        self.text += &format!("{between}{input}");
        self.send()
    }

    /// Everything up to the screen whose confirmation sells; what confirms.
    fn till_confirmation(&mut self) -> String {
        let shown = self.send();
        assert!(shown.starts_with("CON ") && shown.contains("PIN"), "{shown}");
        let shown = self.enter(PIN);
        let mut shown = self.enter(&line(&shown, "Vouchers"));
        while !shown.contains("Confirm") {
            shown = self.enter("1");
        }
        line(&shown, "Confirm")
    }
}

/// The number of the line of a menu that has these words.
fn line(shown: &str, words: &str) -> String {
    let line = shown.lines().find(|line| line.contains(words));
    let line = line.unwrap_or_else(|| panic!("{words:?} is not in {shown:?}"));
    let line = line.trim_start_matches(|c: char| !c.is_ascii_digit());
    line.chars().take_while(char::is_ascii_digit).collect()
}

fn metric(served: &Served, what: &str) -> u64 {
    served.metric(&format!("tillgate_ussd_link_{what}{{link=\"at\"}}"))
}

#[test]
fn an_aggregator_sells_a_voucher_once_and_repeats_get_the_same_receipt() {
    let (installation, at) = installation("africas-talking", SECRET_KEY);
    let served = installation.serve();
    let connect = || connect(at);
    let mut caller = Caller::new(&connect, "s1");
    let confirm = caller.till_confirmation();
    let receipt = caller.enter(&confirm);
    assert!(receipt.starts_with("END ") && receipt.contains("1234-"), "{receipt}");
    for _ in 0..3 {
        assert_eq!(caller.send(), receipt, "the same request gets the same answer");
    }
    wait_for("the counters", || metric(&served, "repeats_total") == 3);
    assert_eq!((metric(&served, "up"), metric(&served, "begins_total")), (1, 1));
    wait_for("its state", || {
        served.handle.view.link(0).is_some_and(|link| link.state == "listening")
    });
    assert_eq!(served.stop(), Drained::Fully);
    assert_eq!(installation.verify().counts.approved, 1);
}

#[test]
fn an_aggregator_that_speaks_json_sells_a_voucher() {
    let secret = SECRET_KEY.replace("header = \"X-Secret\"", "query = \"key\"");
    let (installation, at) = installation("oltranz", &secret);
    let served = installation.serve();
    let say = |text: &str, begins: bool| {
        let body = json!({"sessionId": "7", "phoneNumber": NUMBER, "serviceCode": "*123#",
            "text": text, "newRequest": begins});
        let request = post("application/json", "", &body.to_string());
        let key = SECRET.replace(' ', "+");
        let request = request.replace("/ussd ", &format!("/ussd?key={key} "));
        let (status, body) = exchange(connect(at), &request);
        assert_eq!(status, 200, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        (text("response"), text("action"))
    };
    assert!(say("*123#", true).0.contains("PIN"));
    let mut shown = say(PIN, false).0;
    shown = say(&line(&shown, "Vouchers"), false).0;
    while !shown.contains("Confirm") {
        shown = say("1", false).0;
    }
    let (receipt, action) = say(&line(&shown, "Confirm"), false);
    assert!(receipt.contains("1234-") && action == "END", "{receipt}");
    served.stop();
    assert_eq!(installation.verify().counts.approved, 1);
}

#[test]
fn whoever_has_no_secret_or_comes_from_elsewhere_begins_nothing() {
    let (first, at) = installation("africas-talking", SECRET_KEY);
    let served = first.serve();
    for secret in ["", "another secret of tests", &SECRET[1..]] {
        assert_eq!(exchange(connect(at), &form("s1", "", secret)).0, 403);
    }
    let long = format!("POST /ussd HTTP/1.1\r\nX-Secret: {SECRET}\r\nContent-Length: 9000\r\n\r\n");
    assert_eq!(exchange(connect(at), &long).0, 413);
    wait_for("the counters", || metric(&served, "denied_total") == 3);
    assert_eq!(metric(&served, "turned_away_total"), 1);
    assert_eq!((metric(&served, "requests_total"), metric(&served, "sessions")), (0, 0));
    served.stop();
    let (second, at) = installation("africas-talking", "networks = [\"192.0.2.0/24\"]\n");
    let served = second.serve();
    assert_eq!(exchange(connect(at), &form("s1", "", SECRET)), (0, String::new()));
    wait_for("the counter", || metric(&served, "denied_total") == 1);
    served.stop();
}

#[test]
fn a_client_that_hangs_up_in_a_sale_has_sold_once_and_may_ask_again() {
    let (installation, at) = installation("africas-talking", SECRET_KEY);
    let served = installation.serve();
    let connect = || connect(at);
    let mut caller = Caller::new(&connect, "s1");
    let confirm = caller.till_confirmation();
    caller.text += &format!("*{confirm}");
    let mut stream = connect();
    stream.write_all(caller.request().as_bytes()).unwrap();
    drop(stream);
    let receipt = caller.send();
    assert!(receipt.contains("1234-"), "{receipt}");
    served.stop();
    let counts = installation.verify().counts;
    assert_eq!((counts.approved, counts.transactions), (1, 1));
}

#[test]
fn slow_and_silent_clients_hold_up_nobody() {
    let more = format!("{SECRET_KEY}requests_max = 4\n");
    let (installation, at) = installation("africas-talking", &more);
    let served = installation.serve();
    let connect = || connect(at);
    // More than may be silent, some in the middle of a head.
    let silent: Vec<TcpStream> = (0..300_u32).map(|_| connect()).collect();
    for mut stream in &silent[..50] {
        drop(stream.write_all(b"POST /ussd HT"));
    }
    // Bodies that do not come take places, all but one of them.
    let request = form("s9", "", SECRET);
    let head = &request[..request.len() - 4];
    let slow: Vec<TcpStream> = (0..3).map(|_| connect()).collect();
    for mut stream in &slow {
        stream.write_all(head.as_bytes()).unwrap();
    }
    let mut caller = Caller::new(&connect, "s1");
    let begun = Instant::now();
    let confirm = caller.till_confirmation();
    assert!(caller.enter(&confirm).contains("1234-"));
    assert!(begun.elapsed() < PATIENCE / 4, "{:?}", begun.elapsed());
    // All of them: at the limit the answer is at once.
    let last: Vec<TcpStream> = (0..4).map(|_| connect()).collect();
    for mut stream in &last {
        stream.write_all(head.as_bytes()).unwrap();
    }
    wait_for("the limit", || exchange(connect(), &form("s2", "", SECRET)).0 == 503);
    drop((silent, slow, last));
    served.stop();
    assert_eq!(installation.verify().counts.approved, 1);
}

#[test]
fn with_client_certificates_only_their_owners_are_heard() {
    let files = tls_files::files();
    let dir = files.path().display();
    let tls = format!(
        "tls = {{ certificate = \"{dir}/host.pem\", key = \"{dir}/host.key\", client_ca = \
         \"{dir}/ca.pem\" }}\n"
    );
    let (installation, at) = installation("africas-talking", &tls);
    let served = installation.serve();
    let open = |has_certificate| {
        let config = client_config(files.path(), has_certificate);
        let tls = ClientConnection::new(config, "host.example".try_into().unwrap()).unwrap();
        StreamOwned::new(tls, connect(at))
    };
    assert_eq!(exchange(open(false), &form("s1", "", "")).0, 0);
    assert_eq!(exchange(connect(at), &form("s1", "", "")).0, 0, "in the clear");
    let connect = || open(true);
    let mut caller = Caller::new(&connect, "s1");
    let confirm = caller.till_confirmation();
    assert!(caller.enter(&confirm).contains("1234-"));
    served.stop();
    assert_eq!(installation.verify().counts.approved, 1);
}
