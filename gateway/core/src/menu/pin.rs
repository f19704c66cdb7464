//! The PIN of a person at a handset.

use tillgate_types::BusinessDate;
use zeroize::Zeroize;

use super::limits::{PIN_DIGITS_MAX, PIN_DIGITS_MIN};

/// Four to eight digits. It has no `Debug` and no `Display`, and is wiped on drop.
pub struct Pin {
    digits: [u8; PIN_DIGITS_MAX],
    length: usize,
}

impl Pin {
    /// Of digits; `None` of anything else.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let is_pin = text.bytes().all(|byte| byte.is_ascii_digit())
            && (PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&text.len());
        if !is_pin {
            return None;
        }
        let mut pin = Self { digits: [0; PIN_DIGITS_MAX], length: text.len() };
        pin.digits.iter_mut().zip(text.bytes()).for_each(|(digit, byte)| *digit = byte);
        Some(pin)
    }

    /// Its digits in clear.
    #[must_use]
    pub fn digits(&self) -> &str {
        let digits = self.digits.get(..self.length).unwrap_or_default();
        std::str::from_utf8(digits).unwrap_or_default()
    }

    /// Whether it is among the first that a thief tries: one digit or one group of digits repeated,
    /// digits that rise or fall by one, pairs, a year of this century or the last, a date.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        let digits = self.digits();
        let bytes = digits.as_bytes();
        let (half, odd) = bytes.split_at(bytes.len() / 2);
        let by = |step: u8| bytes.windows(2).all(|w| w[1] - b'0' == (w[0] - b'0' + step) % 10);
        let mut pairs = bytes.chunks(2);
        by(0)
            || by(1)
            || by(9)
            || half == odd
            || pairs.all(|pair| matches!(pair, [a, b] if a == b))
            || is_date(digits)
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.digits() == other.digits()
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.digits.zeroize();
        self.length.zeroize();
    }
}

/// A year, or a day as `DDMMYY`, `YYMMDD`, `DDMMYYYY`, `MMDDYYYY` or `YYYYMMDD`.
fn is_date(digits: &str) -> bool {
    let number = |at: usize, length: usize| digits.get(at..at + length)?.parse::<u16>().ok();
    let day = |year: Option<u16>, month: Option<u16>, day: Option<u16>| {
        let small = |value: Option<u16>| u8::try_from(value?).ok();
        // A leap year in the place of those before 2000, which the calendar does not have.
        let year = year.filter(|year| (1900..=2099).contains(year)).map(|year| 2000 + year % 4);
        let (Some(year), Some(month), Some(day)) = (year, small(month), small(day)) else {
            return false;
        };
        BusinessDate::from_ymd(year, month, day).is_some()
    };
    let century = |year: Option<u16>| year.map(|year| 2000 + year);
    match digits.len() {
        4 => number(0, 4).is_some_and(|year| (1900..=2099).contains(&year)),
        6 => {
            day(century(number(4, 2)), number(2, 2), number(0, 2))
                || day(century(number(0, 2)), number(2, 2), number(4, 2))
                || day(century(number(4, 2)), number(0, 2), number(2, 2))
        }
        8 => {
            day(number(4, 4), number(2, 2), number(0, 2))
                || day(number(4, 4), number(0, 2), number(2, 2))
                || day(number(0, 4), number(4, 2), number(6, 2))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Pin;

    #[test]
    fn a_pin_has_four_to_eight_ascii_digits() {
        for text in ["1357", "86420975"] {
            assert_eq!(Pin::of(text).unwrap().digits(), text);
        }
        for text in ["", "135", "135790246", "13 57", "135a", "-135", "١٣٥٧"] {
            assert!(Pin::of(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_pin_that_is_guessed_first_is_weak() {
        for text in [
            "0000", "1111111", "1234", "7890", "4321", "2109", "1212", "123123", "1122", "112233",
            "1987", "2001", "240287", "870224", "022487", "24021987", "02241987", "19870224",
            "29022000", "12341234",
        ] {
            assert!(Pin::of(text).unwrap().is_weak(), "{text}");
        }
        for text in ["1357", "8362", "4071", "907162", "3391847", "47110815", "1123"] {
            assert!(!Pin::of(text).unwrap().is_weak(), "{text}");
        }
    }
}
