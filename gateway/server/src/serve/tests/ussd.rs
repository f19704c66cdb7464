//! Handsets over a real socket: a centre that shares only the codec with the gateway.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tillgate_codec::smpp::{
    Address, BindResp, Body, CommandStatus, DataCoding, MessageResp, Pdu, ShortMessage, Tag, Text,
    Tlv, Tlvs, deframe,
};
use tillgate_core::drain::Drained;
use tillgate_store_core::{Handset, Msisdn, PinHash, RegistryRecord, Status, TerminalId};

use super::network::FIRST_TERMINAL;
use super::{Installation, PATIENCE, Served, wait_for};
use crate::config;
use crate::serve::bridge::tls::{certificates, private_key};

pub(super) const PIN: &str = "2580";
const NUMBER: &str = "254712345678";
/// Of `ussd_service_op` (SMPP 3.4, 5.3.2.44).
pub(super) const BEGIN: u8 = 1;
const CONTINUE: u8 = 2;
pub(super) const ANSWER: u8 = 18;
const END: u8 = 17;

/// An installation with a link to a centre there, and a handset.
pub(super) fn installation(address: SocketAddr, more: &str) -> Installation {
    let link = format!(
        "[[ussd_link]]\nname = \"net\"\naddress = \"{address}\"\nprofile = \"standard\"\n\
         system_id = \"shop\"\npassword = \"keys/net.password\"\n{more}"
    );
    with_handset(&link, |keys| {
        let password = keys.join("net.password");
        fs::write(&password, "secret\n").unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o400)).unwrap();
    })
}

/// An installation with a handset and this link, whose files `write` puts into the directory of keys.
pub(super) fn with_handset(link: &str, write: impl Fn(&Path)) -> Installation {
    let mut installation = Installation::new();
    let keys = crate::serve::startup::keys(&installation.config).unwrap();
    let msisdn = Msisdn::of(NUMBER).unwrap();
    let pin = PinHash::of(&keys.vault, msisdn, PIN.as_bytes(), &[5; 32], [5; 12]).unwrap();
    installation.change(vec![RegistryRecord::Handset(Handset {
        msisdn,
        terminal: TerminalId(FIRST_TERMINAL),
        status: Status::Active,
        revision: 1,
        initial: false,
        pin: Some(pin),
    })]);
    let file = installation.config.file.clone();
    write(&file.with_file_name("keys"));
    let text = format!("{}\n{link}", fs::read_to_string(&file).unwrap());
    let config = config::Config::parse(&file, &text).unwrap();
    installation.config.ussd_links = config.ussd_links;
    installation.config.ussd_http = config.ussd_http;
    installation
}

/// The centre's end of a link.
pub(super) struct Centre<S> {
    stream: S,
    bytes: Vec<u8>,
    sequence: u32,
    /// What is dialled.
    pub(super) code: &'static str,
}

impl<S: Read + Write> Centre<S> {
    /// Takes the bind, if name and password are right.
    pub(super) fn bound(stream: S) -> Self {
        let mut centre = Self { stream, bytes: Vec::new(), sequence: 0, code: "123" };
        let pdu = centre.next();
        let bind = Pdu::decode(&pdu).unwrap();
        let Body::BindTransceiver(fields) = bind.body else { panic!("{bind:?}") };
        assert_eq!((fields.system_id.0, fields.password.0), (&b"shop"[..], &b"secret"[..]));
        let body = Body::BindTransceiverResp(BindResp { system_id: Text::new("centre") });
        centre.send(&Pdu::new(bind.sequence, body));
        centre
    }

    fn send(&mut self, pdu: &Pdu<'_>) {
        let mut out = Vec::new();
        pdu.encode(&mut out).unwrap();
        self.stream.write_all(&out).unwrap();
    }

    /// The next whole PDU.
    fn next(&mut self) -> Vec<u8> {
        loop {
            if let Some(frame) = deframe(&self.bytes).unwrap() {
                let pdu = self.bytes[frame.range.clone()].to_vec();
                self.bytes.drain(..frame.range.end);
                return pdu;
            }
            let mut buffer = [0; 1_024];
            let length = self.stream.read(&mut buffer).unwrap();
            assert!(length > 0, "the gateway has closed");
            self.bytes.extend_from_slice(&buffer[..length]);
        }
    }

    /// A subscriber dials or answers; what the subscriber sees then, and whether it is the end.
    pub(super) fn say(&mut self, operation: u8, text: &str) -> (String, bool) {
        self.sequence += 1;
        let number = |number| Address { ton: 1, npi: 1, number: Text::new(number) };
        let message = ShortMessage {
            service_type: Text::new("USSD"),
            source: number(NUMBER),
            destination: number(self.code),
            data_coding: DataCoding(0),
            short_message: text.as_bytes(),
            ..ShortMessage::default()
        };
        let tlvs = [
            Tlv::new(Tag::USSD_SERVICE_OP, std::slice::from_ref(&operation)),
            Tlv::new(Tag::ITS_SESSION_INFO, &[7, 0]),
        ];
        let sequence = self.sequence;
        let pdu = Pdu::new(sequence, Body::DeliverSm(message));
        self.send(&Pdu { tlvs: Tlvs::list(&tlvs), ..pdu });
        let answer = self.next();
        let answer = Pdu::decode(&answer).unwrap();
        assert!(matches!(answer.body, Body::DeliverSmResp(_)), "{answer:?}");
        assert_eq!((answer.sequence, answer.status), (sequence, CommandStatus::OK));
        self.shown()
    }

    /// The next text for the subscriber.
    fn shown(&mut self) -> (String, bool) {
        let pdu = self.next();
        let pdu = Pdu::decode(&pdu).unwrap();
        let Body::SubmitSm(message) = pdu.body else { panic!("{pdu:?}") };
        assert_eq!(message.destination.number.0, NUMBER.as_bytes());
        let text = String::from_utf8(message.short_message.to_vec()).unwrap();
        let operation = pdu.tlvs.find(Tag::USSD_SERVICE_OP).unwrap().value[0];
        let body = Body::SubmitSmResp(MessageResp { message_id: Text::new("1") });
        self.send(&Pdu::new(pdu.sequence, body));
        assert!([CONTINUE, END].contains(&operation), "{operation:#x}");
        (text, operation == END)
    }

    /// Picks the line of a menu that has these words.
    fn pick(&mut self, shown: &str, words: &str) -> (String, bool) {
        let line = shown.lines().find(|line| line.contains(words));
        let line = line.unwrap_or_else(|| panic!("{words:?} is not in {shown:?}"));
        let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
        self.say(ANSWER, &digits)
    }

    /// Buys a voucher by the menu; the receipt.
    fn sell(&mut self) -> String {
        let (shown, _) = self.say(BEGIN, "*123#");
        assert!(shown.contains("PIN"), "{shown}");
        let (shown, _) = self.say(ANSWER, PIN);
        let (mut shown, _) = self.pick(&shown, "Vouchers");
        while !shown.contains("Confirm") {
            shown = self.say(ANSWER, "1").0;
        }
        let (receipt, ended) = self.pick(&shown, "Confirm");
        assert!(ended, "{receipt}");
        receipt
    }
}

pub(super) fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(super) fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn is_up(served: &Served) -> bool {
    served.metric("tillgate_ussd_link_up{link=\"net\"}") == 1
}

#[test]
fn a_handset_buys_a_voucher_and_its_dialog_is_in_the_metrics() {
    let (listener, address) = listener();
    let installation = installation(address, "");
    let served = installation.serve();
    let mut centre = Centre::bound(accept(&listener));
    let receipt = centre.sell();
    assert!(receipt.contains("Sold") && receipt.contains("1234-"), "{receipt}");
    assert_ne!(centre.say(BEGIN, "*123*1*10#").0, receipt, "it asks for the PIN");
    wait_for("its end", || {
        served.metric("tillgate_ussd_dialogs_ended_total{reason=\"done\"}") == 1
    });
    assert_eq!(served.handle.view.link(0).map(|link| link.state), Some("bound"));
    // Whoever goes down says so.
    served.signal();
    let pdu = centre.next();
    let unbind = Pdu::decode(&pdu).unwrap();
    assert!(matches!(unbind.body, Body::Unbind), "{unbind:?}");
    centre.send(&Pdu::new(unbind.sequence, Body::UnbindResp));
    assert_eq!(served.join(), Drained::Fully);
    assert_eq!(installation.verify().counts.approved, 1);
}

#[test]
fn a_wrong_pin_sells_nothing_and_a_restart_forgets_none() {
    let (listener, address) = listener();
    let installation = installation(address, "");
    for round in 0..2 {
        let served = installation.serve();
        let mut centre = Centre::bound(accept(&listener));
        centre.say(BEGIN, "*123#");
        let (shown, _) = centre.say(ANSWER, "2581");
        assert!(shown.contains("Wrong"), "{shown}");
        if round == 1 {
            let (shown, ended) = centre.say(ANSWER, PIN);
            assert!(ended && shown.contains("Too many wrong PINs"), "{shown}");
        }
        drop(centre);
        served.stop();
    }
    assert_eq!(installation.verify().counts.transactions, 0);
}

#[test]
fn a_link_comes_back_and_what_is_no_pdu_costs_only_itself() {
    let (listener, address) = listener();
    let installation = installation(address, "");
    let served = installation.serve();
    let mut centre = Centre::bound(accept(&listener));
    // A request that is not known, and a deliver_sm whose body ends in the middle.
    for pdu in [
        &[0_u8, 0, 0, 16, 0, 0, 0x77, 0x77, 0, 0, 0, 0, 0, 0, 0, 41][..],
        &[0, 0, 0, 20, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 42, b'U', b'S', b'S', b'D'],
    ] {
        centre.stream.write_all(pdu).unwrap();
        let answer = centre.next();
        let answer = Pdu::decode(&answer).unwrap();
        assert_eq!(answer.sequence, u32::from(pdu[15]));
        assert_ne!(answer.status, CommandStatus::OK);
    }
    assert!(centre.sell().contains("Sold"), "the link lives on");
    wait_for("the link", || is_up(&served));
    drop(centre);
    wait_for("its loss", || !is_up(&served));
    let mut centre = Centre::bound(accept(&listener));
    assert!(centre.say(BEGIN, "*123#").0.contains("PIN"));
    drop(centre);
    served.stop();
}

#[test]
fn a_centre_that_is_not_there_holds_up_nobody() {
    let (listener, address) = listener();
    drop(listener);
    let installation = installation(address, "");
    let served = installation.serve();
    served.till(FIRST_TERMINAL + 3).log_on();
    wait_for("the attempt", || served.handle.view.link(0).is_some());
    assert!(!is_up(&served));
    assert_eq!(served.stop(), Drained::Fully);
}

/// What a centre with the certificate of the tests' authority is configured with.
fn centre_tls() -> Arc<ServerConfig> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
    let dir = tempfile::TempDir::new().unwrap();
    let key = dir.path().join("host.key");
    fs::copy(data.join("host.key"), &key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    let chain = certificates(&data.join("host.pem")).ok().unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    Arc::new(builder.with_single_cert(chain, private_key(&key).ok().unwrap()).unwrap())
}

#[test]
fn a_link_with_tls_trusts_its_own_authority_only() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
    for (ca, is_trusted) in [("ca.pem", true), ("other-ca.pem", false)] {
        let (listener, address) = listener();
        let ca = data.join(ca);
        let tls = format!("tls = {{ ca = \"{}\", name = \"host.example\" }}\n", ca.display());
        let installation = installation(address, &tls);
        let served = installation.serve();
        let tls = ServerConnection::new(centre_tls()).unwrap();
        let mut stream = StreamOwned::new(tls, accept(&listener));
        if is_trusted {
            let mut centre = Centre::bound(stream);
            assert!(centre.sell().contains("Sold"));
        } else {
            assert!(stream.read(&mut [0; 64]).is_err(), "it is not believed");
        }
        served.stop();
    }
}
