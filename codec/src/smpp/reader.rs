//! Reading a body: where its fields come from.
//!
//! Each PDU lists its fields once, as calls to a [`Source`]. The source is the wire here, the wire
//! with notes of what lay where for [`super::render`], or a JSON document for the inverse.

use super::command::CommandId;
use super::error::{DecodeError, DecodeErrorKind};
use super::header::Header;
use super::limits::{HEADER_BYTES, TEXT_BYTES_MAX};
use super::text::Text;
use crate::bytes::{chunk, take};

/// Gives the fields of one body in their order.
pub(super) trait Source<'a> {
    /// Why a field cannot be given.
    type Error;

    fn byte(&mut self, field: &'static str) -> Result<u8, Self::Error>;

    /// A C-octet string.
    fn text(&mut self, field: &'static str) -> Result<Text<'a>, Self::Error>;

    /// A C-octet string at the end of the mandatory part: peers leave it out altogether.
    fn last_text(&mut self, field: &'static str) -> Result<Text<'a>, Self::Error>;

    /// `sm_length` and `short_message`.
    fn short_message(&mut self) -> Result<&'a [u8], Self::Error>;

    /// Everything that is left.
    fn octets(&mut self, field: &'static str) -> Result<&'a [u8], Self::Error>;
}

/// The wire: one PDU in the caller's buffer.
pub(super) struct Reader<'a> {
    pdu: &'a [u8],
    rest: &'a [u8],
    header: Header,
}

impl<'a> Reader<'a> {
    /// Starts behind the header of a PDU, which must be there exactly.
    #[inline]
    pub(super) fn new(pdu: &'a [u8]) -> Result<Self, DecodeError> {
        let Some(header) = Header::decode(pdu) else {
            let kind = DecodeErrorKind::Truncated { needed: HEADER_BYTES, left: pdu.len() };
            let command = CommandId::GENERIC_NACK;
            return Err(DecodeError { command, sequence: 0, field: "header", offset: 0, kind });
        };
        let reader = Self { pdu, rest: &pdu[HEADER_BYTES..], header };
        if usize::try_from(header.length) != Ok(pdu.len()) {
            let kind = DecodeErrorKind::Length { declared: header.length, found: pdu.len() };
            return Err(reader.error("command_length", 0, kind));
        }
        Ok(reader)
    }

    pub(super) fn header(&self) -> Header {
        self.header
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Offset in the PDU of what has not been read yet.
    pub(super) fn offset(&self) -> usize {
        self.pdu.len() - self.rest.len()
    }

    #[cold]
    fn error(&self, field: &'static str, offset: usize, kind: DecodeErrorKind) -> DecodeError {
        let Header { command, sequence, .. } = self.header;
        DecodeError { command, sequence, field, offset, kind }
    }

    #[cold]
    fn truncated(&self, field: &'static str, needed: usize) -> DecodeError {
        let kind = DecodeErrorKind::Truncated { needed, left: self.rest.len() };
        self.error(field, self.offset(), kind)
    }

    #[inline]
    fn take(&mut self, field: &'static str, count: usize) -> Result<&'a [u8], DecodeError> {
        let (rest, taken) = take(count, self.rest).map_err(|_| self.truncated(field, count))?;
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Source<'a> for Reader<'a> {
    type Error = DecodeError;

    #[inline]
    fn byte(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        let (rest, [byte]) = chunk(self.rest).map_err(|_| self.truncated(field, 1))?;
        self.rest = rest;
        Ok(byte)
    }

    #[inline]
    fn text(&mut self, field: &'static str) -> Result<Text<'a>, DecodeError> {
        if self.rest.is_empty() {
            return Err(self.truncated(field, 1));
        }
        self.last_text(field)
    }

    #[inline]
    fn last_text(&mut self, field: &'static str) -> Result<Text<'a>, DecodeError> {
        let length = self.rest.iter().position(|octet| *octet == 0).unwrap_or(self.rest.len());
        let (text, after) = self.rest.split_at(length);
        if text.len() > TEXT_BYTES_MAX {
            let kind = DecodeErrorKind::TooLong { length: text.len(), bytes_max: TEXT_BYTES_MAX };
            return Err(self.error(field, self.offset(), kind));
        }
        // Without a NUL the text goes to the end of the PDU: some peers forget the last one.
        self.rest = after.get(1..).unwrap_or_default();
        Ok(Text(text))
    }

    fn short_message(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.byte("sm_length")?;
        self.take("short_message", usize::from(length))
    }

    fn octets(&mut self, _field: &'static str) -> Result<&'a [u8], DecodeError> {
        Ok(std::mem::take(&mut self.rest))
    }
}
