//! `tillgate verify`

use clap::Args;
use serde_json::{Value, json};
use tillgate_core::report::{parse_key, show_key};
use tillgate_store_core::verify::{Keks, Report, Sums};
use tillgate_store_rocks::RocksReader;
use tillgate_types::Currency;

use super::print;
use super::store_dir::{Place, StoreDir};
use crate::exit::Failure;
use crate::secrets;
use crate::verify_store::{head_of, verified};

/// Verify every invariant of a store, and print counts and sums as JSON
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate verify /srv/tillgate/data
  tillgate verify --config /srv/tillgate/tillgate.toml

It only reads, so it also works on a backup in place. With a running gateway it sees the store as it
was when the command started. With a configuration it also checks that the configured key-encryption
keys are those that the store's secrets are sealed under. Exit code 0: every invariant holds. 1: one
is violated; \"violations\" lists them. 4: the store cannot be opened; the error says why.")]
pub(crate) struct Verify {
    #[command(flatten)]
    store: StoreDir,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Place { dir, options, config } = self.store.find()?;
        let reader = RocksReader::open(&dir, &options).map_err(Failure::store)?;
        if let Some(config) = &config {
            let vault = secrets::vault(config)?;
            secrets::check(&reader, head_of(&reader)?.store_id, &vault, config)?;
        }
        let report = verified(&reader)?;
        let text = serde_json::to_string_pretty(&json_of(&report)).map_err(Failure::internal)?;
        print::line(&text)?;
        if report.holds() {
            return Ok(());
        }
        let total = report.violations_total;
        let dir = dir.display();
        Err(Failure::refused(format!(
            "{total} violations in {dir}; do not serve from it. docs/operations.md says what to \
             do (\"When verify fails\")"
        )))
    }
}

fn json_of(report: &Report) -> Value {
    let violations: Vec<Value> = report
        .violations
        .iter()
        .map(|violation| {
            json!({
                "promise": violation.promise.number(),
                "subject": violation.subject,
                "transaction": transaction(&violation.subject),
                "text": violation.text,
            })
        })
        .collect();
    json!({
        "verdict": if report.holds() { "holds" } else { "violated" },
        "counts": report.counts,
        "keks": report.keks.iter().map(kek).collect::<Vec<_>>(),
        "sums": report.sums.iter().map(sums).collect::<Vec<_>>(),
        "violations_total": report.violations_total,
        "violations": violations,
    })
}

/// The transaction that a subject is, as `tillgate journal export --after` takes it.
fn transaction(subject: &str) -> Option<String> {
    let parts: Vec<&str> = subject.split('/').collect();
    let [date, terminal, stan] = parts.as_slice() else { return None };
    parse_key(&format!("{date}-{terminal}-{stan}")).map(|key| show_key(&key))
}

/// What is sealed under one key-encryption key.
fn kek((kek_id, keks): (&u32, &Keks)) -> Value {
    json!({
        "kek_id": kek_id,
        "terminals": keks.terminals,
        "handsets": keks.handsets,
        "vouchers_in_stock": keks.stock,
        "vouchers_sold": keks.sold,
        "canary": keks.canary,
    })
}

fn sums(sums: &Sums) -> Value {
    let alpha = Currency::numbered(sums.currency).map_or("", |currency| currency.alpha);
    let minor = |sum: i128| i64::try_from(sum).map_or(Value::String(sum.to_string()), Value::from);
    json!({
        "currency": sums.currency,
        "alpha": alpha,
        "sold_minor": minor(sums.sold_minor),
        "reversed_minor": minor(sums.reversed_minor),
        "funded_minor": minor(sums.funded_minor),
        "float_minor": minor(sums.float_minor),
        "reserved_minor": minor(sums.reserved_minor),
        "commission_minor": minor(sums.commission_minor),
        "clearing_minor": minor(sums.clearing_minor),
        "settlement_minor": minor(sums.settlement_minor),
        "fees_minor": minor(sums.fees_minor),
        "taxes_minor": minor(sums.taxes_minor),
    })
}

#[cfg(test)]
mod tests {
    use super::transaction;

    #[test]
    fn a_violation_names_its_transaction_as_an_export_takes_it() {
        let named = transaction("2026-11-23/00070001/000012");
        assert_eq!(named.as_deref(), Some("2026-11-23-00070001-000012"));
        for other in ["journal", "batches row 7", "10/2/0001", "2026-11-23/x/1"] {
            assert_eq!(transaction(other), None, "{other}");
        }
    }
}
