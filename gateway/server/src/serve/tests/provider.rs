//! A provider of the tests: HTTP by hand, one thread a connection, what it does is chosen by the
//! subscriber's number.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Approved at once.
pub(super) const APPROVED: &str = "254700000000";
/// Declined with 14.
pub(super) const DECLINED: &str = "254700000014";
/// No answer to the order; the inquiry finds it approved.
pub(super) const SILENT: &str = "254700000068";
/// Approved after a second and a half.
pub(super) const SLOW: &str = "254700000001";
/// The connection breaks after the order was read.
pub(super) const BREAKING: &str = "254700000096";

#[derive(Clone)]
pub(super) struct Provider {
    pub(super) address: SocketAddr,
    /// Request lines in the order they came.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let provider = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let serving = provider.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                thread::spawn(move || serving.serve(stream));
            }
        });
        provider
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some((line, body)) = request(&mut reader) {
            self.seen.lock().unwrap().push(line.clone());
            let is = |subscriber: &str| body.contains(subscriber);
            let (status, answer) = if line.contains("/reversal ") {
                ("200 OK", r#"{"status":"reversed"}"#)
            } else if line.contains("/confirmation ") {
                ("200 OK", r#"{"status":"noted"}"#)
            } else if line.starts_with("GET") || is(APPROVED) {
                ("200 OK", r#"{"status":"approved","provider_reference":"P-1"}"#)
            } else if is(SLOW) {
                thread::sleep(Duration::from_millis(500));
                ("200 OK", r#"{"status":"approved","provider_reference":"P-2"}"#)
            } else if is(DECLINED) {
                ("200 OK", r#"{"status":"declined","code":"14","provider_reference":""}"#)
            } else if is(SILENT) {
                thread::sleep(Duration::from_secs(30));
                return;
            } else {
                assert!(is(BREAKING), "an order for nobody: {body}");
                return;
            };
            let answer = echoed(answer, &line, &body);
            let length = answer.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{answer}");
            if stream.write_all(head.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// The answer with the order's reference and amount.
pub(super) fn echoed(answer: &str, line: &str, body: &str) -> String {
    let mut answer: Value = serde_json::from_str(answer).unwrap();
    let order: Value = serde_json::from_str(body).unwrap_or_default();
    let named = line.split(' ').nth(1).unwrap().trim_start_matches("/topups/");
    let named = named.split('/').next().unwrap();
    answer["reference"] = order.get("reference").cloned().unwrap_or_else(|| named.into());
    // An inquiry names no amount; every order of these tests has the same.
    answer["amount_minor"] = order.get("amount_minor").cloned().unwrap_or_else(|| 2_500.into());
    answer.to_string()
}

pub(super) fn request(reader: &mut impl BufRead) -> Option<(String, String)> {
    let mut first = String::new();
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first.trim().to_owned(), String::from_utf8(body).ok()?))
}
