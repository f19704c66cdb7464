//! Orders for terminals: block, unblock, message.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tillgate_core::transaction::{ControlOrder, Controlled, PushedCommand};
use tillgate_store_core::{Change, RegistryRecord, Rejection, Status, TerminalId};
use warp::reply::Response;

use super::answer;
use super::auth::Caller;
use super::error::ApiError;
use super::limits::{MESSAGE_BYTES_MAX, ORDER_TIME_MAX, REASON_BYTES_MAX};
use super::routes::blocking;
use super::terminals::find;
use super::{Alone, App};
use crate::serve::handle::{ControlReceipt, NoResult};

/// What became of an order.
pub(super) enum Carried {
    /// Durable and in force; what was pushed because of it.
    Applied(Vec<(TerminalId, u32)>),
    /// Refused whole.
    Rejected(Vec<Rejection>),
}

/// Stops a terminal from selling.
pub(super) async fn block(
    app: Arc<App>,
    id: TerminalId,
    body: &Value,
    caller: &Caller,
) -> Result<Response, ApiError> {
    let reason = text(body, "reason", REASON_BYTES_MAX)?;
    let order = PushedCommand::Block { reason: reason.clone() };
    set_status(app, id, (Status::Blocked, reason), order, caller).await
}

/// Lets a terminal sell again.
pub(super) async fn unblock(
    app: Arc<App>,
    id: TerminalId,
    caller: &Caller,
) -> Result<Response, ApiError> {
    set_status(app, id, (Status::Active, String::new()), PushedCommand::Unblock, caller).await
}

async fn set_status(
    app: Arc<App>,
    id: TerminalId,
    (status, reason): (Status, String),
    order: PushedCommand,
    caller: &Caller,
) -> Result<Response, ApiError> {
    let alone = app.alone().await;
    let mut terminal = find(&app, id)?;
    let verb = if status == Status::Blocked { "block" } else { "unblock" };
    let note = if reason.is_empty() {
        format!("{verb} terminal {id}")
    } else {
        format!("{verb} terminal {id}: {reason}")
    };
    terminal.status = status;
    terminal.reason = reason;
    let records = vec![RegistryRecord::Terminal(terminal)];
    let change = Change { note, records, ..Change::default() };
    let order = ControlOrder::Change { change, tell: vec![(id, order)] };
    match carry(&app, Some(alone), order, caller, ORDER_TIME_MAX).await? {
        Carried::Applied(commands) => Ok(applied(&app, id, &commands)),
        Carried::Rejected(rejections) => {
            let why: Vec<String> =
                rejections.iter().map(|r| format!("{}: {}", r.what, r.why)).collect();
            Err(ApiError::refused(why.join("; ")))
        }
    }
}

/// Shows a text on a terminal's screen, if it is connected.
pub(super) async fn message(
    app: Arc<App>,
    id: TerminalId,
    body: &Value,
    caller: &Caller,
) -> Result<Response, ApiError> {
    let text = text(body, "text", MESSAGE_BYTES_MAX)?;
    find(&app, id)?;
    if app.handle.view.presence(id).is_none() {
        return Ok(answer::json(&json!({ "applied": false, "online": false, "commands": [] })));
    }
    let order = ControlOrder::Message { terminal: id, text };
    match carry(&app, None, order, caller, ORDER_TIME_MAX).await? {
        Carried::Applied(commands) => Ok(applied(&app, id, &commands)),
        Carried::Rejected(_) => Err(ApiError::internal("a message was rejected as a change")),
    }
}

fn applied(app: &App, id: TerminalId, commands: &[(TerminalId, u32)]) -> Response {
    let commands: Vec<Value> = commands
        .iter()
        .map(|(terminal, command)| json!({ "terminal": terminal.0, "command": command }))
        .collect();
    let online = app.handle.view.presence(id).is_some();
    answer::json(&json!({ "applied": true, "online": online, "commands": commands }))
}

/// A text of the body.
pub(super) fn text(body: &Value, name: &str, bytes_max: usize) -> Result<String, ApiError> {
    let text = body.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if text.is_empty() || text.len() > bytes_max || text.contains(char::is_control) {
        let expected = format!("expected {{{name:?}:\"...\"}} with 1 to {bytes_max} bytes of text");
        return Err(ApiError::bad_request(expected));
    }
    Ok(text.to_owned())
}

/// Gives an order to the writer and waits until it is durable and in force, or refused; `alone` is
/// held until then.
pub(super) async fn carry(
    app: &App,
    alone: Option<Alone>,
    order: ControlOrder,
    caller: &Caller,
    time_max: Duration,
) -> Result<Carried, ApiError> {
    let receipt = send(app, order, caller)?;
    blocking(move || {
        let carried = result(&receipt, time_max);
        drop(alone);
        carried
    })
    .await
}

/// Gives an order to the writer; its row in the audit log ends with where it came from.
pub(super) fn send(
    app: &App,
    mut order: ControlOrder,
    caller: &Caller,
) -> Result<ControlReceipt, ApiError> {
    match &mut order {
        ControlOrder::Change { change: Change { note, .. }, .. }
        | ControlOrder::Resolve { note, .. }
        | ControlOrder::Refund { note, .. } => note.push_str(&format!(" ({})", caller.origin())),
        ControlOrder::Message { .. } => {}
    }
    let sent = app.handle.controls.send(order, &caller.name);
    sent.map_err(|_| ApiError::busy("too many orders wait, or the gateway is going down"))
}

/// Waits, blocking, for what became of an order.
pub(super) fn result(receipt: &ControlReceipt, time_max: Duration) -> Result<Carried, ApiError> {
    match receipt.wait(time_max) {
        Ok(Controlled::Applied { commands }) => Ok(Carried::Applied(commands)),
        Ok(Controlled::Rejected(rejections)) => Ok(Carried::Rejected(rejections)),
        Err(NoResult::Late) => Err(ApiError::busy(
            "no result in time; the order may still be carried out: look before repeating it",
        )),
        Err(NoResult::Gone) => Err(ApiError::busy(
            "the gateway went down; whether the order was carried out shows after its start",
        )),
    }
}
