//! One line of a dump with offsets, as `xxd`, `hexdump -C`, `od`, `tcpdump -X` and Wireshark print.
//!
//! ```text
//! 00000000: 0800 8020 0000 0000 0000 0400 0000 0000  ... ............     xxd
//! 00000000  08 00 80 20 00 00 00 00  00 00 04 00     |... ........|        hexdump -C
//! 0000000 08 00 80 20 00 00 00 00                                         od -t x1
//!         0x0000:  4500 003c 1c46 4000 4006 b1e6     E..<.F@.@...         tcpdump -X
//! 0000   08 00 80 20 00 00 00 00 00 00 04 00         ... ........         Wireshark
//! 00000000h: 08 00 80 20 00 00 00 00 00 00 04 00 ; ... ........           UltraEdit
//! |00000000| 08 00 80 20 00 00 00 00 00 00 04 00     |... ........|        Netty
//! 0B3C:0100  08 00 80 20 00 00 00 00-00 00 04 00     ... ........         debug
//! 0x0000  08 00 80 20 00 00 00 00  00 00 04 00       ... ........
//! ```

use super::hex::nibble;

/// A line that begins with an offset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Blanks before the offset; Wireshark tells the two directions of a stream apart so.
    pub(crate) indent: usize,
    /// The offset as written, in hexadecimal.
    pub(crate) offset: u64,
    /// The same digits read in octal, as `od` means them.
    pub(crate) octal: Option<u64>,
    /// How sure it is that this is an offset, and no data.
    pub(crate) surety: Surety,
    /// What follows it, without the text column.
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
    let (is_barred, text) = match text.strip_prefix('|') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
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
    if is_barred {
        let inside = rest.strip_prefix('|')?.split('|').next().unwrap_or_default();
        return row(Surety::Sure, spaced(inside));
    }
    if let Some((segment_offset, bytes)) = segmented(rest).filter(|_| !is_0x && digits == 4) {
        let sure = Row { indent, offset: segment_offset, octal: None, surety: Surety::Sure, bytes };
        return Some(sure);
    }
    let (is_h, rest) = match rest.strip_prefix(['h', 'H']) {
        Some(after) => (true, after),
        None => (false, rest),
    };
    if let Some(rest) = rest.strip_prefix(':') {
        let is_data = rest.is_empty() || rest.starts_with(char::is_whitespace);
        let bytes = grouped(rest.trim_start());
        let surety = if is_0x { Surety::Packet } else { Surety::Sure };
        return if is_data && !bytes.is_empty() { row(surety, bytes) } else { None };
    }
    if !(rest.is_empty() || rest.starts_with(char::is_whitespace)) {
        return None;
    }
    if is_h || is_0x {
        let bytes = spaced(rest);
        let is_row = !bytes.is_empty() && (is_h || rest.starts_with("  "));
        return if is_row { row(Surety::Sure, bytes) } else { None };
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

/// What follows the segment of `debug`: the offset, and bytes with a hyphen in their middle.
fn segmented(rest: &str) -> Option<(u64, Vec<u8>)> {
    let (number, bytes) = rest.strip_prefix(':')?.split_at_checked(OFFSET_DIGITS_MIN)?;
    let is_offset = number.chars().all(|c| c.is_ascii_hexdigit()) && bytes.starts_with("  ");
    let offset = u64::from_str_radix(number, 16).ok().filter(|_| is_offset)?;
    // The hyphen stands where another line has a blank, and never in the text column's place.
    let middle = 2 + COLUMNS / 2 * 3 - 1;
    let bytes = match bytes.char_indices().nth(middle) {
        Some((at, '-')) => spaced(&format!("{} {}", &bytes[..at], &bytes[at + 1..])),
        _ => spaced(bytes),
    };
    (!bytes.is_empty()).then_some((offset, bytes))
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
            ("00000000h 12 00 d0 20 00 00 02 c0 00 00 00 00 00 00 00 00 ..", Surety::Sure, 16),
            ("00000040h 4c 41 48 20 42           LAH.B", Surety::Sure, 5),
            ("00000000h: 08 00 80 20 ; ... 08", Surety::Sure, 4),
            ("|00000000| 08 00 80 20 00 00 00 00 00 00 |... 08 00|", Surety::Sure, 10),
            ("0B3C:0100  08 00 80 20 00 00 00 00-00 00 04 00  ab", Surety::Sure, 12),
            ("0x0010  08 00 80 20", Surety::Sure, 4),
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
            "0800:8220  0000",
            "0x0800 0x8220",
            "|  0  1  2  3|",
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
