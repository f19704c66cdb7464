//! `docs/wire-vectors.json` against the gateway: every hello that is refused and every body that
//! cannot be read gets what the page says, and every body that can be read is taken.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use crate::support::{NOON, Rig, keys, today};
use serde_json::Value;
use tillgate_codec::link::channel::{Hello, Psk, StaticSecret, accept};
use tillgate_codec::link::message::{AnswerKind, BusinessDate, GatewayMessage};
use tillgate_codec::link::record::{RecordType, Refusal, deframe};
use tillgate_core::claims::Claims;
use tillgate_core::id::{Peer, SessionAge, SessionId};
use tillgate_core::limits::{ClaimLimits, SessionLimits};
use tillgate_core::processing::{Datagram, Handshaken, Opened, open_datagram};
use tillgate_core::session::{Input, Output, SessionManager};
use tillgate_core::time::{Calendar, Moment};
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{Change, RegistryRecord, SellerId, Services, Terminal, TerminalId};

const VECTORS: &str = include_str!("../../../../docs/wire-vectors.json");

fn vectors(part: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    vectors[part].as_array().unwrap().clone()
}

fn octets(hex: &Value) -> Vec<u8> {
    let digits = hex.as_str().unwrap().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn date(text: &str) -> BusinessDate {
    if text == "today" {
        return BusinessDate(today().0);
    }
    let mut parts = text.split('-').map(|part| part.parse::<u16>().unwrap());
    let mut next = || parts.next().unwrap();
    let (year, month, day) = (next(), next(), next());
    let small = |number| u8::try_from(number).unwrap();
    BusinessDate::from_ymd(year, small(month), small(day)).unwrap()
}

#[test]
fn a_body_that_cannot_be_read_is_answered_with_what_could_be_read_of_it() {
    let mut seen = 0;
    for case in vectors("bodies_refused").iter().filter(|case| case["direction"] == "up") {
        let mut rig = Rig::new();
        rig.ask_bytes(100, &octets(&case["body"]));
        let body = rig.reply_bytes();
        let expected = &case["answer"];
        let stan = |found: u32| assert_eq!(expected["stan"], found, "{}", case["name"]);
        let on = |found: BusinessDate| {
            assert_eq!(date(expected["date"].as_str().unwrap()), found, "{}", case["name"]);
        };
        let (message, code, time_s) = match GatewayMessage::decode(&body).unwrap() {
            GatewayMessage::Answer(answer) => {
                let kind = match answer.kind {
                    AnswerKind::Sale => 1,
                    AnswerKind::Confirm => 2,
                    AnswerKind::Reversal => 3,
                    AnswerKind::Balance => 4,
                };
                assert_eq!(expected["kind"], kind, "{}", case["name"]);
                stan(answer.stan);
                on(answer.date);
                ("answer", answer.code, None)
            }
            GatewayMessage::Settled(settled) => {
                stan(settled.stan);
                on(settled.date);
                ("settled", settled.code, None)
            }
            GatewayMessage::Found(found) => {
                stan(found.stan);
                on(found.date);
                ("found", found.code, None)
            }
            GatewayMessage::Welcome(welcome) => {
                on(welcome.date);
                ("welcome", welcome.code, Some(welcome.time_s))
            }
            GatewayMessage::Reject(reject) => {
                assert_eq!(expected["of"], reject.message, "{}", case["name"]);
                assert_eq!(expected["stan"].as_u64(), reject.stan.map(u64::from));
                assert_eq!(expected["date"].as_str().map(date), reject.date);
                ("reject", reject.code, Some(reject.time_s))
            }
            other => panic!("{}: {other:?}", case["name"]),
        };
        assert_eq!(expected["message"], message, "{}", case["name"]);
        assert_eq!(expected["code"], code.to_string(), "{}", case["name"]);
        // A refusal without a row need not say when.
        assert!(time_s.is_none_or(|time_s| time_s == NOON.0 / 1_000));
        assert!(rig.row_if_any(1201).is_none(), "what was not understood leaves no row");
        seen += 1;
    }
    assert!(seen > 20, "{seen} bodies");
}

#[test]
fn a_body_that_can_be_read_is_not_answered_as_malformed() {
    for case in vectors("bodies").iter().filter(|case| case["direction"] == "up") {
        let mut rig = Rig::new();
        rig.ask_bytes(100, &octets(&case["body"]));
        for reply in std::mem::take(&mut rig.replies) {
            let body = rig.body_of(&reply);
            if body.is_empty() {
                continue;
            }
            let code = match GatewayMessage::decode(&body).unwrap() {
                GatewayMessage::Answer(answer) => answer.code,
                GatewayMessage::Settled(settled) => settled.code,
                GatewayMessage::Found(found) => found.code,
                GatewayMessage::Listing(listing) => listing.code,
                GatewayMessage::Welcome(welcome) => welcome.code,
                GatewayMessage::Pong(_) => continue,
                other => panic!("{}: {other:?}", case["name"]),
            };
            assert!(!["30", "40"].contains(&code.to_string().as_str()), "{}", case["name"]);
        }
    }
}

/// What a session manager says to the first bytes of a connection, and that it closes.
fn first_word(record: &[u8], counter_high: u64, keys: &Value) -> Refusal {
    let mut sessions = SessionManager::new(SessionLimits::default(), 0, Moment(0));
    sessions.handle(Moment(1), Input::Opened { connection: 1, peer: Peer(1) });
    let Some(Output::Admit { session, .. }) = sessions.poll() else { panic!("not admitted") };
    while sessions.poll().is_some() {}
    sessions.handle(Moment(1), Input::Received { session, bytes: &mut record.to_vec() });
    let (mut sent, mut closed, mut hello) = (Vec::new(), false, None);
    let mut take = |sessions: &mut SessionManager, hello_of: &mut Option<Vec<u8>>| {
        while let Some(output) = sessions.poll() {
            match output {
                Output::Send { bytes, .. } => sent.extend_from_slice(bytes),
                Output::Close { .. } => closed = true,
                Output::Handshake { hello, .. } => *hello_of = Some(hello.to_vec()),
                _ => {}
            }
        }
    };
    take(&mut sessions, &mut hello);
    if let Some(payload) = hello.take() {
        let psk = Psk::new(octets(&keys["psk"]).try_into().unwrap());
        let secret = StaticSecret::new(octets(&keys["gateway_private"]).try_into().unwrap());
        let hello = Hello::decode(&payload).unwrap();
        let mut reply = Vec::new();
        let accepted = accept(&hello, &psk, &secret, counter_high, [6; 32], &mut reply);
        let opened = accepted.map(|accepted| Opened {
            terminal: TerminalId(hello.terminal),
            age: SessionAge { generation: 0, counter: accepted.counter },
            channel: accepted.channel,
        });
        let result = opened.ok().map(|opened| Handshaken { opened, reply: &reply });
        sessions.handle(Moment(1), Input::Handshaken { session, result });
        take(&mut sessions, &mut None);
    }
    assert!(closed, "it is not closed");
    let record = deframe(&sent).unwrap().expect("a whole record");
    assert_eq!((record.kind, record.end), (RecordType::REFUSAL, sent.len()));
    Refusal::decode(&sent[record.range]).unwrap()
}

#[test]
fn a_first_record_that_is_no_hello_to_answer_is_refused_with_a_reason_and_closed() {
    let handshakes = vectors("handshakes");
    let mut codes = [0; 5];
    for case in vectors("hellos_refused") {
        let keys = handshakes.iter().find(|keys| keys["name"] == case["handshake"]).unwrap();
        let high = case["counter_high"].as_u64().unwrap();
        let refusal = first_word(&octets(&case["record"]), high, keys);
        assert_eq!(case["refusal"], refusal.code.0, "{}", case["name"]);
        assert!(refusal.retry_after_s > 0);
        codes[usize::from(refusal.code.0)] += 1;
    }
    assert!(codes[2] > 1 && codes[3] > 1 && codes[4] > 1, "{codes:?}");
}

/// The code that a gateway refuses a datagram with which has taken these counters of its terminal;
/// `None`: it opens.
fn refusal_of(frame: &[u8], taken: &[u64]) -> Option<u8> {
    let (mut rig, who) = (Rig::new(), TerminalId(70_042));
    let psk: Vec<u8> = (0..32).collect();
    let sealed = keys().vault.seal(&terminal_context(who, 1), [4; 12], &psk).unwrap();
    let terminal = Terminal::new(who, SellerId(5), Services::All, (1, sealed));
    let records = vec![RegistryRecord::Terminal(terminal)];
    rig.change(Change { records, ..Change::default() });
    let generation = rig.directory.key(who, 1).unwrap().generation;
    let mut claims = Claims::new(ClaimLimits::default());
    for counter in taken {
        let age = SessionAge { generation, counter: *counter };
        claims.claim_datagram(rig.now, who, age).unwrap();
    }
    let session = SessionId { reactor: 0, slot: 0, generation: 0 };
    let datagram = Datagram { session, received: rig.now, frame };
    let claim = |terminal, age| claims.claim_datagram(Moment(1), terminal, age);
    let (at, calendar) = (rig.wall, Calendar::default());
    let with = (&rig.directory, &keys());
    open_datagram(datagram, (at, &calendar), with, claim, [0; 8]).err().map(|why| why.code().0)
}

#[test]
fn a_datagram_that_is_wrong_is_refused_with_the_code_of_the_vectors() {
    let mut codes = [0; 5];
    for case in vectors("datagrams_refused") {
        let taken = case["taken"].as_array().unwrap().iter().map(|taken| taken.as_u64().unwrap());
        let taken: Vec<u64> = taken.collect();
        let refusal = refusal_of(&octets(&case["frame"]), &taken).unwrap_or(0);
        assert_eq!(case["refusal"], refusal, "{}", case["name"]);
        codes[usize::from(refusal)] += 1;
    }
    assert!(codes[2] > 1 && codes[3] > 3 && codes[4] > 8, "{codes:?}");
    for case in vectors("datagrams") {
        assert_eq!(refusal_of(&octets(&case["frame"]), &[]), None, "{}", case["name"]);
    }
}
