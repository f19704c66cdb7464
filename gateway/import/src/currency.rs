//! Currencies (ISO 4217) and amounts in major units.

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
    pub fn parse(text: &str) -> Option<Self> {
        let found = if text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit()) {
            let number: u16 = text.parse().ok()?;
            TABLE.iter().find(|row| row.1 == number)
        } else {
            TABLE.iter().find(|row| row.0 == text)
        };
        found.map(Self::of)
    }

    /// By its number.
    pub fn numbered(number: u16) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == number).map(Self::of)
    }

    fn of(&(alpha, number, decimals): &(&'static str, u16, u32)) -> Self {
        Self { alpha, number, decimals }
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
    pub fn major(&self, minor: i64) -> String {
        let digits = minor.unsigned_abs();
        let sign = if minor < 0 { "-" } else { "" };
        let unit = 10_u64.pow(self.decimals);
        match usize::try_from(self.decimals) {
            Ok(width @ 1..) => format!("{sign}{}.{:0width$}", digits / unit, digits % unit),
            _ => format!("{sign}{digits}"),
        }
    }
}

/// A decimal number as a whole number of its smallest unit; `None` if it is not one, has too
/// many decimals, or does not fit.
pub(crate) fn decimal(text: &str, decimals: u32) -> Option<i64> {
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

/// Circulating currencies: letters, number, decimals (ISO 4217:2015, list one).
const TABLE: &[(&str, u16, u32)] = &[
    ("AED", 784, 2),
    ("AFN", 971, 2),
    ("ALL", 8, 2),
    ("AMD", 51, 2),
    ("AOA", 973, 2),
    ("ARS", 32, 2),
    ("AUD", 36, 2),
    ("AWG", 533, 2),
    ("AZN", 944, 2),
    ("BAM", 977, 2),
    ("BBD", 52, 2),
    ("BDT", 50, 2),
    ("BHD", 48, 3),
    ("BIF", 108, 0),
    ("BMD", 60, 2),
    ("BND", 96, 2),
    ("BOB", 68, 2),
    ("BRL", 986, 2),
    ("BSD", 44, 2),
    ("BTN", 64, 2),
    ("BWP", 72, 2),
    ("BYN", 933, 2),
    ("BZD", 84, 2),
    ("CAD", 124, 2),
    ("CDF", 976, 2),
    ("CHF", 756, 2),
    ("CLP", 152, 0),
    ("CNY", 156, 2),
    ("COP", 170, 2),
    ("CRC", 188, 2),
    ("CUP", 192, 2),
    ("CVE", 132, 2),
    ("CZK", 203, 2),
    ("DJF", 262, 0),
    ("DKK", 208, 2),
    ("DOP", 214, 2),
    ("DZD", 12, 2),
    ("EGP", 818, 2),
    ("ERN", 232, 2),
    ("ETB", 230, 2),
    ("EUR", 978, 2),
    ("FJD", 242, 2),
    ("FKP", 238, 2),
    ("GBP", 826, 2),
    ("GEL", 981, 2),
    ("GHS", 936, 2),
    ("GIP", 292, 2),
    ("GMD", 270, 2),
    ("GNF", 324, 0),
    ("GTQ", 320, 2),
    ("GYD", 328, 2),
    ("HKD", 344, 2),
    ("HNL", 340, 2),
    ("HTG", 332, 2),
    ("HUF", 348, 2),
    ("IDR", 360, 2),
    ("ILS", 376, 2),
    ("INR", 356, 2),
    ("IQD", 368, 3),
    ("IRR", 364, 2),
    ("ISK", 352, 0),
    ("JMD", 388, 2),
    ("JOD", 400, 3),
    ("JPY", 392, 0),
    ("KES", 404, 2),
    ("KGS", 417, 2),
    ("KHR", 116, 2),
    ("KMF", 174, 0),
    ("KPW", 408, 2),
    ("KRW", 410, 0),
    ("KWD", 414, 3),
    ("KYD", 136, 2),
    ("KZT", 398, 2),
    ("LAK", 418, 2),
    ("LBP", 422, 2),
    ("LKR", 144, 2),
    ("LRD", 430, 2),
    ("LSL", 426, 2),
    ("LYD", 434, 3),
    ("MAD", 504, 2),
    ("MDL", 498, 2),
    ("MGA", 969, 2),
    ("MKD", 807, 2),
    ("MMK", 104, 2),
    ("MNT", 496, 2),
    ("MOP", 446, 2),
    ("MRU", 929, 2),
    ("MUR", 480, 2),
    ("MVR", 462, 2),
    ("MWK", 454, 2),
    ("MXN", 484, 2),
    ("MYR", 458, 2),
    ("MZN", 943, 2),
    ("NAD", 516, 2),
    ("NGN", 566, 2),
    ("NIO", 558, 2),
    ("NOK", 578, 2),
    ("NPR", 524, 2),
    ("NZD", 554, 2),
    ("OMR", 512, 3),
    ("PAB", 590, 2),
    ("PEN", 604, 2),
    ("PGK", 598, 2),
    ("PHP", 608, 2),
    ("PKR", 586, 2),
    ("PLN", 985, 2),
    ("PYG", 600, 0),
    ("QAR", 634, 2),
    ("RON", 946, 2),
    ("RSD", 941, 2),
    ("RUB", 643, 2),
    ("RWF", 646, 0),
    ("SAR", 682, 2),
    ("SBD", 90, 2),
    ("SCR", 690, 2),
    ("SDG", 938, 2),
    ("SEK", 752, 2),
    ("SGD", 702, 2),
    ("SHP", 654, 2),
    ("SLE", 925, 2),
    ("SOS", 706, 2),
    ("SRD", 968, 2),
    ("SSP", 728, 2),
    ("STN", 930, 2),
    ("SVC", 222, 2),
    ("SYP", 760, 2),
    ("SZL", 748, 2),
    ("THB", 764, 2),
    ("TJS", 972, 2),
    ("TMT", 934, 2),
    ("TND", 788, 3),
    ("TOP", 776, 2),
    ("TRY", 949, 2),
    ("TTD", 780, 2),
    ("TWD", 901, 2),
    ("TZS", 834, 2),
    ("UAH", 980, 2),
    ("UGX", 800, 0),
    ("USD", 840, 2),
    ("UYU", 858, 2),
    ("UZS", 860, 2),
    ("VES", 928, 2),
    ("VND", 704, 0),
    ("VUV", 548, 0),
    ("WST", 882, 2),
    ("XAF", 950, 0),
    ("XCD", 951, 2),
    ("XOF", 952, 0),
    ("XPF", 953, 0),
    ("YER", 886, 2),
    ("ZAR", 710, 2),
    ("ZMW", 967, 2),
    ("ZWG", 924, 2),
];

#[cfg(test)]
mod tests {
    use super::{Currency, TABLE, decimal};

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
    fn every_currency_stands_once_and_in_order() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        let mut numbers: Vec<u16> = TABLE.iter().map(|row| row.1).collect();
        numbers.sort_unstable();
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn percentages_are_decimals_with_two_places() {
        assert_eq!(decimal("4.25", 2), Some(425));
        assert_eq!(decimal("10", 2), Some(1_000));
        assert_eq!(decimal("4.255", 2), None);
    }
}
