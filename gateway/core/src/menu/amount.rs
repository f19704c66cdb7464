//! Amounts as people type them.

use tillgate_types::Currency;

/// Major units exactly: digits, perhaps a point or a comma with no more digits than the currency
/// has behind it. `None` of anything else, of nothing, and of what does not fit.
pub(super) fn minor(text: &str, currency: Currency) -> Option<u64> {
    if text.starts_with('-') {
        return None;
    }
    let minor = currency.minor(&text.replacen(',', ".", 1)).ok()?;
    u64::try_from(minor).ok().filter(|minor| *minor > 0)
}

#[cfg(test)]
mod tests {
    use tillgate_types::Currency;

    use super::minor;

    #[test]
    fn an_amount_is_read_exactly_or_not_at_all() {
        let euro = Currency::parse("EUR").unwrap();
        for text in ["5", "5.00", "5,00", "5.0", "005"] {
            assert_eq!(minor(text, euro), Some(500), "{text}");
        }
        for text in [
            "",
            "0",
            "0.00",
            "-5",
            "+5",
            "5.",
            ".5",
            "5.000",
            "5,000",
            "1,000.00",
            "1.000,00",
            "5..0",
            "5 0",
            "5e2",
            "0x5",
            "99999999999999999999",
            "92233720368547758.08",
            "five",
        ] {
            assert_eq!(minor(text, euro), None, "{text}");
        }
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!((minor("500", yen), minor("5,00", yen)), (Some(500), None));
    }
}
