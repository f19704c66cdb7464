//! Command: an order of the gateway to a terminal.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{COMMAND, ORDER, TEXT};
use super::writer::Writer;

/// An order, pushed at any time; answered by [`super::Acknowledge`] with the same id.
///
/// The gateway sends it again, with the same id, until it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// Number of the command.
    pub id: u32,
    /// What to do.
    pub order: TerminalCommand<'a>,
}

/// What a terminal is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalCommand<'a> {
    /// Sell no more, and show why.
    Block {
        /// For the seller to read; may be empty.
        reason: &'a str,
    },
    /// Sell again.
    Unblock,
    /// Show a message to the seller.
    Message {
        /// For the seller to read.
        text: &'a str,
    },
    /// An order of a later version: acknowledged as unsupported.
    Unknown(u8),
}

const BLOCK: u8 = 1;
const UNBLOCK: u8 = 2;
const MESSAGE: u8 = 3;

impl<'a> Command<'a> {
    pub(super) const TYPE: u8 = 0x88;
    pub(super) const NAME: &'static str = "command";

    pub(super) fn decode(fields: &Fields<'a>) -> Result<Self, BodyError> {
        let order = match fields.unsigned(ORDER)? {
            BLOCK => TerminalCommand::Block { reason: fields.text_or_empty(TEXT)? },
            UNBLOCK => TerminalCommand::Unblock,
            MESSAGE => TerminalCommand::Message { text: fields.text(TEXT)? },
            other => TerminalCommand::Unknown(other),
        };
        Ok(Self { id: fields.unsigned(COMMAND)?, order })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        let order = match self.order {
            TerminalCommand::Block { reason } => {
                writer.text_unless_empty(TEXT, reason);
                BLOCK
            }
            TerminalCommand::Unblock => UNBLOCK,
            TerminalCommand::Message { text } => {
                writer.text(TEXT, text);
                MESSAGE
            }
            TerminalCommand::Unknown(other) => other,
        };
        writer.unsigned(COMMAND, self.id);
        writer.unsigned(ORDER, order);
    }
}
