//! Commands that are not read here: their bodies stay as they are.

use crate::smpp::command::CommandId;
use crate::smpp::reader::Source;

/// A PDU that is not read here. A request gets a generic_nack with
/// [`CommandStatus::INVALID_COMMAND_ID`](crate::smpp::CommandStatus::INVALID_COMMAND_ID), an
/// answer is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other<'a> {
    /// What it is.
    pub command: CommandId,
    /// Everything behind the header.
    pub octets: &'a [u8],
}

impl<'a> Other<'a> {
    pub(super) fn decode<S: Source<'a>>(
        command: CommandId,
        source: &mut S,
    ) -> Result<Self, S::Error> {
        Ok(Self { command, octets: source.octets("body")? })
    }
}
