//! A bridge to an HTTPS provider over real sockets: who is believed, and what a handshake that
//! fails means for a sale.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustls::version::TLS12;
use rustls::{ALL_VERSIONS, ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;
use tillgate_codec::link::message::ResponseCode;

use super::lies::{code, http, liar};
use super::provider::{echoed, request};
use super::{Installation, PATIENCE};
use crate::config::{HttpUrl, Tls};
use crate::serve::bridge::{Providers, tls_files};

const YES: &str = r#"{"status":"approved","provider_reference":"P-1"}"#;

/// Approves everything inside TLS; the requests that it read.
fn provider(config: Arc<ServerConfig>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let counted = Arc::clone(&counted);
            thread::spawn(move || {
                let mut reader = BufReader::new(StreamOwned::new(connection, stream));
                while let Some((line, body)) = request(&mut reader) {
                    counted.fetch_add(1, Ordering::Relaxed);
                    let answer = http("200 OK", &echoed(YES, &line, &body));
                    if reader.get_mut().write_all(&answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, requests)
}

/// Takes connections and does that with each.
fn listener(with: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || with(stream));
        }
    });
    address
}

/// An installation whose bridge is neither asked again nor reversed, so that the first result of a
/// sale stays.
fn installation(dir: &TempDir, provider: SocketAddr, ca: &str, name: Option<&str>) -> Installation {
    let mut installation = Installation::with_provider(Some(provider));
    let bridge = &mut installation.config.bridges[0];
    bridge.url = HttpUrl::parse(&format!("https://{provider}/topups")).unwrap();
    let file = |name: &str| dir.path().join(name);
    bridge.tls = Some(Tls {
        ca: file(ca),
        name: name.map(str::to_owned),
        certificate: Some(file("client.pem")),
        key: Some(file("client.key")),
    });
    (bridge.idempotent, bridge.inquiry, bridge.reversal) = (false, false, false);
    bridge.connections = 1;
    installation
}

/// What a sale ends with.
fn sold(installation: &Installation) -> ResponseCode {
    let served = installation.serve();
    let code = code(&served, 1);
    served.stop();
    installation.verify();
    code
}

#[test]
fn sales_go_to_a_provider_of_the_pinned_authority_with_the_gateway_s_certificate() {
    let dir = tls_files::files();
    for versions in [ALL_VERSIONS, &[&TLS12]] {
        let (provider, requests) = provider(tls_files::server(&dir, versions, 0));
        let installation = installation(&dir, provider, "ca.pem", Some("host.example"));
        let served = installation.serve();
        assert_eq!(code(&served, 1), ResponseCode::APPROVED);
        assert_eq!(code(&served, 2), ResponseCode::APPROVED, "on the kept connection");
        assert_eq!(requests.load(Ordering::Relaxed), 2);
        served.stop();
        installation.verify();
    }
}

#[test]
fn a_provider_of_another_authority_or_name_receives_no_byte_of_a_sale() {
    let dir = tls_files::files();
    for (ca, name) in [("other-ca.pem", None), ("ca.pem", Some("other.example"))] {
        let (provider, requests) = provider(tls_files::server(&dir, ALL_VERSIONS, 0));
        let installation = installation(&dir, provider, ca, name);
        assert_eq!(sold(&installation), ResponseCode::PROVIDER_UNAVAILABLE, "not sent");
        assert_eq!(requests.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_provider_that_refuses_the_gateway_s_certificate_approves_nothing() {
    let dir = tls_files::files();
    // The certificate is one of a hundred years, and the provider lives later.
    let (address, requests) = provider(tls_files::server(&dir, &[&TLS12], 200));
    let code = sold(&installation(&dir, address, "ca.pem", None));
    assert_eq!(code, ResponseCode::PROVIDER_UNAVAILABLE, "TLS 1.2 says so in the handshake");
    assert_eq!(requests.load(Ordering::Relaxed), 0);
    // In TLS 1.3 the client is done before the server has seen its certificate: the request may
    // have left, so that the outcome may be unknown.
    let (address, requests) = provider(tls_files::server(&dir, ALL_VERSIONS, 200));
    let code = sold(&installation(&dir, address, "ca.pem", None));
    let honest = [ResponseCode::IN_PROGRESS, ResponseCode::PROVIDER_UNAVAILABLE];
    assert!(honest.contains(&code), "{code:?}");
    assert_eq!(requests.load(Ordering::Relaxed), 0);
}

#[test]
fn a_plain_provider_behind_an_https_url_receives_no_sale() {
    let dir = tls_files::files();
    let (address, _) = liar(|line, body, _| http("200 OK", &echoed(YES, line, body)));
    assert_eq!(
        sold(&installation(&dir, address, "ca.pem", None)),
        ResponseCode::PROVIDER_UNAVAILABLE
    );
    // One that answers at once, whatever comes.
    let address =
        listener(|mut stream| drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")));
    assert_eq!(
        sold(&installation(&dir, address, "ca.pem", None)),
        ResponseCode::PROVIDER_UNAVAILABLE
    );
}

#[test]
fn a_provider_that_stalls_in_the_handshake_costs_a_sale_less_than_its_deadline() {
    let dir = tls_files::files();
    let address = listener(|mut stream| {
        // Reads whatever comes and never says a word.
        drop(stream.read_to_end(&mut Vec::new()));
    });
    let mut installation = installation(&dir, address, "ca.pem", None);
    assert_eq!(sold(&installation), ResponseCode::PROVIDER_UNAVAILABLE, "the bridge's deadline");
    installation.config.transactions.answer_s = 25;
    installation.config.bridges[0].deadline_s = 20;
    let served = installation.serve();
    let began = Instant::now();
    assert_eq!(code(&served, 2), ResponseCode::PROVIDER_UNAVAILABLE, "the handshake's own");
    assert!(began.elapsed() < PATIENCE - Duration::from_secs(5), "{:?}", began.elapsed());
    served.stop();
    installation.verify();
}

#[test]
fn files_of_an_https_bridge_that_are_missing_or_unsafe_are_refused_at_the_start() {
    let dir = tls_files::files();
    let nobody = "127.0.0.1:9".parse().unwrap();
    let said =
        |installation: &Installation| Providers::load(&installation.config).err().unwrap().text;
    assert!(said(&installation(&dir, nobody, "no.pem", None)).contains("no.pem"));
    let mut half = installation(&dir, nobody, "ca.pem", None);
    half.config.bridges[0].tls.as_mut().unwrap().key = None;
    assert!(said(&half).contains("one pair"));
}
