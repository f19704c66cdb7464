//! Writing a body: the inverse of [`super::reader`], appending to the caller's buffer.

use super::command::CommandId;
use super::error::{EncodeError, EncodeErrorKind};
use super::header::Header;
use super::limits::{HEADER_BYTES, PDU_BYTES_MAX, SHORT_MESSAGE_BYTES_MAX, TLV_BYTES_MAX};
use super::text::Text;
use super::tlv::Tlv;

/// Appends one PDU to a buffer. Does not allocate if the buffer has room.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    command: CommandId,
}

impl<'o> Writer<'o> {
    /// Starts a PDU with its header, the length of which [`Self::finish`] fills in.
    pub(super) fn start(header: &Header, out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&header.encode());
        Self { out, start, command: header.command }
    }

    pub(super) fn byte(&mut self, value: u8) {
        self.out.push(value);
    }

    /// A C-octet string of at most that many octets, with its NUL.
    pub(super) fn text(
        &mut self,
        field: &'static str,
        bytes_max: usize,
        text: Text<'_>,
    ) -> Result<(), EncodeError> {
        self.bound(field, text.0.len(), bytes_max)?;
        if let Some(at) = text.0.iter().position(|octet| *octet == 0 || !octet.is_ascii()) {
            return Err(self.error(field, EncodeErrorKind::NotAscii { at }));
        }
        self.out.extend_from_slice(text.0);
        self.out.push(0);
        Ok(())
    }

    /// `sm_length` and `short_message`.
    pub(super) fn short_message(&mut self, message: &[u8]) -> Result<(), EncodeError> {
        let field = "short_message";
        self.bound(field, message.len(), SHORT_MESSAGE_BYTES_MAX)?;
        self.out.push(u8::try_from(message.len()).expect("the bound fits 8 bits"));
        self.out.extend_from_slice(message);
        Ok(())
    }

    pub(super) fn octets(&mut self, octets: &[u8]) {
        self.out.extend_from_slice(octets);
    }

    pub(super) fn tlv(&mut self, tlv: Tlv<'_>) -> Result<(), EncodeError> {
        let field = tlv.tag.name().unwrap_or("tlv");
        self.bound(field, tlv.value.len(), TLV_BYTES_MAX)?;
        let length = u16::try_from(tlv.value.len()).expect("the bound fits 16 bits");
        self.out.extend_from_slice(&tlv.tag.0.to_be_bytes());
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(tlv.value);
        Ok(())
    }

    /// Fills in the length.
    pub(super) fn finish(self) -> Result<(), EncodeError> {
        let length = self.out.len() - self.start;
        self.bound("command_length", length, PDU_BYTES_MAX)?;
        let length = u32::try_from(length).expect("the bound fits 32 bits");
        let place = &mut self.out[self.start..self.start + HEADER_BYTES];
        place[..4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    /// The error of a field of this PDU.
    pub(super) fn error(&self, field: &'static str, kind: EncodeErrorKind) -> EncodeError {
        EncodeError { command: self.command, field, kind }
    }

    fn bound(
        &self,
        field: &'static str,
        length: usize,
        bytes_max: usize,
    ) -> Result<(), EncodeError> {
        if length > bytes_max {
            return Err(self.error(field, EncodeErrorKind::TooLong { length, bytes_max }));
        }
        Ok(())
    }
}
