//! What the SMPP tests share: samples of every PDU, and PDUs made up by proptest.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part of these")]

mod made;
mod samples;

use tillgate_codec::smpp::Pdu;

pub(crate) use made::{any_pdu, any_sequence, any_status};
pub(crate) use samples::{samples, ussd_deliver_sm};

/// The octets of a PDU that keeps to the specification.
pub(crate) fn octets(pdu: &Pdu<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    pdu.encode(&mut out).unwrap_or_else(|error| panic!("{error}"));
    out
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A PDU with any body: header and length are made.
pub(crate) fn raw(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).expect("a short body");
    let mut out = Vec::new();
    for field in [length, command, 0, sequence] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    out.extend_from_slice(body);
    out
}
