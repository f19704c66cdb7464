//! What may be shown of a transaction, for the journal's pages and exports; never a PIN.

use serde_json::{Value, json};
use tillgate_store_core::{
    BusinessDate, DueFollowUp, FollowUp, Key, Kind, Refund, Settlement, State, StoreId, TerminalId,
    Totals, Transaction,
};

/// Characters of a subscriber that stay readable at its end.
const SUBSCRIBER_CHARACTERS_SHOWN: usize = 4;

/// Reads a key as `2026-11-23-00070001-000012`.
pub(crate) fn parse_key(text: &str) -> Option<Key> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day, terminal, stan] = parts.as_slice() else { return None };
    let date = BusinessDate::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(Key { date, terminal: TerminalId(terminal.parse().ok()?), stan: stan.parse().ok()? })
}

/// As [`parse_key`] reads it.
pub(crate) fn show_key(key: &Key) -> String {
    format!("{}-{}-{:06}", key.date, key.terminal, key.stan)
}

/// The first key above another; `None` above the last.
pub(crate) fn following(key: Key) -> Option<Key> {
    let Key { date, terminal, stan } = key;
    if let Some(stan) = stan.checked_add(1) {
        return Some(Key { date, terminal, stan });
    }
    if let Some(terminal) = terminal.0.checked_add(1) {
        return Some(Key { date, terminal: TerminalId(terminal), stan: 0 });
    }
    let date = BusinessDate(date.0.checked_add(1)?);
    Some(Key { date, terminal: TerminalId(0), stan: 0 })
}

/// A column: its name, and what a transaction has in it.
pub(crate) type Column = (&'static str, fn(&Transaction, StoreId) -> Value);

/// Everything about a transaction that may be shown. The members of a JSON line and the columns of
/// a CSV export, in this order; others script against them: new ones come at the end, none
/// changes its meaning.
pub(crate) const COLUMNS: [Column; 28] = [
    ("date", |t, _| json!(t.key.date.to_string())),
    ("terminal", |t, _| json!(t.key.terminal.0)),
    ("stan", |t, _| json!(t.key.stan)),
    ("seq", |t, _| json!(t.seq)),
    ("kind", |t, _| json!(kind(t))),
    ("state", |t, _| json!(state(t))),
    ("code", |t, _| json!(t.code.to_string())),
    ("rrn", |t, _| json!(t.rrn().as_str())),
    ("reference", |t, store| json!(t.reference(store).as_str())),
    ("seller", |t, _| json!(t.seller.0)),
    ("service", |t, _| json!(t.service.0)),
    ("product", |t, _| json!(t.product.0)),
    ("amount_minor", |t, _| json!(t.amount_minor)),
    ("currency", |t, _| json!(t.currency)),
    ("subscriber_masked", |t, _| json!(mask(&t.subscriber))),
    ("serial", |t, _| json!(t.voucher.as_ref().map(|voucher| voucher.serial.as_str()))),
    ("provider_reference", |t, _| json!(t.provider_reference.as_str())),
    ("balance_minor", |t, _| json!(t.balance_minor)),
    ("at_ms", |t, _| json!(t.at_ms)),
    ("finished_ms", |t, _| json!(t.finished_ms)),
    ("confirmed", |t, _| json!(t.confirmed_ms > 0)),
    ("original", |t, _| json!(t.original.as_ref().map(show_key))),
    ("reversed_by", |t, _| json!(t.reversed_by.as_ref().map(show_key))),
    ("due", |t, _| json!(t.due.as_ref().map(due))),
    ("settlement", |t, _| json!(t.settlement.as_deref().map(settlement))),
    ("transaction", |t, _| json!(show_key(&t.key))),
    ("refund", |t, _| json!(t.refund.as_deref().map(refund))),
    ("other_reference", |t, _| json!(t.other_reference.as_str())),
];

/// A transaction as one JSON object.
pub(crate) fn line(transaction: &Transaction, store: StoreId) -> Value {
    let member = |&(name, of): &Column| (name.to_owned(), of(transaction, store));
    Value::Object(COLUMNS.iter().map(member).collect())
}

/// What it is, in a word.
pub(crate) fn kind(transaction: &Transaction) -> &'static str {
    match transaction.kind {
        Kind::Voucher => "voucher",
        Kind::TopUp => "topup",
        Kind::Reversal => "reversal",
        Kind::Tombstone => "tombstone",
        Kind::Settlement => "settlement",
    }
}

/// What became of it, in a word.
pub(crate) fn state(transaction: &Transaction) -> &'static str {
    match transaction.state {
        State::Intent => "intent",
        State::Unknown => "unknown",
        State::Approved => "approved",
        State::Declined => "declined",
        State::Reversed => "reversed",
    }
}

fn due(due: &DueFollowUp) -> Value {
    let what = match due.what {
        FollowUp::Reversal => "reversal",
        FollowUp::Advice => "advice",
        FollowUp::Operator => "operator",
    };
    json!({ "what": what, "since_ms": due.since_ms })
}

/// Who proposed a refund and who approved it; nobody yet, while it is a proposal.
fn refund(refund: &Refund) -> Value {
    let approver = Some(&refund.approver).filter(|name| !name.is_empty());
    json!({
        "void": refund.reference.as_str(),
        "proposer": refund.proposer,
        "approver": approver,
        "at_ms": refund.at_ms,
    })
}

fn settlement(settlement: &Settlement) -> Value {
    json!({
        "date": settlement.date.to_string(),
        "currency": settlement.currency,
        "claimed": totals(&settlement.claimed),
        "counted": totals(&settlement.counted),
        "open_count": settlement.open_count,
    })
}

fn totals(totals: &Totals) -> Value {
    json!({
        "sales_count": totals.sales_count,
        "sales_minor": totals.sales_minor,
        "reversals_count": totals.reversals_count,
        "reversals_minor": totals.reversals_minor,
    })
}

/// The last characters of a subscriber behind stars.
fn mask(subscriber: &str) -> String {
    let hidden = subscriber.chars().count().saturating_sub(SUBSCRIBER_CHARACTERS_SHOWN);
    let shown = subscriber.chars().skip(hidden);
    std::iter::repeat_n('*', hidden).chain(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::{following, mask, parse_key, show_key};

    #[test]
    fn a_key_is_read_as_it_is_shown_and_the_next_page_begins_right_behind_it() {
        let key = parse_key("2026-11-23-00070001-000012").unwrap();
        assert_eq!(show_key(&key), "2026-11-23-00070001-000012");
        assert_eq!(show_key(&following(key).unwrap()), "2026-11-23-00070001-000013");
        let last = parse_key("2026-11-23-00070001-4294967295").unwrap();
        assert_eq!(show_key(&following(last).unwrap()), "2026-11-23-00070002-000000");
        for wrong in ["", "2026-11-23", "2026-02-30-1-1", "2026-11-23-1-1-1", "a-b-c-d-e"] {
            assert!(parse_key(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_subscriber_is_masked_but_for_its_end() {
        assert_eq!(mask("4915112345678"), "*********5678");
        assert_eq!(mask("678"), "678");
        assert_eq!(mask(""), "");
    }
}
