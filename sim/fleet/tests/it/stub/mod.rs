//! A stub of a gateway: a thread a connection, a journal in memory, and faults on demand.
//!
//! It exists so that the fleet, its audit and its exit codes are tested without the gateway, and so
//! that the audit is tested against a gateway that lies, which the real one never does on purpose.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tillgate_codec::link::channel::{self, Channel, Hello, Psk, StaticSecret};
use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, GatewayMessage, Pong, ResponseCode, Sale, Settle, Settled,
    TerminalMessage, VoucherSlip, Welcome,
};
use tillgate_codec::link::record::{RecordType, deframe};

const DATE: BusinessDate = BusinessDate(9_800);

/// What the stub does wrong, by the number of the sale.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Every tenth sale is journalled, but the link is cut instead of the answer.
    CutAfterJournal,
    /// Every tenth sale is approved at the terminal, but not journalled.
    Forget,
    /// Every tenth sale is journalled with another amount.
    OtherAmount,
    /// Every tenth sale gives the voucher of the one before.
    SameVoucher,
    /// Every sale is declined.
    Decline,
    /// It counts other totals than the terminals.
    OtherTotals,
    /// The same, and it has sales of the date from before.
    EarlierSales,
    /// It compares no totals.
    NoTotals,
}

/// What the stub's threads share.
pub(crate) struct Stub {
    fault: Fault,
    secret: StaticSecret,
    keys: BTreeMap<u32, [u8; 32]>,
    vouchers: Mutex<Vec<(u16, String, String)>>,
    book: Mutex<SalesLog>,
}

#[derive(Default)]
struct SalesLog {
    /// Answers given, by terminal and STAN.
    answers: BTreeMap<(u32, u32), Vec<u8>>,
    rows: Vec<Value>,
    last: Option<(String, String)>,
    counters: BTreeMap<u32, u64>,
}

impl Stub {
    /// Starts a stub; gives where terminals connect and where its journal is read.
    pub(crate) fn start(
        fault: Fault,
        keys: BTreeMap<u32, [u8; 32]>,
        vouchers: Vec<(u16, String, String)>,
    ) -> (Arc<Self>, SocketAddr, SocketAddr) {
        let (secret, book) = (StaticSecret::new([7; 32]), Mutex::default());
        let vouchers = Mutex::new(vouchers);
        let stub = Arc::new(Self { fault, secret, keys, vouchers, book });
        let terminals = listen(&stub, |stub, stream| {
            stub.session(stream);
        });
        let admin = listen(&stub, Self::admin);
        (stub, terminals, admin)
    }

    /// The public key, as its file has it.
    pub(crate) fn public(&self) -> String {
        self.secret.public().0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn session(&self, mut stream: TcpStream) -> Option<()> {
        let mut bytes = Vec::new();
        let hello = record(&mut stream, &mut bytes)?;
        let hello = Hello::decode(&hello[4..]).ok()?;
        let (terminal, psk) = (hello.terminal, Psk::new(*self.keys.get(&hello.terminal)?));
        let high = self.book.lock().unwrap().counters.get(&terminal).copied().unwrap_or(0);
        let mut out = Vec::new();
        let entropy = [u8::try_from(terminal % 251).unwrap(); 32];
        let accepted = channel::accept(&hello, &psk, &self.secret, high, entropy, &mut out).ok()?;
        self.book.lock().unwrap().counters.insert(terminal, accepted.counter);
        stream.write_all(&out).ok()?;
        let mut channel = accepted.channel;
        loop {
            let mut sealed = record(&mut stream, &mut bytes)?;
            let body = channel.open(&mut sealed).ok()?.to_vec();
            let answer = self.answer(terminal, &body)?;
            send(&mut stream, &mut channel, &answer)?;
        }
    }

    /// The body to answer with; `None` cuts the link.
    fn answer(&self, terminal: u32, body: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match TerminalMessage::decode(body).ok()? {
            TerminalMessage::Logon(_) => GatewayMessage::Welcome(Welcome {
                code: ResponseCode::APPROVED,
                date: DATE,
                time_s: 0,
                catalogue: 0,
                idle_s: 600,
                answer_s: 5,
                stan_last: u32::from(self.fault == Fault::EarlierSales) * 7,
            })
            .encode(&mut out),
            TerminalMessage::Ping(ping) => {
                GatewayMessage::Pong(Pong { nonce: ping.nonce, time_s: 0 }).encode(&mut out);
            }
            TerminalMessage::Confirm(confirm) => {
                let mut book = self.book.lock().unwrap();
                let asked = (json!(terminal), json!(confirm.stan));
                let is_it =
                    |row: &&mut Value| (&row["terminal"], &row["stan"]) == (&asked.0, &asked.1);
                if let Some(row) = book.rows.iter_mut().find(is_it) {
                    row["confirmed"] = json!(true);
                }
                let answer = blank(AnswerKind::Confirm, confirm.stan, ResponseCode::APPROVED);
                GatewayMessage::Answer(answer).encode(&mut out);
            }
            TerminalMessage::Settle(settle) => {
                let code = match self.fault {
                    Fault::OtherTotals | Fault::EarlierSales => ResponseCode::TOTALS_DIFFER,
                    Fault::NoTotals => ResponseCode::DUPLICATE,
                    _ => ResponseCode::APPROVED,
                };
                GatewayMessage::Settled(settled(&settle, code)).encode(&mut out);
            }
            TerminalMessage::Sale(sale) => return self.sale(terminal, &sale),
            _ => return None,
        }
        Some(out)
    }

    fn sale(&self, terminal: u32, sale: &Sale<'_>) -> Option<Vec<u8>> {
        let mut book = self.book.lock().unwrap();
        if let Some(answer) = book.answers.get(&(terminal, sale.stan)) {
            return Some(answer.clone());
        }
        let tenth = book.answers.len() % 10 == 9;
        let fault = if tenth { self.fault } else { Fault::None };
        let mut out = Vec::new();
        let mut stock = self.vouchers.lock().unwrap();
        let is_sold = |(product, ..): &(u16, _, _)| *product == sale.product;
        let found = stock.iter().position(is_sold).filter(|_| self.fault != Fault::Decline);
        let Some(place) = found else {
            let answer = blank(AnswerKind::Sale, sale.stan, ResponseCode::OUT_OF_STOCK);
            GatewayMessage::Answer(answer).encode(&mut out);
            book.answers.insert((terminal, sale.stan), out.clone());
            return Some(out);
        };
        let (_, serial, pin) = stock.swap_remove(place);
        let mut given = (serial, pin);
        if fault == Fault::SameVoucher {
            given = book.last.clone().unwrap_or(given);
        }
        book.last = Some(given.clone());
        let rrn = format!("{:012}", book.answers.len());
        let amount_minor = sale.amount_minor;
        let slip = VoucherSlip { serial: &given.0, pin: &given.1, expiry: BusinessDate(20_000) };
        let answer = Answer {
            rrn: &rrn,
            amount_minor,
            voucher: Some(slip),
            ..blank(AnswerKind::Sale, sale.stan, ResponseCode::APPROVED)
        };
        GatewayMessage::Answer(answer).encode(&mut out);
        book.answers.insert((terminal, sale.stan), out.clone());
        let wrong = u64::from(fault == Fault::OtherAmount);
        let row = json!({
            "date": DATE.to_string(), "terminal": terminal, "stan": sale.stan, "kind": "voucher",
            "state": "approved", "code": "00", "rrn": rrn, "service": sale.service,
            "product": sale.product, "amount_minor": amount_minor + wrong, "serial": given.0,
            "provider_reference": null, "confirmed": false,
        });
        if fault != Fault::Forget {
            book.rows.push(row);
        }
        (fault != Fault::CutAfterJournal).then_some(out)
    }

    /// Answers one request for the journal, and closes.
    fn admin(&self, mut stream: TcpStream) {
        let mut request = Vec::new();
        let mut part = [0; 1024];
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut part) {
                Ok(count) if count > 0 => request.extend_from_slice(&part[..count]),
                _ => return,
            }
        }
        let first = String::from_utf8_lossy(&request);
        // One page holds everything; the one after it is empty.
        let is_next = first.lines().next().is_some_and(|line| line.contains("after="));
        let rows = self.book.lock().unwrap().rows.clone();
        let body: String = match is_next {
            true => String::new(),
            false => rows.iter().map(|row| format!("{row}\n")).collect(),
        };
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length:";
        drop(stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()));
    }
}

fn settled(settle: &Settle, code: ResponseCode) -> Settled<'static> {
    let &Settle { stan, date, settled_date, totals, .. } = settle;
    Settled { stan, date, code, rrn: "", totals, open_count: 0, settled_date, time_s: 1 }
}

fn blank(kind: AnswerKind, stan: u32, code: ResponseCode) -> Answer<'static> {
    Answer {
        kind,
        stan,
        date: DATE,
        code,
        rrn: "",
        reference: "",
        amount_minor: 0,
        balance_minor: None,
        voucher: None,
        time_s: 1,
        fee_minor: 0,
        tax_minor: 0,
        lines: "",
    }
}

fn listen(stub: &Arc<Stub>, serve: fn(&Stub, TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stub = Arc::clone(stub);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stub, stream) = (Arc::clone(&stub), stream.unwrap());
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || serve(&stub, stream));
        }
    });
    address
}

/// The next whole record; `None` when the connection is gone.
fn record(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(record) = deframe(bytes).ok()? {
            assert_ne!(record.kind, RecordType::REFUSAL);
            return Some(bytes.drain(..record.end).collect());
        }
        let mut part = [0; 1024];
        let count = stream.read(&mut part).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&part[..count]);
    }
}

fn send(stream: &mut TcpStream, channel: &mut Channel, body: &[u8]) -> Option<()> {
    let mut out = Vec::new();
    channel.seal(body, &mut out).ok()?;
    stream.write_all(&out).ok()
}
