//! Acknowledge: the outcome of a command.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{COMMAND, RESULT};
use super::writer::Writer;

/// Answers [`super::Command`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledge {
    /// The command's id.
    pub command: u32,
    /// the outcome of it: one of the constants here; others stay visible.
    pub result: u8,
}

impl Acknowledge {
    /// Carried out.
    pub const DONE: u8 = 0;
    /// Understood, but not carried out.
    pub const REFUSED: u8 = 1;
    /// Not understood.
    pub const UNSUPPORTED: u8 = 2;

    pub(super) const TYPE: u8 = 0x08;
    pub(super) const NAME: &'static str = "acknowledge";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self { command: fields.unsigned(COMMAND)?, result: fields.unsigned(RESULT)? })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned(COMMAND, self.command);
        writer.unsigned(RESULT, self.result);
    }
}
