//! The number of a handset.

use std::fmt;

/// A subscriber's number in the international form, without prefix and spaces (ITU-T E.164): 5 to 15
/// digits, the first not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Msisdn(u64);

impl Msisdn {
    /// Digits of the longest number.
    pub const DIGITS_MAX: usize = 15;
    /// Digits of the shortest number.
    pub const DIGITS_MIN: usize = 5;

    /// A number as people and networks write it: digits, perhaps with a `+` before them.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
        let length = Self::DIGITS_MIN..=Self::DIGITS_MAX;
        if !is_number || !length.contains(&digits.len()) || digits.starts_with('0') {
            return None;
        }
        digits.parse().ok().map(Self)
    }

    /// As [`Self::of`], of a number as it is kept.
    #[must_use]
    pub fn of_number(number: u64) -> Option<Self> {
        let range = 10_u64.pow(4)..10_u64.pow(15);
        range.contains(&number).then_some(Self(number))
    }

    /// The digits as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Msisdn;

    #[test]
    fn a_number_has_5_to_15_digits_and_begins_with_no_zero() {
        for text in ["255712345678", "+255712345678", "12345", "999999999999999"] {
            let number = Msisdn::of(text).expect(text);
            assert_eq!(number.to_string(), text.trim_start_matches('+'));
            assert_eq!(Msisdn::of_number(number.number()), Some(number));
        }
        for text in
            ["", "+", "1234", "0712345678", "1234567890123456", "25571x", "++2557123", "255 71"]
        {
            assert_eq!(Msisdn::of(text), None, "{text}");
        }
        assert_eq!(Msisdn::of_number(9_999), None);
        assert_eq!(Msisdn::of_number(u64::MAX), None);
    }
}
