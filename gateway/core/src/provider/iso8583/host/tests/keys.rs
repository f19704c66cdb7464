//! Key exchange: nothing is signed with a key whose check value is not right, and nothing leaves
//! before there is one.

use tillgate_codec::iso8583::{KeyEncryptionKey, MacKey, MacPadding, MacVerdict, Message};

use super::*;
use crate::provider::ProviderRequestKind::Authorize;

/// Of these tests, as a host has it.
const KEK: [u8; 16] = [
    0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10,
];
const FIRST: [u8; 16] = [
    0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
];
const SECOND: [u8; 16] = [
    0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6, 0x07, 0x18, 0x29, 0x3A, 0x4B, 0x5C, 0x6D, 0x7E, 0x8F, 0x90,
];
/// Both under [`KEK`], with their check values; made with openssl.
const FIRST_SEALED: &str = "4F17866366ACA0F63EB3B72576BBBE836865E3";
const SECOND_SEALED: &str = "FD7AF640961CDB8B5CCFBE13B358FE6E76CDB5";
/// The first key under another key-encryption key.
const FOREIGN: &str = "53BE7149842B27D1CEFF4AB18EE69AD76865E3";

const EXCHANGE: &str =
    "[network.key_exchange]\ncode = \"161\"\nrequest = \"162\"\nfield = 48\nevery_s = 3600\n\n";

fn with_exchange(text: String) -> String {
    text.replace("[network.fields]", &format!("{EXCHANGE}[network.fields]"))
}

fn mac(key: [u8; 16]) -> MacKey {
    MacKey::retail(&key, MacPadding::Zeros)
}

/// Connections that are signed on; each has asked for a key, or waits for the one that has.
fn signed_on(connections: usize) -> Bench {
    let profile = profile("nac-host", with_exchange);
    let dialect = profile.dialect().clone();
    let host = Host::new(profile, None, HostSettings { connections, window: 8, entropy: 7 });
    let host = host.with_key_exchange(KeyEncryptionKey::triple_des(&KEK));
    let mut bench = Bench::with(host, dialect, None);
    for index in 0..connections {
        bench.sign_on(index);
    }
    bench
}

/// The only network message that left.
fn exchange(bench: &mut Bench, index: usize) -> Message {
    let connection = bench.connection(index);
    let mut asked = bench.written(connection);
    assert_eq!(asked.len(), 1, "{}", asked.len());
    assert_eq!(asked[0].text(70), Some("161"));
    asked.remove(0)
}

/// Answers a key exchange.
fn deliver(bench: &mut Bench, index: usize, asked: &Message, code: &str, sealed: &str) {
    let mut said = answer(asked, code);
    said.set(48, sealed);
    bench.say(bench.connection(index), &said);
}

/// One connection whose key is the first.
fn keyed() -> Bench {
    let mut bench = signed_on(1);
    let asked = exchange(&mut bench, 0);
    deliver(&mut bench, 0, &asked, "00", FIRST_SEALED);
    bench.mac = Some(mac(FIRST));
    bench
}

/// Which key the only message that leaves is signed with.
fn signed_with(bench: &mut Bench, key: [u8; 16]) -> (Message, bool) {
    let connection = bench.connection(0);
    let mut bytes = Vec::new();
    bench.host.take_output(connection, &mut bytes);
    bench.turn();
    let frame = bench.dialect.framing().deframe(&bytes).unwrap().unwrap();
    let mut fields = Fields::new();
    let view = bench.dialect.view(&bytes[frame.message.clone()], &mut fields).unwrap();
    assert_eq!(frame.end, bytes.len(), "one message");
    (Message::from_view(&view), view.verify_mac(&mac(key)) == MacVerdict::Valid)
}

fn is_approved(bench: &Bench) -> bool {
    let last = bench.done.last().map(|(_, result)| result);
    matches!(last, Some(ProviderResult::Outcome(ProviderOutcome::Approved { .. })))
}

#[test]
fn no_sale_leaves_before_the_host_has_sent_a_key_and_then_it_has_its_code() {
    let mut bench = signed_on(1);
    bench.ask(request(Authorize, 1));
    let asked = exchange(&mut bench, 0);
    assert_eq!(bench.host.connections_up(), 0);
    deliver(&mut bench, 0, &asked, "00", FIRST_SEALED);
    assert_eq!(bench.host.connections_up(), 1);
    assert!(bench.notes.contains(&Note::KeyChanged(bench.connection(0))));
    let (sale, is_signed) = signed_with(&mut bench, FIRST);
    assert!(is_signed && sale.mti == Mti::FINANCIAL_REQUEST);
    // An answer without a code, or with another key's, counts for nothing.
    for other in [None, Some(mac([0x42; 16]))] {
        bench.mac = other;
        bench.say(bench.connection(0), &answer(&sale, "00"));
        assert!(bench.done.is_empty());
    }
    bench.mac = Some(mac(FIRST));
    bench.say(bench.connection(0), &answer(&sale, "00"));
    assert!(is_approved(&bench));
}

#[test]
fn a_key_that_is_not_right_is_never_signed_with_and_the_connection_comes_back() {
    let damaged = FIRST_SEALED.replace("4F17", "4F18");
    for (code, sealed) in [
        ("00", FOREIGN),
        ("00", damaged.as_str()),
        ("00", &FIRST_SEALED[..32]),
        ("00", "hello"),
        ("12", FIRST_SEALED),
    ] {
        let mut bench = signed_on(1);
        bench.ask(request(Authorize, 1));
        let asked = exchange(&mut bench, 0);
        let first = bench.connection(0);
        deliver(&mut bench, 0, &asked, code, sealed);
        assert_eq!(bench.closed, [first], "{sealed}");
        let refused = |note: &Note| matches!(note, Note::KeyRefused(..));
        assert!(bench.notes.iter().any(refused), "{sealed}");
        bench.wait(1_000);
        bench.sign_on(0);
        let asked = exchange(&mut bench, 0);
        deliver(&mut bench, 0, &asked, "00", FIRST_SEALED);
        assert!(signed_with(&mut bench, FIRST).1);
    }
}

#[test]
fn a_key_is_renewed_on_time_and_answers_with_the_old_one_count_while_they_can_come() {
    let mut bench = keyed();
    bench.wait(3_599_999);
    let connection = bench.connection(0);
    // Echo tests keep the line alive meanwhile.
    for echo in bench.written(connection) {
        assert_eq!(echo.text(70), Some("301"));
        bench.say(connection, &answer(&echo, "00"));
    }
    bench.ask(request(Authorize, 1));
    let (sale, is_signed) = signed_with(&mut bench, FIRST);
    assert!(is_signed);
    bench.wait(1);
    let asked = exchange(&mut bench, 0);
    deliver(&mut bench, 0, &asked, "00", SECOND_SEALED);
    // The host made this one before it sent the new key.
    bench.say(connection, &answer(&sale, "00"));
    assert!(is_approved(&bench));
    bench.ask(request(Authorize, 2));
    let (sale, is_signed) = signed_with(&mut bench, SECOND);
    assert!(is_signed);
    bench.done.clear();
    bench.wait(9_000);
    bench.mac = Some(mac(SECOND));
    bench.say(connection, &answer(&sale, "00"));
    assert!(is_approved(&bench));
    // Five minutes later nothing made with the old key can be on its way.
    bench.wait(300_000);
    for echo in bench.written(connection) {
        bench.say(connection, &answer(&echo, "00"));
    }
    bench.ask(request(Authorize, 3));
    let (sale, _) = signed_with(&mut bench, SECOND);
    (bench.mac, bench.done) = (Some(mac(FIRST)), Vec::new());
    bench.say(connection, &answer(&sale, "00"));
    assert!(bench.done.is_empty() && bench.notes.contains(&Note::Unauthentic(connection)));
}

#[test]
fn a_renewal_that_fails_leaves_the_old_key_and_is_tried_again_after_a_pause() {
    let mut bench = keyed();
    bench.wait(3_600_000);
    let connection = bench.connection(0);
    let mut asked = bench.written(connection);
    if asked[0].text(70) == Some("301") {
        bench.say(connection, &answer(&asked[0], "00"));
        bench.wait(0);
        asked = bench.written(connection);
    }
    assert_eq!(asked[0].text(70), Some("161"));
    deliver(&mut bench, 0, &asked[0], "00", FOREIGN);
    assert!(bench.closed.is_empty());
    bench.ask(request(Authorize, 1));
    let (sale, is_signed) = signed_with(&mut bench, FIRST);
    assert!(is_signed, "the old key");
    bench.say(connection, &answer(&sale, "00"));
    assert!(is_approved(&bench));
    bench.wait(29_999);
    assert!(bench.written(connection).is_empty());
    bench.wait(1);
    let asked = exchange(&mut bench, 0);
    deliver(&mut bench, 0, &asked, "00", SECOND_SEALED);
    bench.ask(request(Authorize, 2));
    assert!(signed_with(&mut bench, SECOND).1);
}

#[test]
fn the_host_may_ask_for_an_exchange_or_deliver_a_key_and_is_believed_by_its_check_value() {
    let mut bench = keyed();
    let connection = bench.connection(0);
    let mut delivery = network("161");
    delivery.tpdu = Some(tillgate_codec::iso8583::Tpdu([0x60, 0, 0, 0, 1]));
    for (sealed, code, key) in
        [(FOREIGN, "12", FIRST), ("", "12", FIRST), (SECOND_SEALED, "00", SECOND)]
    {
        if !sealed.is_empty() {
            delivery.set(48, sealed);
        } else {
            delivery.remove(48);
        }
        bench.say(connection, &delivery);
        let said = bench.written(connection);
        assert_eq!((said.len(), said[0].text(39)), (1, Some(code)), "{sealed}");
        assert!(said[0].text(48).is_none(), "a key is not repeated");
        bench.ask(request(Authorize, 1));
        let (sale, is_signed) = signed_with(&mut bench, key);
        assert!(is_signed, "{sealed}");
        bench.mac = Some(mac(key));
        bench.say(connection, &answer(&sale, "00"));
    }
    // The host asks again and again: one exchange in half a minute.
    let mut asks = network("162");
    asks.tpdu = delivery.tpdu;
    let mut exchanges = 0;
    for _ in 0..59 {
        bench.say(connection, &asks);
        bench.wait(1_000);
        for said in bench.written(connection) {
            if said.text(70) == Some("161") {
                exchanges += 1;
                deliver(&mut bench, 0, &said, "00", FIRST_SEALED);
            }
        }
    }
    assert!((1..=2).contains(&exchanges), "{exchanges}");
}

#[test]
fn of_many_connections_one_asks_and_all_take_requests_with_its_key() {
    let mut bench = signed_on(3);
    let asked = exchange(&mut bench, 0);
    for index in 1..3 {
        let connection = bench.connection(index);
        assert!(bench.written(connection).is_empty(), "one exchange at a time");
    }
    // The one that asked is lost: the next one asks.
    let first = bench.connection(0);
    bench.lose(first);
    let again = exchange(&mut bench, 1);
    deliver(&mut bench, 1, &again, "12", "");
    let again = exchange(&mut bench, 2);
    deliver(&mut bench, 2, &again, "00", FIRST_SEALED);
    assert_eq!(bench.host.connections_up(), 1, "the others come back");
    bench.wait(2_000);
    for index in 0..2 {
        bench.sign_on(index);
        let connection = bench.connection(index);
        assert!(bench.written(connection).is_empty(), "there is a key");
    }
    assert_eq!(bench.host.connections_up(), 3);
    // Of an earlier attempt.
    bench.receive(first, b"x");
    deliver(&mut bench, 2, &asked, "00", SECOND_SEALED);
    bench.ask(request(Authorize, 1));
    let written: Vec<Message> =
        (0..3).flat_map(|index| bench.written(bench.connection(index))).collect();
    assert_eq!(written.len(), 1);
}

#[test]
fn the_first_connection_after_none_asks_anew_and_keeps_the_key_if_it_gets_no_better() {
    let mut bench = keyed();
    bench.lose(bench.connection(0));
    bench.wait(1_000);
    bench.sign_on(0);
    let asked = exchange(&mut bench, 0);
    deliver(&mut bench, 0, &asked, "00", FOREIGN);
    bench.ask(request(Authorize, 1));
    assert!(signed_with(&mut bench, FIRST).1);
}

#[test]
fn an_exchange_without_an_answer_costs_its_connection() {
    let mut bench = signed_on(1);
    let first = bench.connection(0);
    exchange(&mut bench, 0);
    bench.wait(9_999);
    assert!(bench.closed.is_empty());
    bench.wait(1);
    assert_eq!(bench.closed, [first]);
}

#[test]
fn what_a_profile_says_about_keys_has_to_fit_the_rest_of_it() {
    let parse = |name: &str, from: &str, to: &str| {
        let text = with_exchange(Profile::builtin(name).unwrap().to_owned()).replace(from, to);
        Profile::parse(&text, |name| Dialect::builtin(name).ok_or_else(String::new))
    };
    assert!(parse("nac-host", "field = 48", "field = 63").unwrap().has_key_exchange());
    for (name, from, to, what) in [
        ("iso87-host", "", "", "the profile has no `mac`"),
        ("nac-host", "field = 48", "field = 37", "no field there with room"),
        ("nac-host", "field = 48", "field = 64", "no field there with room"),
        ("nac-host", "\"161\"", "\"301\"", "has two meanings"),
        ("nac-host", "\"162\"", "\"161\"", "are the same"),
        ("nac-host", "= 3600", "= 59", "allowed are 60 to 604800"),
        ("nac-host", "request", "reqest", "unknown field"),
        ("nac-host", "\"161\"", "\"16100\"", "network: "),
    ] {
        let error = parse(name, from, to).unwrap_err().to_string();
        assert!(error.contains(what), "{what}: {error}");
    }
}
