//! Bytes as lists of decimal numbers: `[48 49 242]` (Go), `[48, 49, -14]` (Java), `48, 49, 242`.

/// Most digits of a byte.
const DIGITS_MAX: usize = 3;

/// Whether a text must be such a list before it is taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surety {
    /// The line before was one.
    Known,
    /// Only the numbers can tell it from hexadecimal: one of them has a sign, one digit or three.
    Asked,
}

/// The bytes of a list; `None` if it is none, or could as well be hexadecimal.
pub(crate) fn list(text: &str, surety: Surety) -> Option<Vec<u8>> {
    let is_bracket = |c: char| matches!(c, '[' | ']' | '{' | '}' | '(' | ')');
    let inside = text.trim().trim_matches(is_bracket);
    let is_list = inside.contains(',') || inside.len() < text.trim().len();
    if !is_list && surety == Surety::Asked {
        return None;
    }
    let words = inside.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    let mut bytes = Vec::new();
    let mut is_decimal = surety == Surety::Known;
    for word in words {
        let digits = word.strip_prefix('-').unwrap_or(word);
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=DIGITS_MAX).contains(&digits.len())
            && (digits == "0" || !digits.starts_with('0'));
        if !is_plain {
            return None;
        }
        is_decimal |= digits.len() != 2 || digits.len() < word.len();
        let number: i16 = word.parse().ok()?;
        bytes.push(byte(number)?);
    }
    (is_decimal && bytes.len() > 1 || surety == Surety::Known).then_some(bytes)
}

/// The byte of a number, with a sign or without.
fn byte(number: i16) -> Option<u8> {
    match u8::try_from(number) {
        Ok(byte) => Some(byte),
        Err(_) => i8::try_from(number).ok().map(i8::cast_unsigned),
    }
}

#[cfg(test)]
mod tests {
    use super::{Surety, list};

    #[test]
    fn lists_of_go_and_java_are_read() {
        for text in ["[8 0 242]", "[8, 0, -14]", "8, 0, 242", "{8,0,242}", "8, 0, 242,"] {
            assert_eq!(list(text, Surety::Asked), Some(vec![8, 0, 242]), "{text}");
        }
        assert_eq!(list("48, 49", Surety::Known), Some(vec![48, 49]));
    }

    #[test]
    fn what_may_be_hexadecimal_stays_so() {
        for text in [
            "08 00 82",
            "48, 49, 50",
            "[48 49]",
            "100 242",
            "300, 1",
            "-129, 1",
            "08, 100",
            "",
            "7",
        ] {
            assert_eq!(list(text, Surety::Asked), None, "{text}");
        }
    }
}
