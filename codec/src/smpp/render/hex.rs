//! Hexadecimal text: upper-case when written, either case when read.

use std::fmt::Write;

/// Two digits an octet.
pub(super) fn text(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        write!(text, "{octet:02X}").expect("a string takes everything");
        text
    })
}

/// The octets that the digits stand for; `None` if they are not an even number of digits.
pub(super) fn octets(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect::<Option<_>>()?;
    let (pairs, odd) = digits.as_chunks::<2>();
    odd.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
