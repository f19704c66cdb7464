//! Bytes as hexadecimal text and back.

use std::fmt::Write;

/// Two lower-case digits a byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}

/// Exactly `N` bytes from exactly `2 * N` digits of either case.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    decode_into(text, &mut bytes).then_some(bytes)
}

/// As [`decode`], into the caller's memory and nowhere else, so that a secret can be wiped;
/// whether it could. If not, what is in `bytes` means nothing.
pub(crate) fn decode_into(text: &str, bytes: &mut [u8]) -> bool {
    let pairs = text.as_bytes().chunks_exact(2);
    let fits = text.len() == bytes.len() * 2;
    fits && bytes.iter_mut().zip(pairs).all(|(byte, pair)| match *pair {
        [high, low] => match (digit(high), digit(low)) {
            (Some(high), Some(low)) => {
                *byte = (high << 4) | low;
                true
            }
            _ => false,
        },
        _ => false,
    })
}

fn digit(ascii: u8) -> Option<u8> {
    char::from(ascii).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn bytes_survive_the_way_to_text_and_back() {
        assert_eq!(decode::<3>(&encode(&[0, 0xab, 0xff])), Some([0, 0xab, 0xff]));
        assert_eq!(decode::<2>("AbCd"), Some([0xab, 0xcd]));
    }

    #[test]
    fn wrong_lengths_and_digits_are_refused() {
        assert_eq!(decode::<2>("abc"), None);
        assert_eq!(decode::<2>("abcde"), None);
        assert_eq!(decode::<2>("abcg"), None);
        assert_eq!(decode::<2>("+a+b"), None);
    }
}
