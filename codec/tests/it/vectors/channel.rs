//! Handshakes and sealed records, and those that are refused.

use serde_json::{Value, json};
use tillgate_codec::link::channel::{Channel, Hello, HelloError, Suite, Versions, accept_speaking};
use tillgate_codec::link::record::{RecordError, deframe};

use crate::common::noise::{Parts, shake};
use crate::common::{
    Ends, counting, down_bytes, downward, ends, hex, mac_of, sealed, signed, up_bytes, upward,
};

/// The handshakes: name, suite, offer, what the gateway speaks.
const HANDSHAKES: [(&str, Suite, Option<Versions>, Versions); 4] = [
    ("nkpsk0", Suite::NkPsk0, None, Versions::FIRST),
    ("nnpsk0", Suite::NnPsk0, None, Versions::FIRST),
    ("nkpsk0_offer", Suite::NkPsk0, Some(OFFER), Versions::FIRST),
    ("nnpsk0_offer_to_a_later_gateway", Suite::NnPsk0, Some(OFFER), LATER),
];
const OFFER: Versions = Versions { lowest: 1, highest: 3 };
const LATER: Versions = Versions { lowest: 1, highest: 2 };

struct Shaken {
    hello: Vec<u8>,
    reply: Vec<u8>,
    terminal: Channel,
    gateway: Channel,
}

fn shaken(ends: &Ends, offer: Option<Versions>, spoken: Versions) -> Shaken {
    let (initiator, hello) = match offer {
        Some(offer) => ends.start_offering(offer),
        None => ends.start(),
    };
    let (accepted, reply) = ends.accept_speaking(spoken, &hello).unwrap();
    let terminal = initiator.finish(&reply[4..]).unwrap();
    Shaken { hello, reply, terminal, gateway: accepted.channel }
}

pub(crate) fn handshakes() -> Vec<Value> {
    HANDSHAKES
        .iter()
        .map(|(name, suite, offer, spoken)| one(name, *suite, *offer, *spoken))
        .collect()
}

fn one(name: &str, suite: Suite, offer: Option<Versions>, spoken: Versions) -> Value {
    let ends = ends(suite);
    let mut made = shaken(&ends, offer, spoken);
    let version = made.gateway.version();
    let noise_at = made.hello.len() - 48;
    let clear = &made.hello[4..noise_at - 16];
    let (private, public) = (counting(0x20), ends.secret.public().0);
    let noise = shake(&Parts {
        name: suite.noise_name(),
        clear,
        psk: ends.psk.bytes(),
        gateway: (suite == Suite::NkPsk0).then_some((&private[..], &public[..])),
        terminal_ephemeral: &ends.entropy_terminal,
        gateway_ephemeral: &ends.entropy_gateway,
        choice: &[version][..usize::from(offer.is_some())],
    });
    let (mac_key, mac) = mac_of(ends.psk.bytes(), clear, &noise.message_1);
    assert_eq!(made.hello[noise_at..], noise.message_1, "{name}");
    assert_eq!(made.hello[noise_at - 16..noise_at], mac, "{name}");
    assert_eq!(made.reply[4..], noise.message_2, "{name}");
    json!({
        "name": name,
        "suite": clear[0],
        "noise": suite.noise_name(),
        "terminal": ends.terminal,
        "key_id": ends.key_id,
        "counter": ends.counter,
        "offer": offer.map(range),
        "gateway_speaks": range(spoken),
        "version": version,
        "psk": hex(ends.psk.bytes()),
        "gateway_private": hex(&private),
        "gateway_public": hex(&public),
        "terminal_ephemeral_private": hex(&ends.entropy_terminal),
        "gateway_ephemeral_private": hex(&ends.entropy_gateway),
        "clear": hex(clear),
        "mac_key": hex(&mac_key),
        "mac": hex(&mac),
        "noise_message_1": hex(&noise.message_1),
        "noise_message_2": hex(&noise.message_2),
        "hello_record": hex(&made.hello),
        "hello_reply_record": hex(&made.reply),
        "k_up": hex(&noise.k_up),
        "k_down": hex(&noise.k_down),
        "records": records(&mut made),
    })
}

fn range(versions: Versions) -> [u8; 2] {
    [versions.lowest, versions.highest]
}

/// Logon, welcome, sale and answer, sealed.
fn records(made: &mut Shaken) -> Vec<Value> {
    let mut records = Vec::new();
    for (counter, (up, down)) in [(0, 0), (2, 2)].into_iter().enumerate() {
        let (up, down) = (up_bytes(&upward()[up].1), down_bytes(&downward()[down].1));
        for (direction, channel, body) in
            [("up", &mut made.terminal, up), ("down", &mut made.gateway, down)]
        {
            let record = sealed(channel, &body);
            records.push(json!({
                "direction": direction,
                "counter": counter,
                "body": hex(&body),
                "record": hex(&record),
            }));
        }
    }
    records
}

/// What a gateway that speaks version 1, and accepted `counter_high` last, answers a first record
/// with; all belong to the keys of the handshake `nkpsk0`.
pub(crate) fn hellos_refused() -> Vec<Value> {
    let ends = ends(Suite::NkPsk0);
    let (hello, offering) = (ends.start().1, ends.start_offering(OFFER).1);
    let offer_of = |lowest, highest| {
        let mut record = offering.clone();
        record[18..20].copy_from_slice(&[lowest, highest]);
        signed(&ends, record)
    };
    let no_common = ends.start_offering(Versions { lowest: 2, highest: 9 }).1;
    let flipped = |record: &[u8], at: usize| {
        let mut record = record.to_vec();
        record[at] ^= 1;
        record
    };
    let of_length = |length: u8| {
        let mut record = [&hello[..], &[0; 8]].concat();
        record[3] = length;
        record.truncate(4 + usize::from(length));
        record
    };
    let mut stripped = offering.clone();
    stripped.drain(18..20);
    stripped[3] = 78;
    let resigned_noise = signed(&ends, flipped(&hello, 40));
    let too_long = vec![1, 1, 0x08, 0x01];
    let cases: [(&str, Vec<u8>, u64, u8); 18] = [
        ("mac_changed", flipped(&hello, 18), 257, 4),
        ("counter_changed", flipped(&hello, 17), 257, 4),
        ("noise_message_changed", flipped(&hello, 40), 257, 4),
        ("noise_message_changed_and_signed_again", resigned_noise, 257, 4),
        ("counter_not_above_the_last", hello.clone(), 258, 4),
        ("offer_lowered_on_the_way", flipped(&offering, 19), 257, 4),
        ("offer_taken_out_on_the_way", stripped, 257, 4),
        ("offer_lowered_and_signed_again", offer_of(1, 2), 257, 4),
        ("no_common_version", no_common, 257, 2),
        ("suite_unknown", [&hello[..4], &[3], &hello[5..]].concat(), 257, 2),
        ("record_version_2", [&[1, 2], &hello[2..]].concat(), 257, 2),
        ("offer_from_0", offer_of(0, 1), 257, 3),
        ("offer_that_is_empty", offer_of(2, 1), 257, 3),
        ("one_byte_short", of_length(77), 257, 3),
        ("one_byte_long", of_length(79), 257, 3),
        ("three_bytes_long", of_length(81), 257, 3),
        ("first_record_not_a_hello", [&[3], &hello[1..]].concat(), 257, 3),
        ("record_longer_than_2048", too_long, 257, 3),
    ];
    cases
        .into_iter()
        .map(|(name, record, counter_high, refusal)| {
            check_hello(name, &ends, &record, counter_high, refusal);
            json!({
                "name": name,
                "handshake": "nkpsk0",
                "counter_high": counter_high,
                "record": hex(&record),
                "refusal": refusal,
            })
        })
        .collect()
}

/// The codec gives an error from which the refusal follows.
fn check_hello(name: &str, ends: &Ends, record: &[u8], counter_high: u64, refusal: u8) {
    let found = match deframe(record) {
        Err(RecordError::Version { .. }) => 2,
        Err(_) => 3,
        Ok(None) => panic!("{name}: not a whole record"),
        Ok(Some(found)) if found.kind.0 != 1 => 3,
        Ok(Some(found)) => match Hello::decode(&record[found.range]) {
            Err(HelloError::Suite { .. }) => 2,
            Err(_) => 3,
            Ok(hello) if hello.version(Versions::SPOKEN).is_none() => 2,
            Ok(hello) => {
                let (spoken, entropy) = (Versions::SPOKEN, ends.entropy_gateway);
                let (psk, secret, mut out) = (&ends.psk, &ends.secret, Vec::new());
                let accepted =
                    accept_speaking(spoken, &hello, psk, secret, counter_high, entropy, &mut out);
                assert!(accepted.is_err(), "{name} was accepted");
                4
            }
        },
    };
    assert_eq!(found, refusal, "{name}");
}

/// Replies at which a terminal closes; each to the hello of that handshake.
pub(crate) fn replies_refused() -> Vec<Value> {
    let ends = ends(Suite::NkPsk0);
    let plain = shaken(&ends, None, Versions::FIRST);
    let offering = shaken(&ends, Some(OFFER), Versions::FIRST);
    let flipped = |record: &[u8], at: usize| {
        let mut record = record.to_vec();
        record[at] ^= 1;
        record
    };
    let noise_at = offering.hello.len() - 48;
    let unoffered = shake(&Parts {
        name: Suite::NkPsk0.noise_name(),
        clear: &offering.hello[4..noise_at - 16],
        psk: ends.psk.bytes(),
        gateway: Some((&counting(0x20), &ends.secret.public().0)),
        terminal_ephemeral: &ends.entropy_terminal,
        gateway_ephemeral: &ends.entropy_gateway,
        choice: &[4],
    });
    let unoffered = [&[2, 1, 0, 49][..], &unoffered.message_2].concat();
    let cases = [
        ("public_key_changed", false, flipped(&plain.reply, 4)),
        ("tag_changed", false, flipped(&plain.reply, 51)),
        ("choice_without_an_offer", false, offering.reply.clone()),
        ("choice_changed", true, flipped(&offering.reply, 36)),
        ("choice_taken_out", true, plain.reply.clone()),
        ("choice_that_was_not_offered", true, unoffered),
        ("not_a_reply", false, [&[3], &plain.reply[1..]].concat()),
    ];
    cases
        .into_iter()
        .map(|(name, offers, record)| {
            let initiator = if offers { ends.start_offering(OFFER).0 } else { ends.start().0 };
            let is_reply = record[0] == 2;
            assert!(!is_reply || initiator.finish(&record[4..]).is_err(), "{name}");
            let handshake = if offers { "nkpsk0_offer" } else { "nkpsk0" };
            json!({ "name": name, "handshake": handshake, "record": hex(&record) })
        })
        .collect()
}

/// Records at which the receiver closes, after it has opened `counter` records of that direction.
pub(crate) fn records_refused() -> Vec<Value> {
    let ends = ends(Suite::NkPsk0);
    let mut made = shaken(&ends, None, Versions::FIRST);
    let up = [0, 2].map(|index| sealed(&mut made.terminal, &up_bytes(&upward()[index].1)));
    let down = sealed(&mut made.gateway, &down_bytes(&downward()[0].1));
    let flipped = |at: usize| {
        let mut record = up[0].clone();
        record[at] ^= 1;
        record
    };
    let longer = [&[3, 1, 0, 36], &up[0][4..], &[0]].concat();
    let cases: [(&str, u64, Vec<u8>); 9] = [
        ("type_changed_to_a_reply", 0, flipped(0)),
        ("length_changed", 0, longer),
        ("body_changed", 0, flipped(4)),
        ("tag_changed", 0, flipped(up[0].len() - 1)),
        ("replayed", 1, up[0].clone()),
        ("out_of_order", 0, up[1].clone()),
        ("of_the_other_direction", 0, down),
        ("shorter_than_a_tag", 0, [&[3, 1, 0, 15][..], &[0; 15]].concat()),
        ("in_clear", 0, [&[3, 1, 0, 19][..], &up_bytes(&upward()[0].1)].concat()),
    ];
    cases
        .into_iter()
        .map(|(name, counter, record)| {
            let mut gateway = shaken(&ends, None, Versions::FIRST).gateway;
            for opened in up.iter().take(usize::try_from(counter).unwrap()) {
                assert!(gateway.open(&mut opened.clone()).is_ok());
            }
            assert!(gateway.open(&mut record.clone()).is_err(), "{name}");
            let (handshake, direction, record) = ("nkpsk0", "up", hex(&record));
            json!({
                "name": name,
                "handshake": handshake,
                "direction": direction,
                "counter": counter,
                "record": record,
            })
        })
        .collect()
}
