//! Cards at terminals of another maker, through a whole gateway to an ISO 8583 host: what the terminal
//! sends for the host arrives as it was, what the host answers for the chip comes back, nothing is kept.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;

use tillgate_codec::iso8583::{Dialect, Fields, Message, Tpdu};
use tillgate_store_core::{
    AccountField, AccountForm, Change, Command, LedgerStore, RegistryRecord, Service, ServiceId,
    Store,
};
use tillgate_store_rocks::{Options, RocksEngine};

use super::lies::{http, liar};
use super::listener::{PosTerminal, installation, request};
use super::network::{TOP_UPS, today};
use super::{Installation, wait_for};
use crate::config;

const TRACK: &str = "4111111111111111=25121011234567890123";
const PIN_BLOCK: [u8; 8] = [0x3c, 0x9a, 0x11, 0xf0, 0x77, 0x52, 0xee, 0x04];
const KSN: &str = "9876543210123456";
const CHIP: [u8; 15] =
    [0x9f, 0x26, 8, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18, 0x82, 2, 0x19, 0x80];
const ANSWER: [u8; 12] = [0x91, 10, 9, 8, 7, 6, 5, 4, 3, 2, 0x30, 0x30];
/// Of amounts from here on the host declines.
const DEAR: u64 = 4_000;

/// A host that keeps what came and answers for the chip.
#[derive(Clone)]
struct CardHost {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl CardHost {
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

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let dialect = Dialect::builtin("nac").unwrap();
        loop {
            let mut length = [0; 2];
            stream.read_exact(&mut length).ok()?;
            let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut bytes).ok()?;
            let mut fields = Fields::new();
            let asked = Message::from_view(&dialect.view(&bytes, &mut fields).unwrap());
            let mut said = Message::new(asked.mti.answer().unwrap());
            said.tpdu = asked.tpdu.map(Tpdu::swapped);
            for number in [3, 4, 7, 11, 12, 13, 24, 41, 42, 49, 70] {
                if let Some(value) = asked.bytes(number) {
                    said.set_bytes(number, value);
                }
            }
            let dear = asked.number(4).is_some_and(|amount| amount >= DEAR);
            said.set(39, if dear { "05" } else { "00" });
            if asked.has(55) {
                self.seen.lock().unwrap().push(bytes);
                said.set_bytes(55, &ANSWER);
            }
            let mut framed = Vec::new();
            dialect.encode_framed(&said, &mut framed).unwrap();
            stream.write_all(&framed).ok()?;
        }
    }

    /// The sales that came.
    fn sales(&self) -> Vec<Message> {
        let dialect = Dialect::builtin("nac").unwrap();
        let read = |bytes: &Vec<u8>| {
            let mut fields = Fields::new();
            Message::from_view(&dialect.view(bytes, &mut fields).unwrap())
        };
        self.seen.lock().unwrap().iter().map(read).collect()
    }
}

/// The service of top-ups takes cards, over this bridge.
fn with_cards(bridge: &str) -> Installation {
    let mut installation = installation("127.0.0.0/8");
    let file = installation.config.file.clone();
    let profile = tillgate_core::provider::iso8583::Profile::builtin("nac-host").unwrap();
    let profile = profile.replace("mac = \"retail\"\n", "");
    fs::write(file.with_file_name("host.toml"), profile).unwrap();
    let text = format!(
        "{}\n[[bridge]]\nname = \"topup\"\ndeadline_s = 2\n{bridge}",
        fs::read_to_string(&file).unwrap()
    );
    installation.config.bridges = config::Config::parse(&file, &text).unwrap().bridges;
    let backend = RocksEngine::open(&installation.config.store.dir, &Options::serving()).unwrap();
    let mut book = LedgerStore::open(backend, [1; 8]).unwrap();
    let top_ups = book.load_registry().unwrap().service(ServiceId(TOP_UPS)).unwrap().clone();
    let account = Some(AccountField::of(AccountForm::Card));
    let records = vec![RegistryRecord::Service(Service { account, ..top_ups })];
    let change = Change { actor: "test".to_owned(), records, ..Change::default() };
    book.commit(&mut vec![Command::Change(change)], &mut Vec::new()).unwrap();
    installation
}

fn card_sale(mti: &str, stan: u32, amount_minor: u64) -> Message {
    let (_, month, day) = today().ymd();
    let mut message = request(mti, "500000", stan);
    message.set_number(4, amount_minor).set(12, "120000").set(49, "404");
    message.set(13, &format!("{month:02}{day:02}")).set(14, "2512").set(22, "0051").set(23, "0001");
    message.set(35, TRACK).set_bytes(52, &PIN_BLOCK).set(53, KSN).set_bytes(55, &CHIP);
    message
}

/// Every byte of every file below a folder.
fn bytes_below(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            all.extend(bytes_below(&entry.path()));
        } else {
            all.extend(fs::read(entry.path()).unwrap_or_default());
        }
    }
    all
}

fn assert_has_none(bytes: &[u8], place: &str) {
    let hex = |secret: &[u8]| secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let packed: Vec<u8> = hex_digits(KSN).chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let secrets =
        [&PIN_BLOCK[..], &CHIP, KSN.as_bytes(), &packed, TRACK.as_bytes(), b"1234567890123"];
    for secret in secrets {
        for form in [secret.to_vec(), hex(secret).into_bytes(), hex(secret).to_uppercase().into()] {
            let found = bytes.windows(form.len()).any(|part| part == form);
            assert!(!found, "{place} has {}", hex(secret));
        }
    }
}

fn hex_digits(text: &str) -> Vec<u8> {
    text.bytes().map(|digit| digit - b'0').collect()
}

#[test]
fn a_card_s_data_reaches_the_host_as_it_was_the_chip_s_answer_comes_back_and_nothing_stays() {
    let host = CardHost::start();
    let installation = with_cards(&format!(
        "kind = \"iso8583\"\nprofile = \"host.toml\"\naddresses = [\"{}\"]\n",
        host.address
    ));
    let served = installation.serve();
    let up = "tillgate_bridge_connections_up{bridge=\"topup\"}";
    wait_for("the sign-on", || served.metric(up) == 1);
    let mut terminal = PosTerminal::connect(&served);
    let sale = card_sale("0200", 7, 2_500);
    let first = terminal.ask(&sale).unwrap();
    assert_eq!(terminal.field(&first, 39), "00");
    let hex: String = ANSWER.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(terminal.field(&first, 55).to_lowercase(), hex);
    let declined = terminal.ask(&card_sale("0200", 8, DEAR)).unwrap();
    assert_eq!(terminal.field(&declined, 39), "05");
    assert_eq!(terminal.field(&declined, 55).to_lowercase(), hex);
    let seen = host.sales();
    assert_eq!(seen.len(), 2);
    for number in [14, 22, 23, 35, 52, 53, 55] {
        assert_eq!(seen[0].bytes(number), sale.bytes(number), "field {number}");
    }
    assert_eq!(seen[0].text(102), Some("4111111111111111"));
    assert_eq!(terminal.ask(&card_sale("0201", 7, 2_500)).unwrap(), first);
    served.stop();

    let served = installation.serve();
    wait_for("the sign-on", || served.metric(up) == 1);
    let mut terminal = PosTerminal::connect(&served);
    assert_eq!(terminal.ask(&card_sale("0201", 7, 2_500)).unwrap(), first, "the same bytes");
    assert_eq!(terminal.ask(&card_sale("0201", 8, DEAR)).unwrap(), declined);
    assert_eq!(host.sales().len(), 2, "a repeat orders nothing");
    assert_has_none(served.handle.metrics.page(&served.handle.view).text().as_bytes(), "metrics");
    served.stop();
    installation.verify();
    assert_has_none(&bytes_below(installation.config.file.parent().unwrap()), "the installation");
}

#[test]
fn a_sale_with_pin_or_chip_is_not_sent_to_a_provider_that_would_not_get_them() {
    let (provider, connections) = liar(|_, _, _| http("200 OK", "{}"));
    let installation = with_cards(&format!("kind = \"http\"\nurl = \"http://{provider}/\"\n"));
    let served = installation.serve();
    let mut terminal = PosTerminal::connect(&served);
    for (stan, removed) in [(7, None), (8, Some(52)), (9, Some(55))] {
        let mut sale = card_sale("0200", stan, 2_500);
        if let Some(field) = removed {
            sale.remove(field);
        }
        let said = terminal.ask(&sale).unwrap();
        assert_eq!(terminal.field(&said, 39), "12", "without {removed:?}");
    }
    assert_eq!(connections.load(Ordering::Relaxed), 0, "nobody was asked");
    let mut sale = card_sale("0200", 10, 2_500);
    sale.remove(52);
    sale.remove(55);
    let said = terminal.ask(&sale).unwrap();
    assert_eq!(terminal.field(&said, 39), "09", "its answer counts for nothing");
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    served.stop();
    installation.verify();
}
