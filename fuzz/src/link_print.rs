//! The terminal link for people: what is printed is what was there, and makes it again.

use tillgate_codec::iso8583::{ErrorJson, Reveal};
use tillgate_codec::link::message::{GATEWAY_TYPES, GatewayMessage, TerminalMessage};
use tillgate_codec::link::record::deframe;
use tillgate_codec::link::render::{body_json, body_table, encode_json, record_json, record_table};

/// Any bytes as a body and as a record: printed if they can be read, else refused with a place in
/// them; what is printed in the clear encodes to the same again, and what is masked does not.
pub fn link_print(data: &[u8]) {
    body(data);
    record(data);
}

fn body(data: &[u8]) {
    let is_read = match data.first() {
        Some(&(GATEWAY_TYPES..)) => GatewayMessage::decode(data).is_ok(),
        _ => TerminalMessage::decode(data).is_ok(),
    };
    assert_eq!(body_table(data, Reveal::Masked).contains("(wrong here)"), !is_read);
    let json = match body_json(data, Reveal::Clear) {
        Ok(json) => json,
        Err(error) => return refused(&error, data, is_read),
    };
    assert!(is_read);
    // Tags that are not known may come back after others; printed, they stand together.
    let again = encode_json(&json).expect("it was printed in the clear");
    assert_eq!(again.len(), data.len());
    assert_eq!(body_json(&again, Reveal::Clear).as_ref(), Ok(&json));
    let masked = body_json(data, Reveal::Masked).expect("hiding reads what showing does");
    if masked.ends_with("\"masked\":true}") {
        assert!(encode_json(&masked).is_err());
    } else {
        assert_eq!(masked, json);
    }
}

fn record(data: &[u8]) {
    let listed = record_table(data);
    let is_whole = matches!(deframe(data), Ok(Some(record)) if record.end == data.len());
    match record_json(data) {
        Ok(json) => {
            assert!(is_whole && !listed.contains("(wrong here)"));
            assert!(encode_json(&json).is_ok_and(|again| again == data), "{json}");
        }
        Err(error) => refused(&error, data, false),
    }
}

fn refused(error: &ErrorJson, data: &[u8], is_read: bool) {
    assert!(!is_read && error.offset <= data.len() && !error.message.is_empty(), "{error}");
}
