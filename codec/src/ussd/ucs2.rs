//! UCS-2, big-endian: two octets a character. Characters beyond take four, as UTF-16 has them,
//! which is what handsets show.

/// Units of 16 bits that a text takes.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Appends the octets of a text.
pub(super) fn encode(text: &str, out: &mut Vec<u8>) {
    out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
}

/// The characters; U+FFFD for half a pair and for an odd octet at the end.
pub(super) fn decode(octets: &[u8]) -> impl Iterator<Item = char> {
    let (pairs, odd) = octets.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| u16::from_be_bytes(*pair)))
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .chain(odd.iter().map(|_| char::REPLACEMENT_CHARACTER))
}
