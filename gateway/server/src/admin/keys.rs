//! Keys of terminals: one is added beside the others, one ends, counters begin again.

use std::sync::PoisonError;

use hex::FromHex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_core::transaction::ControlOrder;
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{Change, KeyError, RegistryRecord, Sealed, Terminal, TerminalId};
use zeroize::Zeroizing;

use super::app::App;
use super::control::carry;
use super::error::{Answer, ApiError};
use super::limits::ORDER_TIME_MAX;
use super::query::As;
use super::route::{Body, Call};
use super::terminals::{KeyRow, find, keys_of};
use crate::entropy;
use crate::wiped::Secret;

/// What is done to the keys of a terminal.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Action {
    Add,
    Retire,
    ResetCounters,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct KeysOrder {
    action: Action,
    /// Which, for `add` and `retire`.
    key_id: Option<u8>,
    /// 64 hexadecimal digits of a random key, for `add`.
    psk: Option<Secret>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct KeysChanged {
    terminal: u32,
    applied: bool,
    keys: Vec<KeyRow>,
}

/// Changes the keys of a terminal, with a row in the audit log. Sessions of keys that are not in
/// force any more end at once.
pub(super) async fn change(
    call: Call,
    (As(id), body): (As<TerminalId>, Body<KeysOrder>),
) -> Answer<KeysChanged> {
    let (app, wanted) = (&call.app, body.read()?);
    let alone = app.alone().await;
    let mut terminal = find(app, id)?;
    let note = apply(app, &mut terminal, &wanted)?;
    let records = vec![RegistryRecord::Terminal(terminal)];
    let change = Change { note, records, ..Change::default() };
    let order = ControlOrder::Change { change, tell: Vec::new() };
    carry(&call, Some(alone), order, ORDER_TIME_MAX).await?.applied()?;
    let keys = keys_of(app, &find(app, id)?);
    Ok(KeysChanged { terminal: id.0, applied: true, keys })
}

fn apply(app: &App, terminal: &mut Terminal, wanted: &KeysOrder) -> Answer<String> {
    let id = terminal.id;
    let refused = |error: KeyError| ApiError::refused(format!("terminal {id}: {error}"));
    let key_id =
        || wanted.key_id.ok_or_else(|| ApiError::bad_request("expected key_id from 0 to 255"));
    match wanted.action {
        Action::Add => {
            let (key_id, psk) = (key_id()?, wanted.psk.as_ref().map_or("", |psk| &psk.0));
            let psk = <[u8; 32]>::from_hex(psk).ok().map(Zeroizing::new);
            let psk = psk.filter(|psk| psk.iter().any(|byte| *byte != psk[0]));
            let psk = psk.ok_or_else(|| {
                ApiError::bad_request("expected psk: 64 hexadecimal digits of a random key")
            })?;
            let sealed = seal(app, id, key_id, &psk)?;
            drop_void(app, terminal);
            terminal.add_key(key_id, sealed).map_err(refused)?;
            Ok(format!("add key {key_id} of terminal {id}"))
        }
        Action::Retire => {
            let key_id = key_id()?;
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

fn seal(app: &App, id: TerminalId, key_id: u8, psk: &[u8; 32]) -> Answer<Sealed> {
    let place = terminal_context(id, key_id);
    app.handle.keys.vault.seal(&place, entropy::bytes(), psk).map_err(ApiError::internal)
}
