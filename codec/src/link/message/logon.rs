//! Logon: the first message of every session.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{CATALOGUE, FIRMWARE, VERSIONS};
use super::writer::Writer;

/// First message of a session; answered by [`super::Welcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logon<'a> {
    /// Name and version of the terminal's program; may be empty.
    pub firmware: &'a str,
    /// Version of the catalogue the terminal holds; 0 if none.
    pub catalogue: u32,
    /// Highest version of the message layer that the terminal speaks; at least 1.
    pub versions: u8,
}

impl<'a> Logon<'a> {
    /// The first byte of its body.
    pub const TYPE: u8 = 0x01;
    pub(super) const NAME: &'static str = "logon";

    pub(super) fn decode(fields: &Fields<'a>) -> Result<Self, BodyError> {
        let versions = fields.unsigned(VERSIONS)?;
        if versions == 0 {
            return Err(fields.undefined(VERSIONS));
        }
        Ok(Self {
            firmware: fields.text_or_empty(FIRMWARE)?,
            catalogue: fields.unsigned_or_zero(CATALOGUE)?,
            versions,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.text_unless_empty(FIRMWARE, self.firmware);
        writer.unsigned_unless_zero(CATALOGUE, self.catalogue);
        writer.unsigned(VERSIONS, self.versions);
    }
}
