//! `POST /api/v1/import`: the files of `tillgate import`, while serving.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_core::directory::Directory;
use tillgate_core::orders::change_registry;
use tillgate_core::transaction::{ControlOrder, Controlled};
use tillgate_import::limits::FILES_MAX;
use tillgate_import::{Context, Counts, Existing, Faults, Known, Plan, Source};
use tillgate_store_core::Registry;

use super::app::App;
use super::blocking::blocking;
use super::control::carry;
use super::error::{Answer, ApiError, FaultList, FaultPlace};
use super::limits::{IMPORT_BODY_BYTES_MAX, IMPORT_TIME_MAX};
use super::route::{Body, Call};
use crate::wiped::Secret;
use crate::{entropy, secrets};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportOrder {
    /// The text of each file by its name, as `vouchers.csv`; of an encrypted one, as
    /// `vouchers.csv.age`, in the form of `age --armor`.
    files: BTreeMap<String, Secret>,
    /// Replace what the store has.
    #[serde(default)]
    update: bool,
    /// Check only.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Imported {
    applied: bool,
    /// Rows by table.
    #[schemars(with = "BTreeMap<String, u64>")]
    counts: Counts,
    /// The counts for people.
    summary: String,
}

/// Checks, seals, and commits all of it or nothing.
pub(super) async fn import(
    call: Call,
    body: Body<ImportOrder, IMPORT_BODY_BYTES_MAX>,
) -> Answer<Imported> {
    let alone = call.app.alone().await;
    let planning = Arc::clone(&call.app);
    let (plan, dry_run, order) = blocking(move || plan(&planning, body.read()?)).await?;
    let (counts, summary) = (plan.counts.clone(), plan.counts.sentence());
    if dry_run {
        return Ok(Imported { applied: false, counts, summary });
    }
    match carry(&call, Some(alone), order, IMPORT_TIME_MAX).await? {
        Controlled::Applied { .. } => Ok(Imported { applied: true, counts, summary }),
        Controlled::Withdrawn(_) => Err(ApiError::internal("a change, answered as a withdrawal")),
        Controlled::Rejected(rejections) => Err(refused(&plan.explain(rejections))),
    }
}

/// The directory in force, lent for one look at a time: the writer never waits for a whole import.
struct Shared<'a>(&'a RwLock<Directory>);

impl Known for Shared<'_> {
    fn lend(&self, look: &mut dyn FnMut(&Registry)) {
        look(&self.0.read().registry);
    }
}

type Planned = (Plan, bool, ControlOrder);

fn plan(app: &App, order: ImportOrder) -> Answer<Planned> {
    if order.files.len() > FILES_MAX {
        let text = format!("{} files; at most {FILES_MAX}", order.files.len());
        return Err(ApiError::bad_request(text));
    }
    let sources = order.files.into_iter().map(|(name, text)| Source::of_text(&name, text.0));
    let mut sources = sources.collect::<Result<Vec<_>, _>>().map_err(ApiError::bad_request)?;
    secrets::open_all(&mut sources, &app.import).map_err(ApiError::refused)?;
    let wall = app.handle.clock.wall();
    let context = Context {
        known: &Shared(&app.handle.directory),
        bridges: &app.bridges,
        listeners: &app.listeners,
        vault: &app.handle.keys.vault,
        today: app.calendar.date(wall),
        at_ms: wall.0,
        existing: if order.update { Existing::Replace } else { Existing::Refuse },
        nonce: &entropy::bytes,
        random: &entropy::bytes,
    };
    // The writer writes the caller's name over this one.
    let mut plan =
        tillgate_import::plan(&sources, &context, "admin").map_err(|faults| refused(&faults))?;
    let known = context.known;
    let change = std::mem::take(&mut plan.change);
    let changed = change_registry(change, |id| {
        known.stored(|stored| stored.terminal(id)).map(|terminal| terminal.status)
    });
    Ok((plan, order.dry_run, changed))
}

fn refused(faults: &Faults) -> ApiError {
    let shown = faults.shown.iter().map(|fault| FaultPlace {
        file: fault.file.clone(),
        line: fault.line,
        column: fault.column,
        name: fault.name,
        text: fault.text.clone(),
        message: fault.to_string(),
    });
    let list = FaultList { total: faults.total, shown: shown.collect() };
    ApiError::refused(faults.verdict()).with(list)
}
