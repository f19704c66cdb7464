//! What an export adds up to, so that whoever receives it can tell that it is whole.

use std::collections::BTreeMap;

use ring::digest::{Context, SHA256};
use serde_json::{Value, json};
use tillgate_store_core::{Head, Transaction};

use super::Selection;
use super::line::kind;

/// Sums by currency, kind and state, and the checksum of the text.
pub struct Totals {
    sums: BTreeMap<(u16, &'static str, &'static str), (u64, i128)>,
    rows: u64,
    bytes: u64,
    sum: Context,
}

impl Default for Totals {
    /// Of nothing.
    fn default() -> Self {
        Self { sums: BTreeMap::new(), rows: 0, bytes: 0, sum: Context::new(&SHA256) }
    }
}

impl Totals {
    /// Adds text as it was written.
    pub fn text(&mut self, text: &str) {
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.sum.update(text.as_bytes());
    }

    /// Adds a transaction.
    pub fn row(&mut self, transaction: &Transaction) {
        self.rows += 1;
        let key = (transaction.currency, kind(transaction), transaction.state.label());
        let (count, amount) = self.sums.entry(key).or_default();
        *count += 1;
        *amount += i128::from(transaction.amount_minor);
    }

    /// As JSON, with what was selected and the position of the store.
    pub fn json(self, selection: &Selection, head: &Head) -> Value {
        let minor =
            |sum: i128| i64::try_from(sum).map_or(Value::String(sum.to_string()), Value::from);
        let sums: Vec<Value> = self
            .sums
            .iter()
            .map(|((currency, kind, state), (count, amount))| {
                json!({
                    "currency": currency,
                    "kind": kind,
                    "state": state,
                    "count": count,
                    "amount_minor": minor(*amount),
                })
            })
            .collect();
        json!({
            "store": head.store_id.to_string(),
            "batch_no": head.batch_no,
            "hash": hex::encode(head.hash),
            "from": selection.from.map(|date| date.to_string()),
            "to": selection.to.map(|date| date.to_string()),
            "terminal": selection.terminal.map(|terminal| terminal.0),
            "transactions": self.rows,
            "sums": sums,
            "bytes": self.bytes,
            "sha256": hex::encode(self.sum.finish().as_ref()),
        })
    }
}
