//! The account that a service asks for: what it is, and which texts may be one.

use super::declare::stored;
use super::terms::{AccountCheck, AccountForm};
use crate::ids::Text;
use crate::limits::SUBSCRIBER_BYTES_MAX;

/// What a terminal asks the customer for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountField {
    /// Its name on the screen.
    pub label: String,
    /// What kind of number it is.
    pub form: AccountForm,
    /// Fewest characters.
    pub length_min: u8,
    /// Most characters, at most [`SUBSCRIBER_BYTES_MAX`].
    pub length_max: u8,
    /// A picture of it: `9` is a digit, `A` a letter, `X` either, `*` at the end whatever follows;
    /// another character stands for itself. Empty: letters, digits and `+-*#._/`.
    pub picture: String,
    /// Its check digits.
    pub check: AccountCheck,
}

impl AccountField {
    /// A field of a form that any number fits.
    #[must_use]
    pub fn of(form: AccountForm) -> Self {
        let label = match form {
            AccountForm::Phone => "Phone",
            AccountForm::Meter => "Meter",
            AccountForm::Contract => "Contract",
            AccountForm::Bill => "Bill",
            AccountForm::Card => "Card",
        };
        let any = u8::try_from(SUBSCRIBER_BYTES_MAX).expect("a short text");
        let (length_min, length_max, check) = match form {
            AccountForm::Card => (13, 19, AccountCheck::Luhn),
            _ => (1, any, AccountCheck::None),
        };
        let (label, picture) = (label.to_owned(), String::new());
        Self { label, form, length_min, length_max, picture, check }
    }

    /// Whether a number may be such an account.
    #[must_use]
    pub fn accepts(&self, account: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || "+-*#._/".contains(c);
        let length = usize::from(self.length_min.max(1))..=usize::from(self.length_max);
        length.contains(&account.len())
            && account.chars().all(plain)
            && (self.picture.is_empty() || matches(&self.picture, account))
            && self.check.holds(account)
    }
}

/// Digits of a card number that stay readable at its beginning and its end (PCI DSS 4.0.1, 3.4.1).
const CARD_DIGITS_SHOWN: (usize, usize) = (6, 4);

/// A card number as it is kept and shown; of what is too short to be one, nothing is.
#[must_use]
pub fn masked_card(account: &str) -> Text<SUBSCRIBER_BYTES_MAX> {
    let (head, tail) = CARD_DIGITS_SHOWN;
    let count = account.chars().count();
    let hidden = if count < 13 { 0..count } else { head..count - tail };
    let shown = account.chars().enumerate();
    let masked = shown.map(|(at, c)| if hidden.contains(&at) { '*' } else { c });
    Text::from(&masked.collect::<String>()).unwrap_or_default()
}

stored! { AccountField { label, form, length_min, length_max, picture, check } }

/// Whether an account looks like its picture.
fn matches(picture: &str, account: &str) -> bool {
    let mut rest = account.bytes();
    let (picture, open) = match picture.strip_suffix('*') {
        Some(head) => (head, true),
        None => (picture, false),
    };
    let fits = picture.bytes().all(|wanted| {
        rest.next().is_some_and(|byte| match wanted {
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_alphabetic(),
            b'X' => byte.is_ascii_alphanumeric(),
            other => byte == other,
        })
    });
    fits && (open || rest.next().is_none())
}

impl AccountCheck {
    /// Whether the check digits of an account are right.
    #[must_use]
    pub fn holds(self, account: &str) -> bool {
        match self {
            Self::None => true,
            Self::Luhn => account.bytes().all(|byte| byte.is_ascii_digit()) && luhn(account),
            Self::Mod97 => mod97(account) == Some(1),
        }
    }
}

/// Whether the last of these digits is the check digit of ISO/IEC 7812-1, annex B. Whatever is no
/// digit is passed over.
#[must_use]
pub fn luhn(digits: &str) -> bool {
    let digits = digits.bytes().rev().filter(u8::is_ascii_digit).map(|digit| digit - b'0');
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The remainder by 97 of ISO/IEC 7064; `None` of a text with other characters.
fn mod97(text: &str) -> Option<u32> {
    text.chars().try_fold(0, |rest, c| {
        let value = c.to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        Some((rest * shift + value) % 97)
    })
}

#[cfg(test)]
mod tests {
    use super::masked_card;
    use super::{AccountCheck, AccountField, AccountForm};

    #[test]
    fn a_card_is_shown_by_its_first_six_and_last_four_digits() {
        assert_eq!(&*masked_card("4111111111111111"), "411111******1111");
        assert_eq!(&*masked_card("4222222222222"), "422222***2222");
        assert_eq!(&*masked_card("411111111111"), "************", "none, so nothing of it");
        assert_eq!(&*masked_card(""), "");
        let field = AccountField::of(AccountForm::Card);
        assert!(field.accepts("4111111111111111") && !field.accepts("4111111111111112"));
    }

    #[test]
    fn an_account_fits_its_length_picture_and_check() {
        let mut field = AccountField::of(AccountForm::Bill);
        assert!(field.accepts("RF18-5390/0754") && field.accepts("7"));
        for wrong in ["", "12 34", "é", "1234567890123456789012345"] {
            assert!(!field.accepts(wrong), "{wrong}");
        }
        field.picture = "AB99X*".to_owned();
        for right in ["KB123", "ab12c".to_uppercase().as_str(), "AB123-any#thing"] {
            assert!(field.accepts(right), "{right}");
        }
        for wrong in ["AB1", "1B123", "AC123", "AB12", "ABx23", "AB12-"] {
            assert!(!field.accepts(wrong), "{wrong}");
        }
        (field.length_min, field.length_max) = (6, 6);
        assert!(field.accepts("AB1234") && !field.accepts("AB12345"));
    }

    #[test]
    fn check_digits_are_those_of_the_standards() {
        assert!(AccountCheck::Luhn.holds("79927398713"));
        assert!(
            !AccountCheck::Luhn.holds("79927398710") && !AccountCheck::Luhn.holds("7992-98713")
        );
        // ISO/IEC 7064: 794 has the check digits 44.
        assert!(AccountCheck::Mod97.holds("79444") && !AccountCheck::Mod97.holds("79445"));
        assert!(!AccountCheck::Mod97.holds("794-44"));
    }
}
