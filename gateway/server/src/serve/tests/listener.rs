//! Terminals of another maker over real sockets: they share only the codec with the gateway.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use socket2::{Domain, Socket, Type};
use tillgate_codec::iso8583::{Dialect, Fields, Message, Mti, Tpdu};
use tillgate_codec::link::message::ResponseCode;
use tillgate_core::drain::Drained;
use tillgate_store_core::{RegistryRecord, TerminalId};

use super::network::{self, FIRST_TERMINAL, today, top_up_sale};
use super::provider::APPROVED;
use super::terminal::answer;
use super::{Installation, PATIENCE, Served, wait_for};
use crate::config;
use crate::serve::bridge::tls::{certificates, private_key};
use crate::serve::clock::{Clock, ClockTrust};
use crate::serve::gateway::Gateway;

const TPDU: Tpdu = Tpdu([0x60, 0x00, 0x01, 0x80, 0x02]);
/// The terminal that is enabled for the listener.
pub(super) const POS: u32 = FIRST_TERMINAL + 1;

/// An installation with the listener `pos`, which terminal [`POS`] uses.
pub(super) fn installation(networks: &str) -> Installation {
    with_terminals(Installation::new(), networks, POS..=POS)
}

/// With the listener `pos`, which these terminals use.
pub(super) fn with_terminals(
    mut installation: Installation,
    networks: &str,
    terminals: RangeInclusive<u32>,
) -> Installation {
    listen(&mut installation, "127.0.0.1:0", "nac-terminal", networks);
    let keys = crate::serve::startup::keys(&installation.config).unwrap();
    let enabled = |id| {
        let mut terminal = network::terminal(&keys.vault, id);
        terminal.listener = "pos".to_owned();
        RegistryRecord::Terminal(terminal)
    };
    installation.change(terminals.map(enabled).collect());
    installation
}

fn listen(installation: &mut Installation, address: &str, profile: &str, networks: &str) {
    let file = installation.config.file.clone();
    let text = format!(
        "{}\n[[iso8583_listener]]\nname = \"pos\"\naddress = \"{address}\"\nprofile = \
         \"{profile}\"\nnetworks = [\"{networks}\"]\nframe_s = 1\nfirst_s = 2\n",
        fs::read_to_string(&file).unwrap()
    );
    let listeners = config::Config::parse(&file, &text).unwrap().iso8583_listeners;
    installation.config.iso8583_listeners = listeners;
}

/// A terminal of another maker.
pub(super) struct PosTerminal {
    pub(super) stream: TcpStream,
    pub(super) dialect: Dialect,
}

impl PosTerminal {
    pub(super) fn connect(served: &Served) -> Self {
        let stream = TcpStream::connect(served.listeners[0]).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, dialect: Dialect::builtin("nac").unwrap() }
    }

    pub(super) fn send(&mut self, message: &Message) {
        let mut framed = Vec::new();
        self.dialect.encode_framed(message, &mut framed).unwrap();
        self.stream.write_all(&framed).unwrap();
    }

    /// The answer's bytes; `None`: the gateway has closed.
    pub(super) fn receive(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 2];
        match self.stream.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return None,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("not answered: {error}"),
        }
        let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
        self.stream.read_exact(&mut bytes).unwrap();
        Some(bytes)
    }

    pub(super) fn ask(&mut self, message: &Message) -> Option<Vec<u8>> {
        self.send(message);
        self.receive()
    }

    pub(super) fn field(&self, bytes: &[u8], number: u8) -> String {
        let mut fields = Fields::new();
        let view = self.dialect.view(bytes, &mut fields).unwrap();
        view.text(number).unwrap_or_default()
    }

    fn code(&mut self, message: &Message) -> String {
        let bytes = self.ask(message).expect("it is answered");
        self.field(&bytes, 39)
    }
}

pub(super) fn request(mti: &str, processing: &str, stan: u32) -> Message {
    let mut message = Message::new(Mti::parse(mti).unwrap()).with_tpdu(TPDU);
    message.set(3, processing).set_number(11, stan.into()).set(41, &format!("{POS:08}"));
    message
}

/// A voucher, at noon of the gateway's date.
pub(super) fn voucher(mti: &str, stan: u32) -> Message {
    let (_, month, day) = today().ymd();
    let mut message = request(mti, "500001", stan);
    message.set_number(4, 5_000).set(12, "120000").set(13, &format!("{month:02}{day:02}"));
    message.set(49, "404");
    message
}

#[test]
fn a_terminal_logs_on_buys_a_voucher_and_gets_the_same_bytes_again_after_a_restart() {
    let installation = installation("127.0.0.0/8");
    let served = installation.serve();
    let mut terminal = PosTerminal::connect(&served);
    assert_eq!(served.handle.view.presence(TerminalId(POS)), None);
    assert_eq!(terminal.code(&request("0800", "920000", 1)), "00");
    let is_online = || served.handle.view.presence(TerminalId(POS)).is_some();
    wait_for("it to be seen online", is_online);
    assert_eq!(terminal.code(&request("0800", "990000", 2)), "00");
    let first = terminal.ask(&voucher("0200", 3)).unwrap();
    assert_eq!(terminal.field(&first, 39), "00");
    assert!(terminal.field(&first, 61).starts_with("1234-"), "the PIN");
    assert_eq!(terminal.ask(&voucher("0201", 3)).unwrap(), first);
    assert_eq!(PosTerminal::connect(&served).ask(&voucher("0200", 3)).unwrap(), first);
    // A PIN that has left is not taken back; nobody asked for one that never came.
    assert_eq!(terminal.code(&voucher("0400", 3)), "21");
    assert_eq!(terminal.code(&voucher("0400", 4)), "00");
    assert_eq!(terminal.code(&voucher("0200", 4)), "12");
    let answers = "tillgate_listener_answers_total{listener=\"pos\"}";
    wait_for("all answers to be counted", || served.metric(answers) == 8);
    drop(terminal);
    wait_for("it to be seen leaving", || !is_online());
    assert_eq!(served.stop(), Drained::Fully);

    let served = installation.serve();
    assert_eq!(PosTerminal::connect(&served).ask(&voucher("0200", 3)).unwrap(), first);
    served.stop();
    installation.verify();
}

#[test]
fn a_terminal_of_the_sealed_link_is_not_answered_here_nor_ours_there() {
    let installation = installation("127.0.0.0/8");
    let served = installation.serve();
    let mut foreign = voucher("0200", 1);
    foreign.set(41, &format!("{FIRST_TERMINAL:08}"));
    assert_eq!(PosTerminal::connect(&served).ask(&foreign), None);
    let denied = "tillgate_listener_closed_total{listener=\"pos\",reason=\"denied\"}";
    wait_for("the count", || served.metric(denied) == 1);
    assert!(super::terminal::Till::try_connect(served.address, POS).is_err());
    let body = served.till(FIRST_TERMINAL).sell(&top_up_sale(1, APPROVED));
    assert_eq!(answer(&body).code, ResponseCode::PROVIDER_UNAVAILABLE, "the others go on");
    served.stop();
    installation.verify();
}

#[test]
fn garbage_half_frames_and_floods_cost_their_own_connection() {
    let mut installation = installation("127.0.0.0/8");
    installation.config.iso8583_listeners[0].connections_per_address = 20;
    let served = installation.serve();
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 300], &[0, 40, 0x60]] {
        let mut peer = PosTerminal::connect(&served);
        peer.stream.write_all(bytes).unwrap();
        assert_eq!(peer.receive(), None, "closed at once, or in time");
    }
    let crowd: Vec<_> = (0..40).map(|_| PosTerminal::connect(&served)).collect();
    let refused = "tillgate_listener_refused_total{listener=\"pos\",reason=\"address\"}";
    wait_for("the address to have its share", || served.metric(refused) >= 20);
    drop(crowd);
    wait_for("room", || served.metric("tillgate_listener_connections{listener=\"pos\"}") == 0);
    assert_eq!(PosTerminal::connect(&served).code(&request("0800", "990000", 1)), "00");
    served.stop();
}

#[test]
fn a_peer_that_never_reads_is_given_up_and_others_are_served() {
    let mut installation = installation("127.0.0.0/8");
    installation.config.iso8583_listeners[0].requests_per_s = None;
    let served = installation.serve();
    // With a small window, so that not many answers are on their way.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    socket.connect(&served.listeners[0].into()).unwrap();
    let mut mute = PosTerminal { stream: socket.into(), ..PosTerminal::connect(&served) };
    mute.stream.set_nonblocking(true).unwrap();
    let mut framed = Vec::new();
    mute.dialect.encode_framed(&request("0800", "990000", 1), &mut framed).unwrap();
    let many = framed.repeat(200);
    // Its last frame may have stuck half-way, and then that deadline may come first.
    let closed = |reason: &str| {
        let series = "tillgate_listener_closed_total{listener=\"pos\",reason=";
        served.metric(&format!("{series}\"{reason}\"}}"))
    };
    let mut at = 0;
    wait_for("it to be given up", || {
        while let Ok(sent) = mute.stream.write(&many[at..]) {
            at = (at + sent) % many.len();
        }
        closed("not_reading") + closed("frame_timeout") == 1
    });
    assert_eq!(PosTerminal::connect(&served).code(&request("0800", "990000", 1)), "00");
    served.stop();
}

#[test]
fn nobody_from_another_network_is_let_in() {
    let installation = installation("192.0.2.0/24");
    let served = installation.serve();
    let mut peer = PosTerminal::connect(&served);
    assert_eq!(peer.receive(), None);
    wait_for("the count", || {
        served.metric("tillgate_listener_foreign_total{listener=\"pos\"}") == 1
    });
    served.stop();
}

#[test]
fn a_wrong_profile_or_a_port_in_use_forbids_the_start_and_is_named() {
    let mut installation = installation("127.0.0.0/8");
    let start = |installation: &Installation| {
        Gateway::start(&installation.config, Clock::start(ClockTrust::Checked)).err().unwrap().text
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = taken.local_addr().unwrap();
    listen(&mut installation, &address.to_string(), "nac-terminal", "127.0.0.1");
    let said = start(&installation);
    assert!(
        said.contains("iso8583_listener \"pos\"") && said.contains(&address.to_string()),
        "{said}"
    );
    listen(&mut installation, "127.0.0.1:0", "nac-terminals", "127.0.0.1");
    let said = start(&installation);
    assert!(said.contains("no profile \"nac-terminals\"; there are nac-terminal"), "{said}");
    let file = installation.config.file.with_file_name("pos.toml");
    let profile = tillgate_core::listener::Profile::builtin("nac-terminal").unwrap();
    fs::write(&file, profile.replace("{rrn}", "{rnr}")).unwrap();
    listen(&mut installation, "127.0.0.1:0", "pos.toml", "127.0.0.1");
    let said = start(&installation);
    assert!(said.contains("pos.toml:") && said.contains("no source \"rnr\""), "{said}");
}

const TLS_FILES: [(&str, &str); 6] = [
    ("ca.pem", include_str!("../../../tests/data/tls/ca.pem")),
    ("other-ca.pem", include_str!("../../../tests/data/tls/other-ca.pem")),
    ("host.pem", include_str!("../../../tests/data/tls/host.pem")),
    ("host.key", include_str!("../../../tests/data/tls/host.key")),
    ("client.pem", include_str!("../../../tests/data/tls/client.pem")),
    ("client.key", include_str!("../../../tests/data/tls/client.key")),
];

/// The files of the tests' certificates in the installation's `keys`; of its listener with TLS.
fn with_tls(installation: &mut Installation, client_ca: Option<&str>) {
    let keys = installation.config.file.with_file_name("keys");
    for (name, text) in TLS_FILES {
        let file = keys.join(name);
        drop(fs::remove_file(&file));
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    }
    installation.config.iso8583_listeners[0].tls = Some(config::ListenerTls {
        certificate: keys.join("host.pem"),
        key: keys.join("host.key"),
        client_ca: client_ca.map(|name| keys.join(name)),
    });
}

/// A client that believes the tests' authority.
pub(super) fn client_config(keys: &Path, has_certificate: bool) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificates(&keys.join("ca.pem")).ok().unwrap().remove(0)).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(if has_certificate {
        let chain = certificates(&keys.join("client.pem")).ok().unwrap();
        let key = private_key(&keys.join("client.key")).ok().unwrap();
        builder.with_client_auth_cert(chain, key).unwrap()
    } else {
        builder.with_no_client_auth()
    })
}

/// The first answer over TLS; `None` if there is none.
fn ask_over_tls(served: &Served, keys: &Path, has_certificate: bool) -> Option<Vec<u8>> {
    let config = client_config(keys, has_certificate);
    let tls = ClientConnection::new(config, "host.example".try_into().unwrap()).unwrap();
    let plain = PosTerminal::connect(served);
    let mut stream = StreamOwned::new(tls, plain.stream);
    let mut framed = Vec::new();
    plain.dialect.encode_framed(&voucher("0200", 3), &mut framed).unwrap();
    // In pieces, so that frames and records do not agree.
    for piece in framed.chunks(7) {
        stream.write_all(piece).ok()?;
    }
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

#[test]
fn a_listener_with_tls_serves_who_has_the_right_certificate_and_nobody_in_clear() {
    let mut installation = installation("127.0.0.0/8");
    let keys = installation.config.file.with_file_name("keys");
    with_tls(&mut installation, None);
    let served = installation.serve();
    let first = ask_over_tls(&served, &keys, false).unwrap();
    assert_eq!(PosTerminal::connect(&served).field(&first, 39), "00");
    assert_eq!(ask_over_tls(&served, &keys, false).unwrap(), first);
    let mut clear = PosTerminal::connect(&served);
    clear.send(&request("0800", "990000", 1));
    let mut said = Vec::new();
    drop(clear.stream.read_to_end(&mut said));
    assert!(said.len() < 16, "an alert at most: {said:02x?}");
    served.stop();

    with_tls(&mut installation, Some("ca.pem"));
    let served = installation.serve();
    assert_eq!(ask_over_tls(&served, &keys, true).unwrap(), first);
    assert_eq!(ask_over_tls(&served, &keys, false), None, "a certificate is wanted");
    served.stop();

    with_tls(&mut installation, Some("other-ca.pem"));
    let served = installation.serve();
    assert_eq!(ask_over_tls(&served, &keys, true), None, "of another authority");
    served.stop();
    installation.verify();
}
