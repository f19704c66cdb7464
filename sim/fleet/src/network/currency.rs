//! Amounts of CSV files in major units, and the minor units of the wire.

/// A currency (ISO 4217).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    /// Its three letters.
    pub letters: &'static str,
    /// Its number.
    pub number: u16,
    /// Digits behind the point.
    pub decimals: u32,
}

/// Those that a network can be made in; any other one is read by its number.
const KNOWN: [Currency; 12] = [
    currency("EUR", 978, 2),
    currency("USD", 840, 2),
    currency("GHS", 936, 2),
    currency("KES", 404, 2),
    currency("NGN", 566, 2),
    currency("TZS", 834, 2),
    currency("ZAR", 710, 2),
    currency("UGX", 800, 0),
    currency("XAF", 950, 0),
    currency("XOF", 952, 0),
    currency("JPY", 392, 0),
    currency("KWD", 414, 3),
];

const fn currency(letters: &'static str, number: u16, decimals: u32) -> Currency {
    Currency { letters, number, decimals }
}

impl Currency {
    /// By its letters or its number; a number that is not known has two decimals.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(known) = KNOWN.iter().find(|known| known.letters == text) {
            return Some(*known);
        }
        if text.len() != 3 {
            return None;
        }
        let number = text.parse().ok()?;
        let known = KNOWN.iter().find(|known| known.number == number);
        Some(known.copied().unwrap_or(currency("???", number, 2)))
    }

    /// The letters that [`Currency::parse`] knows.
    #[must_use]
    pub fn names() -> String {
        KNOWN.map(|known| known.letters).join(", ")
    }

    /// Major units as minor units, exactly.
    #[must_use]
    pub fn minor(&self, text: &str) -> Option<u64> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let places = u32::try_from(fraction.len()).ok()?;
        if whole.is_empty() || !digits(whole) || !digits(fraction) || places > self.decimals {
            return None;
        }
        let whole = whole.parse::<u64>().ok()?.checked_mul(10_u64.pow(self.decimals))?;
        let fraction = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? };
        whole.checked_add(fraction.checked_mul(10_u64.pow(self.decimals - places))?)
    }

    /// Minor units as major units, with all decimals.
    #[must_use]
    pub fn major(&self, minor: u64) -> String {
        let unit = 10_u64.pow(self.decimals);
        match usize::try_from(self.decimals) {
            Ok(width @ 1..) => format!("{}.{:0width$}", minor / unit, minor % unit),
            _ => minor.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Currency;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        let euro = Currency::parse("EUR").unwrap();
        for (text, minor) in [("12.50", 1_250), ("12.5", 1_250), ("7", 700), ("0.01", 1)] {
            assert_eq!(euro.minor(text), Some(minor), "{text}");
        }
        for text in ["", "1.234", "-1", "1,5", "x", ".5"] {
            assert_eq!(euro.minor(text), None, "{text}");
        }
        assert_eq!(euro.major(1_205), "12.05");
        assert_eq!(Currency::parse("XOF").unwrap().major(1_205), "1205");
    }

    #[test]
    fn a_currency_is_known_by_its_letters_and_by_any_number() {
        assert_eq!(Currency::parse("USD").unwrap().number, 840);
        assert_eq!(Currency::parse("840").unwrap().letters, "USD");
        assert_eq!(Currency::parse("944").unwrap().number, 944);
        assert_eq!(Currency::parse("ZZZ"), None);
    }
}
