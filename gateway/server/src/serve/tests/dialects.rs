//! Every dialect that comes with the gateway, over a socket of its own: a voucher is sold in it, and what others send in
//! it, whole and broken, costs nobody but its own connection.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use tillgate_codec::iso8583::{Dialect, Fields, Message, Mti, Tpdu};
use tillgate_store_core::{RegistryRecord, TerminalId};

use super::network::{self, FIRST_TERMINAL, today};
use super::{Installation, PATIENCE};
use crate::config;

/// The dialects, and the type of a sale in each.
const DIALECTS: [(&str, &str); 12] = [
    ("ascii-bcd-pan", "0200"),
    ("ascii-tpdu", "0200"),
    ("cards-ebcdic", "0200"),
    ("iso87a", "0200"),
    ("iso87b", "0200"),
    ("iso93a", "1200"),
    ("iso93b", "1200"),
    ("nac", "0200"),
    ("pos-ebcdic", "0200"),
    ("pos-left", "0200"),
    ("switch", "0200"),
    ("unionpay", "0200"),
];

/// A profile in which field 12 has what the dialect's field 12 can carry.
fn profile(dialect: &str, mti: &str) -> String {
    let date = if mti.starts_with('1') { "12" } else { "13\ntime = 12" };
    let answer = mti.replace("00", "10");
    let codes = if mti.starts_with('1') {
        "[codes]\n00 = \"000\"\n09 = \"109\"\n68 = \"109\"\n95 = \"195\"\nother = \"909\"\n"
    } else {
        ""
    };
    format!(
        "name = \"{dialect}\"\nabout = \"sales in {dialect}, answered by {answer}\"\n\
         dialect = \"{dialect}\"\n[request]\nterminal = 41\nstan = 11\ndate = {date}\n\
         processing = 3\namount = 4\ncurrency = 49\n[products]\n\"500001\" = \"10/1\"\n{codes}\
         [[message]]\nkind = \"sale\"\nmti = [\"{mti}\"]\necho = [3, 4, 11, 41]\n"
    )
}

fn installation() -> Installation {
    let mut installation = Installation::new();
    let file = installation.config.file.clone();
    let mut text = fs::read_to_string(&file).unwrap();
    for (dialect, mti) in DIALECTS {
        let name = format!("{dialect}.toml");
        fs::write(file.with_file_name(&name), profile(dialect, mti)).unwrap();
        text.push_str(&format!(
            "\n[[iso8583_listener]]\nname = \"{dialect}\"\naddress = \"127.0.0.1:0\"\n\
             profile = \"{name}\"\nnetworks = [\"127.0.0.0/8\"]\nframe_s = 1\nfirst_s = 2\n"
        ));
    }
    installation.config.iso8583_listeners =
        config::Config::parse(&file, &text).unwrap().iso8583_listeners;
    let keys = crate::serve::startup::keys(&installation.config).unwrap();
    let terminals = (FIRST_TERMINAL..).zip(DIALECTS).map(|(id, (dialect, _))| {
        let mut terminal = network::terminal(&keys.vault, id);
        terminal.listener = dialect.to_owned();
        RegistryRecord::Terminal(terminal)
    });
    installation.change(terminals.collect());
    installation
}

/// A voucher at noon.
fn voucher(mti: &str, terminal: u32, stan: u32) -> Message {
    let (year, month, day) = today().ymd();
    let mut message = Message::new(Mti::parse(mti).unwrap());
    message.set(3, "500001").set_number(4, 5_000).set_number(11, stan.into());
    if mti.starts_with('1') {
        message.set(12, &format!("{:02}{month:02}{day:02}120000", year % 100));
    } else {
        message.set(12, "120000").set(13, &format!("{month:02}{day:02}"));
    }
    message.set(41, &TerminalId(terminal).to_string()).set(49, "404");
    message
}

/// Everything that comes until the gateway closes or says nothing for a while.
fn drain(stream: &mut TcpStream) -> usize {
    let (mut bytes, mut buffer) = (0, [0; 4_096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return bytes,
            Ok(count) => bytes += count,
            Err(error) => {
                let ends = [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::ConnectionReset];
                assert!(ends.contains(&error.kind()), "{error}");
                return bytes;
            }
        }
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// One sale; its code.
fn sell(dialect: &str, mti: &str, address: SocketAddr, terminal: u32, stan: u32) -> String {
    let table = table(dialect);
    let mut message = voucher(mti, terminal, stan);
    if table.has_tpdu() {
        message = message.with_tpdu(Tpdu([0x60, 0, 1, 0x80, 2]));
    }
    if dialect == "unionpay" {
        message = message.with_header(&[0x60, 0x31, 0, 0x31, 1, 0]);
    }
    let mut framed = Vec::new();
    table.encode_framed(&message, &mut framed).unwrap_or_else(|why| panic!("{dialect}: {why}"));
    let mut stream = connect(address);
    // A byte, and the rest.
    stream.write_all(&framed[..1]).unwrap();
    stream.write_all(&framed[1..]).unwrap();
    let mut come = Vec::new();
    loop {
        let mut buffer = [0; 4_096];
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{dialect}: closed after {come:02x?}");
        come.extend_from_slice(&buffer[..count]);
        let framing = table.framing();
        if let Some(frame) = framing.deframe(&come).unwrap() {
            let mut fields = Fields::new();
            let view = table.view(&come[frame.message], &mut fields).unwrap();
            let answered = [&mti.as_bytes()[..2], b"10"].concat();
            assert_eq!(view.mti().0[..], answered, "{dialect}");
            return view.text(39).unwrap_or_default();
        }
    }
}

fn table(dialect: &str) -> Dialect {
    let text = Dialect::builtin_table(dialect).or_else(|| Dialect::example_table(dialect));
    Dialect::parse(text.unwrap()).unwrap()
}

/// Messages of others in a dialect: the fuzzer's corpus.
fn others(dialect: &str) -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/iso8583");
    let Ok(files) = fs::read_dir(corpus.join(dialect)) else { return Vec::new() };
    let mut paths: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn a_terminal_of_every_dialect_sells_and_others_messages_cost_only_their_connection() {
    let installation = installation();
    let served = installation.serve();
    let mut sent = 0;
    for ((terminal, (dialect, mti)), address) in
        (FIRST_TERMINAL..).zip(DIALECTS).zip(served.listeners.clone())
    {
        assert_eq!(sell(dialect, mti, address, terminal, 1), code(mti, "00"), "{dialect}");
        let table = table(dialect);
        for bytes in others(dialect) {
            let mut framed = Vec::new();
            if table.framing().append_frame(&bytes, &mut framed).is_err() {
                continue;
            }
            for cut in [framed.len(), framed.len() / 2] {
                let mut stream = connect(address);
                stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
                // The gateway may have closed already.
                stream.write_all(&framed[..cut]).unwrap_or_default();
                drain(&mut stream);
                sent += 1;
            }
        }
        assert_eq!(sell(dialect, mti, address, terminal, 2), code(mti, "00"), "{dialect}");
    }
    assert!(sent > 500, "only {sent} messages of others");
    served.stop();
    installation.verify();
}

/// As the dialect has response codes: ISO 8583:1993 has three digits.
fn code(mti: &str, code: &str) -> String {
    if mti.starts_with('1') { format!("0{code}") } else { code.to_owned() }
}
