//! A PDU as a table that people read: offset, octets, field, value.

use super::super::header::Header;
use super::super::limits::HEADER_BYTES;
use super::super::pdu::Pdu;
use super::super::tag::Tag;
use super::message::{Message, meaning};
use super::rows::{Dissected, Row, Value, dissect};
use super::{hex, mask};
use crate::iso8583::Reveal;

/// Octets that one line shows.
const LINE_BYTES: usize = 8;

/// What stands where something is masked.
const MASKED: &str = "(masked)";

/// Lists one PDU: a line with offset, octets in hexadecimal, field and value for each field, and
/// further lines where the octets are many. A PDU that cannot be read is listed up to what is
/// wrong, and the error comes last.
#[must_use]
pub fn table(bytes: &[u8], reveal: Reveal) -> String {
    let dissected = dissect(bytes);
    let mut out = Lines(String::new());
    out.row("offset", "octets", "field", "value");
    if let Some(header) = &dissected.header {
        head(&mut out, bytes, header);
    }
    // What cannot be read has no text to judge by: its message, if any, is not shown.
    let shown = match &dissected.read {
        Ok(pdu) => Shown::of(pdu, reveal),
        Err(_) => Shown { text: None, is_masked: reveal == Reveal::Masked },
    };
    for row in &dissected.rows {
        let (octets, value) = shown.row(row, reveal);
        out.line(row.offset, octets, row.name, &value);
    }
    match &dissected.read {
        Ok(pdu) => parameters(&mut out, bytes, &dissected, pdu, &shown),
        Err(error) => out.line(error.offset, &[], "(wrong here)", &error.to_string()),
    }
    out.0
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

/// The optional parameters, and what is ignored behind them.
fn parameters(
    out: &mut Lines,
    bytes: &[u8],
    dissected: &Dissected<'_>,
    pdu: &Pdu<'_>,
    shown: &Shown,
) {
    let mut offset = dissected.tlvs_offset;
    for tlv in &pdu.tlvs {
        let length = 4 + tlv.value.len();
        let octets = &bytes[offset..offset + length];
        let name = tlv.tag.to_string();
        match (tlv.tag, &shown.text) {
            (Tag::MESSAGE_PAYLOAD, _) if shown.is_masked => {
                out.line(offset, &octets[..4], &name, MASKED);
            }
            (Tag::MESSAGE_PAYLOAD, Some(text)) => out.line(offset, octets, &name, text),
            _ => out.line(offset, octets, &name, &meaning(tlv).unwrap_or_default()),
        }
        offset += length;
    }
    if offset < bytes.len() {
        out.line(offset, &bytes[offset..], "(ignored)", "no whole parameter");
    }
}

/// The message's text as it may be shown.
struct Shown {
    text: Option<String>,
    is_masked: bool,
}

impl Shown {
    fn of(pdu: &Pdu<'_>, reveal: Reveal) -> Self {
        let text = Message::of(pdu).and_then(|message| message.text);
        let masked = text.as_deref().map(mask::long_numbers);
        let is_masked = reveal == Reveal::Masked && masked != text;
        Self { text: text.map(|text| format!("{text:?}")), is_masked }
    }

    /// Octets and value of a mandatory field as they may be shown.
    fn row<'r>(&self, row: &Row<'r>, reveal: Reveal) -> (&'r [u8], String) {
        match row.value {
            Value::Text(_) if row.name == "password" && reveal == Reveal::Masked => {
                (&[], MASKED.to_owned())
            }
            Value::Octets(_) if self.is_masked => (&row.octets[..1], MASKED.to_owned()),
            Value::Number(number) => (row.octets, number.to_string()),
            Value::Text(text) => (row.octets, text.to_string()),
            Value::Octets([]) => (row.octets, String::new()),
            Value::Octets(_) => (row.octets, self.text.clone().unwrap_or_default()),
        }
    }
}

/// The lines of a table.
struct Lines(String);

impl Lines {
    fn row(&mut self, offset: &str, octets: &str, field: &str, value: &str) {
        let width = 3 * LINE_BYTES - 1;
        let line = format!("{offset:>6}  {octets:<width$}  {field:<24}  {value}");
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    fn line(&mut self, offset: usize, octets: &[u8], field: &str, value: &str) {
        let mut chunks = octets.chunks(LINE_BYTES).map(spaced);
        self.row(&offset.to_string(), &chunks.next().unwrap_or_default(), field, value);
        for (index, chunk) in chunks.enumerate() {
            let offset = offset + (index + 1) * LINE_BYTES;
            self.row(&offset.to_string(), &chunk, "", "");
        }
    }
}

/// Hexadecimal with a space between octets.
fn spaced(octets: &[u8]) -> String {
    octets.iter().map(|octet| hex::text(&[*octet])).collect::<Vec<_>>().join(" ")
}
