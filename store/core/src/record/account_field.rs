//! The account that a service asks for: what it is, and which texts may be one.

use super::declare::stored;
use super::terms::{AccountCheck, AccountForm};
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
        };
        let length_max = u8::try_from(SUBSCRIBER_BYTES_MAX).expect("a short text");
        Self {
            label: label.to_owned(),
            form,
            length_min: 1,
            length_max,
            picture: String::new(),
            check: AccountCheck::None,
        }
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
    use super::{AccountCheck, AccountField, AccountForm};

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
