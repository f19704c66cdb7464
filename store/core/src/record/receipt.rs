//! Templates of receipts. One that was ever in use stays: the answer of an old sale is printed by it.

use super::declare::record;
use super::terms::ReceiptTag;
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Record};
use crate::limits::{
    RECEIPT_BYTES_MAX, RECEIPT_FILLED_BYTES_MAX, RECEIPT_NAME_BYTES_MAX, REFERENCE_BYTES_MAX,
    SERIAL_BYTES_MAX, SUBSCRIBER_BYTES_MAX,
};
use crate::rows::Family;

/// The places that a template may have, in braces.
pub const PLACES: &[&str] = &[
    "amount",
    "fee",
    "tax",
    "total",
    "currency",
    "account",
    "rrn",
    "reference",
    "date",
    "serial",
    "pin",
    "expiry",
    "terminal",
    "seller",
    "service",
    "product",
];

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Printed as it is.
    Text(&'a str),
    /// The name of a place, without its braces; one of [`PLACES`] in a template without faults.
    Place(&'a str),
}

/// The pieces of a template, in order. `{{` is a brace; one that is not closed begins the name of a
/// place, which is none of [`PLACES`] then.
pub fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let opened = rest.strip_prefix('{');
        let (part, after) = match opened {
            None if rest.is_empty() => return None,
            None => {
                let (text, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
                (Part::Text(text), after)
            }
            Some(opened) => match opened.strip_prefix('{') {
                Some(after) => (Part::Text("{"), after),
                None => match opened.split_once('}') {
                    Some((place, after)) => (Part::Place(place), after),
                    None => (Part::Place(rest), ""),
                },
            },
        };
        rest = after;
        Some(part)
    })
}

/// The most bytes that the value of a place takes; a longer name is cut.
#[must_use]
pub fn place_bytes_max(place: &str) -> usize {
    match place {
        // 13 digits and a point: `limits::AMOUNT_MINOR_MAX`.
        "amount" | "fee" | "tax" | "total" => 14,
        "currency" => 3,
        "account" => SUBSCRIBER_BYTES_MAX,
        "rrn" => 12,
        "reference" | "pin" => REFERENCE_BYTES_MAX,
        // With the time of day.
        "date" => 16,
        "serial" => SERIAL_BYTES_MAX,
        "expiry" => 10,
        "terminal" => 8,
        _ => RECEIPT_NAME_BYTES_MAX,
    }
}

/// The text of a receipt with places for the values of a sale; see docs/operations.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptTemplate {
    /// A hash of the text.
    pub tag: ReceiptTag,
    /// Lines separated by `\n`; `{amount}` and the like are filled in.
    pub text: String,
}

impl ReceiptTemplate {
    /// A template of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self { tag: ReceiptTag::of(text), text: text.to_owned() }
    }

    /// What is wrong with its text, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let text = &self.text;
        if text.is_empty() || text.len() > RECEIPT_BYTES_MAX {
            return Some(format!("a receipt has 1 to {RECEIPT_BYTES_MAX} bytes"));
        }
        if text.contains(|c: char| c.is_control() && c != '\n') {
            return Some("a receipt has no control characters but ends of lines".to_owned());
        }
        let mut filled = 0;
        for part in parts(text) {
            filled += match part {
                Part::Text(text) => text.len(),
                Part::Place(place) if PLACES.contains(&place) => place_bytes_max(place),
                Part::Place(place) => {
                    let place: String = place.chars().take(RECEIPT_NAME_BYTES_MAX).collect();
                    let known = PLACES.join(" ");
                    return Some(format!("{place:?} is no place of a receipt; known are {known}"));
                }
            };
        }
        (filled > RECEIPT_FILLED_BYTES_MAX).then(|| {
            format!(
                "a receipt has at most {RECEIPT_FILLED_BYTES_MAX} bytes; filled in, this one \
                     may have {filled}"
            )
        })
    }

    fn own(self, _: &mut Reader<'_>) -> Result<Self, Flaw> {
        let is_own = self.tag == ReceiptTag::of(&self.text);
        if is_own { Ok(self) } else { Err(Flaw("the template of another receipt")) }
    }
}

record! { ReceiptTemplate in Registry, version 1;
    letter b'r', tag: ReceiptTag;
    body { text }
    then Self::own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        ReceiptTemplate::of(text).fault().unwrap_or_default()
    }

    #[test]
    fn a_template_falls_into_texts_and_places_and_two_braces_are_one() {
        let found: Vec<_> = parts("Paid {amount} {currency}\n{{x}} {pin}").collect();
        let expected = [
            Part::Text("Paid "),
            Part::Place("amount"),
            Part::Text(" "),
            Part::Place("currency"),
            Part::Text("\n"),
            Part::Text("{"),
            Part::Text("x}} "),
            Part::Place("pin"),
        ];
        assert_eq!(found, expected);
        assert_eq!(parts("").count(), 0);
    }

    #[test]
    fn a_template_with_an_unknown_or_open_place_or_too_much_in_it_is_refused() {
        let all: String = PLACES.iter().map(|place| format!("{{{place}}}\n")).collect();
        assert_eq!(fault(&all), "");
        assert!(fault("Paid {amout}").starts_with("\"amout\" is no place of a receipt; known are"));
        assert!(fault("Paid {amount").starts_with("\"{amount\" is no place"));
        assert!(fault("{} ").starts_with("\"\" is no place"));
        assert!(
            fault("").contains("1 to 1024 bytes") && fault(&"x".repeat(1_025)).contains("1 to")
        );
        assert!(fault("a\tb").contains("no control characters"));
        assert_eq!(fault(&"x".repeat(512)), "");
        assert!(fault(&format!("{{pin}}{}", "x".repeat(481))).contains("may have 513"));
    }
}
