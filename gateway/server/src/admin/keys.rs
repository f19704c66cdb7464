//! Keys of terminals: one is added beside the others, one ends, counters begin again.

use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};
use tillgate_core::transaction::ControlOrder;
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{Change, KeyError, RegistryRecord, Sealed, Terminal, TerminalId};
use warp::reply::Response;
use zeroize::Zeroizing;

use super::App;
use super::answer;
use super::auth::Caller;
use super::error::ApiError;
use super::limits::ORDER_TIME_MAX;
use super::orders::{Carried, carry};
use super::terminals::find;
use crate::{entropy, hex};

/// What is done to the keys of a terminal.
enum Action {
    Add { key_id: u8, psk: Zeroizing<[u8; 32]> },
    Retire { key_id: u8 },
    ResetCounters,
}

/// Changes the keys of a terminal, with a row in the audit log. Sessions of keys that are not in force
/// any more end at once.
pub(super) async fn change(
    app: Arc<App>,
    id: TerminalId,
    body: &Value,
    caller: &Caller,
) -> Result<Response, ApiError> {
    let action = read(body)?;
    let alone = app.alone().await;
    let mut terminal = find(&app, id)?;
    let note = apply(&app, &mut terminal, action)?;
    let records = vec![RegistryRecord::Terminal(terminal)];
    let change = Change { note, records, ..Change::default() };
    let order = ControlOrder::Change { change, tell: Vec::new() };
    match carry(&app, Some(alone), order, caller, ORDER_TIME_MAX).await? {
        Carried::Applied(_) => {
            let terminal = find(&app, id)?;
            let keys = keys_of(&app, &terminal);
            Ok(answer::json(&json!({ "terminal": id.0, "applied": true, "keys": keys })))
        }
        Carried::Rejected(rejections) => {
            let why: Vec<String> =
                rejections.iter().map(|r| format!("{}: {}", r.what, r.why)).collect();
            Err(ApiError::refused(why.join("; ")))
        }
    }
}

/// A terminal's keys for people: never the keys themselves.
pub(super) fn keys_of(app: &App, terminal: &Terminal) -> Value {
    let directory = app.handle.directory.read().unwrap_or_else(PoisonError::into_inner);
    let keys = terminal.keys().iter().map(|key| {
        let in_force = directory.holds_key(terminal.id, key.generation);
        json!({ "key_id": key.id, "generation": key.generation, "in_force": in_force })
    });
    keys.collect()
}

fn read(body: &Value) -> Result<Action, ApiError> {
    let number = |name: &str| {
        let number = body.get(name).and_then(Value::as_u64).and_then(|id| u8::try_from(id).ok());
        number.ok_or_else(|| ApiError::bad_request(format!("expected {name} from 0 to 255")))
    };
    match body.get("action").and_then(Value::as_str) {
        Some("add") => {
            let text = body.get("psk").and_then(Value::as_str).unwrap_or_default();
            let psk = hex::decode::<32>(text).map(Zeroizing::new);
            let psk = psk.filter(|psk| psk.iter().any(|byte| *byte != psk[0]));
            let psk = psk.ok_or_else(|| {
                ApiError::bad_request("expected psk: 64 hexadecimal digits of a random key")
            })?;
            Ok(Action::Add { key_id: number("key_id")?, psk })
        }
        Some("retire") => Ok(Action::Retire { key_id: number("key_id")? }),
        Some("reset_counters") => Ok(Action::ResetCounters),
        _ => Err(ApiError::bad_request("expected action: add, retire or reset_counters")),
    }
}

fn apply(app: &App, terminal: &mut Terminal, action: Action) -> Result<String, ApiError> {
    let id = terminal.id;
    let refused = |error: KeyError| ApiError::refused(format!("terminal {id}: {error}"));
    match action {
        Action::Add { key_id, psk } => {
            let sealed = seal(app, id, key_id, &psk)?;
            drop_void(app, terminal);
            terminal.add_key(key_id, sealed).map_err(refused)?;
            Ok(format!("add key {key_id} of terminal {id}"))
        }
        Action::Retire { key_id } => {
            terminal.retire_key(key_id).map_err(refused)?;
            Ok(format!("retire key {key_id} of terminal {id}"))
        }
        Action::ResetCounters => {
            terminal.reset_counters().map_err(refused)?;
            Ok(format!("reset the handshake counters of terminal {id}"))
        }
    }
}

/// Keys that ended when a newer one proved itself make room for the next one.
fn drop_void(app: &App, terminal: &mut Terminal) {
    let directory = app.handle.directory.read().unwrap_or_else(PoisonError::into_inner);
    let void =
        |key: &&tillgate_store_core::TerminalKey| !directory.holds_key(terminal.id, key.generation);
    let void: Vec<u8> = terminal.keys().iter().filter(void).map(|key| key.id).collect();
    for key_id in void {
        // The newest key is never void.
        terminal.retire_key(key_id).unwrap_or_default();
    }
}

fn seal(app: &App, id: TerminalId, key_id: u8, psk: &[u8; 32]) -> Result<Sealed, ApiError> {
    let place = terminal_context(id, key_id);
    app.handle.keys.vault.seal(&place, entropy::bytes(), psk).map_err(ApiError::internal)
}
