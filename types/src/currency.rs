//! Currencies (ISO 4217), and amounts as people write them: major units with decimals.

use iso_currency::Currency as Iso;

/// A currency that amounts can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    /// Three letters.
    pub alpha: &'static str,
    /// ISO 4217 numeric code.
    pub number: u16,
    /// Digits behind the point of a major unit.
    pub decimals: u32,
}

impl Currency {
    /// By its three letters or three digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Self::numbered(text.parse().ok()?);
        }
        Iso::from_code(text).and_then(Self::of)
    }

    /// By its number.
    #[must_use]
    pub fn numbered(number: u16) -> Option<Self> {
        Iso::from_numeric(number).and_then(Self::of)
    }

    /// Only money that circulates: no funds, metals and codes for tests, and nothing withdrawn.
    fn of(iso: Iso) -> Option<Self> {
        // VES and VED differ by six zeros and are both in force.
        let withdrawn = iso.is_superseded().is_some() && iso != Iso::VES;
        if iso.is_fund() || iso.is_special() || withdrawn {
            return None;
        }
        let decimals = u32::from(iso.exponent()?);
        Some(Self { alpha: iso.code(), number: iso.numeric(), decimals })
    }

    /// Reads major units exactly: digits, perhaps a minus, perhaps a point and at most as many
    /// digits as the currency has.
    ///
    /// # Errors
    /// What is expected instead.
    pub fn minor(&self, text: &str) -> Result<i64, String> {
        decimal(text, self.decimals).ok_or_else(|| match self.decimals {
            0 => format!("an amount in {} without decimals, as 1250", self.alpha),
            1 => format!("an amount in {} with at most 1 decimal, as 12.5", self.alpha),
            n => format!("an amount in {} with at most {n} decimals, as 12.50", self.alpha),
        })
    }

    /// Minor units as major units, with all decimals.
    #[must_use]
    pub fn major(&self, minor: impl Into<i128>) -> String {
        let minor: i128 = minor.into();
        let digits = minor.unsigned_abs();
        let sign = if minor < 0 { "-" } else { "" };
        let unit = 10_u128.pow(self.decimals);
        match usize::try_from(self.decimals) {
            Ok(width @ 1..) => format!("{sign}{}.{:0width$}", digits / unit, digits % unit),
            _ => format!("{sign}{digits}"),
        }
    }
}

/// A decimal number as a whole number of its smallest unit; `None` if it is not one, has too
/// many decimals, or does not fit.
#[must_use]
pub fn decimal(text: &str, decimals: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let pointless = digits.contains('.') && fraction.is_empty();
    if whole.is_empty() || pointless || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let given = u32::try_from(fraction.len()).ok()?;
    let missing = decimals.checked_sub(given)?;
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let fraction = fraction.checked_mul(10_i64.checked_pow(missing)?)?;
    let value = whole.checked_mul(10_i64.checked_pow(decimals)?)?.checked_add(fraction)?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::{Currency, decimal};

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        let euro = Currency::parse("EUR").unwrap();
        let read = |text: &str| euro.minor(text).ok();
        assert_eq!(read("12.50"), Some(1250));
        assert_eq!(read("12.5"), Some(1250));
        assert_eq!(read("0.07"), Some(7));
        assert_eq!(read("-3"), Some(-300));
        for wrong in ["", "12.505", "1,000", "12.", ".5", "1e3", "+1", "--1", "12.5 ", "0x10"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        assert_eq!(read("92233720368547758.08"), None, "one more than fits");
    }

    #[test]
    fn a_currency_without_or_with_three_decimals_is_read_as_such() {
        let yen = Currency::parse("392").unwrap();
        assert_eq!((yen.alpha, yen.minor("1250")), ("JPY", Ok(1250)));
        assert!(yen.minor("12.5").unwrap_err().contains("without decimals"));
        assert_eq!(Currency::parse("KWD").unwrap().minor("1.5"), Ok(1500));
        assert_eq!(Currency::parse("eur"), None);
        assert_eq!(Currency::parse("ZZZ"), None);
    }

    #[test]
    fn minor_units_are_shown_as_they_are_read() {
        for (alpha, minor, text) in
            [("EUR", -1_205, "-12.05"), ("JPY", 12, "12"), ("KWD", 7, "0.007")]
        {
            let currency = Currency::parse(alpha).unwrap();
            assert_eq!(currency.major(minor), text);
            assert_eq!(currency.minor(text), Ok(minor));
        }
    }

    #[test]
    fn money_that_circulates_is_known_and_nothing_else() {
        for alpha in ["EUR", "AED", "VES", "VED", "XCG", "ZWG", "XAF", "SLE"] {
            let currency = Currency::parse(alpha).unwrap();
            assert_eq!(Currency::numbered(currency.number), Some(currency));
        }
        assert_eq!(Currency::parse("008").unwrap().alpha, "ALL");
        for alpha in ["XAU", "XXX", "XTS", "CLF", "USN", "HRK", "BGN", "ZWL", "8", "0008", ""] {
            assert_eq!(Currency::parse(alpha), None, "{alpha}");
        }
    }

    #[test]
    fn percentages_are_decimals_with_two_places() {
        assert_eq!(decimal("4.25", 2), Some(425));
        assert_eq!(decimal("10", 2), Some(1_000));
        assert_eq!(decimal("4.255", 2), None);
    }
}
