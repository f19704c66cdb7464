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
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = (digit(high)? << 4) | digit(low)?;
    }
    Some(bytes)
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
