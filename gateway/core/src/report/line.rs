//! What may be shown of a transaction; never a PIN.

use schemars::JsonSchema;
use serde::Serialize;
use tillgate_store_core::{
    BridgeTag, BusinessDate, DueFollowUp, Fulfilment, Key, Kind, Refund, Settlement, StoreId,
    TerminalId, Totals, Transaction,
};

/// Characters of a subscriber that stay readable at its end.
const SUBSCRIBER_CHARACTERS_SHOWN: usize = 4;

/// Reads a key as `2026-11-23-00070001-000012`.
pub fn parse_key(text: &str) -> Option<Key> {
    let (date, rest) = text.split_at_checked(10)?;
    let (terminal, stan) = rest.strip_prefix('-')?.split_once('-')?;
    let (terminal, stan) = (TerminalId(terminal.parse().ok()?), stan.parse().ok()?);
    Some(Key { date: BusinessDate::parse(date)?, terminal, stan })
}

/// As [`parse_key`] reads it.
pub fn show_key(key: &Key) -> String {
    format!("{}-{}-{:06}", key.date, key.terminal, key.stan)
}

/// The first key above another; `None` above the last.
pub fn following(key: Key) -> Option<Key> {
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

/// What rows have only the number of.
#[derive(Clone, Debug)]
pub struct Names {
    store: StoreId,
    bridges: Vec<(BridgeTag, String)>,
}

impl Names {
    /// Of a store, and of the bridges of the configuration.
    #[must_use]
    pub fn new(store: StoreId, bridges: impl IntoIterator<Item = String>) -> Self {
        let bridges = bridges.into_iter().map(|name| (BridgeTag::of(&name), name));
        Self { store, bridges: bridges.collect() }
    }

    /// A bridge that is not in the configuration any more is shown by its number.
    fn bridge(&self, tag: BridgeTag) -> Option<String> {
        let named = self.bridges.iter().find(|(known, _)| *known == tag);
        let name = named.map_or_else(|| format!("#{:08x}", tag.0), |(_, name)| name.clone());
        (tag != BridgeTag::NONE).then_some(name)
    }
}

/// The bridges that a sale went on from, in their order, with a space between them.
fn tried(transaction: &Transaction, names: &Names) -> String {
    let tried: Vec<String> =
        transaction.tried.iter().filter_map(|tag| names.bridge(*tag)).collect();
    tried.join(" ")
}

macro_rules! columns {
    (|$transaction:ident, $names:ident| $($name:ident: $kind:ty = $value:expr,)*) => {
        /// Everything about a transaction that may be shown.
        #[derive(Serialize, JsonSchema)]
        pub struct TransactionLine {
            $($name: $kind,)*
        }

        /// A transaction as it is shown.
        pub fn line($transaction: &Transaction, $names: &Names) -> TransactionLine {
            TransactionLine { $($name: $value,)* }
        }
    };
}

// The members of a JSON line and the columns of a CSV export, in this order; others script against
// them: new ones come at the end, none changes its meaning.
columns! {
    |t, names|
    date: String = t.key.date.to_string(),
    terminal: u32 = t.key.terminal.0,
    stan: u32 = t.key.stan,
    seq: u64 = t.seq,
    kind: &'static str = kind(t),
    state: &'static str = t.state.label(),
    code: String = t.code.to_string(),
    rrn: String = t.rrn().as_str().to_owned(),
    reference: String = t.reference(names.store).as_str().to_owned(),
    seller: u32 = t.seller.0,
    service: u16 = t.service.0,
    product: u16 = t.product.0,
    amount_minor: u64 = t.amount_minor,
    currency: u16 = t.currency,
    subscriber_masked: String = mask(&t.subscriber),
    serial: Option<String> = t.voucher.as_ref().map(|voucher| voucher.serial.as_str().to_owned()),
    provider_reference: String = t.provider_reference.as_str().to_owned(),
    balance_minor: Option<i64> = t.balance_minor,
    at_ms: u64 = t.at_ms,
    finished_ms: u64 = t.finished_ms,
    confirmed: bool = t.confirmed_ms > 0,
    original: Option<String> = t.original.as_ref().map(show_key),
    reversed_by: Option<String> = t.reversed_by.as_ref().map(show_key),
    due: Option<DueLine> = t.due.as_ref().map(due),
    settlement: Option<SettlementLine> = t.settlement.as_deref().map(settlement),
    transaction: String = show_key(&t.key),
    refund: Option<RefundLine> = t.refund.as_deref().map(refund),
    other_reference: String = t.other_reference.as_str().to_owned(),
    distributor: Option<u32> = Some(t.terms.distributor.0).filter(|distributor| *distributor > 0),
    fee_minor: u64 = t.terms.fee_minor,
    tax_minor: u64 = t.terms.tax_minor,
    lookup_reference: String = t.terms.lookup.as_str().to_owned(),
    bridge: Option<String> = names.bridge(t.bridge),
    tried: String = tried(t, names),
    reprints: u8 = t.reprints,
}

/// What somebody must still do.
#[derive(Serialize, JsonSchema)]
struct DueLine {
    what: &'static str,
    since_ms: u64,
}

/// Who proposed a refund and who approved it; nobody yet, while it is a proposal.
#[derive(Serialize, JsonSchema)]
struct RefundLine {
    void: String,
    proposer: String,
    approver: Option<String>,
    at_ms: u64,
}

#[derive(Serialize, JsonSchema)]
struct SettlementLine {
    date: String,
    currency: u16,
    claimed: TotalsLine,
    counted: TotalsLine,
    open_count: u32,
}

#[derive(Serialize, JsonSchema)]
struct TotalsLine {
    sales_count: u32,
    sales_minor: u64,
    reversals_count: u32,
    reversals_minor: u64,
}

/// What it is, in a word.
pub fn kind(transaction: &Transaction) -> &'static str {
    match transaction.kind {
        Kind::Sale(Fulfilment::Stock) => "voucher",
        Kind::Sale(Fulfilment::Provider) => "topup",
        Kind::Reversal => "reversal",
        Kind::Tombstone => "tombstone",
        Kind::Settlement => "settlement",
    }
}

fn due(due: &DueFollowUp) -> DueLine {
    DueLine { what: due.what.label(), since_ms: due.since_ms }
}

fn refund(refund: &Refund) -> RefundLine {
    RefundLine {
        void: refund.reference.as_str().to_owned(),
        proposer: refund.proposer.clone(),
        approver: Some(refund.approver.clone()).filter(|name| !name.is_empty()),
        at_ms: refund.at_ms,
    }
}

fn settlement(settlement: &Settlement) -> SettlementLine {
    SettlementLine {
        date: settlement.date.to_string(),
        currency: settlement.currency,
        claimed: totals(&settlement.claimed),
        counted: totals(&settlement.counted),
        open_count: settlement.open_count,
    }
}

fn totals(totals: &Totals) -> TotalsLine {
    TotalsLine {
        sales_count: totals.sales_count,
        sales_minor: totals.sales_minor,
        reversals_count: totals.reversals_count,
        reversals_minor: totals.reversals_minor,
    }
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
