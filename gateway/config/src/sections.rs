//! Every section of the file as one table: its keys, what each may be, and what it is unless the
//! file says so. The left side is the struct that the gateway reads; the right side is a method of
//! [`Reader`].

use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use tillgate_core::listener::Subnet;

use super::HttpUrl;
use super::reader::{Reader, Section};

/// What is read out of a section.
pub(super) trait Sectioned {
    fn read<'a>(reader: &mut Reader<'a>, section: &mut Section<'a>) -> Self;
}

macro_rules! sections {
    ($($(#[$about:meta])* $name:ident {
        $($(#[$doc:meta])* $key:ident: $value:ty = $method:ident($($rule:expr),*),)*
    })*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[$doc])* pub $key: $value,)*
        }

        impl Sectioned for $name {
            fn read<'a>(reader: &mut Reader<'a>, section: &mut Section<'a>) -> Self {
                Self { $($key: reader.$method(section.take(stringify!($key)), $($rule),*),)* }
            }
        }
    )*};
}

sections! {
    /// `[listen]`
    Listen {
        /// Where terminals connect.
        terminals: SocketAddr = address("127.0.0.1:7400"),
        /// Reactor threads.
        reactors: u16 = number(1..=64, 1),
        /// Connections the kernel may hold before the gateway accepts them.
        backlog: u16 = number(1..=65_535, 4_096),
    }

    /// `[admin]`
    Admin {
        /// Where the admin API listens.
        listen: SocketAddr = address("127.0.0.1:7401"),
        /// The Unix socket where the command line finds it.
        socket: PathBuf = path_or("admin.sock"),
        /// The file with the SHA-256 (hex) of the token that programs on other machines show.
        token_sha256: PathBuf = path_or("keys/admin.sha256"),
        /// People who may log in, with their argon2id hashes.
        users: PathBuf = path_or("users.toml"),
        /// Of releases whose commands showed a token; nothing is done with it.
        token: () = unused("commands use the Unix socket (admin.socket)"),
    }

    /// `[store]`
    Store {
        /// The data directory.
        dir: PathBuf = path("data"),
        /// The file with the key-encryption key (32 bytes as hex).
        kek: PathBuf = path("keys/kek-1.key"),
        /// The number under which that key is written into what it seals.
        kek_id: u32 = kek_id(),
        /// Earlier keys, still needed to open what they sealed.
        kek_old: Vec<KekOld> = tables("store.kek_old", KEKS_OLD_MAX, "earlier keys can be open"),
        /// The high-water mark, where it does not lie in the data directory.
        high_water: Option<PathBuf> = path_if("/mnt/other/high-water"),
    }

    /// An earlier key.
    KekOld {
        /// Its number.
        id: u32 = kek_id(),
        /// Its file.
        file: PathBuf = path("keys/kek-1.key"),
    }

    /// `[import]`
    Import {
        /// The file with the age keys that open encrypted files (`age-keygen`).
        age_identity: Option<PathBuf> = path_if("keys/import.age-key"),
    }

    /// `[link]`
    Link {
        /// The file with the gateway's X25519 secret (32 bytes as hex).
        key: PathBuf = path("keys/gateway.key"),
        /// A session without a record for this long is closed.
        idle_s: u16 = number(30..=65_535, 600),
        /// From the connection to the end of the handshake.
        handshake_s: u16 = number(1..=120, 20),
        /// From a record's first byte to its last.
        record_s: u16 = number(1..=120, 20),
        /// Sessions at once, over all reactors.
        sessions_max: u32 = number(1..=1_000_000, 18_000),
        /// Share of them that may have proved nothing yet.
        unproven_percent: u8 = number(1..=100, 75),
        /// Share of those that may come from one address.
        unproven_address_percent: u8 = number(1..=100, 50),
        /// Requests of one terminal a second, once its burst is used up; `None` for no bound.
        requests_per_s: Option<NonZeroU32> = bound(0..=1_000_000, 10),
        /// Requests of one terminal at once.
        requests_burst: u32 = number(1..=10_000, 30),
        /// Handshakes of one terminal a minute, once its burst is used up; `None` for no bound.
        handshakes_per_min: Option<NonZeroU32> = bound(0..=1_000_000, 30),
        /// Handshakes of one terminal at once.
        handshakes_burst: u32 = number(1..=10_000, 20),
    }

    /// `[workers]`
    Workers {
        /// Pool threads: handshakes, decoding, verification, answers.
        pool: u16 = number(1..=64, 1),
    }

    /// `[transactions]`
    Transactions {
        /// A terminal receives something within this.
        answer_s: u16 = number(2..=120, 25),
        /// Commands in one store batch.
        batch_max: u32 = number(1..=4_096, 1_024),
        /// Transactions between intent and outcome.
        pending_max: u32 = number(1..=1_000_000, 100_000),
        /// Days for which a terminal receives a sold voucher's PIN again. At least 1: the retry of
        /// a lost answer may come over the cut-off.
        reprint_days: u16 = number(1..=365, 7),
    }

    /// `[log]`
    Log {
        /// One line of text or one JSON object per event, on standard error.
        format: LogFormat = choice(&[("text", LogFormat::Text), ("json", LogFormat::Json)]),
        /// The least severe level that is written.
        level: LogLevel = choice(&[
            ("info", LogLevel::Info),
            ("error", LogLevel::Error),
            ("warn", LogLevel::Warn),
            ("debug", LogLevel::Debug),
        ]),
    }

    /// `tls` of a bridge: of an ISO 8583 host, or of an `https` URL
    Tls {
        /// PEM: the only authorities that the provider's certificate may come from.
        ca: PathBuf = path("keys/provider-ca.pem"),
        /// The name in the provider's certificate, where it is not that of the address.
        name: Option<String> = word_if("host.example"),
        /// PEM: the gateway's certificate and its chain, where the provider wants one.
        certificate: Option<PathBuf> = path_if("keys/gateway-client.pem"),
        /// PEM: the key of that certificate.
        key: Option<PathBuf> = path_if("keys/gateway-client.key"),
    }

    /// `callback` of a bridge
    Callback {
        /// Where the provider posts outcomes.
        listen: SocketAddr = address("127.0.0.1:7403"),
        /// TLS to the provider, where this is stated; in the clear it is for this machine, with TLS in
        /// front.
        tls: Option<ListenerTls> = callback_tls(),
    }

    /// One `[[bridge]]`
    Bridge {
        /// What services call it in their `route`.
        name: String = bridge_name(),
        /// Which protocol it speaks.
        kind: BridgeKind = bridge_kind(),
        /// Where orders are posted; an inquiry gets `{url}/{reference}`. With a profile, what its
        /// paths are appended to. Of kind `http`.
        url: HttpUrl = url("http://127.0.0.1:7402/topups"),
        /// How an ISO 8583 host's messages are filled and read; of kind `http`, the provider's API
        /// where it is not that of docs/bridges.md section 1.
        profile: Option<Profile> = profile(),
        /// `{secret.NAME}` of an HTTP profile: where each is.
        secrets: BTreeMap<String, Secret> = secrets(),
        /// `{value.NAME}` of an HTTP profile.
        values: BTreeMap<String, String> = bridge_words("sender = \"TILLGATE\""),
        /// `{product_code}` of an HTTP profile, by `SERVICE/PRODUCT` or `SERVICE`.
        products: BTreeMap<String, String> = bridge_words("\"20/5\" = \"1001\""),
        /// Where the host is; connections are spread over them.
        addresses: Vec<Address> = addresses(),
        /// Connections at once; of an ISO 8583 host, as many as addresses unless stated.
        connections: u16 = connections(),
        /// Most requests in flight on one connection to an ISO 8583 host.
        window: u16 = window(1..=1_024, 64),
        /// The file with the key of message authentication codes, in hexadecimal.
        mac_key: Option<PathBuf> = mac_key("keys/acquirer-mac.key"),
        /// The file with the key that the host encrypts session keys with, in hexadecimal.
        key_encryption_key: Option<PathBuf> = mac_key("keys/acquirer-kek.key"),
        /// TLS to the provider, where this is stated.
        tls: Option<Tls> = tls(),
        /// Where an HTTP provider posts outcomes by itself, where its profile says how.
        callback: Option<Callback> = callback(),
        /// After this the provider counts as silent and the outcome as unknown.
        deadline_s: u16 = deadline(1..=119, 10),
        /// Sales and lookups a second that it gets; 0: no limit.
        sales_per_s: u32 = number(0..=100_000, 0),
        // Capabilities are false unless the operator claims them: a wrong one costs money.
        /// The provider takes the same reference twice and answers the same, so that a request
        /// whose answer was lost may be sent again.
        idempotent: bool = claim(),
        /// It can be asked the outcome of a reference.
        inquiry: bool = claim(),
        /// It says what is to be paid on an account.
        lookup: bool = claim(),
        /// It takes a reference back, also one it has never seen.
        reversal: bool = claim(),
        /// It wants to know when a receipt was printed.
        confirmation: bool = claim(),
    }

    /// `tls` of a listener, or of a bridge's callbacks
    ListenerTls {
        /// PEM: the listener's certificate and its chain.
        certificate: PathBuf = path("keys/pos.pem"),
        /// PEM: the key of that certificate.
        key: PathBuf = path("keys/pos.key"),
        /// PEM: the only authorities that clients' certificates may come from, where they must have
        /// one.
        client_ca: Option<PathBuf> = path_if("keys/pos-ca.pem"),
    }

    /// One `[[iso8583_listener]]`
    Iso8583Listener {
        /// What terminals are enabled for (`listener` in terminals.csv).
        name: String = listener_name(),
        /// Where they connect.
        address: SocketAddr = address("0.0.0.0:7410"),
        /// What they speak.
        profile: Option<Profile> = listener_profile(),
        /// Who may connect at all.
        networks: Vec<Subnet> = networks(),
        /// TLS to the terminals, where this is stated.
        tls: Option<ListenerTls> = listener_tls(),
        /// Whether each connection is a concentrator's, with many terminals behind it.
        shared: bool = claim(),
        /// Connections at once.
        connections_max: u32 = number(1..=100_000, 1_000),
        /// Of these, from one address.
        connections_per_address: u32 = number(1..=100_000, 200),
        /// Requests of one connection a second, once its burst is used up; `None` for no bound.
        requests_per_s: Option<NonZeroU32> = bound(0..=1_000_000, 10),
        /// From a connection to its first answer.
        first_s: u16 = number(1..=65_535, 20),
        /// From a frame's first byte to its last.
        frame_s: u16 = number(1..=120, 20),
        /// A connection without a message for this long is closed.
        idle_s: u16 = number(30..=65_535, 600),
    }

    /// `[ussd]`
    Ussd {
        /// Menus, each with the service codes that it answers; without any the one that comes with
        /// the gateway.
        menus: Vec<PathBuf> = paths_if("menu.toml"),
        /// Dialogs at once.
        dialogs_max: u32 = number(1..=1_000_000, 100_000),
        /// A subscriber who does not answer for this long has gone.
        idle_s: u16 = number(10..=600, 180),
    }

    /// One `[[ussd_link]]`
    UssdLink {
        /// What the log and the metrics call it.
        name: String = link_name(),
        /// Whose subscribers it has; a late receipt may go over another link of the network.
        network: Option<String> = word_if("mtn"),
        /// Where the USSD centre is.
        address: Address = link_address(),
        /// How the centre speaks SMPP.
        profile: Option<Profile> = link_profile(),
        /// Who the gateway is there.
        system_id: String = link_word("tillgate", 15),
        /// The file with the password.
        password: PathBuf = path("keys/mtn.password"),
        /// What the centre's operator says that it is.
        system_type: String = link_word("USSD", 12),
        /// One connection for both directions, or two.
        bind: UssdBind =
            choice(&[("transceiver", UssdBind::Transceiver), ("pair", UssdBind::Pair)]),
        /// TLS to the centre, where this is stated.
        tls: Option<Tls> = link_tls(),
        /// What notifications and short messages come from.
        sender: String = link_word("123", 20),
        /// Most texts without an answer of the centre.
        window: u16 = number(1..=1_024, 10),
        /// Most texts a second; 0: no bound.
        texts_per_s: u32 = number(0..=100_000, 0),
        /// Without anything from the centre for this long, it is asked whether it is there.
        enquire_s: u16 = number(1..=600, 30),
        /// What the centre does not answer within this has no answer.
        response_s: u16 = number(1..=120, 10),
        /// A subscriber receives something within this after each input: less than the centre waits.
        answer_s: u16 = number(2..=60, 12),
        /// Service codes whose dialogs carry the sealed frames of terminals.
        terminals: Vec<Code> = codes(),
    }

    /// One `[[ussd_http]]`
    UssdHttp {
        /// What the log and the metrics call it.
        name: String = link_name(),
        /// Whose subscribers it has; a late receipt may go over another link of the network.
        network: Option<String> = word_if("mtn"),
        /// Where the aggregator calls.
        listen: SocketAddr = address("127.0.0.1:7404"),
        /// How the aggregator calls.
        profile: Option<Profile> = http_profile(),
        /// TLS to the aggregator, where this is stated; in the clear it is for this machine, with TLS
        /// in front.
        tls: Option<ListenerTls> = http_tls(),
        /// Where it may call from; empty for anywhere.
        networks: Vec<Subnet> = networks_if(),
        /// What each request must have.
        secret: Option<UssdSecret> = http_secret(),
        /// Requests at once.
        requests_max: u32 = number(1..=10_000, 1_000),
        /// Sessions at once, those that are over lately included.
        sessions_max: u32 = number(1..=131_072, 100_000),
        /// Service codes whose dialogs carry the sealed frames of terminals.
        terminals: Vec<Code> = codes(),
    }

    /// `secret` of a `[[ussd_http]]`: one of the two places, and the file.
    UssdSecret {
        /// A header that has it.
        header: Option<String> = word_if("X-Secret"),
        /// A field of the query that has it.
        query: Option<String> = word_if("secret"),
        /// The file with the secret.
        file: PathBuf = path("keys/aggregator.secret"),
    }
}

/// A service code, without the signs around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Its digits, with `*` between them.
    pub code: String,
    /// Line and column in the file.
    pub place: (usize, usize),
}

/// How a USSD link binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UssdBind {
    /// One connection for both directions.
    Transceiver,
    /// A transmitter and a receiver.
    Pair,
}

/// Earlier key-encryption keys that can still be open.
const KEKS_OLD_MAX: usize = 7;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

/// Log levels, from few lines to many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what needs a person.
    Error,
    /// And what may soon.
    Warn,
    /// And starts, stops and changes.
    Info,
    /// And sessions.
    Debug,
}

/// The protocols of bridges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BridgeKind {
    /// JSON over HTTP/1.1.
    Http,
    /// Messages of ISO 8583 over TCP or TLS.
    Iso8583,
}

/// Where a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Name or address; an IPv6 address without its brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In a file that only its owner reads.
    File(PathBuf),
    /// In the credential of this name that systemd lends the process (`LoadCredential=`).
    Credential(String),
}

/// Which profile a bridge has, and where the configuration says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// A name or a file.
    pub source: ProfileSource,
    /// Line and column, both from 1.
    pub place: (usize, usize),
}

/// Where a profile is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileSource {
    /// It comes with the gateway.
    Builtin(String),
    /// It is in a file.
    File(PathBuf),
}
