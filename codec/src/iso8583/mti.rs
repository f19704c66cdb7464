//! Message type indicators: version, class, function, origin (ISO 8583:1987 section 4.2).

use std::fmt;

/// A message type indicator, four ASCII digits. Codes that are not named here stay visible.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mti(pub [u8; 4]);

impl Mti {
    /// Authorisation request.
    pub const AUTHORISATION_REQUEST: Self = Self(*b"0100");
    /// Financial transaction request.
    pub const FINANCIAL_REQUEST: Self = Self(*b"0200");
    /// Financial transaction advice.
    pub const FINANCIAL_ADVICE: Self = Self(*b"0220");
    /// File action advice, at terminals the batch upload.
    pub const BATCH_UPLOAD: Self = Self(*b"0320");
    /// Reversal request, from a terminal.
    pub const REVERSAL_REQUEST: Self = Self(*b"0400");
    /// Reversal advice, between hosts.
    pub const REVERSAL_ADVICE: Self = Self(*b"0420");
    /// Settlement (reconciliation) request.
    pub const SETTLEMENT_REQUEST: Self = Self(*b"0500");
    /// Network management request: sign-on, sign-off, echo.
    pub const NETWORK_REQUEST: Self = Self(*b"0800");

    /// Reads four ASCII digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 4] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// The edition of the standard: `b'0'` for 1987, `b'1'` for 1993, `b'2'` for 2003.
    #[must_use]
    pub const fn version(self) -> u8 {
        self.0[0]
    }

    /// The class: `b'1'` authorisation, `b'2'` financial, `b'3'` file, `b'4'` reversal,
    /// `b'5'` reconciliation, `b'6'` administrative, `b'8'` network management.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.0[1]
    }

    /// Whether the third digit marks a request, advice or notification, not an answer to one.
    #[must_use]
    pub const fn is_request(self) -> bool {
        matches!(self.0[2], b'0' | b'2' | b'4')
    }

    /// Whether the last digit marks a repeat (odd: 0201, 0401, 0421).
    #[must_use]
    pub const fn is_repeat(self) -> bool {
        self.0[3] % 2 == 1
    }

    /// The type of the answer, the same for a request and for its repeat: 0200 and 0201 are both
    /// answered by 0210, 0420 and 0421 by 0430. `None` if this is itself an answer.
    #[must_use]
    pub fn answer(self) -> Option<Self> {
        self.is_request().then(|| {
            let [version, class, function, origin] = self.0;
            Self([version, class, function + 1, origin - u8::from(self.is_repeat())])
        })
    }

    /// The type of a repeat of this message: 0200 becomes 0201. A repeat stays what it is.
    #[must_use]
    pub fn repeat(self) -> Self {
        let [version, class, function, origin] = self.0;
        let odd = if origin < b'9' && !self.is_repeat() { origin + 1 } else { origin };
        Self([version, class, function, odd])
    }

    /// The four digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("????")
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mti({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Mti;

    #[test]
    fn a_request_and_its_repeat_have_the_same_answer() {
        for (asked, answered) in [
            ("0200", "0210"),
            ("0201", "0210"),
            ("0421", "0430"),
            ("1420", "1430"),
            ("0800", "0810"),
        ] {
            assert_eq!(Mti::parse(asked).and_then(Mti::answer), Mti::parse(answered));
        }
    }

    #[test]
    fn an_answer_has_no_answer() {
        assert_eq!(Mti::parse("0210").and_then(Mti::answer), None);
    }

    #[test]
    fn repeating_twice_is_repeating_once() {
        let repeat = Mti::REVERSAL_ADVICE.repeat();
        assert_eq!((repeat.to_string(), repeat.repeat()), ("0421".to_owned(), repeat));
    }

    #[test]
    fn only_four_digits_are_an_mti() {
        assert!(["020", "02000", "02A0", ""].iter().all(|text| Mti::parse(text).is_none()));
    }
}
