//! One stream of framed messages, cut as its bytes come.
//!
//! ```text
//!          +------ a frame that cannot be ------+
//!          v                                    |
//!        lost --segment that holds a message--> following --message--> shown
//!          ^                                    |
//!          +------ bytes that are missing ------+
//! ```

use tillgate_codec::iso8583::ErrorJson;

use crate::count;
use crate::place::Place;
use crate::reading::{Cut, Reading};

pub(crate) enum Found<'b> {
    /// A message with its frame.
    Message(Place, &'b [u8]),
    Wrong(Place, ErrorJson),
}

/// A stream on its way to messages. It holds one unfinished message at most.
#[derive(Default)]
pub(crate) struct Stream {
    held: Vec<u8>,
    /// Offset of the first byte held.
    offset: u64,
    /// Where the piece begins that the unfinished message begins in, and the newest piece.
    marks: Vec<(u64, Place)>,
    /// Bytes passed over since the stream could not be followed.
    lost: Option<u64>,
}

impl Stream {
    /// Takes the next bytes. `is_segment` says that a message is likely to begin with them.
    pub(crate) fn push<E>(
        &mut self,
        reading: &Reading,
        place: &Place,
        bytes: &[u8],
        is_segment: bool,
        mut give: impl FnMut(Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.offset + count(self.held.len());
        if let Some(lost) = self.lost {
            if !(is_segment && begins(reading, bytes)) {
                self.lost = Some(lost + count(bytes.len()));
                self.offset = start + count(bytes.len());
                return Ok(());
            }
            self.lost = None;
            self.tell_skipped(lost, start, place, &mut give)?;
        }
        // A message begins where the unfinished one does, or in these bytes, which may end it.
        self.marks.truncate(1);
        self.marks.push((start, place.clone()));
        self.held.extend_from_slice(bytes);
        let mut at = 0;
        // Bound: every turn takes bytes from what is held, or ends.
        loop {
            let rest = self.held.get(at..).unwrap_or_default();
            match reading.cut(rest) {
                Cut::Whole { frame } if frame.end > 0 => {
                    let place = self.place(at);
                    give(Found::Message(place, &rest[frame.clone()]))?;
                    at += frame.end;
                }
                Cut::Idle { end } if end > 0 => at += end,
                Cut::Lost(error) => {
                    give(Found::Wrong(self.place(at), error))?;
                    self.lost = Some(count(rest.len()));
                    at = self.held.len();
                    break;
                }
                Cut::Whole { .. } | Cut::Idle { .. } | Cut::More => break,
            }
        }
        self.release(at);
        Ok(())
    }

    /// Bytes of the stream are missing; what is held never becomes whole.
    pub(crate) fn gap<E>(
        &mut self,
        place: &Place,
        bytes: u64,
        mut give: impl FnMut(Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let held = count(self.held.len());
        let offset = self.offset + held;
        let unfinished =
            if held > 0 { format!(", behind {held} of a message") } else { String::new() };
        let text = format!("{bytes} bytes were not captured{unfinished}");
        give(Found::Wrong(Place { offset, ..place.clone() }, ErrorJson::of_kind("gap", text)))?;
        self.release(self.held.len());
        self.offset = offset + bytes;
        // What was lost before is told once the stream is found again.
        self.lost = Some(self.lost.unwrap_or(0));
        Ok(())
    }

    /// The stream is over.
    pub(crate) fn end<E>(
        mut self,
        mut give: impl FnMut(Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.lost {
            Some(lost) => {
                let place = self.marks.pop().map(|(_, place)| place).unwrap_or_default();
                self.tell_skipped(lost, self.offset, &place, &mut give)
            }
            None if self.held.is_empty() => Ok(()),
            None => {
                let text = format!("the stream ends after {} bytes of a message", self.held.len());
                give(Found::Wrong(self.place(0), ErrorJson::of_kind("truncated", text)))
            }
        }
    }

    fn tell_skipped<E>(
        &self,
        lost: u64,
        end: u64,
        place: &Place,
        give: &mut impl FnMut(Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if lost == 0 {
            return Ok(());
        }
        let text = format!("{lost} bytes were passed over, up to offset {end}");
        let place = Place { offset: end.saturating_sub(lost), ..place.clone() };
        give(Found::Wrong(place, ErrorJson::of_kind("skipped", text)))
    }

    /// Where the byte at that index of what is held comes from.
    fn place(&self, at: usize) -> Place {
        let offset = self.offset + count(at);
        let mark = self.marks.iter().rev().find(|(start, _)| *start <= offset);
        let place = mark.map(|(_, place)| place.clone()).unwrap_or_default();
        Place { offset, ..place }
    }

    /// Lets go of bytes that are dealt with.
    fn release(&mut self, bytes: usize) {
        self.held.drain(..bytes);
        self.offset += count(bytes);
        let used = self.marks.iter().rposition(|(start, _)| *start <= self.offset).unwrap_or(0);
        self.marks.drain(..used);
    }
}

/// Whether a segment begins with a whole message that can be read.
fn begins(reading: &Reading, bytes: &[u8]) -> bool {
    match reading.cut(bytes) {
        Cut::Whole { frame } => reading.json(&bytes[frame]).is_ok(),
        Cut::Idle { .. } | Cut::More | Cut::Lost(_) => false,
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
