//! Records and bodies for people: tables, JSON, and JSON back to bytes.
use crate::common::{VOUCHER, bodies, down_bytes};
use tillgate_codec::iso8583::Reveal;
use tillgate_codec::link::message::GatewayMessage;
use tillgate_codec::link::record::{Refusal, RefusalCode};
use tillgate_codec::link::render::{body_json, body_table, encode_json, record_json, record_table};

/// The HELLO of the worked example in `docs/wire.md`.
const HELLO: &str = "0101004e01010001119a00000000000001023b3f7642f2ad16a52ba308b68987\
                     d0a779a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85\
                     a51a8049d54f310da75c269fff89d2e53614";
/// Its sealed logon.
const SEALED: &str =
    "0301002340797fd255cd7fa472491cd8942965d2c37d8005073f1c155f2d6af8af6904a68e3a11";
/// Its sale, before sealing.
const SALE: &str = "02080132010204b10202265f07010305021388060203d2";

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn answer_with_voucher() -> Vec<u8> {
    down_bytes(&GatewayMessage::Answer(VOUCHER))
}

#[test]
fn json_says_what_a_body_says() {
    let found = body_json(&octets(SALE), Reveal::Masked).unwrap();
    let expected = concat!(
        r#"{"protocol":"link","message":"sale","direction":"up","length":23,"fields":{"#,
        r#""product":50,"stan":1201,"date":"2026-11-23","service":3,"amount_minor":5000,"#,
        r#""currency":978}}"#
    );
    assert_eq!(found, expected);
}

#[test]
fn every_sample_body_comes_back_byte_for_byte() {
    for (name, bytes) in bodies() {
        let json = body_json(&bytes, Reveal::Clear).unwrap();
        assert_eq!(encode_json(&json).unwrap(), bytes, "{name}: {json}");
    }
}

#[test]
fn fields_in_another_order_and_unknown_tags_come_back_byte_for_byte() {
    for hex in ["071b0105c8020909c800", "073f001b0105", "07c8001b0105", "071b01050e02ff01"] {
        let json = body_json(&octets(hex), Reveal::Clear).unwrap();
        assert!(json.contains("\"tag_"), "{json}");
        if hex.matches("c8").count() < 2 {
            assert_eq!(encode_json(&json).unwrap(), octets(hex), "{json}");
        }
    }
}

#[test]
fn every_prefix_of_a_body_is_refused_and_still_listed() {
    for (name, bytes) in bodies() {
        for length in 0..bytes.len() {
            let prefix = &bytes[..length];
            assert!(body_json(prefix, Reveal::Clear).is_err(), "{name}, prefix of {length}");
            assert!(body_table(prefix, Reveal::Clear).contains("(wrong here)"));
        }
    }
}

#[test]
fn the_pin_and_the_receipt_are_shown_only_when_asked_for() {
    let bytes = answer_with_voucher();
    let slip = VOUCHER.voucher.unwrap();
    let masked = body_json(&bytes, Reveal::Masked).unwrap();
    let table = body_table(&bytes, Reveal::Masked);
    let hex: String = slip.pin.bytes().map(|byte| format!("{byte:02X} ")).collect();
    assert!(!masked.contains(slip.pin) && !table.contains(slip.pin));
    assert!(!table.contains(hex.trim()), "{table}");
    assert!(masked.contains(slip.serial) && masked.ends_with("\"masked\":true}"), "{masked}");
    assert_eq!(encode_json(&masked).unwrap_err().field.as_deref(), Some("masked"));
    assert!(body_json(&bytes, Reveal::Clear).unwrap().contains(slip.pin));
    assert!(body_table(&bytes, Reveal::Clear).contains(slip.pin));
}

#[test]
fn a_table_explains_codes_and_times() {
    let table = body_table(&answer_with_voucher(), Reveal::Masked);
    for expected in ["answer (down)", "00 (approved)", "1 (sale)", " UTC)"] {
        assert!(table.contains(expected), "{expected}: {table}");
    }
}

#[test]
fn a_hello_is_taken_apart_and_a_sealed_record_stays_sealed() {
    let hello = record_json(&octets(HELLO)).unwrap();
    for expected in [
        r#""record":"hello","version":1,"length":78,"#,
        r#""suite":1,"key_id":1,"terminal":70042,"counter":258,"mac":"3B3F7642"#,
        r#""meaning":"Noise_NKpsk0_25519_ChaChaPoly_SHA256""#,
    ] {
        assert!(hello.contains(expected), "{expected}: {hello}");
    }
    let sealed = record_json(&octets(SEALED)).unwrap();
    assert!(sealed.contains("\"meaning\":\"a body of 19 bytes; its key is in no capture\""));
    assert!(record_table(&octets(HELLO)).contains("    10  00 00 00 00 00 00 01 02  counter"));
}

#[test]
fn every_record_comes_back_byte_for_byte_and_is_refused_at_every_prefix() {
    let mut refusal = Vec::new();
    Refusal { code: RefusalCode::BUSY, retry_after_s: 30 }.encode(&mut refusal);
    assert!(record_table(&refusal).contains("1 (busy)"));
    let reply = [&octets("02010030")[..], &[7; 48]].concat();
    for bytes in [octets(HELLO), octets(SEALED), refusal, reply] {
        assert_eq!(encode_json(&record_json(&bytes).unwrap()).unwrap(), bytes);
        for length in 0..bytes.len() {
            assert!(record_json(&bytes[..length]).is_err(), "prefix of {length}");
            assert!(record_table(&bytes[..length]).contains("(wrong here)"));
        }
        let trailing = record_json(&[&bytes[..], &[0]].concat()).unwrap_err();
        assert_eq!((trailing.kind.as_str(), trailing.offset), ("trailing", bytes.len()));
    }
}

#[test]
fn what_cannot_be_encoded_is_named() {
    for (json, field) in [
        (r#"{"message":"ping","fields":{"nonce":4294967296}}"#, "nonce"),
        (r#"{"message":"ping","fields":{"nonce":"5"}}"#, "nonce"),
        (r#"{"message":"ping","fields":{}}"#, "nonce"),
        (r#"{"message":"ping","fields":{"nonse":1}}"#, "nonse"),
        (r#"{"message":"ping","fields":{"nonce":1,"tag_3":"00"}}"#, "tag_3"),
        (r#"{"message":"confirm","fields":{"stan":1,"date":"2026-02-30"}}"#, "date"),
        (r#"{"message":"pang"}"#, "message"),
        (r#"{"record":"refusal","fields":{"code":1}}"#, "retry_after_s"),
        (r#"{"record":"refusal","fields":{"code":256,"retry_after_s":1}}"#, "code"),
        (r#"{"record":"hello_reply","fields":{"ephemeral":"00","tag":""}}"#, "ephemeral"),
        (r#"{"record":"sealed","fields":{"sealed_body":"0","tag":""}}"#, "sealed_body"),
        (r#"{"record":"refusal","message":"ping"}"#, "record"),
        (r#"{"record":"refusal","field":{}}"#, "field"),
    ] {
        let error = encode_json(json).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{json}: {error}");
    }
    let longest = format!(r#"{{"message":"logon","fields":{{"firmware":"{}"}}}}"#, "x".repeat(25));
    assert_eq!(encode_json(&longest).unwrap_err().field.as_deref(), Some("firmware"));
    assert_eq!(encode_json("{\"message\":").unwrap_err().kind, "json");
}
