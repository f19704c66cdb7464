//! One line of a dump with offsets, as `xxd`, `hexdump -C`, `od`, `tcpdump -X` and Wireshark print.
//!
//! ```text
//! 00000000: 0800 8020 0000 0000 0000 0400 0000 0000  ... ............     xxd
//! 00000000  08 00 80 20 00 00 00 00  00 00 04 00     |... ........|        hexdump -C
//! 0000000 08 00 80 20 00 00 00 00                                         od -t x1
//!         0x0000:  4500 003c 1c46 4000 4006 b1e6     E..<.F@.@...         tcpdump -X
//! 0000   08 00 80 20 00 00 00 00 00 00 04 00         ... ........         Wireshark
//! ```

use super::hex::nibble;

/// A line that begins with an offset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Blanks before the offset; Wireshark tells the two directions of a stream apart so.
    pub(crate) indent: usize,
    /// The offset as it stands there, in hexadecimal.
    pub(crate) offset: u64,
    /// The same digits read in octal, as `od` means them.
    pub(crate) octal: Option<u64>,
    /// How sure it is that this is an offset, and no data.
    pub(crate) surety: Surety,
    /// What stands behind it, without the text column.
    pub(crate) bytes: Vec<u8>,
}

/// How a line shows that it begins with an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surety {
    /// `0x` and a colon: a packet of `tcpdump -x`.
    Packet,
    /// A colon, or a text column between bars, says so.
    Sure,
    /// Only the numbers can: it must be the offset that is expected.
    Perhaps,
    /// `hexdump` without `-C`: two bytes at a time, swapped.
    Swapped,
}

/// Bytes in a line of the forms without a colon.
const COLUMNS: usize = 16;
/// Fewest digits of an offset.
const OFFSET_DIGITS_MIN: usize = 4;
/// Digits of an offset of `hexdump` and `od`.
const OD_DIGITS: usize = 7;

/// Reads a line; `None` if it does not begin with an offset.
pub(crate) fn row(line: &str) -> Option<Row> {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let (is_0x, text) = match text.strip_prefix("0x") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let digits = text.chars().take_while(|c| c.is_ascii_hexdigit()).count();
    if !(OFFSET_DIGITS_MIN..=16).contains(&digits) {
        return None;
    }
    let (number, rest) = text.split_at(digits);
    let offset = u64::from_str_radix(number, 16).ok()?;
    let octal = u64::from_str_radix(number, 8).ok().filter(|_| digits == OD_DIGITS);
    let row = |surety, bytes| Some(Row { indent, offset, octal, surety, bytes });
    if let Some(rest) = rest.strip_prefix(':') {
        let is_data = rest.is_empty() || rest.starts_with(char::is_whitespace);
        let bytes = grouped(rest.trim_start());
        let surety = if is_0x { Surety::Packet } else { Surety::Sure };
        return if is_data && !bytes.is_empty() { row(surety, bytes) } else { None };
    }
    if is_0x || !(rest.is_empty() || rest.starts_with(char::is_whitespace)) {
        return None;
    }
    let first = rest.split_whitespace().next().unwrap_or_default();
    if digits == OD_DIGITS && first.len() == 4 && first.chars().all(|c| c.is_ascii_hexdigit()) {
        return row(Surety::Swapped, Vec::new());
    }
    match rest.split_once('|') {
        Some((bytes, _)) => row(Surety::Sure, spaced(bytes)),
        None => {
            let bytes = spaced(rest);
            let is_offset = !bytes.is_empty() || rest.trim().is_empty();
            if is_offset { row(Surety::Perhaps, bytes) } else { None }
        }
    }
}

/// Groups with one blank between them, up to two blanks or something else.
fn grouped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for group in text.split(' ') {
        let nibbles: Option<Vec<u8>> = group.chars().map(nibble).collect();
        let Some(nibbles) = nibbles.filter(|nibbles| !nibbles.is_empty()) else { break };
        let (pairs, odd) = nibbles.as_chunks::<2>();
        if !odd.is_empty() {
            break;
        }
        bytes.extend(pairs.iter().map(|[high, low]| (high << 4) | low));
    }
    bytes
}

/// Bytes of two digits with one blank between them, two in the middle, up to anything else.
fn spaced(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    // Bound: every turn takes a byte from `rest` or ends.
    while bytes.len() < COLUMNS {
        let word = rest.trim_start();
        let gap = rest.len() - word.len();
        let is_apart = gap >= 1 && (gap <= 2 || bytes.is_empty());
        let is_middle = gap == 2 && !bytes.is_empty() && bytes.len() != COLUMNS / 2;
        let mut characters = word.chars();
        let pair = (characters.next().and_then(nibble), characters.next().and_then(nibble));
        let ends = characters.next().is_none_or(char::is_whitespace);
        match pair {
            (Some(high), Some(low)) if is_apart && !is_middle && ends => {
                bytes.push((high << 4) | low);
            }
            _ => break,
        }
        rest = &word[2..];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{Surety, row};

    #[test]
    fn bytes_end_where_the_text_column_begins() {
        for (line, surety, count) in [
            (
                "00000000: 0800 8020 0000 0000 0000 0400 0000 0000  ... .. 08 00 ...",
                Surety::Sure,
                16,
            ),
            ("00000010: 0000 0703 01                             abcde", Surety::Sure, 5),
            ("00000000: 08 00 80 20  ab cd", Surety::Sure, 4),
            (
                "00000000  08 00 80 20 00 00 00 00  00 00 04 00 00 00 00 00  |... 08 00|",
                Surety::Sure,
                16,
            ),
            (
                "00000010  00 00 07 03 01                                    |ab 01|",
                Surety::Sure,
                5,
            ),
            (
                "\t0x0000:  4500 003c 1c46 4000 4006 b1e6 ac10 0a63  E..<.F@.@......c",
                Surety::Packet,
                16,
            ),
            ("0000   08 00 80 20 00 00 00 00 00 00 04 00 00 00 00 00   ab cd", Surety::Perhaps, 16),
            ("    00000000  08 00 80 20 00 00 00 00  00 00    ........ ab", Surety::Perhaps, 10),
            ("0000000 08 00 80 20", Surety::Perhaps, 4),
            ("0000000 0008 2080", Surety::Swapped, 0),
            ("00000015", Surety::Perhaps, 0),
        ] {
            let row = row(line).expect(line);
            assert_eq!((row.surety, row.bytes.len()), (surety, count), "{line}");
        }
    }

    #[test]
    fn data_and_prose_are_no_rows() {
        for line in [
            "0800822000000000000004000000000000000000070301",
            "0800 8220 0000",
            "08:00:80:20",
            "08 00 80 20",
            "12:34:56.789 IP 10.0.0.1.1 > 10.0.0.2.2: Flags [P.]",
            "abcd: hello",
            "*",
            "",
        ] {
            assert_eq!(row(line), None, "{line}");
        }
    }

    #[test]
    fn every_prefix_of_a_row_is_read_or_is_none() {
        let line = "    00000000  08 00 80 20 00 00 00 00  00 00 04 00 00 00 00 00  |.. é ..|";
        for (end, _) in line.char_indices() {
            assert!(row(&line[..end]).is_none_or(|row| row.bytes.len() <= 16));
        }
    }
}
