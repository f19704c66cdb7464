//! A PDU as a table that people read: offset, octets, field, value.

use super::super::header::Header;
use super::super::limits::HEADER_BYTES;
use super::super::pdu::Pdu;
use super::super::tag::Tag;
use super::mask;
use super::mask::MessageMask;
use super::message::{Message, meaning};
use super::rows::{Value, dissect};
use crate::iso8583::Reveal;
use crate::lines::Lines;

/// What replaces masked text.
const MASKED: &str = "(masked)";

/// Lists one PDU: a line with offset, octets in hexadecimal, field and value for each field, and
/// further lines where the octets are many. A PDU that cannot be read is listed up to what is
/// wrong, and the error comes last.
#[must_use]
pub fn table(bytes: &[u8], reveal: Reveal) -> String {
    let dissected = dissect(bytes);
    let mut out = Lines::new("octets");
    if let Some(header) = &dissected.header {
        head(&mut out, bytes, header);
    }
    // What cannot be read ends before its message.
    let message = dissected.read.as_ref().ok().and_then(Message::of);
    let (text, mask) = MessageMask::of(message.and_then(|message| message.text), reveal);
    let text = text.map(|text| format!("{text:?}")).unwrap_or_default();
    for row in &dissected.rows {
        let hidden = mask::hides(row.name, reveal, mask);
        let octets = if hidden { &[] } else { row.octets };
        let value = match row.value {
            _ if hidden => MASKED.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Text(text) => text.to_string(),
            Value::Octets([]) => String::new(),
            Value::Octets(_) => text.clone(),
        };
        out.line(row.offset, octets, row.name, &value);
    }
    match &dissected.read {
        Ok(pdu) => {
            let payload = if mask == MessageMask::Hidden { MASKED } else { &text };
            parameters(&mut out, bytes, dissected.tlvs_offset, pdu, payload);
        }
        Err(error) => out.line(error.offset, &[], "(wrong here)", &error.to_string()),
    }
    out.text()
}

fn head(out: &mut Lines, bytes: &[u8], header: &Header) {
    let values = [
        ("command_length", header.length.to_string()),
        ("command_id", header.command.to_string()),
        ("command_status", header.status.to_string()),
        ("sequence_number", header.sequence.to_string()),
    ];
    let offsets = (0..HEADER_BYTES).step_by(4);
    for (offset, (name, value)) in offsets.zip(values) {
        out.line(offset, &bytes[offset..offset + 4], name, &value);
    }
}

/// The optional parameters from that offset on, and what is ignored behind them.
fn parameters(out: &mut Lines, bytes: &[u8], start: usize, pdu: &Pdu<'_>, payload: &str) {
    let mut offset = start;
    for tlv in &pdu.tlvs {
        let length = 4 + tlv.value.len();
        let value = match tlv.tag {
            Tag::MESSAGE_PAYLOAD => payload.to_owned(),
            _ => meaning(tlv).unwrap_or_default(),
        };
        let shown = if value == MASKED { 4 } else { length };
        out.line(offset, &bytes[offset..offset + shown], &tlv.tag.to_string(), &value);
        offset += length;
    }
    if offset < bytes.len() {
        out.line(offset, &bytes[offset..], "(ignored)", "no whole parameter");
    }
}
