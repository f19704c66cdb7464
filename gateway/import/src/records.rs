//! Records of a CSV text, in buffers that are wiped: keys and PINs pass through them, and a reader
//! with buffers of its own would leave them in memory.

use csv_core::{ReadRecordResult, Reader};
use zeroize::Zeroizing;

/// Room for the cells of one record at first; it grows.
const CELL_BYTES: usize = 4_096;
/// Room for this many cells at first.
const CELLS: usize = 32;

/// Reads a text record by record.
pub(crate) struct Records<'a> {
    core: Reader,
    rest: &'a [u8],
    /// Of the next byte, from 1.
    line: u32,
    out: Zeroizing<Vec<u8>>,
    ends: Vec<usize>,
    cells: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            core: Reader::new(),
            rest: text.as_bytes(),
            line: 1,
            out: Zeroizing::new(vec![0; CELL_BYTES]),
            ends: vec![0; CELLS],
            cells: 0,
        }
    }

    /// Goes to the next record that is not a blank line; the line where it begins, or `None` at
    /// the end.
    pub(crate) fn advance(&mut self) -> Option<u32> {
        while let Some((b'\n' | b'\r', rest)) = self.rest.split_first() {
            self.pass(self.rest.len() - rest.len());
        }
        let begun = self.line;
        let (mut written, mut ended) = (0, 0);
        loop {
            let (result, read, wrote, cells) = self.core.read_record(
                self.rest,
                self.out.get_mut(written..)?,
                self.ends.get_mut(ended..)?,
            );
            self.pass(read);
            written += wrote;
            ended += cells;
            match result {
                // What is left is empty now: the next turn ends the record or the text.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.grow(),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    self.cells = ended;
                    return Some(begun);
                }
                ReadRecordResult::End => return None,
            }
        }
    }

    /// Cells of the record, without spaces around them.
    pub(crate) fn cells(&self) -> Cells<'_> {
        Cells { out: &self.out, ends: self.ends.get(..self.cells).unwrap_or_default() }
    }

    fn pass(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        let lines = passed.iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
    }

    /// To a larger buffer; the old one is wiped.
    fn grow(&mut self) {
        let mut larger = Zeroizing::new(vec![0; self.out.len() * 2]);
        if let Some(begin) = larger.get_mut(..self.out.len()) {
            begin.copy_from_slice(&self.out);
        }
        self.out = larger;
    }
}

/// The cells of one record.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    out: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Cells<'a> {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&'a str> {
        let end = *self.ends.get(index)?;
        let begin =
            index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        // The text is UTF-8 and is divided at ASCII characters only.
        std::str::from_utf8(self.out.get(begin..end)?).ok().map(str::trim)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).filter_map(move |index| self.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(u32, Vec<String>)> {
        let (mut records, mut found) = (Records::new(text), Vec::new());
        while let Some(line) = records.advance() {
            found.push((line, records.cells().iter().map(String::from).collect()));
        }
        found
    }

    #[test]
    fn records_are_those_that_another_reader_finds_with_the_lines_they_begin_in() {
        let long = format!("{},{}\n", "x".repeat(9_000), ",".repeat(100));
        let texts = [
            "",
            "\n\n",
            "a,b\n1,2\n",
            "a,b\r\n1, 2 \r\n\r\n3,\"4\n5\"\n6,7",
            "\n\n a ,\"b \"\"c\"\"\"\n,\n,,",
            "ä,ö\rü,\u{20ac}\r",
            long.as_str(),
        ];
        for text in texts {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .trim(csv::Trim::All)
                .from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> =
                reader.records().map(|r| r.unwrap().iter().map(String::from).collect()).collect();
            let found: Vec<Vec<String>> = all(text).into_iter().map(|(_, cells)| cells).collect();
            assert_eq!(found, expected, "{text:?}");
        }
        let lines: Vec<u32> = all(texts[3]).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 2, 4, 6]);
    }
}
