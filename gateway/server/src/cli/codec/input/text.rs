//! A text, line by line, turned into blocks of bytes: plain hexadecimal, or dumps with offsets.
//!
//! Plain digits are one message, however they are broken into lines. A dump is a message as long as
//! its offsets go on; at offset 0 the next one begins. Rows that are indented differently are the
//! two directions of a stream (Wireshark's "Follow"), each with offsets of its own.

use super::super::limits::{LINE_BYTES_MAX, MESSAGE_BYTES_MAX};
use super::block::{Block, Form, Unread};
use super::decimal::{self, Surety as Decimal};
use super::dump::{self, Row, Surety};
use super::hex::{Digits, Wrong};
use super::literal;

/// A text on its way to blocks.
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
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    /// It has not done so.
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
        Self {
            form,
            line: 0,
            offset: 0,
            digits: Digits::default(),
            digits_line: 1,
            is_decimal: false,
            list: List::None,
            lanes: Vec::new(),
            block: None,
            above: Vec::new(),
            above_lane: 0,
            repeats: false,
            prose: None,
            skipped: 0,
        }
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

    /// Whether what looks like a row is one.
    fn is_row(&self, row: &Row) -> bool {
        let in_plain = self.digits.len() > 0 || self.digits.is_odd();
        match row.surety {
            Surety::Packet | Surety::Sure => true,
            Surety::Swapped => !in_plain && (row.offset == 0 || !self.lanes.is_empty()),
            Surety::Perhaps if in_plain => false,
            Surety::Perhaps => {
                let goes_on = self.lane(row.indent).is_some_and(|lane| {
                    row.offset == lane.next || row.octal == Some(lane.next) || self.repeats
                });
                goes_on || (row.offset == 0 && !row.bytes.is_empty())
            }
        }
    }

    fn lane(&self, indent: usize) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.indent == indent)
    }

    fn row(&mut self, row: Row) -> Result<Option<Block>, Unread> {
        if row.surety == Surety::Swapped {
            let text = "plain hexdump swaps the bytes of every pair: print the dump with \
                        `hexdump -C` or `xxd`";
            return Err(self.unread(text.to_owned()));
        }
        self.prose = None;
        let known = self.lanes.iter().position(|lane| lane.indent == row.indent);
        let index = known.unwrap_or(self.lanes.len());
        if known.is_none() {
            self.lanes.push(Lane { indent: row.indent, next: row.offset });
        }
        let next = self.lanes[index].next;
        let offset = if row.octal == Some(next) { next } else { row.offset };
        self.repeat_above(index, offset)?;
        let next = self.lanes[index].next;
        let is_start = known.is_none() || offset == 0;
        if offset != next && offset != 0 {
            let text = format!(
                "the offset is {offset:#x} where {next:#x} follows: lines are missing or changed"
            );
            return Err(self.unread(text));
        }
        let bytes = u64::try_from(row.bytes.len()).unwrap_or(u64::MAX);
        let Some(end) = offset.checked_add(bytes) else {
            return Err(self.unread(format!("the offset {offset:#x} leaves no room for its row")));
        };
        let goes_on = offset == next && offset != 0;
        let is_same = self.block.as_ref().is_some_and(|block| block.lane == index);
        let done = if goes_on && is_same { None } else { self.block.take() };
        let done = done.map(|block| self.counted(block));
        self.lanes[index].next = end;
        let (line, is_packet) = (self.line, row.surety == Surety::Packet);
        let block = self.block.get_or_insert_with(|| Block {
            line,
            offset: 0,
            lane: index,
            is_start,
            is_packet,
            bytes: Vec::new(),
        });
        block.bytes.extend_from_slice(&row.bytes);
        let length = block.bytes.len();
        (self.above, self.above_lane) = (row.bytes, index);
        if self.form == Form::Stream && !is_packet && done.is_none() {
            // Whoever cuts the stream puts the rows together; a packet is taken apart whole.
            let rows = self.block.take().filter(|block| !block.bytes.is_empty());
            return Ok(rows.map(|block| self.counted(block)));
        }
        self.bounded(length)?;
        Ok(done)
    }

    /// Puts the rows in that a `*` stands for.
    fn repeat_above(&mut self, index: usize, offset: u64) -> Result<(), Unread> {
        if !std::mem::take(&mut self.repeats) {
            return Ok(());
        }
        let next = self.lanes[index].next;
        let missing = offset.checked_sub(next).and_then(|missing| usize::try_from(missing).ok());
        let row = self.above.len();
        let Some(missing) = missing.filter(|missing| row > 0 && missing.is_multiple_of(row)) else {
            return Err(self.unread("the line of `*` does not fit the offsets".to_owned()));
        };
        if missing > MESSAGE_BYTES_MAX {
            let text = format!("the line of `*` stands for over {MESSAGE_BYTES_MAX} bytes");
            return Err(self.unread(text));
        }
        if self.above_lane != index || missing == 0 {
            return Ok(());
        }
        let (line, above) = (self.line, &self.above);
        // Of a stream, the row above was given away already.
        let block = self.block.get_or_insert_with(|| Block {
            line,
            offset: 0,
            lane: index,
            is_start: false,
            is_packet: false,
            bytes: Vec::new(),
        });
        block.bytes.extend(above.iter().cycle().take(missing));
        self.lanes[index].next = offset;
        Ok(())
    }

    /// A line that is no row: digits, or something else.
    fn plain(&mut self, text: &str) -> Result<Option<Block>, Unread> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        if !self.lanes.is_empty() {
            self.skipped += 1;
            return Ok(None);
        }
        match self.list {
            List::Open => return self.listed(text),
            List::None | List::Closed => {
                if let Some((_, inside)) = text.split_once('{').filter(|(head, _)| is_words(head))
                    && self.digits.len() == 0
                {
                    self.prose = None;
                    self.list = List::Open;
                    self.digits_line = self.line;
                    return self.listed(inside);
                }
            }
        }
        if self.list == List::Closed {
            self.skipped += 1;
            return Ok(None);
        }
        let before = (self.digits.len() > 0 || self.digits.is_odd()).then_some(());
        if let Some(bytes) = self.spelt(text) {
            if before.is_none() {
                self.digits_line = self.line;
            }
            return self.taken(&bytes);
        }
        let mut line = Digits::default();
        if let Err(wrong) = line.line(text) {
            let unread = self.wrong(&wrong);
            if before.is_some() {
                return Err(unread);
            }
            self.prose.get_or_insert(unread);
            return Ok(None);
        }
        if let Some(prose) = self.prose.take() {
            return Err(prose);
        }
        if before.is_none() {
            self.digits_line = self.line;
        }
        self.digits.line(text).map_err(|wrong| self.wrong(&wrong))?;
        if self.form == Form::Stream && self.digits.len() > 0 {
            let block = self.plain_block();
            self.digits_line = self.line;
            return Ok(Some(block));
        }
        self.bounded(self.digits.len())?;
        Ok(None)
    }

    /// The bytes of a line that is no hexadecimal, if none was before it.
    fn spelt(&mut self, text: &str) -> Option<Vec<u8>> {
        let surety = if self.is_decimal { Decimal::Known } else { Decimal::Asked };
        let is_first = self.digits.len() == 0 && !self.digits.is_odd() && self.prose.is_none();
        let bytes = spelt(text, surety).filter(|_| self.is_decimal || is_first)?;
        self.is_decimal = true;
        Some(bytes)
    }

    fn taken(&mut self, bytes: &[u8]) -> Result<Option<Block>, Unread> {
        self.digits.append(bytes);
        if self.form == Form::Stream && self.digits.len() > 0 {
            return Ok(Some(self.plain_block()));
        }
        self.bounded(self.digits.len())?;
        Ok(None)
    }

    /// A line between the braces of a list in C or the like, or its end.
    fn listed(&mut self, text: &str) -> Result<Option<Block>, Unread> {
        let (inside, is_end) = match text.split_once('}') {
            Some((inside, _)) => (inside, true),
            None => (text, false),
        };
        match self.spelt(inside) {
            Some(bytes) => self.digits.append(&bytes),
            None => self.digits.line(inside).map_err(|wrong| self.wrong(&wrong))?,
        }
        if is_end {
            self.list = List::Closed;
        }
        if is_end || self.form == Form::Stream {
            let done = (self.digits.len() > 0).then(|| self.plain_block());
            self.digits_line = self.line + u64::from(!self.digits.is_odd());
            return Ok(done);
        }
        self.bounded(self.digits.len())?;
        Ok(None)
    }

    fn plain_block(&mut self) -> Block {
        let bytes = self.digits.take();
        let is_start = self.form == Form::Lines || self.offset == 0;
        let line = self.digits_line;
        let block = Block { line, offset: 0, lane: 0, is_start, is_packet: false, bytes };
        self.counted(block)
    }

    /// The block with its offset, now that it is whole.
    fn counted(&mut self, block: Block) -> Block {
        let offset = self.offset;
        self.offset += u64::try_from(block.bytes.len()).unwrap_or(u64::MAX);
        Block { offset, ..block }
    }

    fn bounded(&self, bytes: usize) -> Result<(), Unread> {
        if bytes <= MESSAGE_BYTES_MAX {
            return Ok(());
        }
        let text = format!(
            "over {MESSAGE_BYTES_MAX} bytes, no message has so many: use --stream for framed \
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
        let whole = u64::try_from(self.digits.len()).unwrap_or(u64::MAX);
        Unread { line: self.line, offset: self.offset + whole, message }
    }
}

/// The bytes of a line that spells them otherwise than in hexadecimal.
fn spelt(text: &str, surety: Decimal) -> Option<Vec<u8>> {
    literal::python(text).or_else(|| decimal::list(text, surety))
}

/// Whether something else than digits stands there.
fn is_words(text: &str) -> bool {
    Digits::default().line(text).is_err()
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
