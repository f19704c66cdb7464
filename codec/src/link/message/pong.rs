//! Pong: the answer to a ping.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{NONCE, TIME};
use super::writer::Writer;

/// Answers [`super::Ping`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pong {
    /// The ping's number.
    pub nonce: u32,
    /// The gateway's clock: Unix time in seconds.
    pub time_s: u64,
}

impl Pong {
    pub(super) const TYPE: u8 = 0x87;
    pub(super) const NAME: &'static str = "pong";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self { nonce: fields.unsigned(NONCE)?, time_s: fields.unsigned(TIME)? })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned(NONCE, self.nonce);
        writer.unsigned(TIME, self.time_s);
    }
}
