//! Masking: what is not shown unless asked for.

use crate::iso8583::Reveal;

/// Fields that are not shown unless asked for: what is not read here may hold a text or a password.
const SECRETS: [&str; 2] = ["password", "body"];

/// Whether a mandatory field is hidden.
pub(super) fn hides(field: &str, reveal: Reveal, message: MessageMask) -> bool {
    let is_secret = reveal == Reveal::Masked && SECRETS.contains(&field);
    is_secret || (field == "short_message" && message == MessageMask::Hidden)
}

/// Whether the octets of a message are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageMask {
    Shown,
    Hidden,
}

impl MessageMask {
    /// The text as it may be shown, and whether that hides something.
    pub(super) fn of(text: Option<String>, reveal: Reveal) -> (Option<String>, Self) {
        let masked = match reveal {
            Reveal::Clear => text.clone(),
            Reveal::Masked => text.as_deref().map(long_numbers),
        };
        let mask = if masked == text { Self::Shown } else { Self::Hidden };
        (masked, mask)
    }
}

/// Digits from which on a number may be a card's (12 to 19, ISO/IEC 7812-1) or a voucher's.
const DIGITS_MIN: usize = 12;

/// Digits at the end that stay, to tell one number from another.
const DIGITS_SHOWN: usize = 4;

/// The text with the digits of long numbers replaced by `*`, except the last four. Single spaces
/// and hyphens between digits do not end a number.
fn long_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number_on) = rest.split_at(start);
        let (number, after) = number_on.split_at(number_bytes(number_on));
        masked.push_str(before);
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let mut hidden = if digits < DIGITS_MIN { 0 } else { digits - DIGITS_SHOWN };
        for character in number.chars() {
            if character.is_ascii_digit() && hidden > 0 {
                hidden -= 1;
                masked.push('*');
            } else {
                masked.push(character);
            }
        }
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// Bytes of the number that the text begins with.
fn number_bytes(text: &str) -> usize {
    let mut end = 0;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => end = index + 1,
            b' ' | b'-' if end == index => {}
            _ => break,
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::long_numbers;

    #[test]
    fn a_long_number_shows_its_last_four_digits_only() {
        for (text, masked) in [
            ("PIN 4711-0815-2342-9000.", "PIN ****-****-****-9000."),
            ("4761 7390 0101 0010 ok", "**** **** **** 0010 ok"),
            ("*123*1234567890#", "*123*1234567890#"),
            ("sum 5.00, 12:30, 01-02-2026 12", "sum 5.00, 12:30, 01-02-2026 12"),
            ("123456789012", "********9012"),
            ("", ""),
        ] {
            assert_eq!(long_numbers(text), masked);
        }
    }
}
