//! Payment card numbers where a telephone, meter or bill number belongs (PCI DSS 4.0.1, 3.5.1).
//!
//! The journal keeps accounts in clear, but for those of a service whose accounts are cards, so a
//! card number must not get there. Which numbers may be
//! one is decided by what the service says its accounts are ([`AccountForm`]): meters, contracts
//! and bills have any digits; a telephone number has at most 15 (ITU-T E.164), and those of 13 and 14 digits
//! would be taken for cards far too often. Where there is no such service, nobody says anything.

use tillgate_store_core::{AccountForm, luhn};

/// Digits of a card number (ISO/IEC 7812-1), shortest and longest.
const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Digits from which on a telephone number that passes for a card is taken for one.
const PHONE_DIGITS: usize = 15;
/// Digits of nearly every card; a longer run may have its expiry behind it.
const USUAL_DIGITS: usize = 16;

/// Whether `account` may be a card number, at a service whose accounts are of this form.
pub(super) fn is_card(account: &str, form: Option<AccountForm>) -> bool {
    let least = match form {
        // A card is masked before anything else is done.
        Some(
            AccountForm::Meter | AccountForm::Contract | AccountForm::Bill | AccountForm::Card,
        ) => {
            return false;
        }
        Some(AccountForm::Phone) => PHONE_DIGITS,
        None => *DIGITS.start(),
    };
    // Digits may be grouped by signs; a letter ends a number.
    account.split(|c: char| c.is_alphabetic()).any(|part| {
        let digits: String = part.chars().filter(char::is_ascii_digit).collect();
        let number = match digits.len() {
            length if length > *DIGITS.end() => digits.get(..USUAL_DIGITS).unwrap_or_default(),
            _ => &digits,
        };
        number.len() >= least
            && DIGITS.contains(&number.len())
            && has_prefix(number)
            && luhn(number)
    })
}

/// Whether a number begins as cards of the international schemes do.
fn has_prefix(digits: &str) -> bool {
    let first = |count: usize| digits.get(..count).and_then(|head| head.parse().ok()).unwrap_or(0);
    matches!(first(1), 4)
        || matches!(first(2), 34 | 36..=39 | 50..=59 | 60 | 62..=69 | 81)
        || matches!(first(3), 300..=305)
        || matches!(first(4), 2200..=2204 | 2221..=2720 | 3528..=3589 | 9792)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schemes' own test numbers.
    const CARDS: [&str; 11] = [
        "4111111111111111",
        "4012888888881881",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "3530111333300000",
        "6200000000000005",
        "6759649826438453",
        "2200000000000004",
    ];

    #[test]
    fn a_card_number_is_one_however_it_is_grouped() {
        for card in CARDS {
            let (head, tail) = card.split_at(4);
            for account in [
                card.to_owned(),
                format!("{head}-{tail}"),
                format!("{head}.{tail}"),
                format!("+{head}/{tail}#"),
                format!("PAN{card}"),
                format!("{card}X"),
            ] {
                assert!(is_card(&account, None), "{account}");
                assert!(is_card(&account, Some(AccountForm::Phone)), "{account}");
                assert!(!is_card(&account, Some(AccountForm::Meter)), "{account}");
                assert!(!is_card(&account, Some(AccountForm::Contract)), "{account}");
            }
        }
        assert!(is_card("41111111111111111226", None), "with its expiry behind it");
    }

    #[test]
    fn a_telephone_number_is_none_also_where_its_digits_add_up() {
        // Luhn-valid, with the prefix of a scheme.
        for phone in ["4915112345678", "+4915112345678", "50212345678908", "254700000001", "911"] {
            assert!(!is_card(phone, Some(AccountForm::Phone)), "{phone}");
        }
        assert!(
            is_card("4915112345678", None) && is_card("50212345678908", None),
            "by their digits alone"
        );
    }

    #[test]
    fn a_number_that_does_not_add_up_or_begins_otherwise_is_none() {
        for number in ["4111111111111112", "9999999999999995", "1234567812345670", "411111111111"] {
            assert!(!is_card(number, None), "{number}");
        }
    }
}
