//! Hiding card data in everything that is printed (PCI DSS 3.4).

use super::plan::Plan;
use super::schema::{Kind, Mask};

/// Whether printed forms show card data. Only somebody who asked for it explicitly sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reveal {
    /// Card numbers, tracks, PIN blocks and whatever the table marks are hidden.
    Masked,
    /// Everything is shown.
    Clear,
}

/// Digits shown before and after the hidden middle of a card number.
const FIRST_SHOWN: usize = 6;
const LAST_SHOWN: usize = 4;
/// The shortest card number (ISO 7812) that shows both ends; shorter ones show the last digits.
const PAN_DIGITS_MIN: usize = 13;

/// The value with what the mask hides replaced by stars, one for each character.
pub(crate) fn masked(mask: Mask, text: &str) -> String {
    match mask {
        Mask::Shown => text.to_owned(),
        Mask::Secret => stars(text),
        Mask::Pan => pan(text),
        Mask::Track => match text.find(['=', 'D', 'd']) {
            Some(at) => {
                let (number, rest) = text.split_at(at);
                let mut characters = rest.chars();
                let separator = characters.next().into_iter().collect::<String>();
                format!("{}{separator}{}", pan(number), stars(characters.as_str()))
            }
            None => stars(text),
        },
    }
}

/// What is said of a value that cannot be sent because it was printed without the card data.
pub(crate) const HIDDEN: &str = "the value is hidden: decode with the card data revealed to encode it again, or give another \
     value and take its name out of `masked`";

/// Whether a text was printed by [`masked`] and cannot be the value itself, which has no stars. Of
/// types that may have stars only the list of what was hidden can tell.
pub(crate) fn is_hidden(plan: &Plan, text: &str) -> bool {
    let may_be = matches!(plan.kind, Kind::Printable | Kind::Text);
    plan.mask != Mask::Shown && !may_be && text.contains('*')
}

fn pan(text: &str) -> String {
    let length = text.chars().count();
    let first = if length >= PAN_DIGITS_MIN { FIRST_SHOWN } else { 0 };
    let last = if length > 2 * LAST_SHOWN { length - LAST_SHOWN } else { length };
    let shown = |index| index < first || index >= last;
    text.chars().enumerate().map(|(index, c)| if shown(index) { c } else { '*' }).collect()
}

fn stars(text: &str) -> String {
    text.chars().map(|_| '*').collect()
}

/// The stricter of two masks: what encloses a value hides it too.
pub(crate) const fn stricter(outer: Mask, inner: Mask) -> Mask {
    match (outer, inner) {
        (Mask::Secret, _) | (_, Mask::Secret) => Mask::Secret,
        (Mask::Shown, other) | (other, Mask::Shown) => other,
        (Mask::Track, _) | (_, Mask::Track) => Mask::Track,
        (Mask::Pan, Mask::Pan) => Mask::Pan,
    }
}

#[cfg(test)]
mod tests {
    use super::masked;
    use crate::iso8583::schema::Mask;

    #[test]
    fn a_card_number_shows_six_and_four_digits_at_most() {
        for (clear, hidden) in [
            ("6224242300000069", "622424******0069"),
            ("5444433332222111", "544443******2111"),
            ("1234567890", "******7890"),
            ("12345678", "********"),
            ("", ""),
        ] {
            assert_eq!(masked(Mask::Pan, clear), hidden);
        }
    }

    #[test]
    fn a_track_shows_nothing_after_the_card_number() {
        let clear = "6224242300000069=29032200000012345";
        assert_eq!(masked(Mask::Track, clear), "622424******0069=*****************");
        assert_eq!(masked(Mask::Track, &clear.replace('=', "D"))[16..17], *"D");
        assert_eq!(masked(Mask::Track, "1234567890123"), "*************");
    }
}
