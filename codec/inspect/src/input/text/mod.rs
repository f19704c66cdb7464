//! A text, line by line, turned into blocks of bytes: plain hexadecimal, or dumps with offsets.
//!
//! Plain digits are one message, however they are broken into lines. A dump is a message as long as
//! its offsets go on; at offset 0 the next one begins. Rows that are indented differently are the
//! two directions of a stream (Wireshark's "Follow"), each with offsets of its own.
//!
//! `rows` puts dumps together, `plain` reads the other lines.

mod plain;
mod rows;

use super::decimal::Surety as Decimal;
use super::dump;
use super::hex::{Digits, Wrong};
use crate::count;
use crate::limits::{LINE_BYTES_MAX, MESSAGE_BYTES_MAX};
use plain::spelt;

/// What a text holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One message, or dumps of one message each.
    #[default]
    Messages,
    /// A message in every line.
    Lines,
    /// Messages one after another, to be cut elsewhere.
    Stream,
}

/// Bytes that belong together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// Line in which they begin, from 1.
    pub(crate) line: u64,
    /// Bytes of the text before them.
    pub(crate) offset: u64,
    /// Which direction of a stream, as far as the indentation tells.
    pub(crate) lane: usize,
    /// Whether the lane begins anew with them.
    pub(crate) is_start: bool,
    /// Whether `tcpdump` printed them: a packet with its headers.
    pub(crate) is_packet: bool,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Line, from 1.
    pub(crate) line: u64,
    /// Bytes read before.
    pub(crate) offset: u64,
    pub(crate) message: String,
}

/// A text on its way to blocks.
#[derive(Default)]
pub(crate) struct Text {
    form: Form,
    /// Lines so far, this one included.
    line: u64,
    /// Bytes given away so far.
    offset: u64,
    digits: Digits,
    digits_line: u64,
    /// Whether the digits are decimal numbers, as the first line had them.
    is_decimal: bool,
    list: List,
    lanes: Vec<Lane>,
    block: Option<Block>,
    /// The row above, which a line of `*` repeats.
    above: Vec<u8>,
    above_lane: usize,
    repeats: bool,
    /// The first line that is no hexadecimal, until it is clear whether it heads a dump.
    prose: Option<Unread>,
    /// Lines left out of a dump because they are none of it.
    skipped: u64,
}

/// Where a text is that declares bytes in a programming language (`xxd -i`, Wireshark).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum List {
    /// It has not done so.
    #[default]
    None,
    /// Between the braces.
    Open,
    /// Behind them.
    Closed,
}

struct Lane {
    indent: usize,
    /// The offset at which it goes on.
    next: u64,
}

impl Text {
    pub(crate) fn new(form: Form) -> Self {
        Self { form, digits_line: 1, ..Self::default() }
    }

    /// Lines between the rows of dumps that are no rows.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Takes a line without its end; gives the block that is whole with it.
    ///
    /// # Errors
    /// What is neither hexadecimal nor a dump. After an error in [`Form::Lines`] the next line may
    /// follow.
    pub(crate) fn line(&mut self, text: &str) -> Result<Option<Block>, Unread> {
        self.line += 1;
        if self.form == Form::Lines {
            return self.message_line(text);
        }
        if !self.lanes.is_empty() && text.trim() == "*" {
            self.repeats = true;
            return Ok(None);
        }
        match dump::row(text) {
            Some(row) if self.is_row(&row) => self.row(row),
            _ => self.plain(text),
        }
    }

    /// What is wrong with a line that is longer than any that is taken.
    pub(crate) fn long_line(&mut self) -> Unread {
        self.line += 1;
        self.unread(format!(
            "a line has over {LINE_BYTES_MAX} bytes: break it into several, or give the bytes \
             themselves, as `xxd -r -p` makes them"
        ))
    }

    /// The last block, once the text has ended.
    ///
    /// # Errors
    /// Half a byte, or a text that is no hexadecimal at all.
    pub(crate) fn end(&mut self) -> Result<Option<Block>, Unread> {
        if let Some(prose) = self.prose.take() {
            return Err(prose);
        }
        if self.digits.is_odd() {
            let digit = self.digits.len() * 2 + 1;
            return Err(self.unread(format!("half a byte is left over after digit {digit}")));
        }
        if self.digits.len() > 0 {
            return Ok(Some(self.plain_block()));
        }
        let block = self.block.take();
        Ok(block.map(|block| self.counted(block)))
    }

    fn message_line(&mut self, text: &str) -> Result<Option<Block>, Unread> {
        let mut digits = Digits::default();
        match spelt(text, Decimal::Asked) {
            Some(bytes) => digits.append(&bytes),
            None => digits.line(text).map_err(|wrong| self.wrong(&wrong))?,
        }
        if digits.is_odd() {
            return Err(self.unread("half a byte is left over".to_owned()));
        }
        self.digits_line = self.line;
        self.digits = digits;
        Ok((self.digits.len() > 0).then(|| self.plain_block()))
    }

    fn plain_block(&mut self) -> Block {
        let bytes = self.digits.take();
        let is_start = self.form == Form::Lines || self.offset == 0;
        let line = self.digits_line;
        self.counted(Block { line, is_start, bytes, ..Block::default() })
    }

    /// The block with its offset, now that it is whole.
    fn counted(&mut self, block: Block) -> Block {
        let offset = self.offset;
        self.offset += count(block.bytes.len());
        Block { offset, ..block }
    }

    /// Whether there are digits that no block has been made of.
    fn is_begun(&self) -> bool {
        self.digits.len() > 0 || self.digits.is_odd()
    }

    fn bounded(&self, bytes: usize) -> Result<(), Unread> {
        if bytes <= MESSAGE_BYTES_MAX {
            return Ok(());
        }
        let text = format!(
            "longer than a message can be ({MESSAGE_BYTES_MAX} bytes): use --stream for framed \
             messages one after another, --lines for a message in every line"
        );
        Err(self.unread(text))
    }

    fn wrong(&self, wrong: &Wrong) -> Unread {
        let Wrong { column, found } = wrong;
        self.unread(format!(
            "at column {column} found {found:?}, where hexadecimal digits (0-9, A-F) are expected; \
             --raw takes text as it is"
        ))
    }

    fn unread(&self, message: String) -> Unread {
        let whole = count(self.digits.len());
        Unread { line: self.line, offset: self.offset + whole, message }
    }
}

#[cfg(test)]
mod tests;
