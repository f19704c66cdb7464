//! Keys of terminals: one is added beside the others, one ends, counters begin again.

use hex::FromHex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_core::orders::{self, KeyChange};
use tillgate_core::report::KeyRow;
use tillgate_store_core::TerminalId;
use tillgate_store_core::vault::terminal_context;
use zeroize::Zeroizing;

use super::app::App;
use super::control::{applied, carry};
use super::error::{Answer, ApiError};
use super::limits::ORDER_TIME_MAX;
use super::query::As;
use super::route::{Body, Call};
use super::terminals::{find, keys_of};
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
    let terminal = find(app, id)?;
    let what = wanted_change(app, id, &wanted)?;
    let order = {
        let directory = app.handle.directory.read();
        orders::change_keys(terminal, what, &directory)
    };
    let order = order.map_err(|error| ApiError::refused(format!("terminal {id}: {error}")))?;
    applied(carry(&call, Some(alone), order, ORDER_TIME_MAX).await?)?;
    let keys = keys_of(app, &find(app, id)?);
    Ok(KeysChanged { terminal: id.0, applied: true, keys })
}

fn wanted_change(app: &App, id: TerminalId, wanted: &KeysOrder) -> Answer<KeyChange> {
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
            let (vault, place) = (&app.handle.keys.vault, terminal_context(id, key_id));
            let sealed = vault.seal(&place, entropy::bytes(), &*psk).map_err(ApiError::internal)?;
            Ok(KeyChange::Add { key_id, sealed })
        }
        Action::Retire => key_id().map(KeyChange::Retire),
        Action::ResetCounters => Ok(KeyChange::ResetCounters),
    }
}
