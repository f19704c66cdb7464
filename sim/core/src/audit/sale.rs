//! One sale: what its merchant saw beside what the journal says.

use super::row::{Row, RowState};
use super::verdict::Kind;
use crate::sales_log::{Entry, State, digest};

/// Everything in which the row differs from what the merchant saw.
pub(super) fn compare(entry: &Entry, row: &Row<'_>) -> Vec<(Kind, String)> {
    let mut found = Vec::new();
    match (entry.state, row.state) {
        (State::Approved, RowState::Approved) => compare_approved(entry, row, &mut found),
        // The answer to the reversal is still to come; it can have been carried out already.
        (State::Approved, RowState::Reversed) if entry.reversing => {}
        (State::Reversed, RowState::Approved | RowState::Open) => {
            let text = format!("taken back at the terminal, {} in the journal", word(row.state));
            found.push((Kind::Contradicted, text));
        }
        (State::Approved, other) => {
            let text = format!("approved at the terminal, {} in the journal", word(other));
            found.push((Kind::Lost, text));
        }
        (State::Declined(code), RowState::Approved) => {
            let text = format!("the terminal received {code}, but the journal says approved");
            found.push((Kind::Contradicted, text));
        }
        (State::Declined(_), RowState::Open) => {
            let text = "the terminal received a decline, but the journal has it open";
            found.push((Kind::Contradicted, text.to_owned()));
        }
        (State::Declined(_) | State::InDoubt | State::Reversed, _) => {}
    }
    found
}

/// What the merchant noticed by himself.
pub fn own_complaints(entry: &Entry) -> impl Iterator<Item = (Kind, &'static str)> {
    let wrong = entry.wrong;
    // Only what is approved, and not being taken back, is confirmed: the confirm came first.
    let confirmed_undone = entry.confirmed && entry.state == State::Reversed;
    [
        (wrong.answer_changed, Kind::Mismatched, "a retry was answered differently"),
        (wrong.other_amount, Kind::Mismatched, "approved for another amount than asked for"),
        (wrong.while_blocked, Kind::Contradicted, "approved after the terminal had been blocked"),
        (wrong.confirm_refused, Kind::Mismatched, "the confirm of the sale was refused"),
        (wrong.other_content_taken, Kind::Doubled, "other content under the same STAN was taken"),
        (wrong.sold_late, Kind::Doubled, "approved again after it was taken back"),
        (confirmed_undone, Kind::Contradicted, "taken back after its confirm was acknowledged"),
        (wrong.reversal_lost, Kind::Contradicted, "the reversal was answered with another code"),
    ]
    .into_iter()
    .filter(|(is_wrong, _, _)| *is_wrong)
    .map(|(_, kind, text)| (kind, text))
}

fn compare_approved(entry: &Entry, row: &Row<'_>, found: &mut Vec<(Kind, String)>) {
    let asked = &entry.asked;
    let mut differs = |is_different: bool, what: &str, told: String, journal: String| {
        if is_different {
            let text = format!("{what}: the terminal has {told}, the journal {journal}");
            found.push((Kind::Mismatched, text));
        }
    };
    let service = (asked.service, asked.product);
    differs(
        service != (row.service, row.product),
        "service and product",
        format!("{}/{}", service.0, service.1),
        format!("{}/{}", row.service, row.product),
    );
    differs(
        asked.amount_minor != row.amount_minor,
        "amount",
        asked.amount_minor.to_string(),
        row.amount_minor.to_string(),
    );
    differs(
        entry.rrn != row.rrn.as_bytes(),
        "retrieval reference",
        entry.rrn.escape_ascii().to_string(),
        row.rrn.to_owned(),
    );
    differs(
        entry.serial != text_digest(row.serial),
        "voucher",
        "another serial".to_owned(),
        row.serial.to_owned(),
    );
    differs(
        entry.reference != text_digest(row.provider_reference),
        "provider's reference",
        "another".to_owned(),
        row.provider_reference.to_owned(),
    );
    differs(
        !fits(asked.subscriber, row.subscriber_masked),
        "subscriber",
        "another number".to_owned(),
        row.subscriber_masked.to_owned(),
    );
    differs(
        entry.confirmed && !row.confirmed,
        "confirmation",
        "an accepted confirm".to_owned(),
        "none".to_owned(),
    );
}

/// As the book keeps it: 0 for an empty text.
fn text_digest(text: &str) -> u64 {
    if text.is_empty() { 0 } else { digest(text.as_bytes()) }
}

/// Whether a masked text can be the subscriber's number.
fn fits(subscriber: u64, masked: &str) -> bool {
    if subscriber == 0 {
        return masked.is_empty();
    }
    let digits = subscriber.to_string();
    let alike = |(digit, mask): (u8, u8)| mask == b'*' || mask == digit;
    digits.len() == masked.len() && digits.bytes().zip(masked.bytes()).all(alike)
}

fn word(state: RowState) -> &'static str {
    match state {
        RowState::Open => "still open",
        RowState::Approved => "approved",
        RowState::Declined => "declined",
        RowState::Reversed => "reversed",
    }
}
