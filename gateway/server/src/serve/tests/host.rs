//! A whole gateway with an ISO 8583 host at the other end of its bridge.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use tillgate_codec::iso8583::{Dialect, Fields, Message};
use tillgate_codec::link::message::ResponseCode;
use tillgate_core::time::Moment;
use tillgate_store_core::{BridgeName, RegistryRecord, Route, RouteRule};

use super::network::{self, FIRST_TERMINAL, top_up_sale};
use super::provider::{APPROVED, BREAKING, DECLINED, SILENT};
use super::terminal::answer;
use super::{Installation, Served, wait_for};
use crate::config;

/// A host: answers by the account, and keeps what came.
#[derive(Clone)]
struct TestHost {
    address: SocketAddr,
    /// Type of each message, with the code of network messages.
    seen: Arc<Mutex<Vec<String>>>,
}

impl TestHost {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let serving = host.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                thread::spawn(move || serving.serve(stream));
            }
        });
        host
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Until the connection ends, or an account breaks it.
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let dialect = Dialect::builtin("iso87a").unwrap();
        let mut late: Option<Message> = None;
        loop {
            let mut length = [0; 2];
            stream.read_exact(&mut length).ok()?;
            let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut bytes).ok()?;
            let mut fields = Fields::new();
            let asked = Message::from_view(&dialect.view(&bytes, &mut fields).unwrap());
            let code = asked.text(70).unwrap_or_default();
            self.seen.lock().unwrap().push(format!("{} {code}", asked.mti).trim().to_owned());
            let account = asked.text(102).unwrap_or_default().to_owned();
            let mut said = Message::new(asked.mti.answer().unwrap());
            for number in [3, 4, 7, 11, 12, 13, 37, 41, 42, 49, 70] {
                if let Some(value) = asked.bytes(number) {
                    said.set_bytes(number, value);
                }
            }
            said.set(38, "A1B2C3").set(39, if account == DECLINED { "14" } else { "00" });
            if account == SILENT {
                late = Some(said);
                continue;
            }
            let mut framed = Vec::new();
            dialect.encode_framed(&said, &mut framed).unwrap();
            if account == BREAKING {
                return stream.write_all(&framed[..20]).ok();
            }
            stream.write_all(&framed).ok()?;
            if let Some(late) = late.take_if(|_| asked.mti.class() == b'4') {
                let mut framed = Vec::new();
                dialect.encode_framed(&late, &mut framed).unwrap();
                stream.write_all(&framed).ok()?;
            }
        }
    }
}

/// An installation whose bridge `topup` speaks ISO 8583; `keys` are further lines of it.
fn installation(host: SocketAddr, keys: &str) -> Installation {
    let mut installation = Installation::new();
    let file = installation.config.file.clone();
    let text = format!(
        "{}\n[[bridge]]\nname = \"topup\"\nkind = \"iso8583\"\nprofile = \"iso87-host\"\n\
         addresses = [\"{host}\"]\ndeadline_s = 1\n{keys}\n",
        fs::read_to_string(&file).unwrap()
    );
    installation.config.bridges = config::Config::parse(&file, &text).unwrap().bridges;
    installation
}

fn code(served: &Served, stan: u32, account: &str) -> ResponseCode {
    answer(&served.till(FIRST_TERMINAL).sell(&top_up_sale(stan, account))).code
}

fn signed_on(host: &TestHost) {
    wait_for("the sign-on", || host.seen().contains(&"0800 001".to_owned()));
}

#[test]
fn a_host_approves_and_declines_and_is_signed_on_and_off() {
    let host = TestHost::start();
    let installation = installation(host.address, "");
    let served = installation.serve();
    signed_on(&host);
    assert_eq!(code(&served, 1, APPROVED), ResponseCode::APPROVED);
    assert_eq!(code(&served, 2, DECLINED), ResponseCode::NO_SUCH_SUBSCRIBER);
    assert_eq!(code(&served, 1, APPROVED), ResponseCode::APPROVED, "from the journal");
    assert_eq!(host.seen(), ["0800 001", "0200", "0200"]);
    assert_eq!(served.metric("tillgate_bridge_connections_up{bridge=\"topup\"}"), 1);
    served.stop();
    wait_for("the sign-off", || host.seen().contains(&"0800 002".to_owned()));
    installation.verify();
}

#[test]
fn a_broken_answer_is_asked_about_on_the_next_connection() {
    let host = TestHost::start();
    let installation = installation(host.address, "inquiry = true");
    let served = installation.serve();
    signed_on(&host);
    assert_eq!(code(&served, 1, BREAKING), ResponseCode::APPROVED);
    assert_eq!(host.seen(), ["0800 001", "0200", "0800 001", "0100"]);
    served.stop();
    installation.verify();
}

#[test]
fn a_late_approval_of_a_sale_that_was_declined_is_taken_back() {
    let host = TestHost::start();
    let installation = installation(host.address, "reversal = true");
    let served = installation.serve();
    signed_on(&host);
    assert_eq!(code(&served, 1, SILENT), ResponseCode::REVERSED);
    // The host reverses first, and approves then: that approval must be undone as well.
    let reversals = || host.seen().iter().filter(|mti| mti.starts_with("042")).count();
    wait_for("the second reversal", || reversals() >= 2);
    assert_eq!(served.metric("tillgate_bridge_late_total{bridge=\"topup\"}"), 1);
    wait_for("the end of it", || served.metric("tillgate_transactions_pending") == 0);
    served.stop();
    installation.verify();
}

#[test]
fn where_no_host_listens_the_sale_is_declined_with_91() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let installation = installation(nobody, "");
    let served = installation.serve();
    assert_eq!(code(&served, 1, APPROVED), ResponseCode::PROVIDER_UNAVAILABLE);
    served.stop();
    installation.verify();
}

#[test]
fn a_host_that_is_not_reached_is_tried_last_before_a_sale_has_found_it_out() {
    let host = TestHost::start();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut installation = installation(host.address, "");
    let mut dead = installation.config.bridges[0].clone();
    dead.name = "dead".to_owned();
    dead.addresses = vec![config::Address { host: "127.0.0.1".to_owned(), port: nobody.port() }];
    installation.config.bridges.insert(0, dead);
    let rule = |priority, bridge| RouteRule { priority, ..RouteRule::to(text(bridge)) };
    let rules = vec![rule(1, "dead"), rule(2, "topup")];
    let route = RegistryRecord::Route(Route { name: text("both"), rules });
    let service = network::top_ups("both");
    installation.change(vec![route, RegistryRecord::Service(service)]);
    let served = installation.serve();
    signed_on(&host);
    wait_for("the dead host's failures", || {
        served.handle.metrics.bridges[0].shunned_until() > Moment::default()
    });
    assert_eq!(code(&served, 1, APPROVED), ResponseCode::APPROVED);
    let tried = "tillgate_bridge_results_total{bridge=\"dead\",result=\"not_sent\"}";
    assert_eq!(served.metric(tried), 0, "no sale went there first");
    served.stop();
    installation.verify();
}

fn text(name: &str) -> BridgeName {
    BridgeName::from(name).unwrap()
}

#[test]
fn what_is_wrong_with_a_bridge_s_profile_is_reported_before_anything_starts() {
    let address = "127.0.0.1:1".parse().unwrap();
    for (keys, expected) in [
        ("mac_key = \"keys/mac.key\"", "carry no codes"),
        ("key_encryption_key = \"keys/kek.key\"", "has no [network.key_exchange]"),
        ("tls = { ca = \"no.pem\" }", "no.pem"),
    ] {
        let installation = installation(address, keys);
        let error = super::super::bridge::Providers::load(&installation.config).err().unwrap();
        assert!(error.text.contains(expected), "{}", error.text);
    }
    let mut installation = installation(address, "");
    let file = installation.config.file.with_file_name("host.toml");
    let profile = tillgate_core::provider::iso8583::Profile::builtin("iso87-host").unwrap();
    fs::write(&file, profile.replace("{amount}", "{amonut}")).unwrap();
    let source = config::ProfileSource::File(file.clone());
    installation.config.bridges[0].profile.as_mut().unwrap().source = source;
    let error = super::super::bridge::Providers::load(&installation.config).err().unwrap();
    assert_eq!(error.text.lines().count(), line_count(&error.text, &file), "{}", error.text);
    assert!(error.text.contains("there is no source \"amonut\""), "{}", error.text);
}

/// Lines that name the file and a line of it.
fn line_count(text: &str, file: &Path) -> usize {
    text.lines().filter(|line| line.starts_with(&format!("{}:", file.display()))).count()
}
