//! `POST /api/v1/import`: the files of `tillgate import`, while serving.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tillgate_core::directory::Directory;
use tillgate_core::transaction::{ControlOrder, PushedCommand};
use tillgate_import::limits::FILES_MAX;
use tillgate_import::{Context, Existing, Faults, Known, Plan, Source};
use tillgate_store_core::{Change, Registry, RegistryRecord, Status, TerminalId};
use warp::reply::Response;

use super::App;
use super::answer;
use super::auth::Caller;
use super::error::ApiError;
use super::limits::IMPORT_TIME_MAX;
use super::orders::{Carried, carry};
use super::routes::blocking;
use crate::{entropy, wiped};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order<'a> {
    /// Name and text of each file, as it stands in the body: see [`wiped`].
    #[serde(borrow)]
    files: BTreeMap<String, &'a RawValue>,
    /// Replace what the store has.
    #[serde(default)]
    update: bool,
    /// Check only.
    #[serde(default)]
    dry_run: bool,
}

/// Checks, seals, and commits all of it or nothing.
pub(super) async fn import(
    app: Arc<App>,
    body: Bytes,
    caller: &Caller,
) -> Result<Response, ApiError> {
    let alone = app.alone().await;
    let planning = Arc::clone(&app);
    let (mut plan, dry_run, tell) = blocking(move || plan(&planning, &body)).await?;
    let counts = json!(plan.counts);
    let summary = plan.counts.sentence();
    if dry_run {
        let answer = json!({ "applied": false, "counts": counts, "summary": summary });
        return Ok(answer::json(&answer));
    }
    let change = std::mem::take(&mut plan.change);
    let order = ControlOrder::Change { change, tell };
    match carry(&app, Some(alone), order, caller, IMPORT_TIME_MAX).await? {
        Carried::Applied(_) => {
            let answer = json!({ "applied": true, "counts": counts, "summary": summary });
            Ok(answer::json(&answer))
        }
        Carried::Rejected(rejections) => Err(refused(&plan.explain(rejections))),
    }
}

/// The directory in force, lent for one look at a time: the writer never waits for a whole import.
struct Shared<'a>(&'a RwLock<Directory>);

impl Known for Shared<'_> {
    fn lend(&self, look: &mut dyn FnMut(&Registry)) {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner).registry);
    }
}

type Planned = (Plan, bool, Vec<(TerminalId, PushedCommand)>);

fn plan(app: &App, body: &Bytes) -> Result<Planned, ApiError> {
    let order: Order<'_> = serde_json::from_slice(body)
        .map_err(|e| ApiError::bad_request(format!("expected {{\"files\":{{NAME:TEXT}}}}: {e}")))?;
    if order.files.len() > FILES_MAX {
        let text = format!("{} files; at most {FILES_MAX}", order.files.len());
        return Err(ApiError::bad_request(text));
    }
    let mut sources = Vec::new();
    for (name, json) in order.files {
        let Some(text) = wiped::unescape(json.get()) else {
            return Err(ApiError::bad_request(format!("{name:?} is not given as a text")));
        };
        sources.push(Source::of_text(&name, text).map_err(ApiError::bad_request)?);
    }
    let wall = app.handle.clock.wall();
    let context = Context {
        known: &Shared(&app.handle.directory),
        bridges: &app.bridges,
        vault: &app.handle.keys.vault,
        today: app.calendar.date(wall),
        at_ms: wall.0,
        existing: if order.update { Existing::Replace } else { Existing::Refuse },
        nonce: &entropy::bytes,
    };
    // The writer writes the caller's name over this one.
    let plan =
        tillgate_import::plan(&sources, &context, "admin").map_err(|faults| refused(&faults))?;
    let tell = to_tell(context.known, &plan.change);
    Ok((plan, order.dry_run, tell))
}

/// The terminals that this change blocks or unblocks.
fn to_tell(known: &dyn Known, change: &Change) -> Vec<(TerminalId, PushedCommand)> {
    let told = |record: &RegistryRecord| match record {
        RegistryRecord::Terminal(terminal) => {
            let before = known.terminal(terminal.id)?.status;
            match (before, terminal.status) {
                (Status::Active, Status::Blocked) => {
                    let reason = terminal.reason.clone();
                    Some((terminal.id, PushedCommand::Block { reason }))
                }
                (Status::Blocked, Status::Active) => Some((terminal.id, PushedCommand::Unblock)),
                _ => None,
            }
        }
        _ => None,
    };
    change.records.iter().filter_map(told).collect()
}

fn refused(faults: &Faults) -> ApiError {
    let shown: Vec<Value> = faults
        .shown
        .iter()
        .map(|fault| {
            json!({
                "file": fault.file,
                "line": fault.line,
                "column": fault.column,
                "name": fault.name,
                "text": fault.text,
                "message": fault.to_string(),
            })
        })
        .collect();
    let detail = json!({ "total": faults.total, "shown": shown });
    ApiError::refused(faults.verdict()).with("faults", detail)
}
