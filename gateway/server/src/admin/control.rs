//! Orders to the writer and their results.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use tillgate_core::transaction::{ControlOrder, Controlled};
use tillgate_store_core::TerminalId;

use super::app::Alone;
use super::auth::Caller;
use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::route::Call;

/// What was pushed because of an order that was carried out.
///
/// # Errors
/// 409 with every reason.
pub(super) fn applied(carried: Controlled) -> Answer<Vec<(TerminalId, u32)>> {
    match carried {
        Controlled::Applied { commands } => Ok(commands),
        Controlled::Withdrawn(_) => Err(ApiError::internal("an order, answered as a withdrawal")),
        Controlled::Rejected(rejections) => {
            let why = rejections.iter().map(|r| format!("{}: {}", r.what, r.why));
            Err(ApiError::refused(why.collect::<Vec<_>>().join("; ")))
        }
    }
}

/// Gives an order to the writer and waits until it is durable and in force, or refused; `alone` is
/// held until then.
pub(super) async fn carry(
    call: &Call,
    alone: Option<Alone>,
    order: ControlOrder,
    time_max: Duration,
) -> Answer<Controlled> {
    let receipt = send(call, order)?;
    blocking(move || {
        let carried = result(&receipt, time_max);
        drop(alone);
        carried
    })
    .await
}

pub(super) fn send(call: &Call, order: ControlOrder) -> Answer<Receiver<Controlled>> {
    let Caller { who, .. } = &call.caller;
    let sent = call.app.handle.controls.send(order, who, &call.caller.origin());
    sent.map_err(|_| ApiError::busy("too many orders wait, or the gateway is going down"))
}

pub(super) fn result(receipt: &Receiver<Controlled>, time_max: Duration) -> Answer<Controlled> {
    receipt.recv_timeout(time_max).map_err(|error| {
        ApiError::busy(match error {
            RecvTimeoutError::Timeout => {
                "timed out; the command may still take effect: check its state before retrying"
            }
            RecvTimeoutError::Disconnected => {
                "the gateway went down; whether the order was carried out shows after its start"
            }
        })
    })
}
