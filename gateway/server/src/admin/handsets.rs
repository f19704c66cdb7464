//! Handsets: which numbers sell for which terminals, and orders about them.

use std::ops::ControlFlow;

use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize};
use tillgate_core::orders::{self, HandsetChange};
use tillgate_store_core::limits::{PIN_DIGITS_MAX, PIN_DIGITS_MIN};
use tillgate_store_core::{
    Family, Handset, Msisdn, PinHash, PinTries, ReadRows, Record, StoreError, TerminalId,
};

use super::app::App;
use super::blocking::blocking;
use super::control::{applied, carry};
use super::error::{Answer, ApiError};
use super::limits::{ORDER_TIME_MAX, ROWS_PER_PAGE_MAX, TERMINALS_PER_PAGE_MAX};
use super::query::{As, PageLength, Word};
use super::route::{Body, Call, Query};
use crate::entropy;
use crate::wiped::Secret;

#[derive(Serialize, JsonSchema)]
pub(super) struct HandsetRows {
    handsets: Vec<HandsetRow>,
    /// The `after` of the next page, if there may be one.
    next: Option<String>,
}

/// A handset; never its PIN.
#[derive(Serialize, JsonSchema)]
pub(super) struct HandsetRow {
    msisdn: String,
    terminal: u32,
    status: &'static str,
    /// `none`: nobody can log on; `initial`: it has to be changed first; `own`: its holder chose it.
    pin: &'static str,
    /// Wrong PINs since the last right one.
    wrong_pins: u8,
    /// Whether no PIN is looked at until something about the handset is changed.
    locked: bool,
    /// Counts its changes.
    revision: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HandsetsQuery {
    /// Only those of this terminal
    terminal: Option<As<TerminalId>>,
    /// At most this many
    #[serde(default)]
    limit: As<PageLength<100, TERMINALS_PER_PAGE_MAX>>,
    /// Only those with a higher number
    after: Option<As<Msisdn>>,
}

pub(super) async fn list(
    Call { app, .. }: Call,
    Query(query): Query<HandsetsQuery>,
) -> Answer<HandsetRows> {
    blocking(move || {
        let rows: &dyn ReadRows = &app.handle.reader;
        let terminal = query.terminal.map(|As(terminal)| terminal);
        let (limit, mut left) = (query.limit.0.0, ROWS_PER_PAGE_MAX);
        let start = query.after.map_or(0, |As(after)| after.number() + 1);
        // The letter, and the number.
        let from = [b"u".as_slice(), &start.to_be_bytes()].concat();
        let (mut handsets, mut next) = (Vec::new(), None);
        rows.try_scan(Family::Registry, &from, |key, value| {
            if key.first() != from.first() {
                return Ok::<_, StoreError>(ControlFlow::Break(()));
            }
            if handsets.len() >= limit || left == 0 {
                next = handsets.last().map(|row: &HandsetRow| row.msisdn.clone()).or(next.take());
                return Ok(ControlFlow::Break(()));
            }
            left -= 1;
            let handset = Handset::decode(key, value)?;
            if left == 0 {
                next = Some(handset.msisdn.to_string());
            }
            if terminal.is_none_or(|terminal| handset.terminal == terminal) {
                handsets.push(row(rows, &handset)?);
            }
            Ok(ControlFlow::Continue(()))
        })
        .map_err(ApiError::internal)?;
        Ok(HandsetRows { handsets, next })
    })
    .await
}

fn row(rows: &dyn ReadRows, handset: &Handset) -> Result<HandsetRow, StoreError> {
    let none = PinTries::none(handset.msisdn);
    let mut value = Vec::new();
    let tries = if rows.get(Family::Handsets, &none.key(), &mut value)? {
        PinTries::decode(&none.key(), &value)?
    } else {
        none
    };
    Ok(HandsetRow {
        msisdn: handset.msisdn.to_string(),
        terminal: handset.terminal.0,
        status: handset.status.label(),
        pin: match (&handset.pin, handset.initial) {
            (None, _) => "none",
            (Some(_), true) => "initial",
            (Some(_), false) => "own",
        },
        wrong_pins: tries.wrong,
        locked: tries.until_ms == u64::MAX,
        revision: handset.revision,
    })
}

pub(super) async fn show(Call { app, .. }: Call, As(msisdn): As<Msisdn>) -> Answer<HandsetRow> {
    blocking(move || {
        let handset = find(&app, msisdn)?;
        row(&app.handle.reader, &handset).map_err(ApiError::internal)
    })
    .await
}

fn find(app: &App, msisdn: Msisdn) -> Answer<Handset> {
    let directory = app.handle.directory.read();
    let found = directory.registry.handset(msisdn).cloned();
    found.ok_or_else(|| ApiError::not_found(format!("there is no handset {msisdn}")))
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Action {
    /// Nobody logs on with it.
    Block,
    /// It may log on again.
    Unblock,
    /// Wrong PINs are forgiven.
    Unlock,
    /// Another PIN, which its holder has to change first.
    Pin,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct HandsetOrder {
    action: Action,
    /// 4 to 8 digits, for `pin`.
    pin: Option<Secret>,
}

/// Changes a handset, with a row in the audit log. Its dialogs end, and wrong PINs are forgiven.
pub(super) async fn change(
    call: Call,
    (As(msisdn), body): (As<Msisdn>, Body<HandsetOrder>),
) -> Answer<HandsetRow> {
    let (app, wanted) = (call.app.clone(), body.read()?);
    let alone = app.alone().await;
    let handset = find(&app, msisdn)?;
    let what = match wanted.action {
        Action::Block => HandsetChange::Block,
        Action::Unblock => HandsetChange::Unblock,
        Action::Unlock => HandsetChange::Unlock,
        Action::Pin => HandsetChange::Pin(pin(&app, msisdn, wanted.pin.as_ref())?),
    };
    let order = orders::change_handset(handset, what);
    let order = order.ok_or_else(|| {
        ApiError::refused(format!("handset {msisdn} has been changed as often as can be"))
    })?;
    applied(carry(&call, Some(alone), order, ORDER_TIME_MAX).await?)?;
    show(call, As(msisdn)).await
}

fn pin(app: &App, msisdn: Msisdn, pin: Option<&Secret>) -> Answer<PinHash> {
    let digits = pin.map_or("", |pin| &pin.0);
    let is_pin = digits.bytes().all(|digit| digit.is_ascii_digit())
        && (PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&digits.len());
    if !is_pin {
        let text = format!("expected pin: {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits");
        return Err(ApiError::bad_request(text));
    }
    let (vault, key) = (&app.handle.keys.vault, zeroize::Zeroizing::new(entropy::bytes()));
    PinHash::of(vault, msisdn, digits.as_bytes(), &key, entropy::bytes())
        .map_err(ApiError::internal)
}

impl Word for Msisdn {
    fn expected() -> String {
        "a number with its country code, as 255712345678".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::of(text)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[+]?[1-9][0-9]{4,14}$" })
    }
}
