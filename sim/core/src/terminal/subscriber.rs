//! Subscribers' numbers: kept as a number in the book, written as digits in messages.

use crate::rng::Rng;

/// Digits of the longest number: what a `u64` can hold.
pub(crate) const DIGITS_MAX: usize = 20;

/// A number of 12 digits that starts with 2, as E.164 numbers of Africa do.
pub(crate) fn draw(rng: &mut Rng) -> u64 {
    200_000_000_000 + rng.below(100_000_000_000)
}

/// The number of a bill: ten digits, of which the last one is the check digit (ISO/IEC 7812-1,
/// annex B).
pub(crate) fn bill(rng: &mut Rng) -> u64 {
    checked(100_000_000 + rng.below(900_000_000))
}

/// The number of a payment card: sixteen digits that begin with 4, of which the last one is the
/// check digit, in a range that schemes keep for tests.
pub(crate) fn card(rng: &mut Rng) -> u64 {
    checked(400_000_000_000_000 + rng.below(1_000_000_000))
}

/// With its check digit behind it (ISO/IEC 7812-1, annex B).
fn checked(number: u64) -> u64 {
    let mut sum = 0;
    let (mut left, mut double) = (number, true);
    while left > 0 {
        let digit = left % 10 * if double { 2 } else { 1 };
        sum += digit / 10 + digit % 10;
        (left, double) = (left / 10, !double);
    }
    number * 10 + (10 - sum % 10) % 10
}

/// The number's digits, written into `digits`; nothing for 0.
pub(crate) fn text(number: u64, digits: &mut [u8; DIGITS_MAX]) -> &str {
    let mut start = DIGITS_MAX;
    let mut left = number;
    while left > 0 {
        start -= 1;
        let digit = u8::try_from(left % 10).expect("a remainder of ten is one digit");
        digits[start] = b'0' + digit;
        left /= 10;
    }
    std::str::from_utf8(&digits[start..]).expect("digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_bills_and_cards_have_their_length_and_their_check_digit() {
        let mut rng = Rng::new(7, 1);
        for _ in 0..1_000 {
            for (number, length) in [(bill(&mut rng), 10), (card(&mut rng), 16)] {
                let mut digits = [0; DIGITS_MAX];
                let text = text(number, &mut digits);
                assert!(text.len() == length && tillgate_store_core::luhn(text), "{text}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_their_digits_and_zero_as_nothing() {
        let mut digits = [0; DIGITS_MAX];
        assert_eq!(text(0, &mut digits), "");
        assert_eq!(text(233_200_000_001, &mut digits), "233200000001");
        assert_eq!(text(u64::MAX, &mut digits), "18446744073709551615");
    }
}
