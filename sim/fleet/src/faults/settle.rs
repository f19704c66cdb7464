//! After the harm: the terminals' books, the journal and the provider's book against each other,
//! and the whole store through `tillgate verify`.

use std::path::Path;
use std::time::Instant;

use serde_json::Value;
use tillsim_core::audit::AuditReport;
use tillsim_core::sales_log::{SalesLog, State};
use tillsim_core::time::Span;

use super::Finding;
use super::gateway::Gateway;
use super::installation::TestInstallation;
use super::load::Load;
use crate::driver::PointOfSale;
use crate::exit::{About, Refusal};
use crate::run::{Driven, Money, Sources, reconcile};

/// How long the journal may take to resolve what is open.
const PATIENCE: Span = Span::s(60);

/// Stops the fleet, compares the three books, stops the gateway and verifies its store.
pub(super) fn settle(
    finding: &mut Finding,
    house: &TestInstallation,
    load: Load,
    gateway: Gateway,
) -> Result<(), Refusal> {
    let driven = load.stop()?;
    finding.settle(&compare(house, &driven)?);
    gateway.stop()?;
    if let Some(wrong) = verify(house, &house.data())? {
        finding.fail(wrong);
    }
    Ok(())
}

/// Compares the three books of a serving gateway.
pub(super) fn compare(
    house: &TestInstallation,
    driven: &Driven<PointOfSale>,
) -> Result<AuditReport, Refusal> {
    let books: Vec<&SalesLog> = driven.done.clients.iter().map(PointOfSale::book).collect();
    let sources = Sources {
        admin: Some(house.api()?),
        providers: vec![house.provider.clone()],
        network_dir: house.network.clone(),
    };
    match reconcile(&books, &sources, PATIENCE) {
        Money::Checked(verdict) => Ok(verdict),
        Money::Unreadable(refusal) => Err(refusal),
        Money::NotChecked => Err(Refusal("the books were not compared".to_owned())),
    }
}

/// What `tillgate verify` finds wrong in the store at `data`, if anything.
pub(super) fn verify(house: &TestInstallation, data: &Path) -> Result<Option<String>, Refusal> {
    let output = house.call(&["verify", &data.display().to_string()])?;
    if output.status.success() {
        return Ok(None);
    }
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    let first = report.pointer("/violations/0").map(ToString::to_string);
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(Some(format!("verify: {}", first.unwrap_or(said))))
}

/// Sales that a terminal saw approved before `instant`, and that the journal which the store at
/// `data` exports does not have as approved.
pub(super) fn missing_before(
    house: &TestInstallation,
    driven: &Driven<PointOfSale>,
    data: &Path,
    instant: Instant,
) -> Result<u64, Refusal> {
    let mut rows: Vec<(u32, u32, String)> = Vec::new();
    for row in exported(house, data)? {
        if row["state"] == "approved" {
            let number = |name: &str| row[name].as_u64().and_then(|n| u32::try_from(n).ok());
            let (Some(terminal), Some(stan)) = (number("terminal"), number("stan")) else {
                return Err(Refusal("a row of the export has no key".to_owned()));
            };
            rows.push((terminal, stan, row["rrn"].as_str().unwrap_or_default().to_owned()));
        }
    }
    rows.sort_unstable();
    let since = u64::try_from(instant.saturating_duration_since(driven.epoch).as_nanos());
    let since = since.unwrap_or(u64::MAX);
    let mut missing = 0;
    for book in driven.done.clients.iter().map(PointOfSale::book) {
        for entry in book.entries() {
            if entry.state != State::Approved || entry.finished.0 >= since {
                continue;
            }
            let rrn = String::from_utf8_lossy(&entry.rrn).into_owned();
            let key = (book.terminal(), entry.asked.stan, rrn);
            missing += u64::from(rows.binary_search(&key).is_err());
        }
    }
    Ok(missing)
}

/// The rows of the journal that the store at `data` exports.
pub(super) fn exported(house: &TestInstallation, data: &Path) -> Result<Vec<Value>, Refusal> {
    let output = house.done(&["journal", "export", &data.display().to_string()])?;
    let rows = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    rows.collect::<Result<_, _>>().about("the journal's export")
}
