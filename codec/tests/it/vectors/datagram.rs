//! Datagrams, their replies, and those that are refused.

use ring::hkdf::{HKDF_SHA256, Salt};
use serde_json::{Value, json};
use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::datagram::{
    Exchange, GatewayFrame, Gathered, Header, Keys, Parts, TerminalFrame,
};
use tillgate_codec::ussd::armour::{self, Form};

use crate::common::{counting, down_bytes, downward, hex, up_bytes, upward};

/// Name, counter, whether it is the last of its dialog, the request, its reply, the frame's length.
const CASES: [(&str, u64, bool, &str, &str, usize); 4] = [
    ("logon", 1, false, "logon", "welcome", 115),
    ("sale", 0x01_0203_0405, false, "sale", "answer", 115),
    ("sale_again", 0x01_0203_0406, true, "sale", "answer", 132),
    ("long_receipt", (1 << 40) - 1, true, "repeat_last", "answer_long_receipt", 104),
];

const SALT: [u8; 8] = [0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7];

fn keys() -> Keys {
    Keys::new(&Psk::new(counting(0)))
}

fn header(counter: u64, is_last: bool) -> Header {
    Header { key_id: 1, terminal: 70_042, counter, is_last }
}

fn request(header: Header, body: &[u8]) -> (Vec<u8>, Exchange) {
    let mut frame = Vec::new();
    let exchange = keys().seal(&header, body, &mut frame).unwrap();
    (frame, exchange)
}

fn reply(exchange: &Exchange, body: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    exchange.seal(SALT, body, &mut sealed).unwrap();
    sealed
}

fn up(name: &str) -> Vec<u8> {
    up_bytes(&upward().into_iter().find(|(found, _)| *found == name).unwrap().1)
}

fn down(name: &str) -> Vec<u8> {
    down_bytes(&downward().into_iter().find(|(found, _)| *found == name).unwrap().1)
}

/// A key as RFC 5869 derives it, not by the code under test.
fn derived(label: &[u8]) -> String {
    let psk = counting(0);
    let prk = Salt::new(HKDF_SHA256, &[]).extract(&psk);
    let mut key = [0; 32];
    prk.expand(&[label], HKDF_SHA256).unwrap().fill(&mut key).unwrap();
    hex(&key)
}

fn armoured(form: Form, frame: &[u8]) -> String {
    let mut text = Vec::new();
    armour::encode(form, frame, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn frames(sealed: Vec<u8>, frame_bytes: usize) -> Vec<Vec<u8>> {
    let parts = Parts::new(sealed, frame_bytes).unwrap();
    let frame = |index| {
        let mut frame = Vec::new();
        assert!(parts.frame(index, &mut frame));
        frame
    };
    (0..=parts.last()).map(frame).collect()
}

pub(crate) fn datagrams() -> Vec<Value> {
    CASES
        .iter()
        .map(|(name, counter, is_last, asked, answered, frame_bytes)| {
            let (body, reply_body) = (up(asked), down(answered));
            let (frame, exchange) = request(header(*counter, *is_last), &body);
            let sealed = reply(&exchange, &reply_body);
            let is_dialled = frame.len() <= Form::Digits.frame_bytes_max(182).unwrap();
            let parts = frames(sealed.clone(), *frame_bytes);
            json!({
                "name": name,
                "terminal": 70_042,
                "key_id": 1,
                "psk": hex(&counting(0)),
                "datagram_up": derived(b"tillgate datagram up 1"),
                "datagram_down": derived(b"tillgate datagram down 1"),
                "counter": counter,
                "last": is_last,
                "body": hex(&body),
                "frame": hex(&frame),
                "text": armoured(Form::Text, &frame),
                "digits": is_dialled.then(|| armoured(Form::Digits, &frame)),
                "salt": hex(&SALT),
                "reply_body": hex(&reply_body),
                "reply": hex(&sealed),
                "frame_bytes_max": frame_bytes,
                "parts": parts.iter().map(|part| hex(part)).collect::<Vec<_>>(),
                "part_texts": parts.iter().map(|part| armoured(Form::Text, part))
                    .collect::<Vec<_>>(),
            })
        })
        .collect()
}

/// What a gateway refuses that has taken the counters named from terminal 70042, key id 1.
pub(crate) fn datagrams_refused() -> Vec<Value> {
    let sale = up("sale");
    let with = |counter| request(header(counter, false), &sale).0;
    let changed = |at: usize, mask: u8| {
        let mut frame = with(300);
        frame[at] ^= mask;
        frame
    };
    let other_key = {
        let mut frame = Vec::new();
        let keys = Keys::new(&Psk::new(counting(1)));
        keys.seal(&header(300, false), &sale, &mut frame).unwrap();
        frame
    };
    let no_counter = [&with(300)[..6], &[0; 5], &with(300)[11..]].concat();
    let cases: [(&str, Vec<u8>, Vec<u64>, u8); 17] = [
        ("body_changed", changed(12, 1), vec![], 4),
        ("tag_changed", changed(sale.len() + 27, 1), vec![], 4),
        ("counter_changed", changed(10, 1), vec![], 4),
        ("made_the_last_on_the_way", changed(11, 1), vec![], 4),
        ("terminal_changed", changed(5, 1), vec![], 4),
        ("key_id_changed", changed(1, 2), vec![], 4),
        ("sealed_with_another_key", other_key, vec![], 4),
        ("repeated", with(300), vec![300], 4),
        ("repeated_after_others", with(300), vec![300, 301, 350], 4),
        ("behind_the_window", with(300), vec![364], 4),
        ("flag_without_a_meaning", changed(11, 2), vec![], 3),
        ("counter_0", no_counter, vec![], 3),
        ("shorter_than_a_tag", with(300)[..27].to_vec(), vec![], 3),
        ("empty", vec![], vec![], 3),
        ("next_of_three_bytes", vec![0x53, 0, 0], vec![], 3),
        ("first_byte_of_a_later_version", changed(0, 0x31), vec![], 2),
        ("frame_of_a_gateway", vec![0x52, 0, 1], vec![], 2),
    ];
    cases
        .into_iter()
        .map(|(name, frame, taken, refusal)| {
            assert_eq!(
                TerminalFrame::decode(&frame).err().map_or(4, |error| error.refusal().0),
                refusal
            );
            json!({ "name": name, "frame": hex(&frame), "taken": taken, "refusal": refusal })
        })
        .collect()
}

/// Frames after which a terminal has no answer to the request `sale` above.
pub(crate) fn datagram_replies_refused() -> Vec<Value> {
    let of = |counter, is_last| request(header(counter, is_last), &up("sale")).1;
    let (counter, body) = (CASES[1].1, down("answer"));
    let own = frames(reply(&of(counter, false), &body), 115);
    let changed = |part: usize, at: usize| {
        let mut frames = own.clone();
        frames[part][at] ^= 1;
        frames
    };
    let other = frames(reply(&of(counter + 1, false), &body), 115);
    let other_dialog_end = frames(reply(&of(counter, true), &body), 115);
    let in_clear = frames(body.clone(), 115);
    let mut last_changed = own.clone();
    last_changed[1][1] = 0x12;
    let cases: [(&str, Vec<Vec<u8>>); 11] = [
        ("salt_changed", changed(0, 2)),
        ("body_changed", changed(0, 12)),
        ("tag_changed", changed(1, own[1].len() - 1)),
        ("reply_to_another_request", other),
        ("reply_to_the_request_with_another_flag", other_dialog_end),
        ("part_missing", own[..1].to_vec()),
        ("part_twice", vec![own[0].clone(), own[0].clone()]),
        ("parts_in_another_order", vec![own[1].clone(), own[0].clone()]),
        ("number_of_parts_changed", last_changed),
        ("in_clear", in_clear),
        (
            "refused",
            vec![GatewayFrame::refusal(tillgate_codec::link::record::RefusalCode::DENIED).to_vec()],
        ),
    ];
    assert_eq!(answer_of(&own), Some(body));
    cases
        .into_iter()
        .map(|(name, frames)| {
            assert_eq!(answer_of(&frames), None, "{name}");
            let frames: Vec<_> = frames.iter().map(|frame| hex(frame)).collect();
            json!({ "name": name, "datagram": "sale", "frames": frames })
        })
        .collect()
}

/// The answer to the request `sale` that a terminal finds in these frames.
fn answer_of(frames: &[Vec<u8>]) -> Option<Vec<u8>> {
    let (_, exchange) = request(header(CASES[1].1, false), &up("sale"));
    let (mut gathered, mut body) = (Gathered::default(), Vec::new());
    for frame in frames {
        let Ok(GatewayFrame::Part { index, last, chunk }) = GatewayFrame::decode(frame) else {
            return None;
        };
        if let Some(whole) = gathered.take(index, last, chunk).ok()? {
            exchange.open(whole, &mut body).ok()?;
            return Some(body);
        }
    }
    None
}
