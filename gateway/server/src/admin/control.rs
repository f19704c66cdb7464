//! Orders to the writer and their results.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use tillgate_core::transaction::{ControlOrder, Controlled};
use tillgate_store_core::{Rejection, TerminalId};

use super::app::Alone;
use super::auth::Caller;
use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::route::Call;

pub(super) enum Carried {
    /// Durable and in force; what was pushed because of it.
    Applied(Vec<(TerminalId, u32)>),
    /// Refused whole.
    Rejected(Vec<Rejection>),
}

impl Carried {
    /// What was pushed.
    ///
    /// # Errors
    /// 409 with every reason.
    pub(super) fn applied(self) -> Answer<Vec<(TerminalId, u32)>> {
        match self {
            Self::Applied(commands) => Ok(commands),
            Self::Rejected(rejections) => {
                let why = rejections.iter().map(|r| format!("{}: {}", r.what, r.why));
                Err(ApiError::refused(why.collect::<Vec<_>>().join("; ")))
            }
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
) -> Answer<Carried> {
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

pub(super) fn result(receipt: &Receiver<Controlled>, time_max: Duration) -> Answer<Carried> {
    match receipt.recv_timeout(time_max) {
        Ok(Controlled::Applied { commands }) => Ok(Carried::Applied(commands)),
        Ok(Controlled::Rejected(rejections)) => Ok(Carried::Rejected(rejections)),
        Err(RecvTimeoutError::Timeout) => Err(ApiError::busy(
            "timed out; the command may still take effect: check its state before retrying",
        )),
        Err(RecvTimeoutError::Disconnected) => Err(ApiError::busy(
            "the gateway went down; whether the order was carried out shows after its start",
        )),
    }
}
