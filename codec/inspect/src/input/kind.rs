//! What an input is, by its first bytes.

use std::io::{self, Read};

use super::capture::is_capture;
use crate::limits::CHUNK_BYTES;

/// What a file or standard input holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Hexadecimal, or so it seems.
    Text,
    /// Bytes of messages.
    Raw,
    Capture,
    /// Something that only looks like bytes of messages.
    Not(&'static str),
}

impl Kind {
    pub(super) fn of(head: &[u8]) -> Self {
        if is_capture(head) {
            return Self::Capture;
        }
        match head {
            [0x1f, 0x8b, 0x08, ..] => Self::Not("is compressed: gunzip -c FILE | tillgate ... -"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                Self::Not("is compressed: zstd -dc FILE | tillgate ... -")
            }
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                Self::Not("is UTF-16 text: save it as UTF-8, or give --raw if it is no text")
            }
            _ if is_text(head) => Self::Text,
            _ => Self::Raw,
        }
    }
}

/// Whether bytes can be text: UTF-8 (cut anywhere) without control characters.
fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    whole.chars().all(|c| !c.is_control() || c.is_whitespace())
}

/// The first bytes, as many as the first reads give: a live pipe is not waited for.
pub(super) fn head_of(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = vec![0; CHUNK_BYTES];
    let filled = fill(source, &mut head, |head| head.len() >= 4)?;
    head.truncate(filled);
    Ok(head)
}

/// Reads until there is enough, the buffer is full or the source ends; how many bytes there are.
pub(super) fn fill(
    source: &mut impl Read,
    buffer: &mut [u8],
    is_enough: impl Fn(&[u8]) -> bool,
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if is_enough(&buffer[..filled]) {
            break;
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn an_input_is_known_by_its_beginning() {
        for (head, kind) in [
            (&b"0800 8020"[..], Kind::Text),
            (b"\xef\xbb\xbf0800\r\n", Kind::Text),
            ("dumped à la carte ".as_bytes(), Kind::Text),
            (b"cut within \xc3", Kind::Text),
            (b"", Kind::Text),
            (b"\x00\x2e0800", Kind::Raw),
            (b"0800\x82\x20", Kind::Raw),
            (b"\xd4\xc3\xb2\xa1", Kind::Capture),
            (b"\x0a\x0d\x0d\x0a", Kind::Capture),
        ] {
            assert_eq!(Kind::of(head), kind, "{head:?}");
        }
        assert!(matches!(Kind::of(b"\x1f\x8b\x08\x00"), Kind::Not(_)));
        assert!(matches!(Kind::of(b"\xff\xfe0\x000\x00"), Kind::Not(_)));
    }
}
