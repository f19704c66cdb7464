//! Ping: keeps the link and the NAT on the way alive.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::NONCE;
use super::writer::Writer;

/// Sent before [`super::Welcome::idle_s`] of silence is over; answered by [`super::Pong`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ping {
    /// Any number; comes back in the pong.
    pub nonce: u32,
}

impl Ping {
    pub(super) const TYPE: u8 = 0x07;
    pub(super) const NAME: &'static str = "ping";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self { nonce: fields.unsigned(NONCE)? })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned(NONCE, self.nonce);
    }
}
