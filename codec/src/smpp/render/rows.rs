//! Where everything in a PDU lies: the wire again, with notes.

use super::super::error::DecodeError;
use super::super::header::Header;
use super::super::pdu::{Body, Pdu};
use super::super::reader::{Reader, Source};
use super::super::text::Text;
use super::super::tlv::Tlvs;

pub(super) struct Row<'a> {
    /// Name in the specification.
    pub(super) name: &'static str,
    /// Offset in the PDU, in octets.
    pub(super) offset: usize,
    /// All its octets, a NUL included.
    pub(super) octets: &'a [u8],
    pub(super) value: Value<'a>,
}

pub(super) enum Value<'a> {
    Number(u8),
    Text(Text<'a>),
    Octets(&'a [u8]),
}

/// A PDU with the places of its fields, as far as it can be read.
pub(super) struct Dissected<'a> {
    /// Its header; `None` if it is not even whole or the length is wrong.
    pub(super) header: Option<Header>,
    /// The mandatory fields up to what is wrong.
    pub(super) rows: Vec<Row<'a>>,
    /// What it says, or what is wrong.
    pub(super) read: Result<Pdu<'a>, DecodeError>,
    /// Where the optional parameters begin, in octets.
    pub(super) tlvs_offset: usize,
}

/// Reads a PDU and notes what lies where.
pub(super) fn dissect(bytes: &[u8]) -> Dissected<'_> {
    let reader = match Reader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => {
            return Dissected { header: None, rows: Vec::new(), read: Err(error), tlvs_offset: 0 };
        }
    };
    let header = reader.header();
    let Header { command, status, sequence, .. } = header;
    let mut noting = Noting { reader, pdu: bytes, rows: Vec::new() };
    let read = Body::decode(command, &mut noting).map(|body| {
        let tlvs = Tlvs::wire(noting.reader.rest());
        Pdu { status, sequence, body, tlvs }
    });
    let tlvs_offset = noting.reader.offset();
    Dissected { header: Some(header), rows: noting.rows, read, tlvs_offset }
}

/// The wire, with a note for every field that is read from it.
struct Noting<'a> {
    reader: Reader<'a>,
    pdu: &'a [u8],
    rows: Vec<Row<'a>>,
}

impl<'a> Noting<'a> {
    fn noted<T: Copy>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
        value: impl FnOnce(T) -> Value<'a>,
    ) -> Result<T, DecodeError> {
        let offset = self.reader.offset();
        let read = read(&mut self.reader)?;
        let octets = &self.pdu[offset..self.reader.offset()];
        self.rows.push(Row { name, offset, octets, value: value(read) });
        Ok(read)
    }
}

impl<'a> Source<'a> for Noting<'a> {
    type Error = DecodeError;

    fn byte(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.noted(field, |reader| reader.byte(field), Value::Number)
    }

    fn text(&mut self, field: &'static str) -> Result<Text<'a>, DecodeError> {
        self.noted(field, |reader| reader.text(field), Value::Text)
    }

    fn last_text(&mut self, field: &'static str) -> Result<Text<'a>, DecodeError> {
        self.noted(field, |reader| reader.last_text(field), Value::Text)
    }

    fn short_message(&mut self) -> Result<&'a [u8], DecodeError> {
        self.noted("short_message", Source::short_message, Value::Octets)
    }

    fn octets(&mut self, field: &'static str) -> Result<&'a [u8], DecodeError> {
        self.noted(field, |reader| reader.octets(field), Value::Octets)
    }
}
