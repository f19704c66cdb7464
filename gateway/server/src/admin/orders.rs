//! Orders for terminals: block, unblock, message.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_core::orders;
use tillgate_core::transaction::ControlOrder;
use tillgate_store_core::{Terminal, TerminalId};

use super::app::App;
use super::control::{applied, carry};
use super::error::{Answer, ApiError};
use super::limits::{MESSAGE_BYTES_MAX, ORDER_TIME_MAX, REASON_BYTES_MAX};
use super::query::{As, Line};
use super::route::{Body, Call};
use super::terminals::find;

/// The outcome of an order.
#[derive(Serialize, JsonSchema)]
pub(super) struct Applied {
    applied: bool,
    online: bool,
    /// Whether it was pushed to the terminal: those of an ISO 8583 listener take only answers.
    notified: bool,
    commands: Vec<Pushed>,
}

/// A command that was pushed to a terminal because of it.
#[derive(Serialize, JsonSchema)]
struct Pushed {
    terminal: u32,
    command: u32,
}

impl Applied {
    fn new(app: &App, terminal: &Terminal, commands: &[(TerminalId, u32)]) -> Self {
        let pushed =
            |&(terminal, command): &(TerminalId, u32)| Pushed { terminal: terminal.0, command };
        let online = app.handle.view.presence(terminal.id).is_some();
        let notified = online && terminal.listener.is_empty();
        let commands = commands.iter().map(pushed).collect();
        Self { applied: true, online, notified, commands }
    }
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Block {
    /// The terminal shows it.
    reason: As<Line<REASON_BYTES_MAX>>,
}

pub(super) async fn block(
    call: Call,
    (As(id), body): (As<TerminalId>, Body<Block>),
) -> Answer<Applied> {
    let Block { reason: As(Line(reason)) } = body.read()?;
    change(&call, id, |terminal| orders::block(terminal, reason)).await
}

pub(super) async fn unblock(call: Call, As(id): As<TerminalId>) -> Answer<Applied> {
    change(&call, id, orders::unblock).await
}

async fn change(
    call: &Call,
    id: TerminalId,
    order: impl FnOnce(Terminal) -> ControlOrder,
) -> Answer<Applied> {
    let app = &call.app;
    let alone = app.alone().await;
    let terminal = find(app, id)?;
    let order = order(terminal.clone());
    let commands = applied(carry(call, Some(alone), order, ORDER_TIME_MAX).await?)?;
    Ok(Applied::new(app, &terminal, &commands))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Message {
    text: As<Line<MESSAGE_BYTES_MAX>>,
}

/// Shows a text on a terminal's screen, if it is connected.
pub(super) async fn message(
    call: Call,
    (As(id), body): (As<TerminalId>, Body<Message>),
) -> Answer<Applied> {
    let Message { text: As(Line(text)) } = body.read()?;
    let app = &call.app;
    let terminal = find(app, id)?;
    if !terminal.listener.is_empty() {
        return Err(ApiError::refused(format!(
            "terminal {id} uses the listener {}: it takes only answers, no message reaches it",
            terminal.listener
        )));
    }
    if app.handle.view.presence(id).is_none() {
        let (applied, online, notified) = (false, false, false);
        return Ok(Applied { applied, online, notified, commands: Vec::new() });
    }
    let order = orders::message(id, text);
    let commands = applied(carry(&call, None, order, ORDER_TIME_MAX).await?)?;
    Ok(Applied::new(app, &terminal, &commands))
}
