//! Rows of a dump: which lines are some, and how they go together.

use super::super::dump::{Row, Surety};
use super::{Block, Form, Lane, Text, Unread};
use crate::count;
use crate::limits::MESSAGE_BYTES_MAX;

impl Text {
    /// Whether what looks like a row is one.
    pub(super) fn is_row(&self, row: &Row) -> bool {
        let in_plain = self.is_begun();
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

    pub(super) fn row(&mut self, row: Row) -> Result<Option<Block>, Unread> {
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
        let bytes = count(row.bytes.len());
        let Some(end) = offset.checked_add(bytes) else {
            return Err(self.unread(format!("the offset {offset:#x} leaves no room for its row")));
        };
        let goes_on = offset == next && offset != 0;
        let is_same = self.block.as_ref().is_some_and(|block| block.lane == index);
        let done = if goes_on && is_same { None } else { self.block.take() };
        let done = done.map(|block| self.counted(block));
        self.lanes[index].next = end;
        let (line, is_packet) = (self.line, row.surety == Surety::Packet);
        let made = || Block { line, lane: index, is_start, is_packet, ..Block::default() };
        let block = self.block.get_or_insert_with(made);
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
        let made = || Block { line, lane: index, ..Block::default() };
        let block = self.block.get_or_insert_with(made);
        block.bytes.extend(above.iter().cycle().take(missing));
        self.lanes[index].next = offset;
        Ok(())
    }
}
