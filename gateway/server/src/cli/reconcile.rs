//! `tillgate reconcile`: a provider's file against the journal.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tillgate_core::reconcile::{ColumnMap, Reconciliation, Report, Side, Statement};
use tillgate_core::report::{Selection, show_key};
use tillgate_store_core::{BridgeTag, BusinessDate, Transaction};
use tillgate_store_rocks::RocksReader;
use tillgate_types::Currency;

use super::codec::dialect;
use super::gateway::Gateway;
use super::store_dir::{self, Place};
use super::{table, values};
use crate::config::Config;
use crate::exit::Failure;
use crate::files::{self, Trust};
use crate::verify_store::head_of;

/// Longest statement, bytes.
const STATEMENT_BYTES_MAX: u64 = 1 << 30;
/// Longest column map, bytes.
const COLUMN_MAP_BYTES_MAX: u64 = 1 << 20;

/// Compare a provider's statement with the journal
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate reconcile topups-2026-11-26.csv --columns topup-columns.toml \\
      --bridge topup --from 2026-11-26 --config /srv/tillgate/tillgate.toml

It matches the file's lines with the sales of a bridge by reference, and lists what is missing, what
is too much and what differs. It only reads, also with a running gateway. With --apply it orders
what the rules of the column map allow: open sales get the outcome that the file states, and what
contradicts the journal goes on the operator's list (tillgate transaction open --awaits operator).
The file may be CSV, lines with fields at fixed places, or ISO 8583 messages; docs/operations.md
explains the column map (\"Reconcile with a provider\").

Exit code 0: nothing is left to be seen to. 1: something is, or the file cannot be used.")]
pub(crate) struct Reconcile {
    /// The provider's file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the values are in it and what the rules allow: a TOML table
    #[arg(long, value_name = "TOML")]
    columns: PathBuf,
    /// The bridge to the provider, as it is called in the configuration
    #[arg(long, value_name = "NAME")]
    bridge: String,
    /// First business date of the file
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    from: BusinessDate,
    /// Last business date of the file, if not the first
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    to: Option<BusinessDate>,
    /// Order what the rules allow; needs the running gateway
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    gateway: Gateway,
}

impl Reconcile {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = self.gateway.config()?;
        let period = self.period(&config)?;
        let map = read_map(&self.columns)?;
        let statement = self.statement(&map)?;
        let lines = statement.lines;
        let report =
            self.compare(&config, Reconciliation::new(&map, statement, &config.calendar, period))?;
        let refused = if self.apply { self.order(&report)? } else { Vec::new() };
        let currency = map.currency().ok_or_else(|| Failure::internal("no currency"))?;
        let body = shown(&report, currency, &refused);
        let heading = format!(
            "{}: {lines} lines, business dates {} to {}, bridge {}, amounts in {}",
            self.file.display(),
            period.0,
            period.1,
            self.bridge,
            currency.alpha
        );
        self.gateway.print(&body, &format!("{heading}\n\n{}", text(&body)))?;
        self.verdict(&report, &refused)
    }

    fn period(&self, config: &Config) -> Result<(BusinessDate, BusinessDate), Failure> {
        let to = self.to.unwrap_or(self.from);
        if to < self.from {
            return Err(Failure::usage(format!("--to {to} is before --from {}", self.from)));
        }
        let names: Vec<&str> = config.bridges.iter().map(|bridge| bridge.name.as_str()).collect();
        if !names.contains(&self.bridge.as_str()) {
            let (bridge, known) = (&self.bridge, names.join(", "));
            return Err(Failure::usage(format!(
                "there is no bridge {bridge:?}; there are: {known}"
            )));
        }
        Ok((self.from, to))
    }

    fn statement(&self, map: &ColumnMap) -> Result<Statement, Failure> {
        let dialect = map.dialect.as_deref().map(dialect::find).transpose()?;
        let fault = |why: &dyn std::fmt::Display| {
            Failure::refused(format!("{}: {why}", self.file.display()))
        };
        let bytes = files::read(&self.file, STATEMENT_BYTES_MAX, Trust::Anybody);
        let bytes = bytes.map_err(|error| fault(&error))?;
        Statement::read(&bytes, map, dialect.as_ref()).map_err(|why| fault(&why))
    }

    fn compare(
        &self,
        config: &Config,
        mut reconciliation: Reconciliation<'_>,
    ) -> Result<Report, Failure> {
        let tag = BridgeTag::of(&self.bridge);
        let Place { dir, options, .. } = store_dir::of(config);
        let reader = RocksReader::open(&dir, &options).map_err(Failure::store)?;
        let store = head_of(&reader)?.store_id;
        let (from, to) = reconciliation.wanted();
        let selection = Selection { from: Some(from), to: Some(to), ..Selection::default() };
        selection
            .visit(&reader, |row: Transaction| {
                if row.kind.has_provider() && row.bridge == tag {
                    reconciliation.row(&row, store);
                } else if row.tried.contains(&tag) {
                    reconciliation.former_row(&row, store);
                }
                ControlFlow::Continue(())
            })
            .map_err(Failure::store)?;
        Ok(reconciliation.finish())
    }

    /// Sends the orders of the rules; those that the gateway did not take, with its reasons.
    fn order(&self, report: &Report) -> Result<Vec<String>, Failure> {
        let client = self.gateway.client()?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut refused = Vec::new();
        for (key, order, note) in report.orders(&name) {
            let path = format!("/api/v1/transactions/{}/resolve", show_key(&key));
            let answer =
                client.post_raw(&path, &json!({ "as": order.to_string(), "note": note }))?;
            if let Err(failure) = answer.accepted() {
                refused.push(failure.text);
            }
        }
        Ok(refused)
    }

    fn verdict(&self, report: &Report, refused: &[String]) -> Result<(), Failure> {
        let (left, orders) = (report.left(), report.orders("").count());
        if !refused.is_empty() {
            let count = refused.len();
            return Err(Failure::refused(format!(
                "the gateway refused {count} of {orders} orders"
            )));
        }
        if !self.apply && orders > 0 {
            return Err(Failure::refused(format!(
                "{left} sales are to be seen to; --apply orders what the rules allow ({orders})"
            )));
        }
        if left > 0 {
            return Err(Failure::refused(format!(
                "{left} sales are to be seen to: tillgate transaction open --awaits operator"
            )));
        }
        Ok(())
    }
}

fn read_map(file: &Path) -> Result<ColumnMap, Failure> {
    let fault = |why: &dyn std::fmt::Display| Failure::config(format!("{}: {why}", file.display()));
    let text = files::read_text(file, COLUMN_MAP_BYTES_MAX, Trust::Anybody);
    let text = text.map_err(|error| fault(&error))?;
    ColumnMap::read(&text).map_err(|why| fault(&why))
}

/// The report as JSON, with amounts in major units beside the minor ones.
fn shown(report: &Report, currency: Currency, refused: &[String]) -> Value {
    let side = |side: &Side| {
        let major = currency.major(i128::try_from(side.minor).unwrap_or(i128::MAX));
        json!({ "count": side.count, "minor": u64::try_from(side.minor).unwrap_or(u64::MAX), "amount": major })
    };
    let row = |class: Value, ours: &Side, theirs: &Side| json!({ "class": class, "ours": side(ours), "theirs": side(theirs) });
    let classes =
        report.classes.iter().map(|(class, ours, theirs)| row(json!(class), ours, theirs));
    let all = std::iter::once(row(json!("all"), &report.ours, &report.theirs));
    let items = report.items.iter().map(|item| {
        let mut line = json!(item);
        for (name, minor) in [("ours", item.ours_minor), ("theirs", item.theirs_minor)] {
            line[name] = json!(currency.major(minor));
        }
        line
    });
    json!({
        "classes": classes.chain(all).collect::<Vec<_>>(),
        "items": items.collect::<Vec<_>>(),
        "left": report.left(),
        "refused": refused,
    })
}

fn text(body: &Value) -> String {
    let mut text = table::list(body, "classes", &CLASSES);
    if body["items"].as_array().is_some_and(|items| !items.is_empty()) {
        text.push('\n');
        text.push_str(&table::list(body, "items", &ITEMS));
    }
    for refused in body["refused"].as_array().into_iter().flatten() {
        text.push_str(&format!("refused: {}\n", refused.as_str().unwrap_or_default()));
    }
    text
}

/// Heading, and where in the JSON.
const CLASSES: [(&str, &str); 5] = [
    ("CLASS", "/class"),
    ("OURS", "/ours/count"),
    ("AMOUNT", "/ours/amount"),
    ("THEIRS", "/theirs/count"),
    ("AMOUNT", "/theirs/amount"),
];

const ITEMS: [(&str, &str); 8] = [
    ("CLASS", "/class"),
    ("TRANSACTION", "/transaction"),
    ("REFERENCE", "/reference"),
    ("LINE", "/line"),
    ("STATE", "/state"),
    ("OURS", "/ours"),
    ("THEIRS", "/theirs"),
    ("ORDER", "/order"),
];
